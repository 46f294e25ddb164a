"""Faults on demand: calls that are throttled, slow, or find the service unavailable, as a person asked for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from fnmatch import fnmatchcase

from stsctl.emulator.protocol.refusal import Refusal

LONGEST = timedelta(minutes=5)
"""So long a call can be made to take."""


class Fault(Enum):
    """What goes wrong."""

    THROTTLE = "throttle"
    SLOW = "slow"
    UNAVAILABLE = "unavailable"


@dataclass(slots=True, kw_only=True)
class Wish:
    """A fault for the calls of `action` (`sts:AssumeRole`, `s3:*`): the next `left` of them, or all (None)."""

    action: str
    fault: Fault
    left: int | None = None
    lasts: timedelta = timedelta()


class Faults:
    """The faults that were wished for; safe among threads."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._wishes: list[Wish] = []

    def add(self, wish: Wish) -> None:
        """From here on; it takes the place of one for the same action and fault."""
        with self._lock:
            self._wishes = [each for each in self._wishes if (each.action, each.fault) != (wish.action, wish.fault)]
            self._wishes.append(wish)

    def clear(self, action: str | None = None) -> None:
        """Takes back what was wished for this action, or everything."""
        with self._lock:
            self._wishes = [each for each in self._wishes if action is not None and each.action != action]

    def listing(self) -> list[Wish]:
        """What is still to come."""
        with self._lock:
            return list(self._wishes)

    def meet(self, action: str) -> None:
        """Lets one call of `action` meet its faults: it waits; raises Refusal, in the words of AWS's query protocol.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html; `wire` has the others' words.
        """
        if not self._wishes:
            return
        met = self._take(action)
        for wish in met:
            if wish.fault is Fault.SLOW:
                self._sleep(wish.lasts.total_seconds())
        for wish in met:
            if wish.fault is Fault.THROTTLE:
                raise Refusal("Throttling", "Rate exceeded", 400, because="asked for: emulator fail")
            if wish.fault is Fault.UNAVAILABLE:
                message = "The request has failed due to a temporary failure of the server."
                raise Refusal("ServiceUnavailable", message, 503, because="asked for: emulator fail")

    def _take(self, action: str) -> list[Wish]:
        with self._lock:
            met = [wish for wish in self._wishes if fnmatchcase(action.lower(), wish.action.lower())]
            for wish in met:
                if wish.left is not None:
                    wish.left -= 1
            self._wishes = [wish for wish in self._wishes if wish.left is None or wish.left > 0]
            return met
