"""Wildcards: `*` is any text, `?` any one character; matched in time that does not explode, whatever the pattern.

A pattern is a row of tokens: pieces of literal text, and `Wild`s between them. Text that a policy variable stands for
is such a literal piece, so that a `*` in a user's name is an asterisk. A pattern is matched piece by piece between its
`*`s, each at the first place it is found: no later one is better. Where wildcards stop at colons that is not so, and an
automaton runs whose states are the bits of one integer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum

Matcher = Callable[[str], bool]
"""Whether a text matches."""


class Wild(Enum):
    """What stands for other characters in a pattern; the `_WITHIN` ones do not stand for a colon."""

    ANY = "*"
    ONE = "?"
    ANY_WITHIN = "*:"
    ONE_WITHIN = "?:"


Token = str | Wild

_WILD = re.compile(r"([*?])")
_BY_CHARACTER = {"*": Wild.ANY, "?": Wild.ONE}
_BY_CHARACTER_WITHIN = {"*": Wild.ANY_WITHIN, "?": Wild.ONE_WITHIN}


def tokens(pattern: str) -> list[Token]:
    """The tokens of a pattern as it is written."""
    return [_BY_CHARACTER.get(part, part) for part in _split(pattern)]


def resource_tokens(pattern: str) -> list[Token]:
    """The tokens of a resource's pattern.

    Wildcards in the first five segments of an ARN keep to their segment, but for a `*` at the end of one, which goes on
    over the colons (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
    """
    segments = pattern.split(":", 5)
    if segments[0] != "arn":
        return tokens(pattern)
    found: list[Token] = []
    for segment in segments[:5]:
        parts = [_BY_CHARACTER_WITHIN.get(part, part) for part in _split(segment)]
        if segment.endswith("*"):
            parts[-1] = Wild.ANY
        found += [*parts, ":"]
    return [*found, *tokens(segments[5])] if len(segments) == 6 else found[:-1]


def _split(text: str) -> list[str]:
    """The text between wildcards, and these, without the empty pieces."""
    return [part for part in _WILD.split(text) if part] if "*" in text or "?" in text else [text]


def glob(pattern: str) -> Matcher:
    """What matches `pattern`, `*` and `?` standing for any characters."""
    return matcher(tokens(pattern))


def matcher(pattern: Iterable[Token]) -> Matcher:
    """What matches a pattern that is given in tokens."""
    row = _joined(pattern)
    kinds = {token for token in row if isinstance(token, Wild)}
    if not kinds:
        return "".join(str(token) for token in row).__eq__
    if kinds == {Wild.ANY}:
        return _by_texts(["".join(map(str, piece)) for piece in _pieces(row)])
    return _by_pieces(_pieces(row)) if kinds <= {Wild.ANY, Wild.ONE} else _automaton(row)


def _joined(pattern: Iterable[Token]) -> list[Token]:
    """The tokens, with neighbouring texts joined and one `*` where several stand together."""
    row: list[Token] = []
    for token in pattern:
        last = row[-1] if row else None
        if isinstance(token, str) and isinstance(last, str):
            row[-1] = last + token
        elif token is not last or token not in (Wild.ANY, Wild.ANY_WITHIN):
            row.append(token)
    return row


def _pieces(row: Sequence[Token]) -> list[list[Token]]:
    """What stands before, between and after the `*`s."""
    pieces: list[list[Token]] = [[]]
    for token in row:
        if token is Wild.ANY:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces


def everything(_text: str) -> bool:
    """Matches any text: what `*` alone compiles to."""
    return True


def _by_texts(texts: list[str]) -> Matcher:
    """Matches texts with anything between them."""
    first, *middle, last = texts
    if not middle and not last:
        return (lambda text: text.startswith(first)) if first else everything
    start, length = len(first), len(last)

    def match(text: str) -> bool:
        end = len(text) - length
        if end < start or not text.startswith(first) or not text.endswith(last):
            return False
        at = start
        for piece in middle:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return match


def _by_pieces(pieces: list[list[Token]]) -> Matcher:
    """Matches pieces, in which `?` may stand, with anything between them."""
    first, *others = map(_Piece, pieces)
    if not others:
        return lambda text: len(text) == first.length and first.stands_at(text, 0)
    *middle, last = others

    def match(text: str) -> bool:
        at, end = first.length, len(text) - last.length
        if end < at or not first.stands_at(text, 0) or not last.stands_at(text, end):
            return False
        for piece in middle:
            at = piece.end_in(text, at, end)
            if at < 0:
                return False
        return True

    return match


Steps = tuple[int, dict[str | Wild, int]]


class _Piece:
    """Literal texts and `?`s, and where they stand in a text."""

    def __init__(self, row: Sequence[Token]) -> None:
        self._row = row
        self._texts: list[tuple[int, str]] = []
        self.length = 0
        for token in row:
            if isinstance(token, str):
                self._texts.append((self.length, token))
            self.length += len(token) if isinstance(token, str) else 1
        self._steps: Steps | None = None

    def stands_at(self, text: str, at: int) -> bool:
        """Whether the piece stands at an offset; the text is long enough."""
        return all(text.startswith(part, at + offset) for offset, part in self._texts)

    def end_in(self, text: str, at: int, end: int) -> int:
        """The offset behind the first place between two offsets where the piece stands, -1 where there is none.

        One bit for each character of the piece tells whether so much of it ends at the present one.
        """
        if not self._texts:
            return at + self.length if at + self.length <= end else -1
        if self._steps is None:
            self._steps = self._learn()
        any_step, steps = self._steps
        reached, goal = 0, 1 << self.length - 1
        for place in range(at, end):
            reached = (reached << 1 | 1) & steps.get(text[place], any_step)
            if reached & goal:
                return place + 1
        return -1

    def _learn(self) -> Steps:
        """The bits of the places where any character may stand, and of those where each may."""
        _, _, places = _transitions(self._row)
        any_step = _bits(places.pop(Wild.ONE, ()))
        return any_step, {character: _bits(found) | any_step for character, found in places.items()}


def _automaton(row: Sequence[Token]) -> Matcher:
    """Matches with one bit for each place in the pattern that the text read so far may have reached."""
    stays, stays_within, steps = _transitions(row)
    goal = 1 << sum(len(places) for places in steps.values())
    ones, ones_within = _bits(steps.pop(Wild.ONE, ())), _bits(steps.pop(Wild.ONE_WITHIN, ()))
    other = (ones | ones_within, stays | stays_within)
    known: dict[str | Wild, tuple[int, int]] = {":": (ones, stays)}
    for character, places in steps.items():
        step, stay = (ones, stays) if character == ":" else other
        known[character] = (_bits(places) | step, stay)

    def match(text: str) -> bool:
        reached = 1
        for character in text:
            step, stay = known.get(character, other)
            reached = (reached & step) << 1 | reached & stay
            if not reached:
                return False
        return reached & goal != 0

    return match


def _transitions(row: Sequence[Token]) -> tuple[int, int, dict[str | Wild, list[int]]]:
    """The places that a `*` lets stay (on any character; on any but a colon), and those that each character leaves."""
    stays: list[int] = []
    stays_within: list[int] = []
    steps: dict[str | Wild, list[int]] = {}
    place = 0
    for token in row:
        if token is Wild.ANY:
            stays.append(place)
        elif token is Wild.ANY_WITHIN:
            stays_within.append(place)
        else:
            for step in token if isinstance(token, str) else (token,):
                steps.setdefault(step, []).append(place)
                place += 1
    return _bits(stays), _bits(stays_within), steps


def _bits(places: Sequence[int]) -> int:
    """The integer with these bits set; the places rise."""
    if not places:
        return 0
    digits = bytearray(places[-1] // 8 + 1)
    for place in places:
        digits[place // 8] |= 1 << place % 8
    return int.from_bytes(digits, "little")


def any_of(patterns: Iterable[Sequence[Token]]) -> Matcher:
    """What matches any of several patterns; most of those that do not match are told by how they begin, all at once."""
    literals: set[str] = set()
    prefixes: list[str] = []
    beginnings: list[str] = []
    others: list[Matcher] = []
    for pattern in patterns:
        row = _joined(pattern)
        text = row[0] if row and isinstance(row[0], str) else ""
        if row in ([], [text]):
            literals.add(text)
        elif row in ([Wild.ANY], [text, Wild.ANY]):
            prefixes.append(text)
        else:
            beginnings.append(text)
            others.append(matcher(row))
    simple = _simple(frozenset(literals), tuple(prefixes))
    return _either(simple, tuple(beginnings), others) if others else simple


def _simple(literals: frozenset[str], prefixes: tuple[str, ...]) -> Matcher:
    """What matches texts as they are, or by how they begin."""
    if "" in prefixes:
        return everything
    if not prefixes:
        return literals.__contains__
    if not literals:
        return lambda text: text.startswith(prefixes)
    return lambda text: text in literals or text.startswith(prefixes)


def _either(simple: Matcher, beginnings: tuple[str, ...], others: Sequence[Matcher]) -> Matcher:
    def match(text: str) -> bool:
        if simple(text):
            return True
        if text.startswith(beginnings):
            for other in others:
                if other(text):
                    return True
        return False

    return match
