"""A session that is renewed ahead of its end, by one thread, for however many ask for it at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from stsctl.credentials import Session
from stsctl.errors import StsctlError, UnavailableError

_ENDED = timedelta(0)
_LOOK = 60.0
"""Seconds after which the clock is looked at again: a machine that slept counted none meanwhile."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
"""Seconds after a failure, doubled with each. Somebody who asks for a session that has ended waits less."""
_AT_MOST_EVERY = 2.0
_A_MOMENT = 1.0
"""Seconds that one who could have the old session waits for the new: SDKs give up after two."""
_LONGEST_WAIT = 30.0


class FreshSession:
    """Holds `session`, and gets the next by `renew`, which asks nobody and raises StsctlError.

    It is renewed when the table of freshness says so (`Session.renewed_below`). While that fails the old one is given
    out to its end; after that, the reason why there is none.
    """

    def __init__(self, session: Session, *, renew: Callable[[], Session], now: Callable[[], datetime]) -> None:
        self._session = session
        self._renew = renew
        self._now = now
        self._changed = threading.Condition()
        self._asked = False
        self._attempts = 0
        self._failures = 0
        self._attempted_at = float("-inf")
        self._error: StsctlError | None = None

    def current(self) -> Session:
        """The session; raises StsctlError where it has ended and there is no other."""
        with self._changed:
            if self._is_due() and self._may_attempt():
                attempts, lasts = self._attempts, self._lasts()
                self._asked = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._attempts > attempts, _A_MOMENT if lasts else _LONGEST_WAIT)
            if self._lasts():
                return self._session
            raise self._error or UnavailableError("the session has ended, and its renewal takes long")

    def keep(self) -> None:
        """Renews it whenever that is due, for ever."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked, self._pause())
                self._asked = False
                due = self._is_due() and self._may_attempt()
            if due:
                self._attempt()

    def _attempt(self) -> None:
        session, error = None, None
        try:
            session = self._renew()
        except StsctlError as failure:
            error = failure
        except Exception as failure:  # noqa: BLE001 - this thread goes on, and whoever asks is told
            error = StsctlError(f"this is a bug in stsctl: {type(failure).__name__}")
        with self._changed:
            if session is not None:
                self._session = session
            # A session that is as due as the one before it was not renewed: that needs a person.
            self._failures = self._failures + 1 if self._is_due() else 0
            self._error = error
            self._attempts += 1
            self._attempted_at = time.monotonic()
            self._changed.notify_all()

    def _is_due(self) -> bool:
        return not self._session.fresh_at(self._now(), self._session.renewed_below())

    def _lasts(self) -> bool:
        return self._session.left_at(self._now()) > _ENDED

    def _may_attempt(self) -> bool:
        """Whether the last attempt is long enough ago."""
        return self._since() >= (self._back_off() if self._lasts() else _AT_MOST_EVERY)

    def _since(self) -> float:
        return time.monotonic() - self._attempted_at

    def _back_off(self) -> float:
        return min(_SHORTEST_PAUSE * 2 ** (self._failures - 1), _LONGEST_PAUSE) if self._failures else _AT_MOST_EVERY

    def _pause(self) -> float:
        """Seconds until the next attempt, or the next look at the clock."""
        if self._is_due():
            return max(self._back_off() - self._since(), 0.0)
        left = self._session.left_at(self._now()) - self._session.renewed_below()
        return min(left.total_seconds(), _LOOK)
