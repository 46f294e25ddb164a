"""How long sessions may last, by what they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stsctl.lifetime import problem_with
from stsctl.target import HopKind


@pytest.mark.parametrize(
    ("kind", "shortest", "longest"),
    [
        (HopKind.ROLE, 900, 43200),
        (HopKind.SESSION_TOKEN, 900, 129600),
        (HopKind.FEDERATION_TOKEN, 900, 129600),
        (HopKind.ROOT, 1, 900),
    ],
)
def test_both_ends_are_included(kind: HopKind, shortest: int, longest: int) -> None:
    """AWS takes the shortest and the longest, and nothing beyond them."""
    taken = [seconds for seconds in (shortest - 1, shortest, longest, longest + 1) if _taken(kind, seconds)]
    assert taken == [shortest, longest]


def _taken(kind: HopKind, seconds: int) -> bool:
    return problem_with(kind, timedelta(seconds=seconds)) is None


def test_a_permission_set_says_its_own() -> None:
    """Nobody can ask for a permission set's session by its length."""
    problem = problem_with(HopKind.PERMISSION_SET, timedelta(hours=1))
    assert problem is not None
    assert "the permission set says" in problem
