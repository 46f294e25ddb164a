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
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.fullmatch(_POSITION, str(error))
        what = match["what"] if match else str(error)
        at = int(match["line"]) if match and match["line"] else text.count("\n") + 1
        raise ConfigurationError(f"{place}:{at}: this is no TOML: {what[:1].lower()}{what[1:]}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{place}: its tables and lists are nested too deeply") from error
    return values, toml_lines.locate(text.replace("\r\n", "\n"))


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
