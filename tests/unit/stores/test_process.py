"""A store behind a program: what the program is told, and what becomes of one that fails."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import StoreError
from stsctl.stores.interface import DamagedError, Item, Kind
from stsctl.stores.process import ProcessStore

ITEM = Item(kind=Kind.KEYS, key="work", value=Secret("canary value"))

Write = Callable[..., ProcessStore]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a program, and opens the store behind it."""

    def write(text: str, *, seconds: float = 60) -> ProcessStore:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        environ = {"PATH": os.environ["PATH"], "FOLDER": str(tmp_path)}
        return ProcessStore([str(path), "first"], environ=environ, timeout=timedelta(seconds=seconds))

    return write


def acts(store: ProcessStore) -> list[Callable[[], object]]:
    """Everything that a store does."""
    return [lambda: store.get(Kind.KEYS, "work"), lambda: store.put(ITEM), lambda: store.delete(Kind.KEYS, "work")]


def test_the_program_is_told_what_and_where(write: Write, tmp_path: Path) -> None:
    """Its own arguments come first, then the operation and a path; the value is on its stdin and nowhere else."""
    store = write('tr "\\0" " " < /proc/$$/cmdline >> $FOLDER/seen; env >> $FOLDER/seen; cat > $FOLDER/given')
    store.put(ITEM)
    seen = (tmp_path / "seen").read_text()
    assert "program first put stsctl/keys/work" in seen
    assert "canary" not in seen
    assert (tmp_path / "given").read_text() == "=canary value\n"


@pytest.mark.parametrize(
    "key", ["", ".", "..", "../../x", "-x", "a/b", "a\nb", "nul\0", "Work", "_x", "ü", "k" * 1000, "a b"]
)
def test_no_key_is_more_than_a_name_in_a_folder(key: str) -> None:
    """Whatever a key is, its path is three plain names, and another than any other key's."""
    store = ProcessStore(["x"], environ={})
    path = store._path(Kind.TOKEN, key)
    assert re.fullmatch(r"stsctl/token/_[0-9a-f]{64}", path)
    assert path != store._path(Kind.TOKEN, path.rpartition("/")[2])


def test_plain_keys_can_be_read_in_their_paths() -> None:
    """Names of keys, and the digests that sessions are found by, stand as they are."""
    store = ProcessStore(["x"], environ={}, service="stsctl-emulator")
    assert store._path(Kind.KEYS, "team-a.prod@2") == "stsctl-emulator/keys/team-a.prod@2"


def test_there_is_nothing_where_the_program_says_so(write: Write) -> None:
    """66 is an answer for get and delete, and a failure of put."""
    store = write("exit 66")
    assert store.get(Kind.KEYS, "work") is None
    assert store.delete(Kind.KEYS, "work") is False
    with pytest.raises(StoreError, match=r"failed to put \(status 66\)"):
        store.put(ITEM)


@pytest.mark.parametrize(
    ("text", "how"), [("exit 1", "status 1"), ("exit 65", "status 65"), ("kill -9 $$", "status -9")]
)
def test_a_failure_is_one(write: Write, text: str, how: str) -> None:
    """Any other status is told, with what to type to see it; nothing of the value is in the error."""
    for act in acts(write(text)):
        with pytest.raises(StoreError) as caught:
            act()
        assert f"({how})" in caught.value.message
        assert re.search(r"program first (get|delete) stsctl/keys/work$", caught.value.hint or "")
        assert "canary" not in f"{caught.value} {caught.value.hint}"


def test_a_program_that_hangs_is_killed_with_what_it_started(write: Write, tmp_path: Path) -> None:
    """After its time it is gone, and so is the child that it waits for."""
    store = write("sleep 300 & echo $! > $FOLDER/child; wait", seconds=0.5)
    for act in acts(store):
        with pytest.raises(StoreError, match=r"no answer in 0\.5 seconds"):
            act()
    child = int((tmp_path / "child").read_text())
    ends = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_program_that_never_ends_its_answer_is_given_up(write: Write) -> None:
    """What is read of an answer has a limit."""
    with pytest.raises(StoreError, match="more than 1048576 bytes"):
        write("exec yes").get(Kind.KEYS, "work")


def test_a_program_that_does_not_read_may_say_why(write: Write) -> None:
    """Its status counts, although the value did not reach it."""
    long = Item(kind=Kind.KEYS, key="work", value=Secret("x" * 150_000))
    with pytest.raises(StoreError, match="status 3"):
        write("exec 0<&-; exit 3").put(long)


def test_what_could_not_be_read_back_is_not_put(write: Write, tmp_path: Path) -> None:
    """Beyond the limit of an answer nothing is written."""
    with pytest.raises(StoreError, match="longer than can be read back"):
        write("touch $FOLDER/ran").put(Item(kind=Kind.KEYS, key="work", value=Secret("x" * 2**20)))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("answer", ["", "value", "\\377", "=a\\n=b", '"half', "[1]", "=ü"])
def test_garbage_is_no_value(write: Write, answer: str) -> None:
    """What stsctl did not put there is told from nothing, and never taken for a value."""
    with pytest.raises(DamagedError, match='has at "stsctl/keys/work" is not what stsctl put there'):
        write(f"printf '{answer}'").get(Kind.KEYS, "work")


def test_a_tool_may_end_its_lines_as_it_likes(write: Write) -> None:
    """None, one or two ends of a line, of any system's, are no part of the value."""
    for end in ("", "\\n", "\\r\\n", "\\n\\n"):
        value = write(f"printf '=value{end}'").get(Kind.KEYS, "work")
        assert value == Secret("value")


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """It is named, as the setting that names it."""
    store = ProcessStore([str(tmp_path / "nowhere")], environ={})
    for act in acts(store):
        with pytest.raises(StoreError, match="store_process: cannot start"):
            act()
