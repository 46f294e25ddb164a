"""Sealed files: tampered, cut, swapped, and opened with another key."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stsctl.credentials import Secret, Session
from stsctl.errors import StoreError
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.held import Held
from stsctl.stores.index import Entry, Index
from stsctl.stores.interface import DamagedError, Item, Kind
from stsctl.stores.sealed_file import SealedFileStore
from stsctl.stores.sealing_key import KeyFile, KeyProcess, Passphrase, create_key_file

CANARY = "canary-of-the-secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the sealed files are."""
    return tmp_path / "sealed"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A key."""
    create_key_file(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def open_store(folder: Path, key_file: Path) -> Callable[[], SealedFileStore]:
    """Opens the store as a process does that has just begun."""
    return lambda: SealedFileStore(folder, KeyFile(path=key_file))


@pytest.fixture
def store(open_store: Callable[[], SealedFileStore]) -> SealedFileStore:
    """A store."""
    return open_store()


def put(store: SealedFileStore, value: str = CANARY, key: str = "work", kind: Kind = Kind.KEYS) -> None:
    """Puts an item."""
    store.put(Item(kind=kind, key=key, value=Secret(value)))


def got(store: SealedFileStore, key: str = "work", kind: Kind = Kind.KEYS) -> str | None:
    """The item that is there."""
    value = store.get(kind, key)
    return None if value is None else value.reveal()


def sealed(folder: Path) -> list[Path]:
    """The sealed files, the newest last."""
    return sorted(folder.glob("*.sealed"), key=lambda path: path.stat().st_mtime_ns)


def test_nothing_in_the_folder_tells_anything(store: SealedFileStore, folder: Path) -> None:
    """Neither names nor contents of files show a value, a kind or a key; all of it is private."""
    put(store, key="client-alpha", kind=Kind.KEYS)
    put(store, key="client-alpha", kind=Kind.SESSION)
    for path in folder.iterdir():
        shown = path.name.encode() + path.read_bytes()
        for word in (CANARY, "client-alpha", "session"):
            assert word.encode() not in shown
        assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(sealed(folder)) == 2


def test_one_value_is_sealed_differently_each_time(store: SealedFileStore, folder: Path) -> None:
    """Two files with one value have nothing to tell it by."""
    put(store)
    first = sealed(folder)[0].read_bytes()
    put(store)
    second = sealed(folder)[0].read_bytes()
    assert first[-len(CANARY) :] != second[-len(CANARY) :]


def test_every_changed_byte_is_noticed(store: SealedFileStore, folder: Path) -> None:
    """A file with any one of its bits changed, head included, is refused and named."""
    put(store)
    (path,) = sealed(folder)
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(DamagedError) as failure:
            got(store)
        assert str(path) in failure.value.message
        assert CANARY not in f"{failure.value.message}{failure.value.hint}"


def test_every_cut_is_noticed(store: SealedFileStore, folder: Path) -> None:
    """A file that ends early, anywhere, or goes on is refused and named."""
    put(store)
    (path,) = sealed(folder)
    whole = path.read_bytes()
    for content in (*(whole[:length] for length in range(len(whole))), whole + b"x"):
        path.write_bytes(content)
        with pytest.raises(DamagedError, match=path.name):
            got(store)


@pytest.mark.parametrize("other", [("home", Kind.KEYS), ("work", Kind.SESSION)])
def test_a_file_in_another_ones_place_is_refused(store: SealedFileStore, folder: Path, other: tuple[str, Kind]) -> None:
    """A sealed file that was copied over another item's opens for neither kind nor key but its own."""
    put(store)
    (mine,) = sealed(folder)
    put(store, "another", *other)
    (theirs,) = set(sealed(folder)) - {mine}
    mine.write_bytes(theirs.read_bytes())
    with pytest.raises(DamagedError, match="put in another's place"):
        got(store)
    assert got(store, *other) == "another"


def test_a_damaged_file_is_kept_aside_when_its_item_is_put(store: SealedFileStore, folder: Path) -> None:
    """What does not open is never overwritten: putting the item anew moves it aside, each under a name of its own."""
    put(store)
    (path,) = sealed(folder)
    for content in (b"damaged once", b"damaged twice"):
        path.write_bytes(content)
        with pytest.raises(DamagedError):
            got(store)
        assert path.read_bytes() == content
        put(store)
        assert got(store) == CANARY
    aside = list(folder.glob("*.bad"))
    assert {each.read_bytes() for each in aside} == {b"damaged once", b"damaged twice"}
    assert {each.stem.split(".")[0] for each in aside} == {path.stem}


def test_a_sound_file_is_not_kept_aside(store: SealedFileStore, folder: Path) -> None:
    """Putting an item in place of one that opens leaves nothing behind."""
    put(store)
    put(store)
    assert len(sealed(folder)) == 1
    assert list(folder.glob("*.bad")) == []


def test_a_damaged_file_can_be_deleted(store: SealedFileStore, folder: Path) -> None:
    """A person who wants an item gone is not stopped by its being damaged."""
    put(store)
    sealed(folder)[0].write_bytes(b"damaged")
    assert store.delete(Kind.KEYS, "work") is True
    assert sealed(folder) == []


def test_a_damaged_session_mends_itself_and_damaged_keys_do_not(
    store: SealedFileStore,
    folder: Path,
    tmp_path: Path,
    make_session: Callable[..., Session],
    make_entry: Callable[..., Entry],
    keys: LongTermKeys,
) -> None:
    """A session that does not open is a miss and replaced; keys that do not are an error that names file and remedy."""
    index, session = Index(tmp_path / "index"), make_session()
    held = Held(store, index, tmp_path / "locks")
    held.hold(session, make_entry(session, store=store.name))
    held.hold_keys(keys)
    for path in sealed(folder):
        path.write_bytes(b"damaged")
    held = Held(store, index, tmp_path / "locks")
    assert held.session("k1") is None
    with pytest.raises(DamagedError) as failure:
        held.keys("work")
    assert '"stsctl keys add work"' in (failure.value.hint or "")
    held.hold(session, make_entry(session, store=store.name))
    assert held.session("k1") == session
    held.hold_keys(keys)
    assert held.keys("work") == keys
    assert held.drop_all() == 1
    assert len(list(folder.glob("*.bad"))) == 3


def test_another_key_is_told_from_damage(
    store: SealedFileStore, open_store: Callable[[], SealedFileStore], folder: Path, key_file: Path
) -> None:
    """With another key nothing is called damaged and nothing is moved: the error says that the key is another."""
    put(store)
    key = key_file.read_bytes()
    key_file.unlink()
    create_key_file(key_file)
    other = open_store()
    for act in (lambda: got(other), lambda: put(other), lambda: other.delete(Kind.KEYS, "work")):
        with pytest.raises(StoreError, match="the key from key_file is not the one") as failure:
            act()
        assert not isinstance(failure.value, DamagedError)
    key_file.write_bytes(key)
    assert got(open_store()) == CANARY


def test_a_key_from_elsewhere_is_told_from_damage(store: SealedFileStore, folder: Path) -> None:
    """A configuration that names another source of the key is told so, and the source is not asked."""
    put(store)
    other = SealedFileStore(folder, KeyProcess(argv=("/nonexistent",), environ={}))
    with pytest.raises(StoreError, match='by means of "key_file", and the configuration says "key_process"'):
        got(other)


def test_a_file_sealed_with_another_key_is_named(
    store: SealedFileStore, open_store: Callable[[], SealedFileStore], folder: Path, key_file: Path, tmp_path: Path
) -> None:
    """A single file that another key sealed (restored from an old backup) is told from one that was changed."""
    put(store)
    (path,) = sealed(folder)
    create_key_file(tmp_path / "old key")
    old = SealedFileStore(tmp_path / "old", KeyFile(path=tmp_path / "old key"))
    put(old)
    path.write_bytes(sealed(tmp_path / "old")[0].read_bytes())
    with pytest.raises(DamagedError, match="was sealed with another key, or changed"):
        got(store)


def test_a_lost_header_is_not_made_anew(
    store: SealedFileStore, open_store: Callable[[], SealedFileStore], folder: Path
) -> None:
    """Sealed files without the header that belongs to them are an error; nothing is written beside them."""
    put(store)
    header = (folder / "header.json").read_bytes()
    (folder / "header.json").unlink()
    for act in (lambda: got(open_store()), lambda: put(open_store())):
        with pytest.raises(StoreError, match=r"header\.json.* is missing"):
            act()
    assert not (folder / "header.json").exists()
    (folder / "header.json").write_bytes(header)
    assert got(open_store()) == CANARY


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"key": "\x1b[31m"},
        {"key": None},
        {"key_id": 5},
        {"more": 1},
    ],
    ids=str,
)
def test_a_damaged_header_is_an_error(
    store: SealedFileStore, open_store: Callable[[], SealedFileStore], folder: Path, change: dict[str, Any]
) -> None:
    """A header that does not say what it should is an error before anything is asked or written."""
    put(store)
    path = folder / "header.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    before = path.read_bytes()
    for act in (lambda: got(open_store()), lambda: put(open_store())):
        with pytest.raises(StoreError, match="is damaged, or of another version") as failure:
            act()
        assert not isinstance(failure.value, DamagedError)
        assert "\x1b" not in failure.value.message
    assert path.read_bytes() == before


def test_no_key_is_asked_for_where_nothing_is_sealed(folder: Path) -> None:
    """Looking into a store that was never used asks nobody and makes nothing."""
    store = SealedFileStore(folder, KeyProcess(argv=("/nonexistent",), environ={}))
    assert got(store) is None
    assert store.delete(Kind.KEYS, "work") is False
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_a_store_error(key_file: Path, tmp_path: Path) -> None:
    """What the file system refuses is the store's failure, with its status."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot make the folder") as failure:
        put(SealedFileStore(tmp_path / "file" / "sealed", KeyFile(path=key_file)))
    assert failure.value.status == 7


def test_what_cannot_be_read_is_a_store_error(store: SealedFileStore, folder: Path, now: datetime) -> None:
    """A sealed file that is no file is the store's failure and names it."""
    put(store)
    (path,) = sealed(folder)
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match=path.name):
        got(store)


class Remembering(dict[str, Secret]):
    """What remembers keys, and how often they are asked for."""

    def put(self, of: str, key: Secret) -> None:
        """Remembers a key."""
        self[of] = key


def test_a_passphrase_is_not_asked_for_where_its_key_is_remembered(folder: Path) -> None:
    """Once for however many processes; a key that opens nothing is not taken for one that does."""
    asked: list[str] = []
    holder = Remembering()

    def ask(question: str) -> Secret:
        asked.append(question)
        return Secret("passphrase")

    def opened() -> SealedFileStore:
        return SealedFileStore(folder, Passphrase(ask=ask), holder=holder)

    put(opened())
    assert len(asked) == 2  # a new one, twice
    assert got(opened()) == CANARY
    assert len(asked) == 2
    (of,) = holder
    for other in (Secret("no key"), Secret(KEY)):
        holder[of] = other
        assert got(opened()) == CANARY
    assert len(asked) == 4
    assert holder[of].reveal() not in ("no key", KEY)


def test_no_other_key_is_remembered(folder: Path, key_file: Path) -> None:
    """What a file or a program gives is theirs to give."""
    holder = Remembering()
    put(SealedFileStore(folder, KeyFile(path=key_file), holder=holder))
    assert got(SealedFileStore(folder, KeyFile(path=key_file), holder=holder)) == CANARY
    assert holder == {}


KEY = "c3RzY3RsLXRlc3RzLXNlYWxpbmcta2V5LTMyLWJ5dGU="
