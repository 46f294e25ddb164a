"""A TOML text, read into its tables: anew, or by a reader who knows it already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from stsctl.errors import ConfigurationError
from stsctl.tables import Table, outermost

if TYPE_CHECKING:
    from stsctl import toml_lines

_POSITION = r"(?P<what>.*?) \(at (?:line (?P<line>\d+), column \d+|end of document)\)"
_MOST_DOTS = 50
_LONG_KEY = re.compile(rf"(?:\.[^\n.=,{{}}\[\]]*+){{{_MOST_DOTS}}}")
_LONG_NUMBER = re.compile(r"0[xob][0-9A-Fa-f_]{1000}")
_NO_KEY = re.compile(
    r'"""(?:\\.?|[^\\])*?(?:"{3,5}|\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:\\.|[^"\\\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
"""Texts and comments; it comes to an end with each, also in a text that is no TOML."""


def read(content: bytes, place: str) -> Table:
    """The outermost table of a TOML text; raises ConfigurationError with the line of what is no TOML."""
    return outermost(*parse(content, place), place)


def parse(content: bytes, place: str) -> tuple[dict[str, object], Mapping[toml_lines.Path, int]]:
    """What a TOML text says, and on which lines; raises ConfigurationError with the line of what is no TOML."""
    import tomllib

    from stsctl import toml_lines

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{place}:{line}: this line is not UTF-8 text") from error
    _refuse_long(text, place)
    try:
        values = tomllib.loads(text)
    except ValueError as error:  # a number of more digits than Python reads is no TOMLDecodeError
        match = re.fullmatch(_POSITION, str(error))
        what = match["what"] if match else str(error)
        at = int(match["line"]) if match and match["line"] else text.count("\n") + 1
        raise ConfigurationError(f"{place}:{at}: this is no TOML: {what[:1].lower()}{what[1:]}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{place}: its tables and lists are nested too deeply") from error
    return values, toml_lines.locate(text.replace("\r\n", "\n"))


def _refuse_long(text: str, place: str) -> None:
    """tomllib takes time in the square of the parts of a key, so that one line would keep everybody waiting for hours;
    and it reads numbers that Python then refuses to write.
    """
    number = _LONG_NUMBER.search(text)
    if number:
        raise ConfigurationError(f"{place}:{_line(number)}: no number is that long")
    if all(line.count(".") < _MOST_DOTS for line in text.split("\n")):
        return
    match = _LONG_KEY.search(_NO_KEY.sub(lambda each: "\n" * each[0].count("\n"), text))
    if match:
        raise ConfigurationError(f"{place}:{_line(match)}: no key has more than {_MOST_DOTS} parts")


def _line(match: re.Match[str]) -> int:
    return match.string.count("\n", 0, match.start()) + 1


class Reader(Protocol):
    """Reads texts."""

    def read(self, content: bytes, place: str) -> Table:
        """The outermost table of a text; raises ConfigurationError."""

    @property
    def checked(self) -> bool:
        """Whether just the texts that were read have been found right before, by this version of stsctl."""


class Anew:
    """Reads every text as if it were new."""

    checked = False

    def read(self, content: bytes, place: str) -> Table:
        """The outermost table of a text; raises ConfigurationError."""
        return read(content, place)
