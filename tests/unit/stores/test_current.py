"""The current session of each terminal, and which of variables and terminal counts."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stsctl.host import process_table
from stsctl.host.session_leader import SessionLeader
from stsctl.stores.current import Current, Terminals, in_use
from stsctl.stores.index import Entry
from stsctl.target import Wanted

A = Current(wanted=Wanted(name="a"), request_key="key-a")
B = Current(wanted=Wanted(name="b"), request_key="key-b", replaces="key-a")


def entry(current: Current) -> Entry:
    """What is listed of a session."""
    return Entry(
        request_key=current.request_key,
        name=current.wanted.name,
        access_key_id="ASIAEXAMPLE",
        obtained_at=datetime(2026, 1, 1, tzinfo=UTC),
        store="memory",
        wanted=current.wanted,
    )


@pytest.mark.parametrize(
    ("terminal", "role", "key", "listed", "expected"),
    [
        (None, None, None, None, None),
        (A, None, None, None, "a"),
        # A variable counts more than the terminal: in a subshell of `exec`, the subshell's role.
        (A, "b", "key-b", entry(B), "b"),
        # What was assumed while just these variables were set is the later word.
        (B, "a", "key-a", entry(A), "b"),
        # In another shell, with other variables, it is not.
        (B, "c", "key-c", None, "c"),
        (B, "c", None, None, "c"),
        # Of the same session the terminal knows more.
        (A, "a", "key-a", None, "a"),
    ],
)
def test_what_counts(
    terminal: Current | None, role: str | None, key: str | None, listed: Entry | None, expected: str | None
) -> None:
    """The variables, unless the terminal's session was assumed under them."""
    found = in_use(terminal, role, key, listed)
    assert (found.wanted.name if found else None) == expected


def test_the_flags_of_an_exported_session_are_kept() -> None:
    """`stsctl env` asks for what was assumed with its flags, not for the plain role."""
    special = Current(wanted=Wanted(name="a", tags=(("project", "blue"),)), request_key="key-a")
    found = in_use(None, "a", "key-a", entry(special))
    assert found == special


def test_the_flags_of_a_session_that_is_listed_no_more_are_in_the_terminal() -> None:
    """When it has ended and was forgotten, the terminal still knows what it was asked for with."""
    special = Current(wanted=Wanted(name="a", policy="{}"), request_key="key-a")
    assert in_use(special, "a", "key-a", None) == special


def test_a_role_that_was_set_by_hand_is_taken_by_its_name() -> None:
    """STSCTL_ROLE=b beside the session of another role means b."""
    found = in_use(None, "b", "key-a", entry(A))
    assert found is not None
    assert found.wanted == Wanted(name="b")


def leader(pid: int) -> SessionLeader:
    """The leader of a terminal's session."""
    process = process_table.look_up(pid)
    return SessionLeader(pid=pid, started=process.started if process else "../../evil start")


def test_each_terminal_has_its_own(tmp_path: Path) -> None:
    """Two terminals do not see each other's; a terminal that is gone is forgotten with the next write."""
    terminals = Terminals(folder=tmp_path / "current")
    gone, here, parent = leader(2**22 - 1), leader(os.getpid()), leader(os.getppid())
    terminals.put(gone, A)
    terminals.put(here, A)
    terminals.put(parent, B)
    assert (terminals.get(here), terminals.get(parent), terminals.get(gone)) == (A, B, None)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "current").iterdir()} == {0o600}


def test_what_was_current_before(tmp_path: Path) -> None:
    """The other one of the last two is remembered, however often each is assumed again, as it was asked for."""
    terminals, here = Terminals(folder=tmp_path / "current"), leader(os.getpid())
    terminals.put(here, A)
    assert previous(terminals, here) is None
    for current, before in ((B, A), (B, A), (A, B), (B, A)):
        terminals.put(here, current)
        assert previous(terminals, here) == before.wanted


def previous(terminals: Terminals, here: SessionLeader) -> Wanted | None:
    """What was current before in a terminal."""
    current = terminals.get(here)
    assert current is not None
    return current.previous


def test_a_forgotten_session_is_current_nowhere(tmp_path: Path) -> None:
    """`logout` takes it away from every terminal, and others stay; a damaged file is none."""
    terminals = Terminals(folder=tmp_path / "current")
    here, parent = leader(os.getpid()), leader(os.getppid())
    terminals.put(here, A)
    terminals.put(parent, B)
    terminals.drop({"key-a"})
    assert (terminals.get(here), terminals.get(parent)) == (None, B)
    next((tmp_path / "current").iterdir()).write_text("{")
    assert terminals.get(parent) is None
    terminals.drop(None)
    assert list((tmp_path / "current").iterdir()) == []
