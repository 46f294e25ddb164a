"""What a person moves on a running emulator: its clock, its faults, and back to its seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from stsctl.emulator.protocol.request import Request
from stsctl.emulator.world.clock import FARTHEST, Clock
from stsctl.emulator.world.faults import LONGEST, Fault, Faults, Wish

_MOST_TIMES = 1_000_000


class LeverError(Exception):
    """What was asked cannot be done; the message says why."""


class Levers:
    """Does what POST /_stsctl/… asks: `reset` begins from the seed again, `moved` is told when the clock was.

    `remarks` are what a person should know of how the emulator began.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        faults: Faults,
        reset: Callable[[], None],
        moved: Callable[[], None],
        remarks: Sequence[str] = (),
    ) -> None:
        self.clock = clock
        self.faults = faults
        self._reset = reset
        self._moved = moved
        self.remarks = remarks
        self._pulled: Mapping[str, Callable[[Request], None]] = {
            "clock": self._move,
            "fail": self._fail,
            "mend": lambda request: self.faults.clear(request.argument("action")),
            "reset": lambda _: self._reset(),
        }

    def pull(self, what: str, request: Request) -> bool:
        """Does `what`; False where there is no such lever. Raises LeverError."""
        lever = self._pulled.get(what)
        if lever is not None:
            lever(request)
        return lever is not None

    def wishes(self) -> list[dict[str, object]]:
        """The faults that are still to come."""
        return [
            {
                "action": wish.action,
                "fault": wish.fault.value,
                "left": wish.left,
                "seconds": wish.lasts.total_seconds(),
            }
            for wish in self.faults.listing()
        ]

    def _move(self, request: Request) -> None:
        """Moves the clock by `by` seconds, or back to the machine's without."""
        by = request.argument("by")
        ahead = timedelta() if by is None else self.clock.ahead + timedelta(seconds=_number(by))
        if abs(ahead) > FARTHEST:
            raise LeverError(f"the clock can be moved by {FARTHEST.days} days at most")
        self.clock.ahead = ahead
        self._moved()

    def _fail(self, request: Request) -> None:
        action, seconds, times = request.argument("action"), request.argument("seconds"), request.argument("times")
        try:
            fault = Fault(request.argument("fault") or "")
        except ValueError as error:
            raise LeverError("there is no such fault") from error
        lasts = timedelta(seconds=_number(seconds or "0"))
        left = int(_number(times)) if times else None
        if not action or not timedelta() <= lasts <= LONGEST or (left is not None and not 0 < left <= _MOST_TIMES):
            raise LeverError("a fault has an action, takes five minutes at most, and happens once or more")
        self.faults.add(Wish(action=action, fault=fault, left=left, lasts=lasts))


def _number(text: str) -> float:
    """A number of a size that can be a length of time or a count."""
    try:
        number = float(text)
    except ValueError as error:
        raise LeverError(f'"{text[:50]}" is no number') from error
    if not abs(number) < 1e10:
        raise LeverError(f'"{text[:50]}" is too much')
    return number
