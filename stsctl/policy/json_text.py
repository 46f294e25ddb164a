"""JSON as policies use it: read fast, and read again with the place of every part when something in it is wrong.

Numbers stay as they are written. A key that stands twice in an object is an error, as AWS has it
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""The keys and list positions that lead to a part of a document."""


class Number(str):
    """A JSON number, as it is written."""

    __slots__ = ()


class UnreadableError(ValueError):
    """The text is no JSON, or has a key twice; a `Reader` says where."""


@dataclass(slots=True)
class Node:
    """A part of a text: where it starts, where its own key starts, and its parts."""

    start: int
    key: int
    parts: dict[str | int, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong at an offset in the text."""

    offset: int
    path: Path
    reason: str


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError
    return found


def refuse_constant(_name: str) -> object:
    """NaN and Infinity are Python's idea of JSON."""
    raise UnreadableError


_STRICT = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=refuse_constant, object_pairs_hook=_object, strict=True
)
_SCALAR = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=refuse_constant)
_SPACE = re.compile(r"[ \t\n\r]*")


def read(text: str) -> object:
    """The value of a JSON text; raises UnreadableError when there is none, or it is nested too deeply for one pass."""
    try:
        return _STRICT.decode(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError from error


def places(text: str) -> Callable[[int], tuple[int, int]]:
    """Gives the line and column, both from 1, of an offset in `text`."""
    ends = [found.start() for found in re.finditer("\n", text)]

    def place(offset: int) -> tuple[int, int]:
        line = bisect_left(ends, offset)
        return line + 1, offset - (ends[line - 1] if line else -1)

    return place


@dataclass(slots=True)
class _Open:
    """An object or list that is not closed yet."""

    value: dict[str, object] | list[object]
    node: Node
    step: str | int | None

    @property
    def closer(self) -> str:
        return "}" if isinstance(self.value, dict) else "]"

    def put(self, value: object) -> None:
        if isinstance(self.value, dict):
            self.value[str(self.step)] = value
        else:
            self.value.append(value)


class _StopError(Exception):
    """Nothing behind this offset can be read."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


class Reader:
    """Reads a text with the place of each part, however deep it is nested.

    `faults` says what is wrong with the JSON; `whole` is False where that stopped the reading.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.faults: list[Fault] = []
        self.value: object = None
        self.whole = True
        self.root = Node(0, 0)
        self._opened: list[_Open] = []
        try:
            self._read()
        except _StopError as stop:
            self.whole = False
            self._fault(stop.offset, stop.reason)

    def find(self, path: Path, *, at_key: bool = False) -> int:
        """The offset of the part that `path` leads to (or of its key), or of the nearest one above it that is there."""
        node = self.root
        for step in path:
            if step not in node.parts:
                return node.start
            node = node.parts[step]
        return node.key if at_key else node.start

    def _fault(self, offset: int, reason: str) -> None:
        path = tuple(frame.step for frame in self._opened if frame.step is not None)
        self.faults.append(Fault(offset=offset, path=path, reason=reason))

    def _read(self) -> None:
        if self.text.startswith("\ufeff"):
            raise _StopError(0, "the text starts with a byte order mark: save the file without one")
        key = at = self._space(0)
        while True:
            node = self._place(key, at)
            opener = self.text[at : at + 1]
            if opener in ("{", "["):
                self._opened.append(_Open({}, node, None) if opener == "{" else _Open([], node, 0))
                at = self._space(at + 1)
                if self.text[at : at + 1] != self._opened[-1].closer:
                    key, at = self._part(at)
                    continue
            else:
                value, at = self._scalar(at)
                self._put(value)
            following = self._leave(at)
            if following is None:
                return
            key, at = following

    def _place(self, key: int, at: int) -> Node:
        node = Node(at, key)
        if self._opened:
            frame = self._opened[-1]
            if frame.step is not None:
                frame.node.parts[frame.step] = node
        else:
            self.root = node
        return node

    def _put(self, value: object) -> None:
        if self._opened:
            self._opened[-1].put(value)
        else:
            self.value = value

    def _leave(self, at: int) -> tuple[int, int] | None:
        """From behind a value to the next one, over what closes there; None at the end of the text."""
        while self._opened:
            at = self._space(at)
            frame = self._opened[-1]
            found = self.text[at : at + 1]
            if found == ",":
                if isinstance(frame.step, int):
                    frame.step += 1
                return self._part(self._space(at + 1))
            if found != frame.closer:
                raise _StopError(at, f'expected a comma or "{frame.closer}"{self._instead(at)}')
            self._opened.pop()
            self._put(frame.value)
            at += 1
        at = self._space(at)
        if at < len(self.text):
            raise _StopError(at, "there is more text behind the end of the document")
        return None

    def _part(self, at: int) -> tuple[int, int]:
        """The offsets of the key and of the value of an object's next part; of a list's, the value's twice."""
        frame = self._opened[-1]
        if isinstance(frame.value, list):
            return at, at
        if self.text[at : at + 1] != '"':
            raise _StopError(at, f"expected a key in double quotes{self._instead(at)}")
        key, end = self._scalar(at)
        frame.step = str(key)
        if frame.step in frame.node.parts:
            self._fault(at, "the key stands twice in its object")
        end = self._space(end)
        if self.text[end : end + 1] != ":":
            raise _StopError(end, f'expected ":"{self._instead(end)}')
        return at, self._space(end + 1)

    def _scalar(self, at: int) -> tuple[object, int]:
        try:
            return _SCALAR.raw_decode(self.text, at)
        except UnreadableError:
            reason = "NaN and Infinity are no JSON"
        except json.JSONDecodeError as error:
            if self.text[at : at + 1] != '"':
                reason = f"expected a value{self._instead(at)}"
            elif "starting" in error.msg:
                reason = "the text has no closing quote"
            else:
                at = error.pos
                reason = (
                    "a control character in a text is written as an escape"
                    if "control" in error.msg
                    else ("a backslash in a text starts an escape that JSON does not have")
                )
        raise _StopError(at, reason)

    def _instead(self, at: int) -> str:
        found = self.text[at : at + 1]
        if found in ("}", "]"):
            return f', found "{found}": is the comma before it one too many?'
        shown = "a double quote" if found == '"' else json.dumps(found)
        return f", found {shown}" if found else ", the text ends here"

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at
