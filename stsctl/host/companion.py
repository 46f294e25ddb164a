"""A process beside the program that stsctl turns into: it prepares the program's start, serves it, and ends with it.

The program keeps the place of the process that the person started: its id, its terminal, its signals, its status are
those of a program that was started without stsctl, because there is nothing between it and the person. Nor does it get
a child that it did not start: by then the companion belongs to nobody (init). So nothing has to be forwarded.

The processes part before anything is loaded or opened, which macOS's frameworks would not survive.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from typing import NoReturn

from stsctl.dataclass import dataclass
from stsctl.host import process_table

CAN_SPLIT = sys.platform != "win32"
_BUG = 70
_LOOK = 1.0
"""Seconds between two looks at the program, where the system does not say by itself that it has ended."""
_IGNORED = ("SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM")
"""What may be sent to all of a group or a service at once: the program may need what is served until it has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the process learns that is to become the program: how to begin, or the status of the failure."""

    message: bytes | None
    status: int


class Companion:
    """This process, beside `program`; `pipe` is where that waits for its turn."""

    def __init__(self, program: int, pipe: int) -> None:
        self._pipe = pipe
        self._begun = False
        self._watch = threading.Thread(target=self._until_ended, args=(program, _handle(program)), daemon=True)
        self._watch.start()

    def begin(self, message: bytes) -> None:
        """Has the program begin, with `message`; from now on this process has no terminal and shows nothing."""
        for name in _IGNORED:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        self._begun = True
        with open(self._pipe, "wb") as pipe, contextlib.suppress(BrokenPipeError):  # noqa: PTH123 - a descriptor
            pipe.write(message)
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.close(nowhere)

    def wait(self) -> None:
        """Returns when the program has ended."""
        self._watch.join()

    def _until_ended(self, program: int, handle: int | None) -> None:
        _wait(program, handle)
        if not self._begun:
            # Nobody waits for the answer any more, to a question perhaps that is still on the terminal.
            os.kill(os.getpid(), signal.SIGTERM)


def split() -> Companion | Turn:
    """Makes two of this process: one is the companion; the other waits for its turn, or for the companion's failure."""
    program = os.getpid()
    reader, writer = os.pipe()
    between = os.fork()
    if between == 0:
        try:
            os.close(reader)
            companion = os.fork()
            if companion:
                os.close(writer)
                _end_like(companion)
        except BaseException:
            os._exit(_BUG)
            raise
        return Companion(program, writer)
    os.close(writer)
    return _turn(reader, between)


def _turn(pipe: int, between: int) -> Turn:
    """Waits for what the companion says; Ctrl-C is for the companion, which says so and ends."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with open(pipe, "rb") as stream:
            message = stream.read()
        if message:
            os.kill(between, signal.SIGKILL)
        _, status = os.waitpid(between, 0)
    finally:
        signal.signal(signal.SIGINT, before)
    return Turn(message=message or None, status=os.waitstatus_to_exitcode(status))


def _end_like(companion: int) -> NoReturn:
    """The process between the two, whose end leaves the companion to nobody; it has the status of a failure."""
    for name in _IGNORED:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    _, status = os.waitpid(companion, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _handle(program: int) -> int | None:
    """What the system tells the end of a process by (Linux); None where it has ended already, or there is no such."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(program)
    except OSError:
        return None


def _wait(program: int, handle: int | None) -> None:
    """Returns when that process has ended, whether its parent has asked how or not."""
    if handle is not None:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.poll()
        os.close(handle)
        return
    started = process_table.look_up(program)
    while started is not None and process_table.look_up(program) == started:
        time.sleep(_LOOK)
