"""Finding some of many names by a few words: in any order, each anywhere in what is known of a name.

Where no name has all of the words, those are found that have their letters in that order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from stsctl.dataclass import dataclass

_BOUNDARY = re.compile(r"(?<=[^a-z0-9])(?=[a-z0-9])|(?<=[a-z])(?=[0-9])")
_ELSEWHERE = 4
"""The rank of a word that is not in the name, but in something else that is known of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A name, and what else it can be found by: account, role, description, region, ARN, tags."""

    name: str
    also: tuple[str, ...] = ()


class Search:
    """Searches the same candidates again and again, as somebody types.

    `liked` says how much a name is liked, by how often and how lately it was used: it comes first among equals.
    """

    def __init__(self, candidates: Iterable[Candidate], liked: Mapping[str, float]) -> None:
        by_liking = sorted(candidates, key=lambda each: (-liked.get(each.name, 0.0), each.name))
        self._all = [_Folded(candidate) for candidate in by_liking]
        self._last: tuple[tuple[str, ...], list[_Folded]] = ((), self._all)

    def find(self, query: str) -> list[Candidate]:
        """What has every word of `query`, the nearest first; with no word, everything, the best liked first."""
        words = _words(query)
        within = self._within(words)
        found = [each for each in within if all(word in each.everything for word in words)]
        if found:
            self._last = words, found  # in the order of liking, which sorting keeps among equals
            ranked = sorted(found, key=lambda each: sum([_rank(word, each) for word in words]))
            return [each.candidate for each in ranked]
        patterns = [_in_order(word) for word in words]
        loose = [each for each in self._all if all(pattern.search(each.name) for pattern in patterns)]
        return [each.candidate for each in loose]

    def _within(self, words: tuple[str, ...]) -> list[_Folded]:
        """Where they can be: what the words before them were found in, if these only narrow those down."""
        before, found = self._last
        narrower = all(any(word.startswith(old) for word in words) for old in before)
        return found if narrower else self._all


class _Folded:
    """A candidate as it is searched: small letters only, all of its texts in one."""

    __slots__ = ("candidate", "everything", "name", "parts")

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self.name = candidate.name.casefold()
        # From where each part of the name begins to its end, each behind a line end.
        self.parts = "".join("\n" + self.name[at.start() :] for at in _BOUNDARY.finditer(self.name))
        self.everything = "\n".join((self.name, *(text.casefold() for text in candidate.also)))


def spans(query: str, text: str) -> list[tuple[int, int]]:
    """Where the words of `query` stand in `text`: begin and end of each, in order, none touching another."""
    folded = text.casefold()
    if len(folded) != len(text):  # some letters fold to two, and the places would be others
        return []
    marked = [False] * len(text)
    for word in _words(query):
        at = folded.find(word)
        places: Iterable[int] = range(at, at + len(word))
        if at < 0:
            places = _letters(word, folded)
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


def _rank(word: str, one: _Folded) -> int:
    """How near a word is: the whole name, its beginning, that of a part of it, within it, or only elsewhere."""
    name = one.name
    if word not in name:
        return _ELSEWHERE
    if name == word:
        return 0
    if name.startswith(word):
        return 1
    return 2 if "\n" + word in one.parts else 3


def _in_order(word: str) -> re.Pattern[str]:
    return re.compile(".*?".join(map(re.escape, word)), re.DOTALL)
