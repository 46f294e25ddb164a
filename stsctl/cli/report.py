"""The only writer of stdout and stderr: data to the one, everything else to the other.

Colours and boxes appear only on a terminal, and not under NO_COLOR (https://no-color.org) or TERM=dumb.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from stsctl.errors import RefusedError, StsctlError
from stsctl.formats.visible import visible
from stsctl.pieces import Line, Piece, Style

if TYPE_CHECKING:
    from rich.console import Console


class Report:
    """Writes what a command has to say."""

    def __init__(self, environ: Mapping[str, str], *, debug: bool = False) -> None:
        self._environ = environ
        self._debug = debug
        self._spinning: Any = None
        self._bar: Any = None
        self._said: set[str] = set()

    @property
    def has_spoken(self) -> bool:
        """Whether there was something that the person should read."""
        return self._debug or bool(self._said)

    @property
    def decorated(self) -> bool:
        """Whether stderr is a terminal that colours and boxes are for."""
        return self._fancy(sys.stderr)

    @property
    def decorated_data(self) -> bool:
        """Whether stdout is such a terminal."""
        return self._fancy(sys.stdout)

    @property
    def on_terminal(self) -> bool:
        """Whether stdout is a terminal, of whatever kind."""
        return _stdout().isatty()

    def data(self, text: str) -> None:
        """Data, as it is, to stdout; written and flushed whole. Raises StsctlError where that takes nothing."""
        out = _stdout()
        try:
            out.write(self._clear(out) + (text if text.endswith("\n") else f"{text}\n"))
            out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise StsctlError(f"cannot write to standard output: {(error.strerror or '').lower()}") from error

    def stream(self, texts: Iterable[str]) -> None:
        """Data that comes piece by piece, a line each."""
        out = _stdout()
        for text in texts:
            out.write(f"{text}\n")
        out.flush()

    def each(self, texts: Iterable[str]) -> None:
        """Data that comes slowly: every piece is a line, and out before the next is waited for."""
        for text in texts:
            self.data(text)

    def rows(self, rows: Iterable[Sequence[str]], *, aligned: bool | None = None) -> None:
        """Data in cells: below each other on a terminal (or where `aligned` says so), parted by tabs for a program."""
        cells = [[visible(cell) or "-" for cell in row] for row in rows]
        if not (_stdout().isatty() if aligned is None else aligned):
            self.data("\n".join("\t".join(row) for row in cells))
            return
        widths = [
            max((len(cell) for cell in column if len(cell) <= _WIDEST), default=0)
            for column in zip(*cells, strict=True)
        ]
        padded = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in cells)
        self.data("\n".join(row.rstrip() for row in padded))

    @property
    def columns(self) -> int:
        """How wide the terminal is that stdout is."""
        return shutil.get_terminal_size().columns

    def pieces(self, lines: Iterable[Line]) -> None:
        """Data in pieces, each with its style, for a terminal that colours are for."""
        self.data("\n".join("".join(map(_styled, line)).rstrip() for line in lines))

    def strong(self, text: str) -> str:
        """`text` as it stands out in data on a terminal."""
        return f"\033[1m{text}\033[0m" if self.decorated_data else text

    def bright(self, text: str) -> str:
        """`text` as it stands out on stderr, where that is a terminal."""
        return f"\033[1m{text}\033[0m" if self.decorated else text

    def answer(self, value: object) -> None:
        """Data as JSON, for `--json`."""
        text = json.dumps(value, indent=2, ensure_ascii=False)
        # Within its texts JSON allows what a terminal would obey.
        self.data("".join(each if each.isprintable() or each == "\n" else _spelled(each) for each in text))

    def notice(self, text: str) -> None:
        """A line that the person should read; the same line only once."""
        if text not in self._said:
            self._said.add(text)
            self._line(f"stsctl: {text}")

    def debug(self, text: str) -> None:
        """A line about what is done, where `--debug` asked for it."""
        if self._debug:
            self._line(f"stsctl: debug: {text}")

    def lines(self, lines: Sequence[str]) -> None:
        """Lines for the person, as they are: what comes from elsewhere goes through `visible` first."""
        for line in lines:
            self._write(line)

    def error(self, error: StsctlError) -> None:
        """What happened, what AWS said of it, and what to type next."""
        for line in told(error):
            self._line(f"stsctl: {line}")

    def console(self, *, data: bool = False) -> Console:
        """A rich console on stderr, or on stdout for a listing."""
        from rich.console import Console

        return Console(stderr=not data, highlight=False, soft_wrap=False)

    @contextlib.contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """A spinner beside `text` while something goes on; nothing where there is no terminal."""
        if not self.decorated or self._spinning is not None or self._bar is not None:
            yield
            return
        from rich.text import Text

        with self.console().status(Text(visible(text)), spinner="dots") as spinning:
            self._spinning = spinning
            try:
                yield
            finally:
                self._spinning = None

    @contextlib.contextmanager
    def progress(self, text: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar beside `text`, and what moves it on by one; nothing where there is no terminal."""
        if not self.decorated:
            yield lambda: None
            return
        from rich.progress import Progress

        # Redirected, all of stdout would go to stderr: to the terminal, where the person wants it in a file.
        bar = Progress(console=self.console(), transient=True, redirect_stdout=False, redirect_stderr=False)
        with bar:
            task = bar.add_task(visible(text), total=total)
            self._bar = bar
            try:
                yield lambda: bar.advance(task)
            finally:
                self._bar = None

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """No spinner and no bar meanwhile: the terminal is the person's."""
        bar, self._bar = self._bar, None
        moving = bar or self._spinning
        if moving is not None:
            moving.stop()
        try:
            yield
        finally:
            if moving is not None:
                moving.start()
            self._bar = bar

    def _line(self, text: str) -> None:
        text = visible(text)
        label, _, rest = text.removeprefix("stsctl: ").partition(": ")
        if label in _STYLES and self.decorated:
            text = f"stsctl: {_STYLES[label]}{label}:\033[0m {rest}"
        self._write(text)

    def _write(self, text: str) -> None:
        if sys.stderr is None:
            return
        with contextlib.suppress(OSError), contextlib.nullcontext() if self._bar is not None else self.quiet():
            sys.stderr.write(f"{self._clear(sys.stderr)}{text}\n")
            sys.stderr.flush()

    def _clear(self, stream: IO[str]) -> str:
        """What takes the bar from the line that is written next; it is drawn again below, within 100 ms."""
        return "\r\033[2K" if self._bar is not None and stream.isatty() else ""

    def _fancy(self, stream: IO[str] | None) -> bool:
        plain = self._environ.get("NO_COLOR") or self._environ.get("TERM") == "dumb"
        return stream is not None and stream.isatty() and not plain


_WIDEST = 72
"""How wide a cell may be for what stands below it to line up: a longer one would put the next column out of sight."""
_LOOKS = {
    Style.DIM: "2", Style.BOLD: "1", Style.MATCH: "1;33", Style.GOOD: "32", Style.WARNING: "33", Style.BAD: "31",
    Style.PERSON: "35",
}  # fmt: skip
"""The styles that are no plain text, by their numbers (ECMA-48, SGR)."""


def _styled(piece: Piece) -> str:
    text, look = visible(piece.text), _LOOKS.get(piece.style)
    return f"\033[{look}m{text}\033[0m" if look and text.strip() else text


_STYLES = {"error": "\033[1;31m", "hint": "\033[36m"}


def told(error: StsctlError) -> Iterator[str]:
    """What happened, what AWS said of it, and what to type next: a line each."""
    yield f"error: {headline(error)}"
    if isinstance(error, RefusedError) and error.code:
        request = f" (request {error.request_id})" if error.request_id else ""
        yield f"{error.by}: {error.code}: {error.reason}{request}"
    if error.hint:
        yield f"hint: {error.hint}"


def headline(error: StsctlError) -> str:
    """What happened; where stsctl knows nothing of it, which operation AWS refused."""
    return error.message or (f"{error.operation} refused" if isinstance(error, RefusedError) else "")


def _spelled(character: str) -> str:
    """A character as JSON can spell it."""
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else json.dumps(character)[1:-1]


def _stdout() -> IO[str]:
    """stdout, where there is one: it may have been closed before stsctl began (`stsctl list >&-`)."""
    stdout: IO[str] | None = sys.stdout
    if stdout is None:
        raise StsctlError("cannot answer: standard output is closed")
    return stdout
