"""Locks between processes: one holder at a time, freed when it dies, its name readable by those who wait."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from stsctl.digest import sha256
from stsctl.errors import UnavailableError
from stsctl.host import files

_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1
_PART = 0.05
"""Of the wait so far, a pause at least: hundreds that look ten times a second leave the holder no processor."""
_LONGEST_OF_ALL = 1.0
_SHY = 0.3
"""A wait shorter than this many seconds is not worth a word to the person."""


_NO_LOCKS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK}


class LockError(UnavailableError):
    """A lock was not free in time."""


class Lock:
    """The lock of one thing, between all processes of this user.

    `name` may be any text. `label` says to those who wait what the holder is doing, and is no secret. The lock is an
    `flock`, so the end of the holder frees it however it comes; a child that is started while it is held does not
    inherit it, one that is forked without an exec does.
    """

    def __init__(self, folder: Path, name: str, label: str = "stsctl") -> None:
        digest = sha256(name.encode(errors="surrogatepass")).hexdigest()[:32]
        self._path = folder / f"{digest}.lock"
        self._holder_path = folder / f"{digest}.holder"
        self._label = label
        self._held: contextlib.AbstractContextManager[object] | None = None

    def acquire(
        self,
        limit: timedelta,
        *,
        poll: Callable[[], bool] | None = None,
        waiting: Callable[[str], None] | None = None,
    ) -> bool:
        """True once the lock is held; False when `poll` said first that it is needed no more.

        `poll` is called at every look while another holds the lock, up to some tens of times a second at first.
        `waiting` is called once, with who holds it, when the wait is long enough to be noticed. Raises LockError when
        `limit` has passed, FileError when the lock cannot be had at all.
        """
        started = time.monotonic()
        pause = _FIRST_PAUSE
        while not self._try():
            if poll is not None and poll():
                return False
            waited = time.monotonic() - started
            if waited >= limit.total_seconds():
                raise self._late(limit)
            if waiting is not None and waited >= _SHY:
                waiting(self.holder() or "another stsctl")
                waiting = None
            time.sleep(min(pause, limit.total_seconds() - waited))
            pause = min(pause * 1.5, max(_LONGEST_PAUSE, min(waited * _PART, _LONGEST_OF_ALL)))
        return True

    def release(self) -> None:
        """Lets the next one have it; does nothing when it is not held."""
        if self._held is None:
            return
        # Before the lock is free: afterwards the file may be another holder's.
        with contextlib.suppress(OSError):
            self._holder_path.unlink()
        held, self._held = self._held, None
        with contextlib.suppress(OSError):  # what was done under it is done; this process's end frees it then
            held.__exit__(None, None, None)

    def holder(self) -> str | None:
        """Who holds the lock, as `label (process 1234)`; None when nobody living is known to."""
        try:
            pid, _, label = self._holder_path.read_text(encoding="utf-8", errors="replace").partition(" ")
        except OSError:
            return None
        if not label or not pid.isdecimal() or not _lives(int(pid)):
            return None
        return f"{label} (process {pid})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _try(self) -> bool:
        files.private_folder(self._path.parent)
        try:
            self._held = _lock(self._path)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                raise files.FileError(
                    f'cannot lock "{self._path}": its file system has no locks',
                    hint="set XDG_STATE_HOME to a local folder",
                ) from error
            raise files.problem("lock", self._path, error) from error
        if self._held is None:
            return False
        self._sign()
        return True

    def _sign(self) -> None:
        """Writes who holds the lock, for whoever waits; a courtesy, so that failing to is no failure."""
        with contextlib.suppress(OSError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(self._holder_path, flags, 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(f"{os.getpid()} {self._label}".encode(errors="replace"))

    def _late(self, limit: timedelta) -> LockError:
        holder = self.holder() or "another stsctl"
        return LockError(
            f"waited {limit.total_seconds():g} seconds for {holder}",
            hint="finish or end that one, then try again",
        )


if sys.platform == "win32":

    def _lock(path: Path) -> contextlib.AbstractContextManager[object] | None:
        """The lock of a file, None where another has it."""
        from filelock import FileLock, Timeout

        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return None
        return lock

else:

    def _lock(path: Path) -> contextlib.AbstractContextManager[object] | None:
        """The lock of a file, None where another has it; the package `filelock` takes the same, and longer to load."""
        import fcntl

        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError) or getattr(error, "errno", None) == errno.EACCES:
                return None
            raise
        held = contextlib.ExitStack()
        held.callback(os.close, descriptor)  # which unlocks it, as the end of the process would
        return held


def _lives(pid: int) -> bool:
    """Whether a process has that id; where asking could harm it (Windows), yes."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
