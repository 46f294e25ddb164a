"""Watching sessions: which the cursor is at, what is looked for, and what a key has done.

No terminal is touched here: keys come in by name, lines go out as pieces of text with a style.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from shlex import quote

from stsctl.dataclass import dataclass
from stsctl.pieces import Line, Piece, Style, clip, width
from stsctl.watch_columns import Columns, remaining
from stsctl.watch_details import details, overview
from stsctl.watched import Row, Watched

_KEYS = (("↑↓", "move"), ("r", "renew"), ("d", "drop"), ("c", "console"), ("/", "filter"), ("q", "quit"))
_TALL, _HIGH = 20, 12
"""From how many lines on there is room for the pane, and for all of the overview."""
_MESSAGE = 4
"""Lines of the longest message."""


class Verb(Enum):
    """What a key has done."""

    RENEW = "renew"
    DROP = "drop"
    CONSOLE = "console"
    STOP = "stop"
    QUIT = "quit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something to do, with a session where it is about one."""

    verb: Verb
    row: Row | None = None


class Mode(Enum):
    """What keys mean: something to do, a letter to look for, or the answer to a question."""

    WATCH = "watch"
    FILTER = "filter"
    ASK = "ask"


class Table:
    """One live table. `local` gives an instant as clocks here show it."""

    def __init__(self, local: Callable[[datetime], datetime]) -> None:
        self._local = local
        self._watched = Watched()
        self._rows: Sequence[Row] = ()
        self._filter = ""
        self._mode = Mode.WATCH
        self._position = self._top = 0
        self._page = 1
        self._said: Piece | None = None
        self._trouble: str | None = None
        self._asked: Row | None = None

    # ── what is there ──

    def show(self, watched: Watched) -> None:
        """What is watched now; the cursor stays at its session, wherever that went."""
        self._watched = watched
        self._trouble = None
        if self._asked is not None and all(row.key != self._asked.key for row in watched.rows):
            self._asked = None
            self._mode = Mode.WATCH
        self._look()

    def fail(self, text: str) -> None:
        """What there is to see cannot be seen; that is said until it can."""
        self._trouble = text

    def say(self, text: str, style: Style = Style.PLAIN) -> None:
        """A line that stays until the next key."""
        self._said = Piece(text=text, style=style)

    @property
    def current(self) -> Row | None:
        """The session at the cursor; None where there is none."""
        return self._rows[self._position] if self._rows else None

    def _look(self) -> None:
        here = self.current
        words = self._filter.casefold().split()
        self._rows = [row for row in self._watched.rows if all(word in _text(row) for word in words)]
        places = (place for place, row in enumerate(self._rows) if here is not None and row.key == here.key)
        self._go(next(places, self._position))

    def _go(self, position: int) -> None:
        self._position = min(max(position, 0), max(len(self._rows) - 1, 0))

    # ── keys ──

    def press(self, key: str) -> Action | None:
        """Takes a key: a letter, or the name of a key that is none, such as "page-down"; "" is none at all."""
        if not key:
            return None
        self._said = None
        match self._mode:
            case Mode.ASK:
                return self._answer(key)
            case Mode.FILTER:
                return self._type(key)
            case Mode.WATCH:
                return self._do(key)

    def _answer(self, key: str) -> Action | None:
        asked, self._asked, self._mode = self._asked, None, Mode.WATCH
        return Action(verb=Verb.DROP, row=asked) if key in ("y", "Y") else None

    def _type(self, key: str) -> Action | None:
        if key in ("enter", "escape"):
            self._mode = Mode.WATCH
        if key == "ctrl-c":
            return Action(verb=Verb.QUIT)
        if not self._move(key, letters=False):
            self._filter = _typed(self._filter, key)
            self._look()
        return None

    def _do(self, key: str) -> Action | None:
        row = self.current
        match key:
            case "r" | "c" if row is not None:
                if row.wanted is not None:
                    return Action(verb=Verb.RENEW if key == "r" else Verb.CONSOLE, row=row)
                self.say(_not_by_itself(row), Style.WARNING)
            case "d" if row is not None and (row.is_held or row.wanted is not None):
                self._asked, self._mode = row, Mode.ASK
            case "/":
                self._mode = Mode.FILTER
            case "escape" if self._filter:
                self._filter = ""
                self._look()
            case "ctrl-z":
                return Action(verb=Verb.STOP)
            case "q" | "escape" | "ctrl-c":
                return Action(verb=Verb.QUIT)
            case _:
                self._move(key, letters=True)
        return None

    def _move(self, key: str, *, letters: bool) -> bool:
        """Moves the cursor; False for a key that does not."""
        match key:
            case "up" | "ctrl-p" | "ctrl-k":
                self._go(self._position - 1)
            case "down" | "ctrl-n" | "ctrl-j":
                self._go(self._position + 1)
            case "page-up":
                self._go(self._position - self._page)
            case "page-down":
                self._go(self._position + self._page)
            case "home":
                self._go(0)
            case "end":
                self._go(len(self._rows) - 1)
            case "k" | "j" if letters:
                self._go(self._position + (1 if key == "j" else -1))
            case _:
                return False
        return True

    # ── the screen ──

    def lines(self, columns: int, height: int, now: datetime) -> list[Line]:
        """The screen at `now`: how it is in all, the sessions, all of the one at the cursor, and the keys."""
        head = self._head(columns, height, now)
        pane = self._pane(columns, now) if height >= _TALL else []
        message = self._message(columns, now)
        below = len(pane) + min(max(len(message), 1) + 1, max(height - 1, 1))
        titled = height > len(head) + below + 1
        self._scroll(height - len(head) - below - titled)
        foot = [*(message or [self._place()]), self._keys(columns)][-max(height - 1, 1) :]
        table = Columns(self._rows, columns, now, self._local)
        shown = self._rows[self._top : self._top + self._page]
        rows = [table.line(row, at_cursor=row is self.current) for row in shown] or self._nothing()
        rows += [()] * (self._page - len(rows))
        lines = [*head, *([table.titles()] if titled else []), *rows[: self._page], *pane, *foot][:height]
        return [clip(line, columns) for line in lines]

    def _scroll(self, page: int) -> None:
        """Has a page of so many lines, with the cursor in it."""
        self._page = max(page, 1)
        self._top = max(min(self._top, self._position, len(self._rows) - self._page), 0)
        self._top = max(self._top, self._position - self._page + 1)

    def _head(self, columns: int, height: int, now: datetime) -> list[Line]:
        if height < _HIGH // 2:
            return []
        lines = overview(self._watched, columns, now, self._local)
        return [*lines, ()] if height >= _HIGH else lines[:1]

    def _pane(self, columns: int, now: datetime) -> list[Line]:
        if self.current is None:
            return []
        return details(self.current, self._watched.agent, columns, now, self._local)

    def _nothing(self) -> list[Line]:
        if self._filter:
            return [(Piece(text=f'   no session is found by "{self._filter}"', style=Style.DIM),)]
        return [
            (Piece(text="   no session is held"),),
            (Piece(text="   stsctl assume NAME gets one", style=Style.DIM),),
        ]

    def _message(self, columns: int, now: datetime) -> list[Line]:
        """What is asked, else what was said last, else what is looked for."""
        if self._asked is not None:
            left = remaining(self._asked.expires_at, now)
            return [(Piece(text=f' drop "{self._asked.name}" ({left})?', style=Style.WARNING),)]
        trouble = [] if self._trouble is None else self._wrapped(self._trouble, Style.BAD, columns)
        if self._said is not None:
            return [*trouble, *self._wrapped(self._said.text, self._said.style, columns)]
        if self._mode is Mode.FILTER or self._filter:
            behind = "▏" if self._mode is Mode.FILTER else f"   {len(self._rows)} of {len(self._watched.rows)}"
            return [(Piece(text=f" /{self._filter}{behind}", style=Style.MATCH),)]
        return trouble

    @staticmethod
    def _wrapped(text: str, style: Style, columns: int) -> list[Line]:
        lines = textwrap.wrap(text, max(columns - 2, 1), max_lines=_MESSAGE, placeholder=" …")
        return [(Piece(text=f" {line}", style=style),) for line in lines]

    def _place(self) -> Line:
        """Which part of the sessions is shown, where that is not all of them."""
        last = min(self._top + self._page, len(self._rows))
        said = f" {self._top + 1}–{last} of {len(self._rows)}" if len(self._rows) > self._page else ""
        return (Piece(text=said, style=Style.DIM),)

    def _keys(self, columns: int) -> Line:
        keys = {
            Mode.ASK: (("y", "drops it"), ("any other key", "keeps it")),
            Mode.FILTER: (("Enter", "keeps it"), ("Esc", "clears it"), ("↑↓", "move")),
            Mode.WATCH: _KEYS,
        }[self._mode]
        pieces, used = [], 1
        for key, what in keys:
            used += width(key) + len(what) + 4
            if used - 3 > columns:
                break
            pieces += [Piece(text=f" {key}", style=Style.BOLD), Piece(text=f" {what}  ", style=Style.DIM)]
        return tuple(pieces)


def _text(row: Row) -> str:
    """What a session is found by."""
    return " ".join((row.name, row.identity or "", row.account_id or "", row.region or "", *row.chain)).casefold()


def _typed(text: str, key: str) -> str:
    """What stands there after a key."""
    match key:
        case "backspace":
            return text[:-1]
        case "ctrl-u" | "escape":
            return ""
        case "ctrl-w":
            before, space, _ = text.rstrip().rpartition(" ")
            return before + space
    return text + key if len(key) == 1 and key.isprintable() else text


def _not_by_itself(row: Row) -> str:
    """Why a session is neither renewed nor shown in the console."""
    if row.is_step:
        return f'"{row.name}" is a step on the way to another, and renewed with that'
    return f'"{row.name}" is not held: stsctl assume {quote(row.name)}'
