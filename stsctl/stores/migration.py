"""From one store to another: everything is copied and read back first, and only then forgotten where it was.

Killed at any moment, each item is in one of the two or in both, and the next time goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum

from stsctl.credentials import Secret, Session
from stsctl.dataclass import dataclass
from stsctl.sign_in import Registration, SignIn
from stsctl.stores import codec
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.held import Held
from stsctl.stores.index import Index
from stsctl.stores.interface import DamagedError, Item, Kind


class Fate(Enum):
    """What becomes of an item."""

    MOVED = "moved"
    THERE = "there already"
    """The other store has it, or a newer one that can be had anew."""
    ENDED = "ended"
    STAYS = "stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One item, `called` as people know it, and what becomes of it, or why it stays."""

    kind: Kind
    key: str
    called: str
    fate: Fate
    why: str | None = None
    value: Secret | None = None
    """As it was when it was looked at; None where it could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """All that `origin` has, to `goal`; `origin_index` and `goal_index` are the lists beside them."""

    origin: Held
    goal: Held
    origin_index: Index
    goal_index: Index
    now: datetime

    def plan(self) -> list[Moved]:
        """What would become of each item; nothing is changed."""
        return [moved for item in self._items() if (moved := self._look(*item))]

    def run(self) -> Iterator[Moved]:
        """Moves them, and says of each what became of it; raises StoreError, FileError.

        Meanwhile no other stsctl writes that item: what is deleted is what was copied.
        """
        for item in self._items():
            with self.origin.manifest.changed() as listed:
                moved = self._look(*item)
                if moved is not None and moved.value is not None and moved.fate in (Fate.MOVED, Fate.THERE):
                    if moved.fate is Fate.MOVED:
                        ends_at = _ends_at(*item, moved.value)
                        self.goal.take(Item(kind=moved.kind, key=moved.key, value=moved.value, ends_at=ends_at))
                    self._relist(moved)
                if moved is None or moved.fate is not Fate.STAYS:
                    self.origin.forget(listed, frozenset({item}))
            if moved is not None:
                yield moved
        self.goal.rebuild()
        with self.origin.manifest.changed() as listed:
            if not listed:
                self.origin.manifest.delete()

    def _items(self) -> list[tuple[Kind, str]]:
        return sorted(self.origin.items(), key=lambda item: (item[0].value, self._called(*item), item[1]))

    def _look(self, kind: Kind, key: str) -> Moved | None:
        """What would become of an item; None where it is only listed."""
        called = self._called(kind, key)
        try:
            value = self.origin.text(kind, key)
        except DamagedError as error:
            return Moved(kind=kind, key=key, called=called, fate=Fate.STAYS, why=error.message)
        if value is None:
            return None
        fate, why = self._fate(kind, key, value)
        return Moved(kind=kind, key=key, called=called, fate=fate, why=why, value=value)

    def _fate(self, kind: Kind, key: str, value: Secret) -> tuple[Fate, str | None]:
        if not _is_sound(kind, key, value):
            return Fate.STAYS, "it is damaged"
        ends_at = _ends_at(kind, key, value)
        if ends_at is not None and ends_at <= self.now:
            return Fate.ENDED, None
        goal, capacity = self.goal.store, self.goal.capacity
        if kind not in capacity.kinds:
            return Fate.STAYS, f"the store {goal} takes no {_WORDS[kind]}"
        if capacity.item_bytes is not None and _size(value) > capacity.item_bytes:
            return Fate.STAYS, f"it is longer than the store {goal} takes ({capacity.item_bytes} bytes)"
        there = self._there(kind, key)
        if there is None or (kind is not Kind.KEYS and _made_at(kind, key, there) < _made_at(kind, key, value)):
            return Fate.MOVED, None
        if kind is Kind.KEYS and there != value:
            return Fate.STAYS, f"other keys of that name are in the store {goal}"
        return Fate.THERE, None

    def _there(self, kind: Kind, key: str) -> Secret | None:
        """What the goal has of an item; what is damaged there counts if it is keys, which cannot be had anew."""
        try:
            found = self.goal.text(kind, key)
        except DamagedError:
            if kind is Kind.KEYS:
                raise
            return None
        return found if found is None or kind is Kind.KEYS or _is_sound(kind, key, found) else None

    def _called(self, kind: Kind, key: str) -> str:
        if kind is not Kind.SESSION:
            return key
        entry = self.origin_index.get(key)
        return entry.name if entry is not None else key[:12]

    def _relist(self, moved: Moved) -> None:
        """Lists an item at its goal as it was listed before: by the name that the person has for it."""
        store, key, goal, is_new = self.goal.store, moved.key, self.goal_index, moved.fate is Fate.MOVED
        if moved.kind is Kind.SESSION and (entry := self.origin_index.get(key)) and (is_new or not goal.get(key)):
            goal.put(replace(entry, store=store))
        # These are listed anew by being read.
        elif moved.kind is Kind.KEYS:
            self.goal.keys(key)
        elif moved.kind is Kind.TOKEN:
            self.goal.sign_in(key)


_WORDS = {
    Kind.SESSION: "sessions",
    Kind.KEYS: "long-term keys",
    Kind.TOKEN: "sign-ins",
    Kind.REGISTRATION: "registrations",
}


def _size(value: Secret) -> int:
    return len(value.reveal().encode(errors="surrogatepass"))


def _parsed(kind: Kind, key: str, value: Secret) -> Session | LongTermKeys | SignIn | Registration | None:
    match kind:
        case Kind.SESSION:
            return codec.parse_session(value, key)
        case Kind.KEYS:
            return codec.parse_keys(value, key)
        case Kind.TOKEN:
            return codec.parse_sign_in(value, key)
        case Kind.REGISTRATION:
            return codec.parse_registration(value, key)
        case _:
            return None


def _is_sound(kind: Kind, key: str, value: Secret) -> bool:
    """Whether a text is what its place says."""
    return _parsed(kind, key, value) is not None


def _ends_at(kind: Kind, key: str, value: Secret) -> datetime | None:
    """From when on an item is worth nothing."""
    match _parsed(kind, key, value):
        case Session(expires_at=ends_at) | Registration(ends_at=ends_at) | SignIn(ends_at=ends_at, refresh_token=None):
            return ends_at
        case _:
            return None


def _made_at(kind: Kind, key: str, value: Secret) -> datetime:
    """What tells the newer of two."""
    match _parsed(kind, key, value):
        case Session(obtained_at=made_at) | SignIn(ends_at=made_at):
            return made_at
        case Registration(ends_at=datetime() as ends_at):
            return ends_at
        case _:
            return datetime.max.replace(tzinfo=UTC)
