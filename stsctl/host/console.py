"""Questions on a Windows console, which has no /dev/tty: its keys are read one by one, wherever stdin comes from."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TextIO

from stsctl.errors import PersonNeededError

if sys.platform == "win32":
    import msvcrt

_INTERRUPT, _END, _BACKSPACE = "\x03", "\x1a", "\x08"
_FUNCTION_KEYS = "\x00\xe0"
_POLL_SECONDS = 0.05


def check() -> None:
    """Raises PersonNeededError where there is no console."""
    _screen().close()


def ask(prompt: str, *, hidden: bool, timeout: timedelta) -> str:
    """As Terminal.ask."""
    with _screen() as screen:
        show: Callable[[str], object] = screen.write
        show(prompt)
        try:
            return edit_line(_keys(timeout), (lambda _text: None) if hidden else show)
        finally:
            show("\r\n")


def edit_line(keys: Iterator[str], echo: Callable[[str], object]) -> str:
    """The line that `keys` type, shown by `echo` as it grows; raises PersonNeededError or KeyboardInterrupt."""
    line = ""
    for key in keys:
        if key in "\r\n":
            return line
        if key == _INTERRUPT:
            raise KeyboardInterrupt
        if key == _END:
            break
        if key in _FUNCTION_KEYS:
            next(keys, None)  # the key's code follows
        elif key == _BACKSPACE:
            if line:
                line = line[:-1]
                echo("\b \b")
        elif key.isprintable():
            line += key
            echo(key)
    raise PersonNeededError("the question was not answered", hint="run the same command again")


def _screen() -> TextIO:
    try:
        return open("CONOUT$", "w", encoding="utf-8", errors="replace", buffering=1)  # noqa: PTH123 - a device
    except OSError as error:
        raise PersonNeededError(
            "nobody can be asked: there is no terminal", hint="run the same command in a terminal"
        ) from error


def _keys(timeout: timedelta) -> Iterator[str]:
    end = time.monotonic() + timeout.total_seconds()
    while time.monotonic() < end:
        if sys.platform == "win32" and msvcrt.kbhit():
            yield msvcrt.getwch()
        else:
            time.sleep(_POLL_SECONDS)
    raise PersonNeededError(
        f"nobody answered within {timeout.total_seconds():g} seconds", hint="run the same command again"
    )
