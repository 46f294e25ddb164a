"""A line of a full screen: pieces of text, each with a style; as wide as a terminal shows them."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from enum import Enum

from stsctl.dataclass import dataclass


class Style(Enum):
    """How a piece of a line looks."""

    PLAIN = "plain"
    DIM = "dim"
    BOLD = "bold"
    MATCH = "match"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    PERSON = "person"
    """What a person has to do themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a line; `at_cursor` where it belongs to the line that the next key is about."""

    text: str
    style: Style = Style.PLAIN
    at_cursor: bool = False


Line = tuple[Piece, ...]


def width(text: str) -> int:
    """How many columns `text` takes (UAX #11: wide letters take two; those that combine take none)."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def clip(line: Line, columns: int) -> Line:
    """As much of a line as fits into so many columns."""
    pieces: list[Piece] = []
    for piece in line:
        if columns <= 0:
            break
        pieces.append(replace(piece, text=cut(piece.text, columns)))
        columns -= width(piece.text)
    return tuple(pieces)


def cut(text: str, columns: int) -> str:
    """`text`, cut with an ellipsis to so many columns."""
    if width(text) <= columns:
        return text
    kept = ""
    for letter in text:
        if width(kept) + _columns(letter) > columns - 1:
            break
        kept += letter
    return kept + "…" * (columns > 0)


def fill(text: str, columns: int) -> str:
    """`text` in just so many columns."""
    shown = cut(text, columns)
    return shown + " " * (columns - width(shown))
