"""Secrets that do not print, and sessions that know when they are stale."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from stsctl.credentials import Credentials, Secret, Session

CANARY = "canary-of-a-secret"
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def session_of(life: timedelta) -> Session:
    """A session that was obtained at NOW and lasts that long."""
    credentials = Credentials(
        access_key_id="ASIAEXAMPLE000000001",
        secret_access_key=Secret(CANARY),
        session_token=Secret(CANARY),
        expires_at=NOW + life,
    )
    return Session(credentials=credentials, request_key="k", obtained_at=NOW)


def _logged(value: object) -> str:
    stream = io.StringIO()
    logger = logging.Logger("canary", logging.DEBUG)
    logger.addHandler(logging.StreamHandler(stream))
    logger.debug("%s %r", value, value)
    return stream.getvalue()


def _traceback(value: object) -> str:
    try:
        raise ValueError(value)
    except ValueError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


SHOWN: dict[str, Callable[[object], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "f-string": lambda value: f"{value} {value!r} {value!s}",
    "format": lambda value: "{} {!r}".format(value, value),  # noqa: UP032 - the method is what is tried
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031 - the operator is what is tried
    "in a list": lambda value: repr([value, {"a": value}]),
    "pprint": pprint.pformat,
    "logging": _logged,
    "traceback with locals": _traceback,
    "json with a default": lambda value: json.dumps(value, default=str),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_a_secret_does_not_show(show: Callable[[object], str]) -> None:
    """However it is turned into text, alone or inside of credentials and sessions, the text is not in it."""
    session = session_of(timedelta(hours=1))
    for value in (Secret(CANARY), session.credentials, session):
        shown = show(value)
        assert CANARY not in shown
        assert "Secret(***)" in shown


def test_no_format_shows_a_secret() -> None:
    """A width, a precision or a type in a format string changes nothing."""
    for spec in (">40", ".3", "s", "x"):
        assert format(Secret(CANARY), spec) == "Secret(***)"


LEAVING: dict[str, Callable[[object], object]] = {
    **{f"pickle {version}": lambda value, v=version: pickle.dumps(value, v) for version in range(6)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "json": json.dumps,
    "bytes": bytes,  # type: ignore[dict-item]
    "iter": iter,  # type: ignore[dict-item]
    "len": len,  # type: ignore[dict-item]
    "vars": vars,
    "hash": hash,
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_a_secret_does_not_leave(leave: Callable[[object], object]) -> None:
    """Nothing but reveal() gives the text away; what would, refuses, and does not name it."""
    with pytest.raises(TypeError) as raised:
        leave(Secret(CANARY))
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("leave", [pickle.dumps, copy.deepcopy, dataclasses.asdict, dataclasses.astuple, json.dumps])
def test_credentials_do_not_leave(leave: Callable[[object], object]) -> None:
    """Credentials as a whole are not turned into plain data either."""
    with pytest.raises(TypeError):
        leave(session_of(timedelta(hours=1)).credentials)


def test_a_secret_cannot_be_changed() -> None:
    """A secret stays what it is."""
    secret = Secret(CANARY)
    with pytest.raises(AttributeError, match="cannot be changed"):
        secret._text = "other"  # type: ignore[misc]
    assert secret.reveal() == CANARY


def test_secrets_compare() -> None:
    """Two secrets are equal when their texts are; a text is equal to none; an empty one is false."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("ä") == Secret("ä")
    assert bool(Secret("a"))
    assert not Secret("")


def test_secrets_that_are_no_utf_8_compare() -> None:
    """A text from an environment of another encoding is compared without an error that would show it."""
    assert Secret("\udce4") == Secret("\udce4")
    assert Secret("\udce4") != Secret("ä")


@pytest.mark.parametrize(
    ("life", "renewed_below"),
    [
        (timedelta(hours=12), timedelta(minutes=20)),
        (timedelta(minutes=60), timedelta(minutes=20)),
        (timedelta(minutes=59), timedelta(minutes=16)),
        (timedelta(minutes=45), timedelta(minutes=16)),
        (timedelta(minutes=30), timedelta(minutes=16)),
        (timedelta(minutes=29), timedelta(minutes=29) / 3),
        (timedelta(minutes=15), timedelta(minutes=5)),
    ],
)
def test_when_a_session_is_renewed(life: timedelta, renewed_below: timedelta) -> None:
    """The table of freshness, row by row."""
    assert session_of(life).renewed_below() == renewed_below


@pytest.mark.parametrize("late", [timedelta(milliseconds=1), timedelta(seconds=11)])
@pytest.mark.parametrize(("minutes", "renewed_below"), [(60, 20), (30, 16)])
def test_an_answer_that_takes_a_moment_changes_no_row(late: timedelta, minutes: int, renewed_below: int) -> None:
    """An hour counted by STS is an hour, although it is a little less by the time that its answer is here."""
    session = session_of(timedelta(minutes=minutes) - late)
    assert session.renewed_below() == timedelta(minutes=renewed_below)


def test_how_long_a_session_lasts() -> None:
    """What is left shrinks with the clock; exactly the margin is still fresh, less is not."""
    session = session_of(timedelta(hours=1))
    at = NOW + timedelta(minutes=40)
    assert session.left_at(at) == timedelta(minutes=20)
    assert session.fresh_at(at, timedelta(minutes=20))
    assert not session.fresh_at(at + timedelta(seconds=1), timedelta(minutes=20))
    assert not session.fresh_at(NOW + timedelta(hours=2), timedelta(0))


def test_keys_without_an_end_stay_fresh() -> None:
    """What has no end needs no renewal."""
    credentials = Credentials(access_key_id="AKIAEXAMPLE000000001", secret_access_key=Secret(CANARY))
    session = Session(credentials=credentials, request_key="k", obtained_at=NOW)
    assert session.renewed_below() == timedelta(0)
    assert session.fresh_at(NOW + timedelta(days=9999), timedelta(days=1))
