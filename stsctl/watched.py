"""What is watched: the sessions that are held, what the agent does, and what will need a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from stsctl.credentials import renewed_below
from stsctl.dataclass import dataclass
from stsctl.needs import Need
from stsctl.standing import Standing
from stsctl.target import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended:
    """What the agent says of a session: when it is next tried (None: not without a person), and why it was not got."""

    name: str
    expires_at: datetime
    standing: Standing
    next_at: datetime | None
    why: str = ""

    @property
    def is_unheld(self) -> bool:
        """Whether it was never held: the configuration has the agent get it."""
        return self.expires_at.year <= _LONG_AGO


_LONG_AGO = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A session. `wanted` is what a person asked for: None for one on the way to another, or that only the agent knows.

    `is_current` is that of this terminal. `written_at` is where others have written its role.
    """

    key: str
    name: str
    obtained_at: datetime
    expires_at: datetime | None
    identity: str | None = None
    account_id: str | None = None
    chain: tuple[str, ...] = ()
    region: str | None = None
    store: str | None = None
    wanted: Wanted | None = None
    is_current: bool = False
    need: Need | None = None
    written_at: str | None = None
    tended: Tended | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is in a store."""
        return self.store is not None

    @property
    def is_step(self) -> bool:
        """Whether it is only a step on the way to another: nobody asked for it by itself."""
        return self.is_held and self.wanted is None

    @property
    def who(self) -> str:
        """The account and the role, or whoever else one is by it."""
        if self.identity is None:
            return ""
        _, _, name = self.identity.rpartition(":")
        kind, _, rest = name.partition("/")
        return f"{self.account_id} {rest.partition('/')[0] if kind == 'assumed-role' else name}"

    @property
    def due_at(self) -> datetime | None:
        """From when on another one is due in its place."""
        return None if self.expires_at is None else self.expires_at - renewed_below(self.expires_at - self.obtained_at)

    def share(self, now: datetime) -> float:
        """How much of its life is left, from 0 to 1."""
        if self.expires_at is None:
            return 1.0
        life = max(self.expires_at - self.obtained_at, timedelta(seconds=1))
        return min(max((self.expires_at - now) / life, 0.0), 1.0)

    def state(self, now: datetime) -> State:
        """How it is with it now."""
        if self.expires_at is not None and self.expires_at <= now:
            return State.ENDED
        return State.ENDING if self.due_at is not None and self.due_at <= now else State.HELD

    def needs_person(self, now: datetime) -> bool:
        """Whether another one takes a person by now."""
        by_agent = self.tended is not None and self.tended.standing is Standing.NEEDS_PERSON
        return by_agent or (self.need is not None and self.need.at <= now)


class State(Enum):
    """How it is with a session: it is held; another one is due; it has ended."""

    HELD = "held"
    ENDING = "ending"
    ENDED = "ended"


class Presence(Enum):
    """Whether the agent is there."""

    RUNNING = "running"
    LOCKED = "locked"
    ABSENT = "absent"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What the agent says of itself. `renewing` is the name of the session that it renews now.

    `trouble` is what keeps it from seeing what is held, or what keeps it from answering.
    """

    presence: Presence
    tended: tuple[Tended, ...] = ()
    renewing: str | None = None
    trouble: str | None = None

    @property
    def next(self) -> Tended | None:
        """What it renews next."""
        due = [each for each in self.tended if each.next_at is not None]
        return min(due, key=lambda each: (each.next_at, each.name), default=None)


NO_AGENT = Agent(presence=Presence.ABSENT)


def agent(status: Mapping[str, Any]) -> Agent:
    """What an answer of the agent's says; one that cannot be understood is of another version."""
    try:
        return Agent(
            presence=Presence.LOCKED if status["locked"] else Presence.RUNNING,
            tended=tuple(_tended(each) for each in status["sessions"]),
            renewing=_text(status.get("renewing")),
            trouble=_text(status["trouble"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return Agent(presence=Presence.SILENT, trouble="it is of another version: stsctl agent stop")


def _tended(said: Mapping[str, Any]) -> Tended:
    next_at = _text(said["renewed_at"])
    return Tended(
        name=str(said["name"]),
        expires_at=_instant(str(said["expires_at"])),
        standing=Standing(said["standing"]),
        next_at=_instant(next_at) if next_at else None,
        why=str(said["why"]),
    )


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """All of it. `current` is what this terminal's current session is called; it may have ended."""

    rows: tuple[Row, ...] = ()
    agent: Agent = NO_AGENT
    current: str | None = None


def joined(rows: Sequence[Row], of: Agent) -> tuple[Row, ...]:
    """The rows with what the agent says of each, and those that it alone knows: ended, or not got yet.

    What was asked for comes first, by its name, then what was only a step on the way.
    """
    if of.presence is Presence.LOCKED:
        of = replace(of, tended=())
    tended = {_identity(each.name, each.expires_at): each for each in of.tended}
    known = [replace(row, tended=tended.get(_identity(row.name, row.expires_at))) for row in rows]
    names = {row.name for row in rows}  # what it has not seen renewed yet is no other session
    return tuple(
        sorted(
            (*known, *_unheld(each for each in of.tended if each.name not in names)),
            key=lambda row: (row.is_step, row.name, row.key),
        )
    )


def _identity(name: str, expires_at: datetime | None) -> tuple[str, datetime | None]:
    """What tells a session in the agent's answer, which has whole seconds."""
    return name, expires_at and expires_at.replace(microsecond=0)


def _unheld(tended: Iterable[Tended]) -> Iterable[Row]:
    for each in tended:
        yield Row(
            key=f"{each.name} {each.expires_at}",
            name=each.name,
            obtained_at=each.expires_at,
            expires_at=each.expires_at,
            tended=each,
        )
