"""What a shell's prompt shows, and the files that it is read from."""

from __future__ import annotations

import os
import posix
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsctl import prompt
from stsctl.console_table import Color
from stsctl.host.process_table import look_up
from stsctl.host.session_leader import SessionLeader
from stsctl.stores.current import Current, Terminals
from stsctl.stores.index import Entry, Index
from stsctl.target import Wanted

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (None, "admin"),
        (-1, "admin ended"),
        (59, "admin 0m"),
        (42 * 60, "admin 42m"),
        (3 * 3600 + 65, "admin 3h01m"),
        (36 * 3600, "admin 36h00m"),
    ],
)
def test_a_prompt_is_short(left: float | None, shown: str) -> None:
    """Name, and hours and minutes that are left."""
    assert prompt.shown("admin", left) == shown


@given(st.integers(0, 10**10).map(lambda number: datetime.fromtimestamp(number, UTC)))
def test_instants_are_read_as_python_reads_them(instant: datetime) -> None:
    """In the form of the records, and in that of the variables."""
    whole = int(instant.timestamp())
    assert prompt.seconds(instant.isoformat().encode()) == whole
    assert prompt.seconds(instant.replace(microsecond=5).isoformat().encode()) == whole
    assert prompt.seconds(instant.strftime("%Y-%m-%dT%H:%M:%SZ").encode()) == whole


@given(st.binary(max_size=30))
def test_any_other_text_is_no_instant(noise: bytes) -> None:
    """It is the whole program's."""
    with pytest.raises(prompt.UnusualError):
        prompt.seconds(noise + b"+01:00")


def leads(monkeypatch: pytest.MonkeyPatch, leader: int) -> None:
    """Who leads the session: the real leader may have ended, or be outside of what this process can see."""
    monkeypatch.setattr(posix, "getsid", lambda pid: leader)


@pytest.fixture
def assume(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Index]:
    """Makes a session the current one of this terminal, as `assume` does."""
    leads(monkeypatch, os.getpid())
    state = home / ".local" / "state" / "stsctl"

    def act(name: str, *, replaces: str | None = None, minutes: int = 42, color: str | None = None) -> Index:
        index = Index(state / "index" / "aws" / "keyring")
        entry = Entry(
            request_key="k",
            name=name,
            access_key_id="ASIA",
            obtained_at=NOW,
            expires_at=NOW + timedelta(minutes=minutes),
            store="keyring",
            wanted=Wanted(name=name),
        )
        index.put(entry)
        process = look_up(os.getpid())
        assert process is not None
        Terminals(folder=state / "current" / "aws").put(
            SessionLeader(pid=process.pid, started=process.started),
            Current(
                wanted=Wanted(name=name, policy='{"replaces":"x"}'),
                request_key="k",
                replaces=replaces,
                entry=str(index.file("k")),
                color=color,
            ),
        )
        return index

    return act


def text(shell: str | None = None, **variables: str) -> str:
    """What is shown in a shell with these variables."""
    environ = {b"HOME": os.environb[b"HOME"]} | {name.encode(): value.encode() for name, value in variables.items()}
    return prompt.text(environ, NOW.timestamp(), shell)


def test_the_terminals_session_is_shown_until_it_is_forgotten(assume: Callable[..., Index]) -> None:
    """Its name and time; as long as it is listed."""
    assert text() == ""
    index = assume("prod-admin")
    assert text() == "prod-admin 42m"
    index.delete("k")
    assert text() == ""


def test_a_leader_that_cannot_be_seen_is_the_whole_programs(
    assume: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One outside of this process's namespace has the number 0; one that has ended is a zombie for a while."""
    assume("prod-admin")
    with subprocess.Popen(["true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        for leader in (0, ended.pid):
            leads(monkeypatch, leader)
            with pytest.raises(prompt.UnusualError):
                text()


def test_a_shells_variables_count_until_something_is_assumed_later(assume: Callable[..., Index]) -> None:
    """What `env` and `exec` exported is shown with its own end, unless `assume` was the later word."""
    exported = {"STSCTL_ROLE": "hub", "STSCTL_SESSION": "s", "AWS_CREDENTIAL_EXPIRATION": "2026-03-01T13:05:00Z"}
    assume("prod-admin")
    assert text(**exported) == "hub 1h05m"
    assume("prod-admin", replaces="s")
    assert text(**exported) == "prod-admin 42m"


def test_it_is_in_the_colour_of_its_role(assume: Callable[..., Index]) -> None:
    """Each shell is told in its own way that a colour takes no room; where nobody wants colours there are none."""
    exported = {"STSCTL_ROLE": "100%", "STSCTL_SESSION": "s", "STSCTL_COLOR": "red"}
    assert text(**exported) == "100%"
    assert text("zsh", **exported) == "%{\x1b[31m%}100%%%{\x1b[0m%}"
    assert text("bash", **exported) == "\1\x1b[31m\x02100%\1\x1b[0m\2"
    assert text("fish", **exported) == "\x1b[31m100%\x1b[0m"
    assert text("zsh", **exported, NO_COLOR="1") == "100%%"
    assert text("fish", **exported | {"STSCTL_COLOR": "\x1b[5m"}) == "100%"
    assume("prod-admin", color="blue")
    assert text("fish") == "\x1b[34mprod-admin 42m\x1b[0m"


def test_every_colour_has_one_on_the_terminal() -> None:
    """Whatever a configuration may say is shown."""
    painted = {prompt.painted("x", color.value, "fish") for color in Color}
    assert len(painted) == len(Color)
    assert "x" not in painted


def test_what_is_not_plain_is_the_whole_programs(assume: Callable[..., Index]) -> None:
    """A name that is spelled in a record, one that a terminal would obey, and a record of an older version."""
    for name in ("é", "a\x1b[31m"):
        assume(name)
        with pytest.raises(prompt.UnusualError):
            text()
    with pytest.raises(prompt.UnusualError):
        text(STSCTL_ROLE="a\x1b[31m")
