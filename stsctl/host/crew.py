"""Programs that run beside each other, so many at a time, and what they say, line by line."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import FrameType
from typing import IO, NoReturn, Self, TypeVarTuple, Unpack

from stsctl.dataclass import dataclass
from stsctl.host import process

_LEAVE = timedelta(seconds=5)
"""As long programs have to end when they are told to."""
_LONGEST = 1 << 16
"""Bytes of a line; a longer one is several."""
_Told = TypeVarTuple("_Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a program ended: its status as a shell would say it."""

    label: str
    status: int


class Crew:
    """Runs at most `jobs` programs at a time. Their stdin is empty; they are of this process's group, so that Ctrl-C on
    the terminal reaches them.

    `said` is told each line that one writes (its label, whether it went to stderr, the line without its end), `done`
    when one has ended. Both are called one at a time, from other threads; what they raise is raised
    where the crew is used.
    """

    def __init__(self, jobs: int, said: Callable[[str, bool, str], None], done: Callable[[Ran], None]) -> None:
        self._places = threading.Semaphore(jobs)
        self._said = said
        self._done = done
        self._speaking = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._problem: BaseException | None = None
        self._ended_by: int | None = None

    def wait_for_a_place(self) -> None:
        """Waits until one more can be started, which is then taken: by `start`, or given back by `leave`."""
        self._places.acquire()
        self._raise()

    def leave(self) -> None:
        """Gives back the place that was waited for."""
        self._places.release()

    def start(self, label: str, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Starts a program in the place that was waited for; raises CommandNotFoundError or CannotStartError."""
        try:
            child = process.start(argv, environ)
        except BaseException:
            self.leave()
            raise
        self._running.add(child)
        thread = threading.Thread(target=self._attend, args=(label, child), daemon=True)
        self._threads.add(thread)
        thread.start()

    def __enter__(self) -> Self:
        self._former = signal.getsignal(signal.SIGTERM)
        if self._former is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._end)
        return self

    def _end(self, number: int, _frame: FrameType | None) -> NoReturn:
        self._ended_by = number
        raise KeyboardInterrupt

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Waits for all of them; ends them where something went wrong, or this process is told to end."""
        whole = False
        try:
            if kind is None:
                self._join(None)
                self._raise()
                whole = True
        finally:
            if not whole:
                self._stop()
            signal.signal(signal.SIGTERM, self._former)
            if self._ended_by is not None:  # now that nobody is left behind
                signal.raise_signal(self._ended_by)

    def _join(self, limit: timedelta | None) -> None:
        ends = None if limit is None else time.monotonic() + limit.total_seconds()
        for thread in list(self._threads):
            thread.join(None if ends is None else max(ends - time.monotonic(), 0))

    def _stop(self) -> None:
        """Those that do not go when they are told to are killed."""
        for end in (subprocess.Popen.terminate, subprocess.Popen.kill):
            for child in list(self._running):
                with contextlib.suppress(OSError):
                    end(child)
            self._join(_LEAVE)

    def _raise(self) -> None:
        if self._problem is not None:
            raise self._problem

    def _attend(self, label: str, child: subprocess.Popen[bytes]) -> None:
        """Listens to a program until it has ended."""
        assert child.stdout is not None
        assert child.stderr is not None
        second = threading.Thread(target=self._listen, args=(label, True, child.stderr), daemon=True)
        with child:
            second.start()
            self._listen(label, False, child.stdout)
            second.join()
            status = child.wait()
        self._running.discard(child)
        self._tell(self._done, Ran(label=label, status=status if status >= 0 else 128 - status))
        self._threads.discard(threading.current_thread())
        self._places.release()

    def _listen(self, label: str, is_error: bool, stream: IO[bytes]) -> None:
        while line := stream.readline(_LONGEST):
            self._tell(self._said, label, is_error, line.decode(errors="replace").rstrip("\r\n"))

    def _tell(self, call: Callable[[Unpack[_Told]], None], *told: *_Told) -> None:
        with self._speaking:
            if self._problem is not None:
                return
            try:
                call(*told)
            except BaseException as problem:  # noqa: BLE001 - it is raised where the crew was started
                self._problem = problem
