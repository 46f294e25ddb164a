"""What is held: store, index and manifest together, and each of them lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Secret, Session
from stsctl.errors import StoreError
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.held import Held
from stsctl.stores.index import Entry, Index
from stsctl.stores.interface import DamagedError, Item, Kind
from stsctl.stores.memory import MemoryStore

MakeSession = Callable[..., Session]
MakeEntry = Callable[..., Entry]


class Watched(MemoryStore):
    """A store that counts what it is asked, and fails where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.fails: str | None = None
        self.damaged: set[tuple[Kind, str]] = set()

    def get(self, kind: Kind, key: str) -> Secret | None:
        """Counts, and finds some items damaged."""
        self._note(f"get {kind.value} {key}")
        if (kind, key) in self.damaged:
            raise DamagedError("damaged")
        return super().get(kind, key)

    def put(self, item: Item) -> None:
        """Counts."""
        self._note(f"put {item.kind.value} {item.key}")
        self.damaged.discard((item.kind, item.key))
        super().put(item)

    def delete(self, kind: Kind, key: str) -> bool:
        """Counts."""
        self._note(f"delete {kind.value} {key}")
        return super().delete(kind, key)

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if call == self.fails:
            raise StoreError("the store is gone")


@pytest.fixture
def store() -> Watched:
    """A store to watch."""
    return Watched()


@pytest.fixture
def open_held(tmp_path: Path, store: Watched) -> Callable[[], Held]:
    """Opens what is held as a process does that has just begun."""
    return lambda: Held(store, Index(tmp_path / "index"), tmp_path / "locks")


@pytest.fixture
def held(open_held: Callable[[], Held]) -> Held:
    """What is held: nothing yet."""
    return open_held()


def wipe_index(tmp_path: Path) -> None:
    """Loses the index."""
    for path in (tmp_path / "index").iterdir():
        path.unlink()


def test_a_held_session_is_found_and_listed_until_it_is_dropped(
    held: Held, open_held: Callable[[], Held], make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """A session is found by its request's key, by another process too, and listed without asking the store."""
    session = make_session()
    assert held.session("k1") is None
    held.hold(session, make_entry(session))
    assert held.session("k1") == session
    assert open_held().session("k1") == session
    assert held.entries() == [make_entry(session)]
    assert held.drop("k1") is True
    assert held.session("k1") is None
    assert (held.entries(), held.drop("k1")) == ([], False)


def test_looking_again_does_not_ask_the_store_again(
    held: Held,
    open_held: Callable[[], Held],
    store: Watched,
    make_session: MakeSession,
    make_entry: MakeEntry,
    now: datetime,
) -> None:
    """Waiting for a session costs the store one call; what another process holds or drops is seen all the same."""
    for _ in range(5):
        assert held.session("k1") is None
    assert store.calls == ["get session k1"]
    session = make_session()
    open_held().hold(session, make_entry(session))
    store.calls.clear()
    for _ in range(5):
        assert held.session("k1") == session
    assert store.calls == ["get session k1"]
    renewed = make_session(obtained_at=now + timedelta(minutes=50))
    open_held().hold(renewed, make_entry(renewed))
    assert held.session("k1") == renewed
    open_held().drop("k1")
    assert held.session("k1") is None


def test_a_session_that_was_replaced_under_the_same_entry_is_seen(
    held: Held, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """What a process itself holds and drops it sees at once, whatever the entry says."""
    session = make_session()
    entry = make_entry(session)
    held.hold(session, entry)
    assert held.session("k1") == session
    other = replace(session, source_identity="bob")
    held.hold(other, entry)
    assert held.session("k1") == other


@pytest.mark.parametrize("text", ["", "{}", '{"session":{},"version":1}'])
def test_a_corrupt_session_is_a_miss_that_mends_itself(
    held: Held,
    open_held: Callable[[], Held],
    store: Watched,
    make_session: MakeSession,
    make_entry: MakeEntry,
    text: str,
) -> None:
    """A text that is no session is a miss, and the next session takes its place."""
    session = make_session()
    held.hold(session, make_entry(session))
    store.put(Item(kind=Kind.SESSION, key="k1", value=Secret(text)))
    assert open_held().session("k1") is None
    held.hold(session, make_entry(session))
    assert open_held().session("k1") == session


def test_a_session_in_another_ones_place_is_a_miss(
    held: Held, open_held: Callable[[], Held], store: Watched, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """A session that was moved to another request's key is not handed out for it."""
    session = make_session()
    held.hold(session, make_entry(session))
    value = store.get(Kind.SESSION, "k1")
    assert value is not None
    store.put(Item(kind=Kind.SESSION, key="k2", value=value))
    assert open_held().session("k2") is None


def test_a_damaged_session_is_a_miss(
    held: Held, open_held: Callable[[], Held], store: Watched, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """A session that the store finds damaged is a miss that mends itself."""
    session = make_session()
    held.hold(session, make_entry(session))
    store.damaged.add((Kind.SESSION, "k1"))
    assert open_held().session("k1") is None
    held.hold(session, make_entry(session))
    assert open_held().session("k1") == session


def test_a_store_that_is_gone_is_no_miss(held: Held, store: Watched) -> None:
    """A store that cannot be reached is an error: a miss would have a person asked for nothing."""
    store.fails = "get session k1"
    with pytest.raises(StoreError):
        held.session("k1")


def test_ended_sessions_are_forgotten_when_another_is_held(
    held: Held, store: Watched, make_session: MakeSession, make_entry: MakeEntry, now: datetime
) -> None:
    """Holding a session removes those that ended before, from store, index and manifest; others stay."""
    for key, minutes in (("ended", 0), ("living", 30)):
        session = make_session(key, obtained_at=now + timedelta(minutes=minutes))
        held.hold(session, make_entry(session))
    last = make_session("last", obtained_at=now + timedelta(hours=1))
    held.hold(last, make_entry(last))
    assert {entry.request_key for entry in held.entries()} == {"living", "last"}
    assert store.get(Kind.SESSION, "ended") is None
    assert held.drop_all() == 2


def test_a_sweep_that_fails_fails_nobody(
    held: Held, store: Watched, make_session: MakeSession, make_entry: MakeEntry, now: datetime
) -> None:
    """A session is held even where an ended one cannot be removed."""
    first = make_session("ended")
    held.hold(first, make_entry(first))
    store.fails = "delete session ended"
    second = make_session("k2", obtained_at=now + timedelta(hours=2))
    held.hold(second, make_entry(second))
    assert held.session("k2") == second


def test_a_session_without_an_end_is_kept(
    held: Held, make_session: MakeSession, make_entry: MakeEntry, now: datetime
) -> None:
    """What never ends is not swept away."""
    session = make_session("k1")
    held.hold(session, make_entry(session, expires_at=None))
    later = make_session("k2", obtained_at=now + timedelta(days=400))
    held.hold(later, make_entry(later))
    assert {entry.request_key for entry in held.entries()} == {"k1", "k2"}


def test_drop_all_takes_sessions_and_leaves_keys(
    held: Held, store: Watched, make_session: MakeSession, make_entry: MakeEntry, keys: LongTermKeys
) -> None:
    """Every session goes, long-term keys stay."""
    for key in ("k1", "k2"):
        session = make_session(key)
        held.hold(session, make_entry(session))
    held.hold_keys(keys)
    assert held.drop_all() == 2
    assert (held.session("k1"), held.session("k2"), held.keys("work")) == (None, None, keys)
    assert held.drop_all() == 0


def test_drop_all_needs_no_index(
    held: Held, store: Watched, tmp_path: Path, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """What the manifest lists is found and removed although the index is lost."""
    session = make_session()
    held.hold(session, make_entry(session))
    wipe_index(tmp_path)
    assert held.drop_all() == 1
    assert store.get(Kind.SESSION, "k1") is None


@pytest.mark.parametrize("how", ["deleted", "corrupt", "damaged"])
def test_drop_all_needs_no_manifest(
    held: Held, store: Watched, make_session: MakeSession, make_entry: MakeEntry, keys: LongTermKeys, how: str
) -> None:
    """What the index lists is found and removed although the manifest is lost, and the manifest is made anew."""
    session = make_session()
    held.hold(session, make_entry(session))
    held.hold_keys(keys)
    if how == "deleted":
        store.delete(Kind.MANIFEST, "manifest")
    elif how == "corrupt":
        store.put(Item(kind=Kind.MANIFEST, key="manifest", value=Secret("{")))
    else:
        store.damaged.add((Kind.MANIFEST, "manifest"))
    assert held.drop_all() == 1
    assert store.get(Kind.SESSION, "k1") is None
    manifest = store.get(Kind.MANIFEST, "manifest")
    assert manifest is not None
    assert manifest.reveal() == '{"items":[["keys","work"]],"version":1}'


def test_a_damaged_manifest_mends_itself(
    held: Held, store: Watched, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """Holding a session that is listed already is enough for a manifest that lists it again."""
    session = make_session()
    held.hold(session, make_entry(session))
    manifest = store.get(Kind.MANIFEST, "manifest")
    store.put(Item(kind=Kind.MANIFEST, key="manifest", value=Secret("{")))
    held.hold(session, make_entry(session))
    assert store.get(Kind.MANIFEST, "manifest") == manifest


def test_two_stores_share_an_index_and_nothing_else(
    tmp_path: Path, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """Sessions of another store (an emulator's) are neither listed, nor swept, nor dropped."""
    ours, theirs = MemoryStore(), MemoryStore()
    theirs.name = "keyring (emulator)"
    index = Index(tmp_path / "index")
    held = Held(ours, index, tmp_path / "locks")
    other = Held(theirs, index, tmp_path / "locks")
    session = make_session("k1")
    other.hold(session, make_entry(session, store=theirs.name))
    assert (held.entries(), held.drop_all()) == ([], 0)
    assert other.entries() == [make_entry(session, store=theirs.name)]
    assert other.session("k1") == session


def test_long_term_keys_are_held_until_they_are_dropped(held: Held, keys: LongTermKeys) -> None:
    """Keys are found by name and listed without asking the store."""
    assert held.keys("work") is None
    held.hold_keys(keys)
    assert held.keys("work") == keys
    (entry,) = held.keys_entries()
    assert (entry.name, entry.access_key_id, entry.mfa_serial) == ("work", "AKIAEXAMPLE", keys.mfa_serial)
    assert held.drop_keys("work") is True
    assert (held.keys("work"), held.keys_entries(), held.drop_keys("work")) == (None, [], False)


def test_what_the_index_says_of_keys_is_put_right_when_they_are_read(
    held: Held, keys: LongTermKeys, tmp_path: Path
) -> None:
    """Whoever was killed between store and index leaves the id of the keys before: the next reader mends it."""
    held.hold_keys(keys)
    old = replace(held.keys_entries()[0], access_key_id="AKIABEFORE0000000000")
    Index(tmp_path / "index").put_keys(old)
    assert held.keys(keys.name) == keys
    assert held.keys_entries()[0].access_key_id == keys.credentials.access_key_id


def test_corrupt_keys_are_an_error_that_loses_nothing(held: Held, store: Watched, keys: LongTermKeys) -> None:
    """Keys that cannot be read are named, with what to type, and stay where they are."""
    held.hold_keys(keys)
    store.put(Item(kind=Kind.KEYS, key="work", value=Secret("{")))
    with pytest.raises(DamagedError, match='keys "work"') as failure:
        held.keys("work")
    assert failure.value.hint == 'enter them again: "stsctl keys add work"'
    value = store.get(Kind.KEYS, "work")
    assert value is not None
    assert value.reveal() == "{"
    assert "secret" not in f"{failure.value}{failure.value.hint}"


def test_a_lost_index_is_rebuilt(
    held: Held,
    store: Watched,
    tmp_path: Path,
    make_session: MakeSession,
    make_entry: MakeEntry,
    keys: LongTermKeys,
) -> None:
    """The manifest and what it lists are enough for an index again; what cannot be read is left out."""
    for key in ("k1", "gone", "damaged"):
        session = make_session(key)
        held.hold(session, make_entry(session))
    held.hold_keys(keys)
    (keys_entry,) = held.keys_entries()
    wipe_index(tmp_path)
    store.delete(Kind.SESSION, "gone")
    store.damaged.add((Kind.SESSION, "damaged"))
    assert held.rebuild() == 2
    (entry,) = held.entries()
    assert (entry.request_key, entry.name, entry.needs_person) == ("k1", "Admin", True)
    assert entry.expires_at == make_session().expires_at
    assert held.keys_entries() == [keys_entry]
    assert held.rebuild() == 0


def test_a_session_of_nobody_known_is_rebuilt_too(
    held: Held, tmp_path: Path, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """A session token, whose answer names nobody, is listed by its access key id."""
    session = make_session(identity=None, account_id=None)
    held.hold(session, make_entry(session))
    wipe_index(tmp_path)
    assert held.rebuild() == 1
    assert [entry.name for entry in held.entries()] == ["ASIAk1"]


def test_what_lasts_as_long_as_the_process_writes_no_file(
    tmp_path: Path, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """With a store, an index and no locks in memory, nothing reaches the disk (`--no-cache`)."""
    held = Held(MemoryStore(), Index(None), None)
    session = make_session()
    held.hold(session, make_entry(session))
    assert (held.session("k1"), held.entries()) == (session, [make_entry(session)])
    assert held.drop_all() == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_manifest_is_written_first_and_the_index_last(
    held: Held, store: Watched, tmp_path: Path, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """A write that stops at any point leaves nothing that `logout --all` would not find."""
    session = make_session()
    for step in ("put manifest manifest", "put session k1"):
        store.fails = step
        with pytest.raises(StoreError):
            held.hold(session, make_entry(session))
        assert held.entries() == []
    store.fails = None
    assert held.session("k1") is None
    held.hold(session, make_entry(session))
    store.fails = "put manifest manifest"
    with pytest.raises(StoreError):
        held.drop("k1")
    assert (held.session("k1"), held.entries()) == (None, [])
    store.fails = None
    assert held.drop_all() == 0


def test_what_a_killed_removal_leaves_in_the_index_is_a_miss(
    held: Held, store: Watched, make_session: MakeSession, make_entry: MakeEntry, now: datetime
) -> None:
    """An entry of what the store has not is a miss, can be dropped, and goes when its time has come."""
    for key in ("k1", "k2"):
        session = make_session(key)
        held.hold(session, make_entry(session))
        store.delete(Kind.SESSION, key)
    assert held.session("k1") is None
    assert held.drop("k1") is True
    later = make_session("k3", obtained_at=now + timedelta(hours=2))
    held.hold(later, make_entry(later))
    assert [entry.request_key for entry in held.entries()] == ["k3"]


def test_a_session_that_is_not_listed_is_looked_for_each_time(
    held: Held, store: Watched, tmp_path: Path, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """Without its entry a session is found, and is not handed out any more once another process has removed it."""
    session = make_session()
    held.hold(session, make_entry(session))
    wipe_index(tmp_path)
    assert held.session("k1") == session
    assert Held(store, Index(tmp_path / "index"), tmp_path / "locks").drop_all() == 1
    assert held.session("k1") is None


def test_a_store_that_fails_has_freed_its_lock(
    held: Held, store: Watched, make_session: MakeSession, make_entry: MakeEntry
) -> None:
    """After a failure the next writer does not wait for the one that failed."""
    session = make_session()
    store.fails = "get manifest manifest"
    with pytest.raises(StoreError):
        held.hold(session, make_entry(session))
    store.fails = None
    held.hold(session, make_entry(session))
    assert held.session("k1") == session
