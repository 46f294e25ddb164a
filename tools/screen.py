"""A terminal on which a program really runs, and a picture (SVG) of what it shows."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import pexpect
import pyte
from rich.color import Color, ColorParseError
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_LIMIT = 60
"""Seconds for anything to appear."""
_QUIET = 1.5
"""Seconds in which nothing is drawn any more."""
_PROMPT = "$ "

# Rich's own template fetches its font from the network; the font here is whichever the reader has. The window is dark
# with an edge of its own, so that it stands out on a light page and on a dark one.
_TEMPLATE = """\
<svg class="{unique_id}" viewBox="0 0 {width} {height}" xml:space="preserve" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_THEME = TerminalTheme(
    (24, 26, 31),
    (214, 217, 222),
    [(24, 26, 31), (240, 98, 98), (122, 200, 120), (229, 192, 98), (98, 160, 240), (200, 130, 220), (86, 190, 200),
     (190, 195, 202)],
    [(110, 118, 130), (255, 130, 130), (150, 225, 148), (245, 215, 130), (130, 185, 255), (222, 160, 240),
     (120, 215, 225), (245, 247, 250)],
)  # fmt: skip
_NAMES = {"brown": "yellow", "brightbrown": "bright_yellow"}  # as pyte calls them

# What differs from one run to the next, by what is as long.
_SETTLED = (
    (re.compile(r"\b\d{2}:\d{2}(:\d{2})?\b"), lambda found: "14:05:00" if found[1] else "14:05"),
    (re.compile(r"\b59 min {4}"), "1 h 00 min"),
    (re.compile(r"\b11 h 5\d min"), "12 h 00 min"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "2026-11-26"),
    (re.compile(r"(?<=: )\d{6}(?= |$)"), "492039"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "5b0c6a52-9a43-4f8e-b4c5-0d6c1f3f7a10"),
    (re.compile(r"\b5[789] ?m\b"), lambda found: found[0].replace(found[0][:2], "59")),
)


class Screen:
    """A shell on a terminal."""

    def __init__(self, environ: Mapping[str, str], folder: Path, *, width: int, height: int) -> None:
        self._terminal = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile"],
            # The terminal that pyte is: it knows not all that xterm does.
            env={**environ, "TERM": "linux", "PS1": _PROMPT, "COLORTERM": ""},
            cwd=str(folder),
            encoding="utf-8",
            dimensions=(height, width),
        )
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.Stream(self._screen)
        self.until(r"\$$")

    def until(self, pattern: str) -> None:
        """Reads on until what is shown has a match of `pattern`, in its last line where that ends with `$`."""
        end = time.monotonic() + _LIMIT
        while not re.search(pattern, self.shown()):
            if time.monotonic() > end or not self._terminal.isalive():
                raise TimeoutError(f"{pattern}\n{self.shown()}")
            try:
                self._stream.feed(self._terminal.read_nonblocking(65536, timeout=0.2))
            except pexpect.TIMEOUT:
                continue

    def settle(self) -> None:
        """Reads on until nothing more is drawn."""
        while True:
            try:
                self._stream.feed(self._terminal.read_nonblocking(65536, timeout=_QUIET))
            except pexpect.TIMEOUT:
                return

    def shown(self) -> str:
        """The text on it, without the empty lines at the end."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def types(self, text: str) -> None:
        """Presses keys."""
        self._terminal.send(text)

    def runs(self, line: str) -> None:
        """Types a line, and waits for the next prompt."""
        self.types(f"{line}\r")
        self.until(rf"{re.escape(line)}\n(?:.*\n)*\$$")

    def clear(self) -> None:
        """Empties it."""
        self.types("clear\r")
        self.until(r"^\$$")

    def close(self) -> None:
        """Ends the shell."""
        self._terminal.close(force=True)

    def picture(self, title: str) -> str:
        """An SVG of it, of what is the same in each run."""
        rows = [self._row(number) for number in range(len(self.shown().splitlines()))]
        if rows and rows[-1].plain == _PROMPT.strip():
            rows.pop()
        console = Console(record=True, width=self._screen.columns, file=io.StringIO(), force_terminal=True)
        console.print(Text("\n").join(rows), soft_wrap=True)
        return console.export_svg(title=title, theme=_THEME, code_format=_TEMPLATE, unique_id="stsctl")

    def _row(self, number: int) -> Text:
        cells = [self._screen.buffer[number][column] for column in range(self._screen.columns)]
        plain = "".join(cell.data for cell in cells).rstrip()
        for pattern, settled in _SETTLED:
            plain = pattern.sub(settled, plain)
        row = Text()
        for style, columns in groupby(range(len(plain)), lambda column: _style(cells[column])):
            row.append("".join(plain[column] for column in columns), style)
        return row


def _style(cell: pyte.screens.Char) -> Style:
    if cell.data == " " and cell.bg == "default" and not (cell.reverse or cell.underscore):
        return Style()  # how a blank would be written depends on what was drawn before it
    return Style(
        color=_color(cell.fg), bgcolor=_color(cell.bg), bold=cell.bold, italic=cell.italics, reverse=cell.reverse,
        underline=cell.underscore,
    )  # fmt: skip


def _color(name: str) -> Color | None:
    if name == "default":
        return None
    name = _NAMES.get(name, name)
    try:
        return Color.parse(f"#{name}" if re.fullmatch("[0-9a-f]{6}", name) else name.replace("bright", "bright_", 1))
    except ColorParseError as error:
        raise ValueError(f"what colour is {name}?") from error
