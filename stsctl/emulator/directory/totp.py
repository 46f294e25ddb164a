"""Which one-time codes are taken, and the memory of those that were used.

Source: RFC 6238; §5.2 says that no code is taken twice.
"""

from __future__ import annotations

import hmac
import threading
from datetime import datetime, timedelta

from stsctl.credentials import Secret
from stsctl.totp import code_at, ends_at, step_at

_WINDOW = (0, 1, -1)
"""The steps whose codes are taken, relative to now: a device's clock may be a little off."""


def are_consecutive(seed: Secret, first: str, second: str, now: datetime) -> bool:
    """Whether two codes follow one another on the device, not long ago: what enabling it asks for."""
    present = step_at(now)
    steps = range(present - 10, present + 2)
    return any(_same(code_at(seed, at), first) and _same(code_at(seed, at + 1), second) for at in steps)


class UsedCodes:
    """Which step's code each device has used up; safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[str, set[int]] = {}

    def use(self, serial: str, seed: Secret, code: str, now: datetime) -> bool:
        """Whether `code` is right now and was never used; from here on it is used."""
        present = step_at(now)
        with self._lock:
            used = self._fresh(serial, present)
            for step in (present + offset for offset in _WINDOW):
                if _same(code_at(seed, step), code):
                    if step in used:
                        return False
                    used.add(step)
                    return True
        return False

    def next_code(self, serial: str, seed: Secret, now: datetime) -> tuple[str | None, timedelta]:
        """A code that would be taken, with how long it will be; or None, with the wait until there is one."""
        present = step_at(now)
        with self._lock:
            used = self._fresh(serial, present)
            for step in (present, present + 1):
                if step not in used:
                    return code_at(seed, step), ends_at(step + 1) - now
        return None, ends_at(present) - now

    def _fresh(self, serial: str, present: int) -> set[int]:
        used = {step for step in self._used.get(serial, ()) if step >= present + min(_WINDOW)}
        self._used[serial] = used
        return used


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode("utf-8", "replace"))
