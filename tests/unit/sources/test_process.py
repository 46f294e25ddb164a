"""Another tool's credential_process."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime

import pytest

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.request import Asker
from stsctl.sources.process import Process, parse_answer

GOOD = {"Version": 1, "AccessKeyId": "AKIAEXAMPLE000000001", "SecretAccessKey": "canary-secret"}
FULL = GOOD | {"SessionToken": "canary-token", "Expiration": "2026-05-01T12:00:00Z"}


def test_a_full_answer() -> None:
    """Every field of the form that AWS describes is taken over; the end is aware."""
    found = parse_answer(Secret(json.dumps(FULL)), "other")
    assert found.access_key_id == "AKIAEXAMPLE000000001"
    assert found.secret_access_key == Secret("canary-secret")
    assert found.session_token == Secret("canary-token")
    assert found.expires_at == datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("more", [{}, {"SessionToken": None, "Expiration": None}, {"SessionToken": ""}])
def test_long_term_keys(more: dict[str, object]) -> None:
    """An answer without token and end is long-term keys."""
    found = parse_answer(Secret(json.dumps(GOOD | more)), "other")
    assert (found.session_token, found.expires_at) == (None, None)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "canary no JSON",
        "[]",
        "null",
        '"canary"',
        "[" * 100_000,
        json.dumps({key: GOOD[key] for key in GOOD if key != "Version"}),
        json.dumps(GOOD | {"Version": 2}),
        json.dumps({key: GOOD[key] for key in GOOD if key != "SecretAccessKey"}),
        json.dumps(GOOD | {"AccessKeyId": ""}),
        json.dumps(GOOD | {"AccessKeyId": 1}),
        json.dumps(GOOD | {"SecretAccessKey": "canary\nsecret"}),
        json.dumps(GOOD | {"SessionToken": ["canary"]}),
        json.dumps(GOOD | {"Expiration": "canary"}),
        json.dumps(GOOD | {"Expiration": "2026-05-01T12:00:00"}),
        json.dumps(GOOD | {"Expiration": 1777636800}),
    ],
)
def test_a_bad_answer_is_never_echoed(answer: str) -> None:
    """What is not in AWS's form is refused by the source's name; no part of it is in message or traceback."""
    with pytest.raises(ConfigurationError, match='credential_process of "other"') as raised:
        parse_answer(Secret(answer), "other")
    assert "canary" not in "".join(traceback.format_exception(raised.value))


def test_the_program_runs_once() -> None:
    """Who asks and with what are one run of the program, which may ask a person something."""
    runs: list[int] = []

    def run() -> Secret:
        runs.append(1)
        return Secret(json.dumps(FULL))

    source = Process(name="other", run=run)
    assert source.asker() == Asker.of_keys(source.credentials().access_key_id)
    assert len(runs) == 1
    assert "canary" not in repr(source)
