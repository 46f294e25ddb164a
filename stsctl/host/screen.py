"""A full screen on the terminal device, by curses: whatever stdin and stdout are, as in `eval $(stsctl env)`."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence

from stsctl.errors import PersonNeededError
from stsctl.host import terminal

if sys.platform != "win32":
    import curses

_KEYS = {
    "KEY_UP": "up", "KEY_DOWN": "down", "KEY_PPAGE": "page-up", "KEY_NPAGE": "page-down", "KEY_HOME": "home",
    "KEY_END": "end", "KEY_ENTER": "enter", "KEY_BACKSPACE": "backspace", "KEY_BTAB": "shift-tab", "KEY_RESIZE": "",
    "KEY_SUSPEND": "ctrl-z",
    "\r": "enter", "\n": "enter", "\t": "tab", "\x1b": "escape", "\x7f": "backspace", "\b": "backspace",
}  # fmt: skip
"""What keys are called, by their names in curses, or by the control characters that they send."""
_ESCAPE_DELAY = 25
"""Milliseconds within which what follows an Escape belongs to it."""
_COLORS = {"match": 3, "good": 2, "warning": 3, "bad": 1, "person": 5}
"""The colours of the styles that have one, by their number (ANSI): red, green, yellow, magenta."""

Text = tuple[str, str, bool]
"""A piece of a line: what it says, the name of its style, and whether the cursor is in that line."""


class Screen:
    """The screen, while it is open."""

    def __init__(self, window: curses.window, styles: Mapping[str, int], at_cursor: int) -> None:
        self._window = window
        self._styles = styles
        self._at_cursor = at_cursor

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        height, width = self._window.getmaxyx()
        return width, height

    def draw(self, lines: Sequence[Sequence[Text]]) -> None:
        """Shows lines from the top; the text cursor goes behind the first."""
        self._window.erase()
        width, height = self.size
        behind = 0
        for number, line in enumerate(lines[:height]):
            column = 0
            for piece, style, here in line:
                text = piece.encode(self._window.encoding, "replace").decode(self._window.encoding)
                attributes = self._styles.get(style, 0) | (self._at_cursor if here else 0)
                # What does not fit is cut off, and curses complains of a full last line.
                with contextlib.suppress(curses.error):
                    self._window.addnstr(number, column, text, max(width - column, 0), attributes)
                column = min(self._window.getyx()[1], width) if text else column
            behind = column if number == 0 else behind
        with contextlib.suppress(curses.error):
            self._window.move(0, behind)
        self._window.refresh()

    def waits(self) -> bool:
        """Whether a key was pressed that nobody has taken yet."""
        self._window.nodelay(True)
        try:
            pressed = self._window.get_wch()
        except curses.error:
            return False
        finally:
            self._window.nodelay(False)
        if isinstance(pressed, str):
            curses.unget_wch(pressed)
        else:
            curses.ungetch(pressed)
        return True

    def key(self, within: float | None = None) -> str:
        """The next key: a letter, or the name of a key that is none; "" where only the size of the screen changed.

        "" is also that no key was pressed `within` so many seconds; "ctrl-c" also stands for a terminal that has gone
        away.
        """
        self._window.timeout(-1 if within is None else max(round(within * 1000), 0))
        try:
            pressed = self._window.get_wch()
        except curses.error:
            # One that has gone away is always ready to be read, and never has anything.
            return "ctrl-c" if within is None or (self._ready() and not self.waits() and self._ready()) else ""
        finally:
            self._window.timeout(-1)
        if isinstance(pressed, int):
            return _KEYS.get(curses.keyname(pressed).decode(), "unknown")
        if pressed == "\x1b" and self.waits():  # what curses does not know begins with one, too, and is none
            while self.waits():
                self._window.get_wch()
            return "unknown"
        if pressed in _KEYS:
            return _KEYS[pressed]
        return f"ctrl-{chr(ord(pressed) + 96)}" if ord(pressed) < 27 else pressed

    @staticmethod
    def _ready() -> bool:
        return bool(select.select([0], [], [], 0)[0])

    @contextlib.contextmanager
    def left(self) -> Iterator[None]:
        """Meanwhile the terminal is as it was, for whoever asks there."""
        curses.endwin()
        try:
            yield
        finally:
            self._window.redrawwin()
            self._window.refresh()

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Meanwhile nobody takes keys, and Ctrl-C interrupts as it does elsewhere."""
        curses.noraw()
        curses.cbreak()
        try:
            yield
        finally:
            curses.raw()
            curses.flushinp()

    def stop(self) -> None:
        """What Ctrl-Z does to a program; returns when it goes on."""
        curses.endwin()
        os.kill(0, signal.SIGTSTP)
        self._window.redrawwin()
        self._window.refresh()


@contextlib.contextmanager
def opened(environ: Mapping[str, str], *, cursor: bool = True) -> Iterator[Screen]:
    """A full screen, perhaps with a text `cursor`; the terminal is as it was afterwards, also where this process ends.

    Raises PersonNeededError where there is no terminal, or none that can move its cursor.
    """
    if sys.platform == "win32":
        raise PersonNeededError("there is no full screen on this system", hint="name the role")
    with terminal.opened() as device, _in_place_of_output(device):
        try:
            curses.setupterm(environ.get("TERM", "dumb"), device)
            if not curses.tigetstr("cup"):
                raise PersonNeededError("this terminal cannot be a full screen", hint="name the role")
            window = curses.initscr()
        except curses.error as error:
            raise PersonNeededError("this terminal cannot be a full screen", hint="name the role") from error
        with terminal.before_death(curses.endwin):
            try:
                curses.noecho()
                curses.raw()
                window.keypad(True)
                curses.set_escdelay(_ESCAPE_DELAY)
                if not cursor:
                    with contextlib.suppress(curses.error):  # some cannot hide it
                        curses.curs_set(0)
                yield Screen(window, *_looks(environ))
            finally:
                curses.endwin()


def _looks(environ: Mapping[str, str]) -> tuple[dict[str, int], int]:
    """How each style looks, and the line of the cursor."""
    looks = {"dim": curses.A_DIM, "bold": curses.A_BOLD, "match": curses.A_BOLD | curses.A_UNDERLINE}
    if environ.get("NO_COLOR") or not curses.has_colors():
        return looks, curses.A_REVERSE
    curses.start_color()
    curses.use_default_colors()
    for number, (style, color) in enumerate(_COLORS.items(), start=1):
        curses.init_pair(number, color, -1)
        looks[style] = curses.color_pair(number) | (curses.A_BOLD if style == "match" else 0)
    return looks, curses.A_BOLD


@contextlib.contextmanager
def _in_place_of_output(device: int) -> Iterator[None]:
    """Lets curses, which knows only stdin and stdout, have the terminal; what they are is put back."""
    kept = {number: _copy(number) for number in (0, 1)}
    try:
        for number in kept:
            os.dup2(device, number)
        yield
    finally:
        for number, copy in kept.items():
            if copy is None:
                os.close(number)
            else:
                os.dup2(copy, number)
                os.close(copy)


def _copy(number: int) -> int | None:
    """Another descriptor of the same file; None where there is none."""
    try:
        return os.dup(number)
    except OSError:
        return None
