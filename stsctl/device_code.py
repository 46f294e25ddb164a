"""The wait of a device for a person who signs in elsewhere (RFC 8628, section 3.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import PersonNeededError, RefusedError, UnavailableError

_Answer = TypeVar("_Answer")

_SLOWER = timedelta(seconds=5)
_LEAST = timedelta(seconds=1)
_INTERVAL = timedelta(seconds=5)
"""How long a device waits between two questions where nobody says (section 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What a device shows (`user_code`, to be typed at `page`) and asks with (`code`).

    `complete_page` is a page that knows the code already, where there is one.
    """

    code: Secret
    user_code: str
    page: str
    ends_at: datetime
    complete_page: str | None = None
    interval: timedelta = _INTERVAL


def wait(
    device: DeviceCode,
    poll: Callable[[], _Answer],
    *,
    sleep: Callable[[float], None],
    now: Callable[[], datetime],
) -> _Answer:
    """What `poll` gives when the person has decided.

    `poll` raises RefusedError with OAuth's error as its code, in OAuth's spelling or in AWS's; while the authority
    cannot be reached it is asked ever less often. Raises RefusedError, and PersonNeededError when the time is over.
    """
    interval = max(device.interval, _LEAST)
    while True:
        if now() + interval >= device.ends_at:
            raise _late()
        sleep(interval.total_seconds())
        try:
            return poll()
        except UnavailableError:
            interval *= 2
            if now() + interval >= device.ends_at:
                raise
        except RefusedError as error:
            interval = _next_interval(interval, error)


def _next_interval(interval: timedelta, error: RefusedError) -> timedelta:
    """How long to wait until the next question; raises what ends the wait."""
    match oauth_error(error.code):
        case "authorization_pending":
            return interval
        case "slow_down":
            return interval + _SLOWER
        case "expired_token":
            raise _late() from error
        case "access_denied":
            raise RefusedError(
                "the sign-in was denied",
                hint=error.hint,
                code=error.code,
                reason=error.reason,
                request_id=error.request_id,
                operation=error.operation,
            ) from error
    raise error


def oauth_error(code: str) -> str:
    """An error as OAuth spells it, which AWS spells as an exception: SlowDownException is slow_down."""
    words: str = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", code.removesuffix("Exception"))
    return words.lower()


def _late() -> PersonNeededError:
    return PersonNeededError("nobody signed in before the code ended", hint="run the same command again", asked=True)
