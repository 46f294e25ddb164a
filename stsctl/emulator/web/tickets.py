"""Random texts that stand for something until an instant: codes, cookies and tokens that the emulator hands out."""

from __future__ import annotations

import hashlib
import secrets
import threading
from datetime import datetime
from typing import Generic, TypeVar

Held = TypeVar("Held")

_MOST = 10_000
"""So many are kept at once; past it the oldest are forgotten, so that nobody fills the memory."""


class Tickets(Generic[Held]):
    """Each stands for a value; safe among threads. Only digests are kept, so what is kept opens nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[bytes, tuple[datetime, Held]] = {}

    def give(self, value: Held, *, until: datetime, ticket: str | None = None) -> str:
        """A new ticket for `value`, or `ticket` itself, which then stands for `value` and no more for another."""
        ticket = ticket or secrets.token_urlsafe(32)
        with self._lock:
            self._held.pop(_digest(ticket), None)
            while len(self._held) >= _MOST:
                del self._held[next(iter(self._held))]
            self._held[_digest(ticket)] = (until, value)
        return ticket

    def find(self, ticket: str, now: datetime) -> Held | None:
        """What a ticket stands for; None where it is over, taken, or was never given."""
        with self._lock:
            return self._valid(self._held.get(_digest(ticket)), now)

    def take(self, ticket: str, now: datetime) -> Held | None:
        """What a ticket stands for, and from then on it stands for nothing: of several who take it, one gets it."""
        with self._lock:
            return self._valid(self._held.pop(_digest(ticket), None), now)

    @staticmethod
    def _valid(found: tuple[datetime, Held] | None, now: datetime) -> Held | None:
        return found[1] if found is not None and now < found[0] else None


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest()
