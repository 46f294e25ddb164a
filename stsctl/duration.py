"""Lengths of time as people write them: `30m`, `1h30m`, `3600`."""

from __future__ import annotations

import re
from datetime import timedelta

from stsctl.errors import UsageError

_FORM = re.compile(r"(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,6})m)?(?:(?P<seconds>\d{1,8})s)?", re.ASCII)
_SECONDS = re.compile(r"(?P<seconds>\d{1,8})", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """The length that `text` spells, in hours, minutes and seconds; a bare number is seconds. Raises UsageError."""
    # A bare number stands alone: in 1h30 it could be read as minutes.
    match = _SECONDS.fullmatch(text.strip()) or _FORM.fullmatch(text.strip())
    if not text.strip() or match is None:
        raise UsageError(f'"{text}" is no duration', hint="write it as 30m, 1h, 1h30m or a number of seconds")
    return timedelta(**{unit: int(number) for unit, number in match.groupdict().items() if number})


def render_duration(length: timedelta) -> str:
    """`length` in the form that `parse_duration` reads, without parts that are zero."""
    seconds = int(length.total_seconds())
    hours, rest = divmod(max(seconds, 0), 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if number]
    return "".join(parts) or "0s"
