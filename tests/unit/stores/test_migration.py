"""From one store to another: everything arrives, is read back, and only then goes; what cannot go is left and said."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Secret, Session
from stsctl.errors import StoreError
from stsctl.sign_in import Registration, SignIn
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.held import Held
from stsctl.stores.index import Entry, Index
from stsctl.stores.interface import Capacity, DamagedError, Item, Kind, Store
from stsctl.stores.memory import MemoryStore
from stsctl.stores.migration import Fate, Migration
from stsctl.stores.sealed_file import SealedFileStore
from stsctl.stores.sealing_key import KeyFile

ACME = "identity-center https://acme.example/start us-east-1"


class Named(MemoryStore):
    """A store with a name, which perhaps takes little, and notes what is done to it."""

    def __init__(self, name: str, **limits: object) -> None:
        super().__init__()
        self.name = name
        self.capacity = replace(Capacity(item_bytes=None, items=None, outlives_reboot=True), **limits)
        self.done: list[str] = []

    def put(self, item: Item) -> None:
        """Keeps an item."""
        self.done.append(f"put {item.kind.value}")
        super().put(item)

    def delete(self, kind: Kind, key: str) -> bool:
        """Forgets an item."""
        self.done.append(f"delete {kind.value}")
        return super().delete(kind, key)


class Side:
    """A store with its index, and what is held there."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.index = Index(folder / store.name)
        self.held = Held(store, self.index, folder / "locks")


def migration(origin: Side, goal: Side, now: datetime) -> Migration:
    """From one side to the other."""
    return Migration(origin=origin.held, goal=goal.held, origin_index=origin.index, goal_index=goal.index, now=now)


@pytest.fixture
def sign_in(now: datetime) -> SignIn:
    """One that can be refreshed."""
    return SignIn(
        authority=ACME,
        id="1",
        token=Secret("token"),
        ends_at=now - timedelta(minutes=1),
        signed_in_at=now - timedelta(hours=1),
        refresh_token=Secret("refresh"),
    )


@pytest.fixture
def fill(
    make_session: Callable[..., Session], make_entry: Callable[..., Entry], keys: LongTermKeys, sign_in: SignIn
) -> Callable[[Side], None]:
    """Puts one of each kind into a store."""

    def fill(side: Side) -> None:
        session = make_session("k1")
        side.held.hold(session, make_entry(session, store=side.store.name))
        side.held.hold_keys(keys)
        side.held.hold_sign_in(sign_in)
        side.held.hold_registration(Registration(client_id="c"), ACME)

    return fill


@pytest.fixture
def origin(tmp_path: Path, fill: Callable[[Side], None]) -> Side:
    """A store with one of each kind."""
    side = Side(Named("old"), tmp_path)
    fill(side)
    return side


def everything(side: Side, keys: LongTermKeys) -> tuple[object, ...]:
    """What of the four is there."""
    held = side.held
    return held.session("k1"), held.keys(keys.name), held.sign_in(ACME), held.registration(ACME)


def test_everything_goes_and_is_listed_as_before(
    origin: Side, tmp_path: Path, keys: LongTermKeys, now: datetime
) -> None:
    """Items, index and manifest are at the goal, with the names that the person has for them; nothing is left."""
    goal = Side(Named("new"), tmp_path)
    before = everything(origin, keys)
    listed = origin.held.entries(), origin.held.keys_entries(), origin.held.sign_in_entries()
    assert None not in before
    planned = migration(origin, goal, now).plan()
    assert (goal.store.done, everything(origin, keys)) == ([], before)  # type: ignore[attr-defined]
    moved = list(migration(origin, goal, now).run())
    assert moved == planned
    assert {(each.kind, each.fate) for each in moved} == {
        (kind, Fate.MOVED) for kind in (Kind.KEYS, Kind.REGISTRATION, Kind.SESSION, Kind.TOKEN)
    }
    assert everything(goal, keys) == before
    again = goal.held.entries(), goal.held.keys_entries(), goal.held.sign_in_entries()
    assert again == tuple([replace(entry, store="new") for entry in entries] for entries in listed)
    assert origin.store._items == {}  # type: ignore[attr-defined]
    assert (origin.held.entries(), origin.held.keys_entries(), origin.held.sign_in_entries()) == ([], [], [])
    assert goal.held.drop_all() == 2
    assert list(migration(origin, goal, now).run()) == []


def test_each_is_deleted_after_it_was_put(origin: Side, tmp_path: Path, now: datetime) -> None:
    """Nothing leaves the one store before it is in the other."""
    goal = Side(Named("new"), tmp_path)
    done: list[str] = []
    origin.store.done = goal.store.done = done  # type: ignore[attr-defined]
    list(migration(origin, goal, now).run())
    for kind in ("session", "keys", "token", "registration"):
        assert done.index(f"put {kind}") < done.index(f"delete {kind}")


def test_what_the_goal_does_not_take_stays(origin: Side, tmp_path: Path, keys: LongTermKeys, now: datetime) -> None:
    """Kinds that it refuses, and what is too long for it, are left as they are, and said with the reason."""
    goal = Side(Named("new", kinds=frozenset(Kind) - {Kind.KEYS}, item_bytes=200), tmp_path)
    moved = {each.kind: each for each in migration(origin, goal, now).run()}
    assert moved[Kind.KEYS].why == "the store new takes no long-term keys"
    assert moved[Kind.SESSION].why == "it is longer than the store new takes (200 bytes)"
    assert (moved[Kind.REGISTRATION].fate, moved[Kind.REGISTRATION].why) == (Fate.MOVED, None)
    assert origin.held.keys(keys.name) == keys
    assert origin.held.session("k1") is not None
    assert (goal.held.keys(keys.name), goal.held.session("k1")) == (None, None)


def test_what_has_ended_is_forgotten(origin: Side, tmp_path: Path, now: datetime) -> None:
    """A session that is over is not worth a place; a sign-in that can be refreshed is."""
    goal = Side(Named("new"), tmp_path)
    moved = {each.kind: each.fate for each in migration(origin, goal, now + timedelta(days=2)).run()}
    assert (moved[Kind.SESSION], moved[Kind.TOKEN]) == (Fate.ENDED, Fate.MOVED)
    assert (origin.held.session("k1"), goal.held.session("k1")) == (None, None)
    assert origin.held.entries() == goal.held.entries() == []


def test_other_keys_of_the_same_name_are_left_alone(
    origin: Side, tmp_path: Path, keys: LongTermKeys, now: datetime
) -> None:
    """Of two different pairs neither is overwritten; of two that are the same one goes."""
    goal = Side(Named("new"), tmp_path)
    other = replace(keys, credentials=replace(keys.credentials, access_key_id="AKIAOTHER"))
    goal.held.hold_keys(other)
    (moved,) = (each for each in migration(origin, goal, now).run() if each.kind is Kind.KEYS)
    assert (moved.fate, moved.why) == (Fate.STAYS, "other keys of that name are in the store new")
    assert (origin.held.keys(keys.name), goal.held.keys(keys.name)) == (keys, other)
    goal.held.hold_keys(keys)
    (moved,) = migration(origin, goal, now).run()
    assert (moved.fate, origin.held.keys(keys.name), goal.held.keys(keys.name)) == (Fate.THERE, None, keys)


@pytest.mark.parametrize("newer", ["old", "new"])
def test_of_two_sessions_the_newer_counts(
    origin: Side,
    tmp_path: Path,
    make_session: Callable[..., Session],
    make_entry: Callable[..., Entry],
    now: datetime,
    newer: str,
) -> None:
    """Whichever store the newer one is in, it is the one that is at the goal afterwards, with its own entry."""
    goal = Side(Named("new"), tmp_path)
    mine = origin.held.session("k1")
    assert mine is not None
    off = timedelta(minutes=5 if newer == "new" else -5)
    theirs = replace(mine, obtained_at=mine.obtained_at + off)
    goal.held.hold(theirs, make_entry(theirs, store="new", name="theirs"))
    list(migration(origin, goal, now).run())
    assert goal.held.session("k1") == (theirs if newer == "new" else mine)
    assert (goal.held.entries()[0].name == "theirs") is (newer == "new")


def test_what_is_damaged_stays(origin: Side, tmp_path: Path, keys: LongTermKeys, now: datetime) -> None:
    """Nothing is copied that nobody could read, and nothing is deleted that somebody could mend."""
    goal = Side(Named("new"), tmp_path)
    origin.store.put(Item(kind=Kind.KEYS, key=keys.name, value=Secret("{")))
    moved = {each.kind: each for each in migration(origin, goal, now).run()}
    assert (moved[Kind.KEYS].fate, moved[Kind.KEYS].why) == (Fate.STAYS, "it is damaged")
    assert origin.store.get(Kind.KEYS, keys.name) == Secret("{")
    assert goal.store.get(Kind.KEYS, keys.name) is None


class Locked(Named):
    """A store whose keys do not open."""

    def get(self, kind: Kind, key: str) -> Secret | None:
        """Raises for keys."""
        if kind is Kind.KEYS:
            raise DamagedError("the sealed file does not open")
        return super().get(kind, key)


def test_what_does_not_open_stays_and_the_rest_goes(
    tmp_path: Path, fill: Callable[[Side], None], now: datetime
) -> None:
    """One damaged file is no reason to leave everything where it is."""
    origin, goal = Side(Locked("old"), tmp_path), Side(Named("new"), tmp_path)
    fill(origin)
    moved = {each.kind: each for each in migration(origin, goal, now).run()}
    assert (moved[Kind.KEYS].fate, moved[Kind.KEYS].why) == (Fate.STAYS, "the sealed file does not open")
    assert moved[Kind.SESSION].fate is Fate.MOVED


class Forgetful(Named):
    """A store that does not keep what it is given."""

    def put(self, item: Item) -> None:
        """Keeps something else."""
        super().put(replace(item, value=Secret(item.value.reveal()[:-1])))


def test_what_does_not_come_back_is_not_deleted(
    origin: Side, tmp_path: Path, keys: LongTermKeys, now: datetime
) -> None:
    """A goal that gives back another text than was put ends it, and all is where it was."""
    before = everything(origin, keys)
    with pytest.raises(StoreError, match="did not give back what was put there"):
        list(migration(origin, Side(Forgetful("new"), tmp_path), now).run())
    assert everything(origin, keys) == before


def test_a_lost_index_is_no_hindrance(origin: Side, tmp_path: Path, keys: LongTermKeys, now: datetime) -> None:
    """What the manifest alone knows goes too, and is listed at the goal."""
    for path in (tmp_path / "old").glob("*.json"):
        path.unlink()
    goal = Side(Named("new"), tmp_path)
    assert len(list(migration(origin, goal, now).run())) == 4
    assert None not in everything(goal, keys)
    assert [len(goal.held.entries()), len(goal.held.keys_entries()), len(goal.held.sign_in_entries())] == [1, 1, 1]


class Dying:
    """A store, or an index, in a process that dies just before the nth change of them all."""

    def __init__(self, inner: object, changes: Iterator[int], dies_at: int) -> None:
        self.inner, self.changes, self.dies_at = inner, changes, dies_at

    def __getattr__(self, name: str) -> object:
        if name.startswith(("put", "delete")) and next(self.changes) == self.dies_at:
            os._exit(9)
        return getattr(self.inner, name)


def sealed(folder: Path, name: str) -> SealedFileStore:
    """A store in files."""
    return SealedFileStore(folder / f"{name}.sealed", KeyFile(path=folder / "key"), name=name)


def die(folder: Path, now: datetime, at: int) -> int:
    """How a process ended that was to die at that change of a migration."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            changes = iter(range(1000))
            sides = []
            for name in ("old", "new"):
                side = Side(sealed(folder, name), folder)
                index = Dying(side.index, changes, at)
                store = Dying(side.store, changes, at)
                side.index, side.held = index, Held(store, index, folder / "locks")  # type: ignore[assignment, arg-type]
                sides.append(side)
            list(migration(sides[0], sides[1], now).run())
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killed_at_any_step_nothing_is_lost(
    tmp_path: Path, fill: Callable[[Side], None], keys: LongTermKeys, now: datetime
) -> None:
    """Before each change the process dies: each item is in one store or both, and the next time ends it."""
    prepared = Side(sealed(tmp_path / "prepared", "old"), tmp_path / "prepared")
    fill(prepared)
    before, step = everything(prepared, keys), 0
    while True:
        folder = shutil.copytree(tmp_path / "prepared", tmp_path / str(step))
        status = die(folder, now, step)
        old, new = (Side(sealed(folder, name), folder) for name in ("old", "new"))
        left, arrived = everything(old, keys), everything(new, keys)
        for was, here, there in zip(before, left, arrived, strict=True):
            assert was in (here, there), step
            assert here in (was, None), step
            assert there in (was, None), step
        if status == 0:
            break
        assert status == 9
        list(migration(old, new, now).run())
        assert everything(new, keys) == before, step
        assert list((folder / "old.sealed").glob("*.sealed")) == [], step
        assert [entry.name for entry in new.held.entries()] == ["prod-admin"], step
        assert old.held.entries() == old.held.keys_entries() == old.held.sign_in_entries() == [], step
        step += 1
    assert step > 20
