"""Calls that have an end."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.host import deadline

ROOT = Path(__file__).parent.parent.parent.parent


def test_an_answer_in_time_is_the_answer() -> None:
    """What the action returns is returned, None too."""
    assert deadline.call(lambda: 42, timedelta(seconds=5)) == 42
    assert deadline.call(lambda: None, timedelta(seconds=5)) is None


def test_an_error_in_time_is_raised() -> None:
    """What the action raises is raised."""
    with pytest.raises(ZeroDivisionError):
        deadline.call(lambda: 1 // 0, timedelta(seconds=5))


def test_an_action_that_stands_still_is_given_up() -> None:
    """An action that waits for what never comes ends with TimeoutError."""
    never = threading.Event()
    with pytest.raises(TimeoutError, match=r"0\.2 seconds"):
        deadline.call(never.wait, timedelta(seconds=0.2))
    never.set()


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="the system does not tell")
def test_an_action_that_computes_is_not_given_up() -> None:
    """Slowness of the machine is no hang: time in which the action itself computes does not count."""

    def compute() -> str:
        end = time.thread_time() + 0.6
        while time.thread_time() < end:
            pass
        return "done"

    assert deadline.call(compute, timedelta(seconds=0.2)) == "done"


def test_an_action_that_was_given_up_does_not_hold_up_the_end_of_the_process() -> None:
    """The process ends although the action never does."""
    code = (
        "import threading; from datetime import timedelta; from stsctl.host import deadline\n"
        "try: deadline.call(threading.Event().wait, timedelta(seconds=0.1))\n"
        "except TimeoutError: print('given up')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("given up\n", "")
