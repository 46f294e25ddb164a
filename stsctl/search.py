"""Finding some of many names by a few words: in any order, each anywhere in what is known of a name.

Where no name has all of the words, those are found that have their letters in that order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

_BOUNDARY = r"(?:(?<=[^a-z0-9])(?=[a-z0-9])|(?<=[a-z])(?=[0-9]))"
_ELSEWHERE = 4
"""The rank of a word that is not in the name, but in something else that is known of it."""


class Search:
    """Searches the same names again and again, as somebody types.

    `texts` gives what each can be found by besides its name: account, role, description, region, ARN, tags. `liked`
    says how much a name is liked, by how often and how lately it was used: it comes first among equals.
    """

    def __init__(self, names: Sequence[str], texts: Callable[[], Sequence[str]], liked: Mapping[str, float]) -> None:
        self._given, self._texts = names, texts
        known = {name for name in names if name.isprintable()}
        best = sorted(known & liked.keys(), key=lambda name: (-liked[name], name))
        self._names = [*best, *sorted(known.difference(best))]
        self._last: tuple[tuple[str, ...], list[_Folded]] | None = None

    def find(self, query: str) -> list[str]:
        """What has every word of `query`, the nearest first; with no word, everything, the best liked first."""
        words = _words(query)
        if not words:
            return [*self._names]
        within = self._within(words)
        found = within
        for word in words:
            found = [each for each in found if word in each.everything]
        if found:
            self._last = words, found  # in the order of liking, which sorting keeps among equals
            sought = [_Word.of(word) for word in words]
            return [each.called for each in sorted(found, key=lambda each: sum([word.rank(each) for word in sought]))]
        patterns = [_in_order(word) for word in words]
        return [each.called for each in self._all if all(pattern.search(each.name) for pattern in patterns)]

    @cached_property
    def _all(self) -> list[_Folded]:
        texts = dict(zip(self._given, self._texts(), strict=True))
        folded = ((name, name.casefold()) for name in self._names)
        return [_Folded(called, name, f"{name}\n{texts[called].casefold()}") for called, name in folded]

    def _within(self, words: tuple[str, ...]) -> list[_Folded]:
        """Where they can be: what the words before them were found in, if these only narrow those down."""
        if self._last is None:
            return self._all
        before, found = self._last
        narrower = all(any(word.startswith(old) for word in words) for old in before)
        return found if narrower else self._all


class _Folded(NamedTuple):
    """A name as it is searched, in small letters; `everything` has it with all else that it is found by.

    No dataclass: thousands are made between two keys.
    """

    called: str
    name: str
    everything: str


class _Word(NamedTuple):
    """What was typed, and how it is found where a part of a name begins."""

    text: str
    begins_a_part: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> _Word:
        return cls(text, re.compile(_BOUNDARY + re.escape(text)))

    def rank(self, one: _Folded) -> int:
        """How near it is: the whole name, its beginning, that of a part of it, within it, or only elsewhere."""
        name, text = one.name, self.text
        if text not in name:
            return _ELSEWHERE
        if name.startswith(text):
            return 0 if name == text else 1
        return 2 if self.begins_a_part.search(name) else 3


def spans(query: str, text: str, *, letters: bool = True) -> list[tuple[int, int]]:
    """Where the words of `query` stand in `text`: begin and end of each, in order, none touching another.

    A word that is not there is marked by its letters, where that is wanted.
    """
    folded = text.casefold()
    if len(folded) != len(text):  # some letters fold to two, and the places would be others
        return []
    marked = [False] * len(text)
    for word in _words(query):
        at = folded.find(word)
        places: Iterable[int] = range(at, at + len(word))
        if at < 0:
            places = _letters(word, folded) if letters else ()
        for place in places:
            marked[place] = True
    return _runs(marked)


def _letters(word: str, text: str) -> list[int]:
    """Where the letters of `word` stand in `text`, one behind the other; empty where they do not."""
    places: list[int] = []
    for letter in word:
        at = text.find(letter, places[-1] + 1 if places else 0)
        if at < 0:
            return []
        places.append(at)
    return places


def _runs(marked: list[bool]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for at, is_marked in enumerate(marked):
        if not is_marked:
            continue
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def _words(query: str) -> tuple[str, ...]:
    return tuple(query.casefold().split())


def _in_order(word: str) -> re.Pattern[str]:
    return re.compile(".*?".join(map(re.escape, word)), re.DOTALL)
