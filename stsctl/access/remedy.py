"""The smallest change that lets a refused AssumeRole through: found by making changes, not by guessing.

All of its changes together make the call succeed, and without any one of them it does not.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import count

from stsctl.access.attempt import Attempt
from stsctl.access.change import Change, candidates

_MOST_TRIED = 400
"""So many sets of changes are tried; what takes more has no small change."""
_MOST_CHANGES = 8


def remedy(attempt: Attempt) -> tuple[Change, ...] | None:
    """The changes to make, cheapest set first; empty where nothing is in the way, None where none is found."""
    order = count()
    waiting: list[tuple[int, int, tuple[Change, ...]]] = [(0, next(order), ())]
    seen: set[frozenset[Change]] = set()
    for _ in range(_MOST_TRIED):
        if not waiting:
            return None
        cost, _, changes = heapq.heappop(waiting)
        changed = made(attempt, changes)
        refused = changed.refused
        if refused is None:
            return _reduced(attempt, changes)
        if len(changes) == _MOST_CHANGES:
            continue
        for change in candidates(changed, refused):
            key = frozenset((*changes, change))
            if change not in changes and key not in seen:
                seen.add(key)
                heapq.heappush(waiting, (cost + change.cost, next(order), (*changes, change)))
    return None


def made(attempt: Attempt, changes: Iterable[Change]) -> Attempt:
    """The attempt after all of the changes, in order."""
    for change in changes:
        attempt = change.make(attempt)
    return attempt


def _reduced(attempt: Attempt, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """The changes without those that the others make needless."""
    for change in changes:
        fewer = tuple(each for each in changes if each is not change)
        if made(attempt, fewer).refused is None:
            return _reduced(attempt, fewer)
    return changes
