"""Questions to the person, on the terminal itself.

stdin and stdout belong to the answer: they are pipes when an SDK runs `credential-process` and in `eval $(…)`. So the
question is written to the terminal device, and the answer read from it; whoever has none cannot be asked.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import FrameType
from typing import ClassVar

from stsctl.errors import PersonNeededError

if sys.platform == "win32":
    from stsctl.host import console

    _GONE: tuple[type[Exception], ...] = (OSError,)
else:
    import termios

    _GONE = (OSError, termios.error)

DEVICE = "/dev/tty"
_LONGEST = 4096
"""Bytes of a line, as a terminal in canonical mode takes it (termios(3))."""


class Terminal:
    """The terminal that this process belongs to."""

    is_window: ClassVar[bool] = False

    def available(self) -> bool:
        """Whether somebody could be asked now: there is a terminal, and this process is not in its background."""
        try:
            with opened():
                return True
        except PersonNeededError:
            return False

    def ask(self, prompt: str, *, hidden: bool, timeout: timedelta) -> str:
        """What the person types after `prompt`, without the line end; `hidden` keeps it from being shown.

        Raises PersonNeededError where there is no terminal, no answer within `timeout` or an end of file (Ctrl-D),
        and KeyboardInterrupt on Ctrl-C. The terminal is left as it was found.
        """
        if sys.platform == "win32":
            return console.ask(prompt, hidden=hidden, timeout=timeout)
        with opened() as terminal, _line_mode(terminal, echo=not hidden):
            os.write(terminal, prompt.encode(errors="replace"))
            try:
                answer = _read_line(terminal, timeout)
            except BaseException:
                # What was typed so far is not for the shell's command line, nor for its history.
                termios.tcflush(terminal, termios.TCIFLUSH)
                os.write(terminal, b"\n")
                raise
            if hidden:
                os.write(terminal, b"\n")
        return answer


@contextlib.contextmanager
def opened() -> Iterator[int]:
    """The terminal's descriptor; raises PersonNeededError where this process must not use it."""
    if sys.platform == "win32":
        console.check()
        yield -1
        return
    try:
        terminal = os.open(DEVICE, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise PersonNeededError(
            "nobody can be asked: there is no terminal", hint="run the same command in a terminal"
        ) from error
    try:
        # A background process is stopped (SIGTTIN) as soon as it reads, and would wait for ever, perhaps with a lock.
        if os.tcgetpgrp(terminal) != os.getpgrp():
            raise PersonNeededError(
                "nobody can be asked: this runs in the background", hint="run it in the foreground: fg"
            )
        yield terminal
    except _GONE as error:
        raise PersonNeededError("nobody can be asked: the terminal has gone away") from error
    finally:
        os.close(terminal)


def _read_line(terminal: int, timeout: timedelta) -> str:
    # In line mode the device is readable when a whole line, or an end of file, is there.
    if not select.select([terminal], [], [], timeout.total_seconds())[0]:
        raise PersonNeededError(
            f"nobody answered within {timeout.total_seconds():g} seconds", hint="run the same command again"
        )
    line = os.read(terminal, _LONGEST)
    if not line:
        raise PersonNeededError("the question was not answered", hint="run the same command again")
    return line.decode(errors="replace").rstrip("\r\n")


@contextlib.contextmanager
def _line_mode(terminal: int, *, echo: bool) -> Iterator[None]:
    """Line editing and Ctrl-C on, echo as asked for, whatever a full-screen program had set; put back afterwards."""
    assert sys.platform != "win32"
    before = termios.tcgetattr(terminal)
    during = termios.tcgetattr(terminal)
    during[0] = (during[0] | termios.ICRNL) & ~termios.INLCR  # zsh has the two change places while a line is typed
    during[1] |= termios.OPOST | termios.ONLCR
    during[3] |= termios.ICANON | termios.ISIG | termios.ECHO
    if not echo:
        during[3] &= ~(termios.ECHO | termios.ECHONL)
        termios.tcflush(terminal, termios.TCIFLUSH)  # typed before the echo went off, so not meant as a secret

    def put_back() -> None:
        with contextlib.suppress(termios.error):  # it has been closed, or the shell has it back
            termios.tcsetattr(terminal, termios.TCSANOW, before)

    with before_death(put_back):
        termios.tcsetattr(terminal, termios.TCSANOW, during)
        try:
            yield
        finally:
            put_back()


@contextlib.contextmanager
def before_death(put_back: Callable[[], None]) -> Iterator[None]:
    """Calls `put_back` when SIGTERM would end the process: a terminal left without echo is of no use to anybody."""
    usual = signal.getsignal(signal.SIGTERM)
    if usual is not signal.SIG_DFL or threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        put_back()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)
