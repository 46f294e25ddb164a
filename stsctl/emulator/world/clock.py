"""The emulator's present, which a person can move, beside the wall clock, which stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

FARTHEST = timedelta(days=3650)
"""So far from the wall clock a person can move it."""


class Clock:
    """Two times: the emulator's, for expiry, conditions and the age of MFA, is `ahead` of the machine's `wall`.

    Who asks signs by the clock of a machine, and a device shows the code of its own: signatures and codes are
    checked by `wall`.
    """

    def __init__(self, wall: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.wall = wall
        self.ahead = timedelta()
