"""Calls that wait and try again where AWS throttles them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from stsctl.errors import ThrottledError

_Answer = TypeVar("_Answer")
TRIES = 6


def patiently(ask: Callable[[], _Answer], sleep: Callable[[float], None]) -> _Answer:
    """What `ask` answers, in the end: it is asked again after a second, two, four …; raises ThrottledError if ever."""
    pause = 1.0
    for _ in range(TRIES - 1):
        try:
            return ask()
        except ThrottledError:
            sleep(pause)
            pause *= 2
    return ask()
