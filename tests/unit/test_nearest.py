"""What may have been meant."""

from __future__ import annotations

import pytest

from stsctl.nearest import suggestion

KNOWN = ["prod-admin", "prod-reader", "hub", "staging"]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("stagin", 'did you mean "staging"?'),
        ("prod", 'did you mean "prod-admin" or "prod-reader"?'),
        ("HUB", 'did you mean "hub"?'),
        ("production-of-everything", None),
        ("", None),
    ],
)
def test_what_is_begun_or_near_is_named(typed: str, hint: str | None) -> None:
    """Beginnings first, then the nearest, and nothing where nothing is near."""
    assert suggestion(typed, KNOWN) == hint


def test_at_most_three_are_named() -> None:
    """A hint is one line."""
    assert suggestion("a", ["a1", "a2", "a3", "a4"]) == 'did you mean "a1" or "a2" or "a3"?'
