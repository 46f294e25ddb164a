"""`env --renew`, as shell-init has it run before a command: another session where that needs nobody, else one line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from stsctl.cli import renewing
from stsctl.errors import PersonNeededError, UnavailableError
from tests.program import HUB, READ_ONLY, Me

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILE = f"""
[source.file]
type = "process"
process = ["cat", "keys.json"]

[role.mine]
role_arn = "{READ_ONLY}"
from = "file"

[role.with-code]
role_arn = "{HUB}"
from = "file"
mfa = "direct"
mfa_serial = "{{serial}}"
"""


@pytest.fixture(autouse=True)
def with_keys_in_a_file(me: Me) -> None:
    """Keys in variables would be gone where a session is exported in their place."""
    me.configure_as_usual(more=FILE.format(serial=me.mfa_serial))
    keys = {"Version": 1, "AccessKeyId": me.keys.access_key_id, "SecretAccessKey": me.keys.secret_access_key.reveal()}
    (me.home / "keys.json").write_text(json.dumps(keys))


def exported(me: Me, *words: str) -> dict[str, str | None]:
    """The variables of a shell that has a session."""
    made: dict[str, str | None] = json.loads(me.ok("env", *words, "--format", "json"))
    return {name: value for name, value in made.items() if name.startswith("STSCTL_") or name.endswith("EXPIRATION")}


def test_a_session_that_is_not_due_is_exported_as_it_is(me: Me) -> None:
    """Nothing is asked of AWS; a shell that has no session has nothing to renew."""
    has = exported(me, "mine")
    me.calls()
    again = json.loads(me.ok("env", "--renew", "--format", "json", **has))
    assert again["STSCTL_RENEW_AT"] == has["STSCTL_RENEW_AT"]
    assert me.calls() == []
    assert json.loads(me.ok("env", "--renew", "--format", "json")) == {}
    assert me.run("env", "mine", "--renew").status == 2


def test_one_that_is_gone_is_got_anew(me: Me) -> None:
    """Another of the same."""
    has = exported(me, "mine")
    me.ok("logout", "mine")
    me.calls()
    again = json.loads(me.ok("env", "--renew", "--format", "json", **has))
    assert again["STSCTL_SESSION"] == has["STSCTL_SESSION"]
    assert again["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert me.calls() == ["AssumeRole"]


def test_the_flags_that_it_was_asked_for_with_are_known(me: Me) -> None:
    """From its listing: the plain role is not given in its place."""
    has = exported(me, "mine", "--session-name", "first")
    again = json.loads(me.ok("env", "--renew", "--format", "json", **has))
    assert again["STSCTL_SESSION"] == has["STSCTL_SESSION"]


def test_where_a_code_is_needed_nobody_is_asked_and_it_is_said_on_one_line(me: Me) -> None:
    """The shell is told not to try again; it keeps all else."""
    has = exported(me, "with-code", "--mfa-token", me.code())
    me.ok("logout", "with-code")
    done = me.run("env", "--renew", "--format", "json", **has)
    assert done.status == 4
    assert json.loads(done.out) == {"STSCTL_RENEW_AT": None}
    assert done.err == 'stsctl: "with-code" has ended, and another session needs you: stsctl assume with-code\n'


def test_what_a_name_means_by_now_is_not_slipped_in(me: Me) -> None:
    """A shell whose role was configured otherwise since keeps what it has, and AWS is not asked."""
    has = exported(me, "mine") | {"STSCTL_SESSION": "0" * 64}
    me.calls()
    done = me.run("env", "--renew", "--format", "json", **has)
    assert (done.status, json.loads(done.out)) == (3, {"STSCTL_RENEW_AT": None})
    assert me.calls() == []


@pytest.mark.parametrize(
    ("error", "left", "line", "again"),
    [
        (PersonNeededError("x"), 19, '"r" ends in 19m, and another session needs you: stsctl assume r', 19),
        (PersonNeededError("x"), 0, '"r" has ended, and another session needs you: stsctl assume r', None),
        (UnavailableError("no way"), 19, '"r" ends in 19m, and was not renewed: no way', 2),
        (UnavailableError("no way"), 0, '"r" has ended, and was not renewed: no way', 2),
    ],
)
def test_when_it_is_tried_again(error: PersonNeededError, left: int, line: str, again: int | None) -> None:
    """Where AWS was not there, soon; otherwise once more when the session has ended, and then no more."""
    ends_at = NOW + timedelta(minutes=left)
    assert renewing.why("r", error, ends_at, NOW) == line
    due = renewing.again(error, ends_at, NOW)
    assert (due and due.reveal()) == (again and f"2026-03-01T12:{again:02}:00Z")
