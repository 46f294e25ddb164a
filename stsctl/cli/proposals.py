"""How proposals look on the terminal: what is so, what would change, what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from stsctl.dataclass import dataclass
from stsctl.formats.visible import visible
from stsctl.setup.proposal import Change, Proposal

if TYPE_CHECKING:
    from stsctl.cli.app import App

_MOST_LINES, _SOME_MORE = 12, 4
"""Lines of a change that are shown unasked; and how many more, before that would hide but a few."""
_INDENT = "     "
_PATIENCE = timedelta(minutes=10)
"""For a question about a text that has to be read first."""


def is_long(change: Change) -> bool:
    """Whether not all of it is shown unasked."""
    return len(change.diff()) > _MOST_LINES + _SOME_MORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Shows them on stderr, in colours where that is a terminal."""

    app: App

    def title(self, text: str) -> None:
        """What this is."""
        self._print(" ", "", (text, "bold"))

    def begin(self, text: str) -> None:
        """What comes now."""
        self._print("", "")
        self.title(text)

    def so(self, proposals: Iterable[Proposal]) -> None:
        """What is so already, a line each."""
        for each in proposals:
            self._print("  ✓  ", "green", each.what, (f"  {each.why}", "dim"))

    def remark(self, text: str) -> None:
        """A word in between."""
        self._print(_INDENT, "", (text, "dim"))

    def commands(self, commands: Sequence[tuple[str, str]]) -> None:
        """What to type, and what each does."""
        width = max(len(command) for command, _ in commands)
        for command, does in commands:
            self._print(_INDENT, "", (f"{command:<{width}}", "cyan"), (f"   {does}", "dim"))

    def ask(self, question: str) -> str:
        """What the person answers; raises PersonNeededError."""
        return self.app.machine.ask_on_terminal(f"{_INDENT}{question}", limit=_PATIENCE).strip()

    def by_hand(self, proposals: Iterable[Proposal]) -> None:
        """What is the person's to do, and how."""
        for each in proposals:
            self._print("  !  ", "yellow", each.what, (f"  {each.why}", "dim"))
            for line in each.by_hand:
                self._print(_INDENT, "", (line, "cyan"))

    def proposal(self, proposal: Proposal, number: str, *, whole: bool = False) -> None:
        """What would change, and why."""
        self._print("", "")
        self._print(f" {number}".ljust(len(_INDENT)), "bold cyan", (proposal.what, "bold"))
        self._print(_INDENT, "", (proposal.why, "dim"))
        for change in proposal.changes:
            self.change(change, whole=whole)

    def change(self, change: Change, *, whole: bool = False) -> None:
        """The lines that go and come; the first of many."""
        self._print(_INDENT, "", (change.place, "cyan"), (" (new)" if change.before is None else "", "dim"))
        lines = change.diff()
        shown = lines[:_MOST_LINES] if is_long(change) and not whole else lines
        for line in shown:
            self._print(f"{_INDENT}{line[:1]} ", style := "green" if line.startswith("+") else "red", (line[1:], style))
        if len(shown) < len(lines):
            self._print(_INDENT, "", (f"… {len(lines) - len(shown)} more lines", "dim"))

    def done(self, what: str, then: str = "") -> None:
        """What was done just now, and what to type next."""
        self._print("  ✓  ", "green", what, (f"  {then}", "dim"))

    def left(self, what: str) -> None:
        """What was not."""
        self._print("  –  ", "dim", (what, "dim"))

    def _print(self, margin: str, style: str, *pieces: str | tuple[str, str]) -> None:
        """A paragraph beside its margin, which its further lines leave free; one line where no person reads it."""
        if not self.app.report.decorated:
            self.app.report.lines(["".join((margin, *(piece for piece, _ in map(_styled, pieces)))).rstrip()])
            return
        from rich.table import Table
        from rich.text import Text

        row = Table.grid()
        row.add_column(width=len(margin), no_wrap=True)
        row.add_column(overflow="fold")
        row.add_row(Text(margin, style), Text.assemble(*map(_styled, pieces)))
        with self.app.report.quiet():
            self.app.report.console().print(row)


def _styled(piece: str | tuple[str, str]) -> tuple[str, str]:
    """A piece of text, harmless, with its style."""
    text, style = (piece, "") if isinstance(piece, str) else piece
    return visible(text), style
