"""How this process may be ended before its time."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def as_by_ctrl_c() -> Iterator[None]:
    """Meanwhile SIGTERM, and the SIGHUP of a terminal that is closed, interrupt as Ctrl-C does.

    They do so once, so that tidying up afterwards is not interrupted.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        if before[number] is signal.SIG_DFL:  # one that is ignored (nohup) stays so
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])
