"""The columns of tables of sessions: those that there is room for, by how much they matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from stsctl.dataclass import dataclass
from stsctl.needs import Need
from stsctl.pieces import Line, Piece, Style, cut, fill, width
from stsctl.plan import Asks
from stsctl.standing import Standing
from stsctl.watched import Row, State

_GAP = 2
_MARK = 3
"""Columns before the name: those of the cursor, and of the current session."""
_LEFT, _BAR = 11, 10
_ROOMY = 64
"""From how many columns on there is room for the bar."""
COLOR = {State.HELD: Style.GOOD, State.ENDING: Style.WARNING, State.ENDED: Style.BAD}
"""How what is left of a session looks."""
ASKED = {Asks.MFA: "MFA code", Asks.SIGN_IN: "sign-in", Asks.PASSPHRASE: "passphrase"}

Local = Callable[[datetime], datetime]
"""Gives an instant as clocks here show it."""
Cell = tuple[str, Style]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: what it says of a session in so many columns of the terminal, at `least` and at `most`."""

    title: str
    cell: Callable[[Row, int], Cell]
    least: int
    most: int


class Columns:
    """The table at `now`, in a terminal that is `columns` wide; one that `is_live` knows what comes next."""

    def __init__(self, rows: Sequence[Row], columns: int, now: datetime, local: Local, *, is_live: bool = True) -> None:
        self._now = now
        self._local = local
        self._width = columns
        left = _LEFT + (_BAR + 1 if columns >= _ROOMY else 0)
        longest = max(_longest(rows, lambda row: row.name), 4)
        name = Column(title="name", cell=self._name, least=min(longest, columns // 3), most=longest)
        fixed = (
            Column(title="time left", cell=self._left, least=left, most=left),
            Column(title="needs you", cell=self._needs, least=14, most=18),
            Column(title="renewed", cell=self._renewed, least=9, most=9),
        )
        you_are = _texts("you are", rows, lambda row: row.who, 30)
        others = (
            _texts("chain", rows, lambda row: " → ".join(row.chain), 20),
            _texts("region", rows, lambda row: row.region or "", 9),
            _texts("store", rows, lambda row: row.store or "", 9),
        )
        time_left, *of_agent = fixed if is_live else fixed[:1]
        widths = _fitted((name, time_left, *of_agent, you_are, *others), columns - _MARK)
        ordered = (name, you_are, time_left, *reversed(of_agent), *others)
        self._columns = [(each, widths[each.title]) for each in ordered if widths[each.title]]

    def titles(self) -> Line:
        """The heads of the columns."""
        text = "".join(fill(column.title, columns) + " " * _GAP for column, columns in self._columns)
        return (Piece(text=cut((" " * _MARK + text).rstrip(), self._width), style=Style.DIM),)

    def line(self, row: Row, *, at_cursor: bool = False) -> Line:
        """A session."""
        said = [("▌" if at_cursor else " ", Style.WARNING), ("● " if row.is_current else "  ", Style.GOOD)]
        for column, columns in self._columns:
            text, style = column.cell(row, columns)
            said += [(fill(text, columns), style), (" " * _GAP, Style.PLAIN)]
        if not at_cursor:
            return tuple(Piece(text=text, style=style) for text, style in said[:-1])
        rest = self._width - sum(width(text) for text, _ in said)
        return tuple(
            Piece(text=text, style=Style.PLAIN if style is Style.DIM else style, at_cursor=True)
            for text, style in (*said, (" " * rest, Style.PLAIN))
        )

    def _name(self, row: Row, _columns: int) -> Cell:
        return row.name, _plain(row)

    def _left(self, row: Row, columns: int) -> Cell:
        style = COLOR[row.state(self._now)]
        said = "not held" if row.tended and row.tended.is_unheld else remaining(row.expires_at, self._now)
        if columns <= _LEFT:
            return said, style
        full = round(row.share(self._now) * _BAR)
        return f"{'━' * full}{'╌' * (_BAR - full)} {said}", style

    def _renewed(self, row: Row, _columns: int) -> Cell:
        tended = row.tended
        if tended is None or tended.standing is Standing.NEEDS_PERSON:
            return "–", Style.DIM
        if tended.standing is Standing.REFUSED:
            return "refused", Style.BAD
        if tended.standing is Standing.RETRYING:
            return "retries", Style.WARNING
        return (clock(tended.next_at, self._now, self._local) if tended.next_at else "–"), Style.PLAIN

    def _needs(self, row: Row, _columns: int) -> Cell:
        if row.needs_person(self._now) and not row.is_step:
            return f"{asked(row.need)} now", Style.PERSON
        if row.need is None or row.is_step:
            return "–", Style.DIM
        return f"{asked(row.need)} {clock(row.need.at, self._now, self._local)}", Style.PLAIN


def _texts(title: str, rows: Sequence[Row], of: Callable[[Row], str], least: int) -> Column:
    """A column that is as wide as its texts, where there is room, and left out where there are none."""
    longest = _longest(rows, of)
    most = max(longest, len(title)) if longest else 0
    return Column(title=title, cell=lambda row, _: (of(row), _plain(row)), least=min(least, most), most=most)


def _plain(row: Row) -> Style:
    """How what has no colour of its own looks: what nobody asked for by itself stands back."""
    return Style.DIM if row.is_step else Style.PLAIN


def _longest(rows: Sequence[Row], of: Callable[[Row], str]) -> int:
    return max((width(of(row)) for row in rows), default=0)


def _fitted(columns: Sequence[Column], room: int) -> dict[str, int]:
    """How wide each is, by its title: as many as have room, in this order, and then each as wide as it likes."""
    widths = {column.title: 0 for column in columns}
    free = room + _GAP
    fitting = []
    for column in filter(lambda column: column.most, columns):
        if column.least + _GAP > free:
            break
        fitting.append(column)
        widths[column.title] = column.least
        free -= column.least + _GAP
    if not fitting:  # the smallest of all terminals
        return {**widths, columns[0].title: max(room, 1)}
    for column in fitting:
        more = min(max(column.most - column.least, 0), free)
        widths[column.title] += more
        free -= more
    return widths


def asked(need: Need | None) -> str:
    """What is asked of a person, in short."""
    return "you" if need is None or need.what is None else ASKED[need.what]


def remaining(ends_at: datetime | None, now: datetime) -> str:
    """What is left, as people say it, to the second in the last ten minutes."""
    if ends_at is None:
        return "no end"
    if ends_at <= now:
        return "ended"
    seconds = int((ends_at - now) / timedelta(seconds=1))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def clock(at: datetime, now: datetime, local: Local) -> str:
    """An instant as it is said today: with its day where that is another."""
    there, here = local(at), local(now)
    if there.date() == here.date():
        return f"{there:%H:%M}"
    return f"{there:%a %H:%M}" if abs(there - here) < timedelta(days=6) else f"{there:%Y-%m-%d}"
