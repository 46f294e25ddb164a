"""How long the programs took that stsctl turned into, so that it can say when a session will not last as long.

Nobody of stsctl is left when such a program ends. So a small process of its own waits for that (an interpreter without
any package), writes down the time, and ends; it is neither the program's child nor its parent. Kept are the last
lengths of what took a minute or more, under a digest of the role, the folder and the command line, of which nothing
else is kept. Only Linux has a handle to wait for any process by: elsewhere just what `exec --serve` ran is known.

This file is that small process, too: it may import nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

_KEPT = 5
"""Lengths a command."""
_COMMANDS = 200
_WORTH_KEEPING = 60.0
"""Seconds: no session is shorter than some minutes."""
_LONGEST = 10**7
_NOWHERE = (
    [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)] if os.name == "posix" else []
)


class Stopwatch:
    """Keeps a small file for each command in `folder`, which is private; every one may be lost."""

    def __init__(self, folder: Path, role: str, argv: Sequence[str]) -> None:
        """For the command `argv`, as `role`, where the person is."""
        import hashlib  # neither is for the process that waits
        import json

        what = json.dumps([role, _here(), *argv]).encode()
        self._file = folder / hashlib.sha256(what).hexdigest()[:32]

    def longest(self) -> timedelta | None:
        """As long it took, at most, the last few times; None where that is not known."""
        return max((timedelta(seconds=each) for each in _read(self._file)), default=None)

    def start(self) -> None:
        """Has it written down how long this process goes on from now, whatever it becomes."""
        if not hasattr(os, "pidfd_open") or threading.active_count() > 1:  # a thread would not be in the other process
            return
        with contextlib.suppress(OSError):
            handle = os.pidfd_open(os.getpid())
            between = os.fork()
            if between == 0:
                _leave(handle, self._file)
            os.close(handle)
            os.waitpid(between, 0)

    def note(self, seconds: float) -> None:
        """Writes down how long it took this time."""
        _note(self._file, seconds)


def _here() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a text
    except OSError:  # the folder is gone
        return ""


def _leave(handle: int, file: Path) -> None:
    """The process between the two, which makes the one that waits nobody's child."""
    try:
        os.setsid()
        os.chdir("/")
        os.set_inheritable(handle, True)
        argv = [sys.executable, "-I", "-S", __file__, str(handle), str(file), str(time.time())]
        os.posix_spawn(sys.executable, argv, {}, file_actions=_NOWHERE)
    finally:
        os._exit(0)


def _read(file: Path) -> list[float]:
    """The lengths in a file, in seconds; none where it is no such file."""
    try:
        found = [float(line) for line in file.read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return []
    return [each for each in found if 0 <= each < _LONGEST][-_KEPT:]


def _note(file: Path, seconds: float) -> None:
    """Adds a length, where there is one that matters; the oldest is forgotten, and so are commands of long ago."""
    lengths = [*_read(file), seconds][-_KEPT:]
    if max(lengths) < _WORTH_KEEPING:
        return
    draft = file.with_name(f".{file.name}.{os.urandom(4).hex()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text("".join(f"{length:.1f}\n" for length in lengths), encoding="ascii")
        draft.replace(file)
        by_age = sorted(file.parent.iterdir(), key=lambda each: each.stat().st_mtime)
        for each in by_age[:-_COMMANDS]:
            each.unlink()


def _wait(handle: int, file: Path, began: float) -> None:
    """The small process. By the wall clock, as sessions end by it: also while the machine sleeps."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.poll()
    _note(file, time.time() - began)


if __name__ == "__main__":
    _wait(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
