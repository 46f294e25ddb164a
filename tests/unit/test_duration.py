"""Lengths of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stsctl.duration import parse_duration, render_duration
from stsctl.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1800),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1h30m15s", 5415),
        ("90m", 5400),
        ("3600", 3600),
        ("3600s", 3600),
        ("1h15s", 3615),
        ("0", 0),
        (" 12h ", 43200),
    ],
)
def test_what_is_a_duration(text: str, seconds: int) -> None:
    """Hours, minutes and seconds in this order; a bare number is seconds."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", " ", "h", "1h30", "30m15", "1.5h", "-1h", "1 h", "30m1h", "1H", "1d", "1h30m15", "١h", "9" * 30, "PT1H"],
)
def test_what_is_none(text: str) -> None:
    """Anything else is refused with what was typed; so is 1h30, which could mean minutes or seconds."""
    with pytest.raises(UsageError, match="is no duration") as raised:
        parse_duration(text)
    assert f'"{text}"' in raised.value.message
    assert "1h30m" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (-5, "0s"), (59.9, "59s"), (60, "1m"), (3600, "1h"), (3661, "1h1m1s"), (43200, "12h")],
)
def test_rendering(seconds: float, text: str) -> None:
    """Parts that are zero are left out, and what is under a second or negative is not shown."""
    assert render_duration(timedelta(seconds=seconds)) == text
