"""Picking one or several of many names, as somebody types: what is found, where the cursor is, what is marked.

No terminal is touched here: keys come in by name, lines go out as pieces of text with a style.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from stsctl import pieces
from stsctl.dataclass import dataclass
from stsctl.pieces import Line, Piece, Style, cut
from stsctl.search import Search, spans


class Outcome(Enum):
    """What a key led to."""

    OPEN = "open"
    CHOSEN = "chosen"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a line says of a name beside it: who one is then, how much of a held session is left, what is asked.

    `is_wrong` is a name that leads nowhere.
    """

    identity: str = ""
    left: str = ""
    asks: str = ""
    description: str = ""
    is_wrong: bool = False


_NAME_SHARE = 0.4
"""How much of the width names may take."""
_LEFT, _ASKS = 8, 8
_PANE = (8, 12)
"""Lines of the pane at the bottom, at least and at most: a third of the screen, and none where that is less."""


class Picker:
    """One picker.

    `about` and `details` tell what the lines and the pane say of a name; they are asked for those that are on the
    screen only. `several` lets Tab mark names.
    """

    def __init__(
        self,
        search: Search,
        *,
        about: Callable[[str], About],
        details: Callable[[str], tuple[Line, ...]],
        several: bool = False,
        query: str = "",
    ) -> None:
        self._search = search
        self._about = about
        self._details = details
        self._several = several
        self._marked: dict[str, None] = {}
        self._page = 1
        self._look_for(query)

    @property
    def current(self) -> str | None:
        """The name at the cursor; None where nothing is found."""
        return self._found[self._position] if self._found else None

    @property
    def chosen(self) -> tuple[str, ...]:
        """What Enter chooses: the marked names, in the order of marking, or else the one at the cursor."""
        return tuple(self._marked) or (() if self.current is None else (self.current,))

    def press(self, key: str) -> Outcome:
        """Takes a key: a letter, or the name of a key that is none, such as "page-down"."""
        moved, query = self._moved(key), self._edited(key)
        if key in ("escape", "ctrl-c", "ctrl-g"):
            return Outcome.LEFT
        if key == "enter" and self.chosen:
            return Outcome.CHOSEN
        if key == "tab" and self._several and self.current is not None:
            self._mark(self.current)
        elif moved is not None:
            self._go(moved)
        elif query is not None:
            self._look_for(query)
        return Outcome.OPEN

    def _moved(self, key: str) -> int | None:
        """Where a key moves the cursor to; None for one that does not."""
        match key:
            case "up" | "ctrl-p" | "ctrl-k":
                return self._position - 1
            case "down" | "ctrl-n":
                return self._position + 1
            case "page-up":
                return self._position - self._page
            case "page-down":
                return self._position + self._page
            case "home":
                return 0
            case "end":
                return len(self._found) - 1
        return None

    def _edited(self, key: str) -> str | None:
        """What is searched for after a key; None for one that does not change it."""
        match key:
            case "backspace":
                return self._query[:-1]
            case "ctrl-w":
                before, space, _ = self._query.rstrip().rpartition(" ")
                return before + space
            case "ctrl-u":
                return ""
        return self._query + key if len(key) == 1 and key.isprintable() else None

    def _look_for(self, query: str) -> None:
        self._query = query
        self._found = self._search.find(query)
        self._position = self._top = 0

    def _go(self, position: int) -> None:
        self._position = min(max(position, 0), max(len(self._found) - 1, 0))

    def _mark(self, name: str) -> None:
        if name in self._marked:
            del self._marked[name]
        else:
            self._marked[name] = None
        self._go(self._position + 1)

    def lines(self, width: int, height: int) -> list[Line]:
        """The screen: what was typed, what is found, the keys, and of the name at the cursor all there is to say."""
        least, most = _PANE
        pane = self._pane(width, min(height // 3, most)) if height // 3 >= least else []
        self._page = max(height - 2 - len(pane), 1)
        self._top = min(max(self._top, self._position - self._page + 1), self._position)
        shown = self._found[self._top : self._top + self._page]
        names = [cut(name, int(width * _NAME_SHARE)) for name in shown]
        column = max((pieces.width(name) for name in names), default=0)
        abouts = [self._about(name) for name in shown]
        columns = column, max(_LEFT, *(len(about.left) + 1 for about in abouts), 0)
        rows = [self._row(place, about, columns, width) for place, about in enumerate(abouts, self._top)]
        rows += [()] * (self._page - len(rows))
        return [self._head(), *rows, *pane, self._foot()][:height]

    def _head(self) -> Line:
        return (Piece(text="> ", style=Style.BOLD), Piece(text=self._query))

    def _foot(self) -> Line:
        count = f"{len(self._found)} found" + (f", {len(self._marked)} marked" if self._marked else "")
        keys = f"Enter takes {'them' if len(self._marked) > 1 else 'it'}, Esc leaves" + (
            ", Tab marks" if self._several else ""
        )
        return (Piece(text=f"{count}   {keys}", style=Style.DIM),)

    def _row(self, place: int, about: About, columns: tuple[int, int], width: int) -> Line:
        name, (column, left_column) = self._found[place], columns
        here = place == self._position
        mark = ("▌" if here else " ") + ("● " if name in self._marked else "  ")
        text = cut(name, column)
        row = [Piece(text=mark, at_cursor=here), *self._marked_in(text, here, Style.PLAIN)]
        row.append(Piece(text=" " * (column - pieces.width(text) + 2)))
        left = f"{about.left:{left_column}}"
        row.append(Piece(text=left, style=Style.GOOD if about.left else Style.PLAIN, at_cursor=here))
        asks, style = ("wrong", Style.BAD) if about.is_wrong else (about.asks, Style.WARNING)
        row.append(Piece(text=f"{asks:{_ASKS}}", style=style, at_cursor=here))
        rest = width - sum(pieces.width(piece.text) for piece in row)
        said = "  ".join(text for text in (about.identity, about.description) if text)
        return (*row, *self._marked_in(cut(said, max(rest, 0)), here, Style.DIM, letters=False))

    def _marked_in(self, text: str, here: bool, style: Style, *, letters: bool = True) -> Iterator[Piece]:
        """A text with what was typed marked in it."""
        end = 0
        for begin, until in spans(self._query, text, letters=letters):
            yield Piece(text=text[end:begin], style=style, at_cursor=here)
            yield Piece(text=text[begin:until], style=Style.MATCH, at_cursor=here)
            end = until
        yield Piece(text=text[end:], style=style, at_cursor=here)

    def _pane(self, width: int, height: int) -> list[Line]:
        said = self._details(self.current) if self.current is not None else ()
        lines: list[Line] = [(Piece(text="─" * width, style=Style.DIM),), *said[: height - 1]]
        return lines + [()] * (height - len(lines))
