"""Remarks on a document: what is wrong with a part of it, in words."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from stsctl.policy.json_text import Number, Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What is wrong with the part that `path` leads to; `at_key` where it is the part's key."""

    path: Path
    reason: str
    at_key: bool = False


Remarks = Iterator[Remark]


def plain(value: str | bool) -> str:
    """The text that a condition's value stands for."""
    return str(value) if isinstance(value, str) else ("true" if value else "false")


def quoted(value: object) -> str:
    """A value as a message shows it: in double quotes, short, in characters that can be printed."""
    if not isinstance(value, str) or isinstance(value, Number):
        return sort_of(value)
    text = json.dumps(value[:100], ensure_ascii=not value.isprintable())
    return text if len(text) <= 90 else f'{text[:86]}…"'


def sort_of(value: object) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return f"the number {value[:20]}"
        case str():
            return f"the text {quoted(value)}"
        case list():
            return "a list"
        case _:
            return "an object"


def items(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    """The items of a list, or the one that stands without a list."""
    if isinstance(value, list):
        yield from (((*path, number), item) for number, item in enumerate(value))
    else:
        yield path, value


def texts(path: Path, value: object, what: str) -> Iterator[tuple[Path, str | Remark]]:
    """The texts of a list, or the one that stands without a list; a Remark in the place of what is none."""
    for inner, item in items(path, value):
        if isinstance(item, str) and not isinstance(item, Number):
            yield inner, item
        else:
            yield inner, Remark(path=inner, reason=f"{what} is a text, this is {sort_of(item)}")


def unknown(path: Path, value: Mapping[str, object], known: Iterable[str], what: str) -> Remarks:
    """Remarks on the keys of an object that are none of the `known` ones."""
    known = tuple(known)
    for name in value:
        if name not in known:
            reason = f"{what} has no element {quoted(name)}{nearest(name, known)}"
            yield Remark(path=(*path, name), reason=reason, at_key=True)


def twice(path: Path, value: Mapping[str, object]) -> Remarks:
    """Remarks on keys that differ from an earlier one by capitals only, where AWS takes them for the same."""
    seen: set[str] = set()
    for name in value:
        if name.lower() in seen:
            yield Remark(path=(*path, name), reason=f"{quoted(name)} stands here twice, in other capitals", at_key=True)
        seen.add(name.lower())


def nearest(name: str, known: Iterable[str]) -> str:
    """A question after the known name that is nearest; empty where none is near."""
    by_lower = {item.lower(): item for item in known}
    near = difflib.get_close_matches(name[:40].lower(), by_lower, n=1)
    return f", did you mean {quoted(by_lower[near[0]])}?" if near else ""
