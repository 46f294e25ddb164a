"""Long values in a keyring whose items are short: a head, and the parts that it names.

Parts are written first and the head last, each time to the other one of two places; so at every moment the head names
parts that are whole, or something is missing and there is no item. Everything is ASCII, whatever the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from stsctl.dataclass import dataclass
from stsctl.digest import sha256

PLACES = ("a", "b")
"""Where the parts of an item can be; the head says which of them counts."""
_COUNT = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the head of a divided value says: where the parts are, how many, and the digest of their sum."""

    place: str
    count: int
    digest: str

    def __str__(self) -> str:
        return f"*{self.place} {self.count} {self.digest}"


def pack(value: str) -> str:
    """`value` in printable ASCII, at least one character long."""
    return f"={value}" if value.isascii() and value.isprintable() else json.dumps(value)


def unpack(text: str) -> str | None:
    """The value that `pack` made `text` of; None for any other text."""
    if text.startswith("="):
        return text[1:]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def divide(text: str, length: int, place: str) -> tuple[Head, list[str]]:
    """A packed value that is too long for one item, as the head and parts to write."""
    parts = [text[start : start + length] for start in range(0, len(text), length)]
    return Head(place=place, count=len(parts), digest=_digest(text)), parts


def parse_head(text: str) -> Head | None:
    """The head that `text` spells; None for a value in one piece, or anything else."""
    fields = text[1:].split(" ")
    if not text.startswith("*") or len(fields) != 3 or fields[0] not in PLACES:
        return None
    if not _COUNT.fullmatch(fields[1]):
        return None
    return Head(place=fields[0], count=int(fields[1]), digest=fields[2])


def unite(head: Head, read: Callable[[int], str | None]) -> str | None:
    """The packed value whose parts `read` gives; None when one is missing or was written by somebody else."""
    found: list[str] = []
    for number in range(head.count):
        part = read(number)
        if part is None:
            return None
        found.append(part)
    text = "".join(found)
    return text if _digest(text) == head.digest else None


def _digest(text: str) -> str:
    return sha256(text.encode(errors="replace")).hexdigest()[:32]
