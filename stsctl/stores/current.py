"""The current session of each terminal: what was last assumed there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stsctl.dataclass import dataclass
from stsctl.host import files, process_table
from stsctl.host.session_leader import SessionLeader
from stsctl.stores import records
from stsctl.stores.index import Entry
from stsctl.target import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What was assumed last in a terminal.

    `replaces` is the session that the shell's variables held then: in that shell the newer choice counts, although a
    variable usually counts more. `entry` is the file in which the session is listed. `previous` is what was assumed
    before it, by another name or in another way. `color` is that of its name in the prompt.
    """

    wanted: Wanted
    request_key: str
    replaces: str | None = None
    entry: str | None = None
    previous: Wanted | None = None
    color: str | None = None


def in_use(terminal: Current | None, role: str | None, key: str | None, entry: Entry | None) -> Current | None:
    """What is current: what the variables say, or else what was assumed in the terminal.

    `role` and `key` are STSCTL_ROLE and STSCTL_SESSION, `entry` what is listed of that session. What was assumed while
    just these variables were set counts more than they do: it is the person's later word. Where both mean the same
    session, the terminal knows with which flags it was asked for, also when it is listed no more.
    """
    if role is None or (terminal is not None and key is not None and terminal.replaces == key):
        return terminal
    if terminal is not None and terminal.request_key == key and terminal.wanted.name == role:
        return terminal
    asked = entry.wanted if entry is not None else None
    return Current(wanted=asked if asked and asked.name == role else Wanted(name=role), request_key=key or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminals:
    """One small file a terminal in `folder`, named for the leader of its session."""

    folder: Path

    def get(self, leader: SessionLeader) -> Current | None:
        """What is current in that terminal."""
        text = files.read(self._file(leader))
        return None if text is None else records.parse(Current, text)

    def put(self, leader: SessionLeader, current: Current) -> None:
        """Makes `current` that terminal's, and forgets terminals that are gone."""
        for path in self.folder.glob("*.json"):
            pid = path.stem.partition("-")[0]
            if pid.isdecimal() and process_table.look_up(int(pid)) is None:
                files.remove(path)
        before = self.get(leader)
        if before is not None:
            previous = before.previous if before.wanted == current.wanted else before.wanted
            current = replace(current, previous=previous)
        files.replace(self._file(leader), records.render(current).encode())

    def drop(self, request_keys: set[str] | None) -> None:
        """Forgets these sessions wherever they are current; None: every one."""
        for path in self.folder.glob("*.json"):
            current = records.parse(Current, files.read(path) or b"")
            if current is None or request_keys is None or current.request_key in request_keys:
                files.remove(path)

    def _file(self, leader: SessionLeader) -> Path:
        safe = "".join(c if c.isalnum() else "_" for c in leader.started)
        return self.folder / f"{leader.pid}-{safe}.json"
