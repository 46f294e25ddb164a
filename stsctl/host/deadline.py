"""An end to calls that may never return."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

_Answer = TypeVar("_Answer")

_LOOKS = 10
_MOST = 20


def call(action: Callable[[], _Answer], limit: timedelta) -> _Answer:
    """What `action` returns, or raises; TimeoutError when it stands still for as long as `limit`.

    It runs in a thread that ends with the process, so it works in any thread, ends a wait inside a C library as well,
    leaves the process's signals alone, and Ctrl-C still interrupts. A call that was given up may still take effect
    later, so one that does several things is best made one by one.

    Where the system can tell, time in which the call itself computes does not count: on a machine with hundreds of
    busy processes a call can be slow without anything being wrong. Twenty times the limit is the end in any case.
    """
    answers: list[_Answer] = []
    errors: list[BaseException] = []
    clocks: list[int] = []

    def run() -> None:
        try:
            if hasattr(time, "pthread_getcpuclockid"):
                clocks.append(time.pthread_getcpuclockid(threading.get_ident()))
            answers.append(action())
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            errors.append(error)

    thread = threading.Thread(target=run, name="stsctl-deadline", daemon=True)
    thread.start()
    _wait(thread, clocks, limit.total_seconds())
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer in {limit.total_seconds():g} seconds")
    return answers[0]


def _wait(thread: threading.Thread, clocks: list[int], limit: float) -> None:
    """Until the thread ends, or has stood still for `limit` seconds."""
    worked, still = 0.0, 0
    for _ in range(_LOOKS * _MOST):
        thread.join(limit / _LOOKS)
        now = _worked(clocks)
        still = still + 1 if now == worked else 0
        worked = now
        if not thread.is_alive() or still == _LOOKS:
            return


def _worked(clocks: list[int]) -> float:
    """The seconds of processor time that a thread has had; always the same where the system does not tell."""
    try:
        return time.clock_gettime(clocks[0]) if clocks else 0.0
    except OSError:
        # The thread has ended.
        return 0.0
