"""What every store does, whichever it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.stores.interface import Item, Kind, Store
from tests.contract.opened import LASTING, open_store

ROOT = Path(__file__).parent.parent.parent

lasting = pytest.mark.parametrize("store_name", LASTING, indirect=True)

HOSTILE = [
    "work",
    "Work",
    "",
    " ",
    "../../etc/passwd",
    "a/b\\c:d*e?f",
    "new\nline\r\n",
    "nul\0byte",
    "ünïcødé ✓ 𝔘",
    "e\u0301",
    "\u00e9",
    "lone \ud800 surrogate",
    "%2E%2e",
    "+#=*",
    "k" * 1000,
    "k" * 999 + "l",
]

VALUES = ["", " ", "=", "*a 1 0", '"', "a\0b", "line\nbreak\r\n", "ünïcødé ✓ 𝔘", "lone \ud800", "\\u0041", "x" * 1001]


def put(store: Store, key: str, value: str, kind: Kind = Kind.SESSION) -> None:
    """Puts a text."""
    store.put(Item(kind=kind, key=key, value=Secret(value)))


def got(store: Store, key: str, kind: Kind = Kind.SESSION) -> str | None:
    """The text that is there."""
    value = store.get(kind, key)
    return None if value is None else value.reveal()


def test_it_has_a_name_and_a_capacity(store: Store) -> None:
    """A store says what it is called, and takes at least a session."""
    assert store.name
    assert store.capacity.item_bytes is None or store.capacity.item_bytes >= 4096


def test_what_is_not_there_is_none(store: Store) -> None:
    """A store that was never written to has nothing, and deletes nothing."""
    assert store.get(Kind.SESSION, "none") is None
    assert store.delete(Kind.SESSION, "none") is False


def test_what_is_put_is_got_until_it_is_deleted(store: Store) -> None:
    """An item comes back as it was put, is replaced whole, and is gone when it is deleted."""
    put(store, "work", "one")
    assert got(store, "work") == "one"
    put(store, "work", "two")
    assert got(store, "work") == "two"
    assert store.delete(Kind.SESSION, "work") is True
    assert got(store, "work") is None
    assert store.delete(Kind.SESSION, "work") is False


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_any_text_is_a_value(store: Store, value: str) -> None:
    """Whatever characters a value has, it comes back as it was."""
    put(store, "work", value)
    assert got(store, "work") == value


@pytest.mark.parametrize("size", [999, 1000, 1001, 4096, 65536])
def test_values_of_any_size_within_the_capacity(store: Store, size: int) -> None:
    """Values up to 64 KiB, where the capacity allows, come back whole, also in place of longer and shorter ones."""
    if store.capacity.item_bytes is not None and store.capacity.item_bytes < size:
        pytest.skip("above the declared capacity")
    value = "".join(chr(33 + index % 90) for index in range(size))
    for text in (value, "short", value[::-1], value[: size // 2]):
        put(store, "work", text)
        assert got(store, "work") == text
    assert store.delete(Kind.SESSION, "work") is True
    assert got(store, "work") is None


def test_any_text_is_a_key_and_no_two_are_one(store: Store) -> None:
    """Hostile keys work like any other, and each has its own value."""
    for number, key in enumerate(HOSTILE):
        put(store, key, f"value {number}")
    assert [got(store, key) for key in HOSTILE] == [f"value {number}" for number in range(len(HOSTILE))]
    assert store.delete(Kind.SESSION, HOSTILE[4]) is True
    assert [got(store, key) is None for key in HOSTILE] == [number == 4 for number in range(len(HOSTILE))]


def test_items_of_different_kinds_are_different(store: Store) -> None:
    """The same key under another kind is another item."""
    put(store, "same", "a session", Kind.SESSION)
    assert got(store, "same", Kind.TOKEN) is None
    put(store, "same", "a token", Kind.TOKEN)
    assert store.delete(Kind.TOKEN, "same") is True
    assert got(store, "same", Kind.SESSION) == "a session"


@lasting
def test_another_process_sees_it(store_name: str, tmp_path: Path) -> None:
    """What one process put, another gets, and the other way round."""
    store = open_store(store_name, tmp_path)
    put(store, "mine", "from here")
    code = """
assert store.get(Kind.SESSION, "mine").reveal() == "from here"
store.put(Item(kind=Kind.SESSION, key="theirs", value=Secret("from there")))
"""
    process = start(store_name, tmp_path, code)
    assert process.wait() == 0
    assert got(store, "theirs") == "from there"
    assert got(open_store(store_name, tmp_path), "mine") == "from here"


@lasting
def test_writers_of_different_items_do_not_disturb_each_other(store_name: str, tmp_path: Path) -> None:
    """Four processes that write their own items to a new store at once: every item is there afterwards."""
    code = """
for number in range(5):
    store.put(Item(kind=Kind.SESSION, key=f"{me} {number}", value=Secret(f"value {me} {number}" * 100)))
    assert store.get(Kind.SESSION, f"{me} {number}") is not None
"""
    processes = [start(store_name, tmp_path, code, me) for me in "abcd"]
    assert [process.wait() for process in processes] == [0] * 4
    store = open_store(store_name, tmp_path)
    for me in "abcd":
        for number in range(5):
            assert got(store, f"{me} {number}", Kind.SESSION) == f"value {me} {number}" * 100


@lasting
def test_writers_of_one_item_leave_one_of_their_values(store_name: str, tmp_path: Path) -> None:
    """Of writers that nobody kept apart one wins, or there is no item; never a mixture of two."""
    code = """
for number in range(10):
    store.put(Item(kind=Kind.SESSION, key="one", value=Secret(me * 3000)))
    value = store.get(Kind.SESSION, "one")
    assert value is None or value.reveal() in {each * 3000 for each in "abcd"}
"""
    processes = [start(store_name, tmp_path, code, me) for me in "abcd"]
    assert [process.wait() for process in processes] == [0] * 4
    store = open_store(store_name, tmp_path)
    assert got(store, "one") in {None, *(each * 3000 for each in "abcd")}
    put(store, "one", "settled")
    assert got(store, "one") == "settled"


@lasting
def test_of_those_that_delete_at_once_none_fails(store_name: str, tmp_path: Path) -> None:
    """Four processes that delete the same items: each item is gone, and somebody is told that it was there."""
    store = open_store(store_name, tmp_path)
    for number in range(8):
        put(store, f"{number}", f"value {number}")
    code = """
told = [number for number in range(8) if store.delete(Kind.SESSION, f"{number}")]
Path(sys.argv[1]).write_text(" ".join(map(str, told)))
"""
    processes = [start(store_name, tmp_path, code, me, str(tmp_path / f"told {me}")) for me in "abcd"]
    assert [process.wait() for process in processes] == [0] * 4
    assert [got(store, f"{number}") for number in range(8)] == [None] * 8
    told = " ".join((tmp_path / f"told {me}").read_text() for me in "abcd").split()
    assert set(told) == {str(number) for number in range(8)}


def start(name: str, folder: Path, code: str, me: str = "", *words: str) -> subprocess.Popen[bytes]:
    """A process that runs `code`, for which there are `words` too, with the store opened."""
    lines = [
        "import sys",
        "from pathlib import Path",
        "from stsctl.credentials import Secret",
        "from stsctl.stores.interface import Item, Kind",
        "from tests.contract.opened import open_store",
        f"me = {me!r}",
        f"store = open_store({name!r}, Path({str(folder)!r}))",
    ]
    return subprocess.Popen([sys.executable, "-c", "\n".join([*lines, code]), *words], cwd=ROOT, env=os.environ)
