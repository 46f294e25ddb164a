"""Locks between real processes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.host.files import FileError
from stsctl.host.lock import Lock, LockError

ROOT = Path(__file__).parent.parent.parent.parent
SHORT = timedelta(milliseconds=50)
LONG = timedelta(seconds=60)


@contextmanager
def holder_elsewhere(folder: Path, name: str, after: str = "") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until it is told to go on (or is killed)."""
    code = f"""
    import subprocess, sys
    from datetime import timedelta
    from pathlib import Path
    from stsctl.host.lock import Lock
    with Lock(Path(sys.argv[1]), sys.argv[2], "holding for the test") as lock:
        lock.acquire(timedelta(seconds=60))
        {after}
        print("held", flush=True)
        sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(folder), name]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_one_holds_it_and_the_next_gets_it_afterwards(tmp_path: Path) -> None:
    """A lock that another object holds is not to be had, and is once it is released."""
    first, second = Lock(tmp_path, "a"), Lock(tmp_path, "a")
    assert first.acquire(SHORT)
    with pytest.raises(LockError):
        second.acquire(SHORT)
    first.release()
    assert second.acquire(SHORT)
    second.release()


def test_leaving_the_block_releases_it(tmp_path: Path) -> None:
    """A `with` block lets go of the lock however it ends, and of none when it holds none."""
    with contextlib.suppress(ZeroDivisionError), Lock(tmp_path, "a") as lock:
        lock.acquire(SHORT)
        raise ZeroDivisionError
    with Lock(tmp_path, "a") as lock:
        assert lock.acquire(SHORT)
    with Lock(tmp_path, "a"):
        pass


@pytest.mark.parametrize("name", ["", "../../x", "a\0b", "line\n", "ü" * 1000, "\ud800"], ids=ascii)
def test_any_text_is_a_name(tmp_path: Path, name: str) -> None:
    """A name never becomes a path, and different names are different locks."""
    folder = tmp_path / "locks"
    with Lock(folder, name) as lock, Lock(folder, f"{name}x") as other:
        assert lock.acquire(SHORT)
        assert other.acquire(SHORT)
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {folder}


def test_its_files_are_private(tmp_path: Path) -> None:
    """Nobody else can enter the folder of locks, or read who holds them."""
    folder = tmp_path / "locks"
    with Lock(folder, "a") as lock:
        lock.acquire(SHORT)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600, 0o600]


def test_who_waits_is_told_once_who_holds_it(tmp_path: Path) -> None:
    """The holder's label and process are told to who waits, once, and stand in the error when the wait ends."""
    told: list[str] = []
    with holder_elsewhere(tmp_path, "a") as process:
        with pytest.raises(LockError) as failure:
            Lock(tmp_path, "a").acquire(timedelta(seconds=1), waiting=told.append)
        assert Lock(tmp_path, "a").holder() == f"holding for the test (process {process.pid})"
    assert told == [f"holding for the test (process {process.pid})"]
    assert failure.value.message == f"waited 1 seconds for {told[0]}"
    assert failure.value.status == 6


def test_a_short_wait_is_not_worth_a_word(tmp_path: Path) -> None:
    """Nobody is told of a wait that they would not notice."""
    told: list[str] = []
    with holder_elsewhere(tmp_path, "a"), pytest.raises(LockError):
        Lock(tmp_path, "a").acquire(SHORT, waiting=told.append)
    assert told == []


def test_a_wait_ends_when_the_answer_is_there(tmp_path: Path) -> None:
    """`poll` is asked again and again while another holds the lock, and ends the wait without it."""
    looks: list[int] = []

    def answered() -> bool:
        looks.append(1)
        return len(looks) == 3

    with holder_elsewhere(tmp_path, "a"):
        assert Lock(tmp_path, "a").acquire(LONG, poll=answered) is False
    assert len(looks) == 3


def test_poll_is_not_asked_for_a_free_lock(tmp_path: Path) -> None:
    """A lock that is free is taken without another look: its holder looks anyway."""
    with Lock(tmp_path, "a") as lock:
        assert lock.acquire(SHORT, poll=lambda: True) is True


def test_the_end_of_the_holder_frees_it(tmp_path: Path) -> None:
    """A holder that is killed (SIGKILL) holds nothing any more, and nobody is named as the holder."""
    with holder_elsewhere(tmp_path, "a") as process:
        taken = threading.Timer(0.2, process.kill)
        taken.start()
        with Lock(tmp_path, "a") as lock:
            assert lock.acquire(LONG)
        taken.join()
        process.wait()
        (tmp_path / next(tmp_path.glob("*.lock")).name).with_suffix(".holder").write_text(f"{process.pid} gone")
        assert Lock(tmp_path, "a").holder() is None


def test_a_child_of_the_holder_does_not_hold_it(tmp_path: Path) -> None:
    """A program started while the lock is held does not keep it when the holder is killed."""
    started = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)'], stdin=-3, stdout=-3)"
    with holder_elsewhere(tmp_path, "a", started) as process:
        process.kill()
        process.wait()
        with Lock(tmp_path, "a") as lock:
            assert lock.acquire(timedelta(seconds=2))


@pytest.mark.parametrize("text", ["", "1", "x y", "99999999999999999999 z", "\xff\xfe"], ids=ascii)
def test_a_damaged_note_names_nobody(tmp_path: Path, text: str) -> None:
    """Whatever stands in the note beside a lock, reading it fails nobody."""
    lock = Lock(tmp_path, "a")
    with lock:
        lock.acquire(SHORT)
    next(tmp_path.glob("*.lock")).with_suffix(".holder").write_text(text, encoding="latin-1")
    assert lock.holder() is None or text.startswith("9")


def test_a_folder_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    """Where the folder of locks cannot be made, the error names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="file"):
        Lock(tmp_path / "file" / "locks", "a").acquire(SHORT)
    (tmp_path / "folder").mkdir()
    with Lock(tmp_path / "folder", "a") as lock:
        lock.acquire(SHORT)
    path = next((tmp_path / "folder").glob("*.lock"))
    path.unlink()
    path.mkdir()
    with pytest.raises(FileError, match=path.name):
        Lock(tmp_path / "folder", "a").acquire(SHORT)


@pytest.mark.crowd
def test_two_hundred_waiters_each_get_it_alone(tmp_path: Path) -> None:
    """200 processes that add one to a number in a file, each under the lock: no addition is lost."""
    code = """
    import os, sys
    from datetime import timedelta
    from pathlib import Path
    import filelock
    from stsctl.host.lock import Lock
    folder = Path(sys.argv[1])
    number = folder / "number"
    number.write_text("0")
    children = []
    for _ in range(200):
        child = os.fork()
        if child:
            children.append(child)
            continue
        try:
            with Lock(folder, "a") as lock:
                lock.acquire(timedelta(seconds=90))
                number.write_text(str(int(number.read_text()) + 1))
            os._exit(0)
        finally:
            os._exit(1)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 200
    print(number.read_text())
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("200\n", "")
