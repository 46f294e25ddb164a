"""The machine's clock jumps by an hour, either way: an error that says so, and nothing is lost."""

from __future__ import annotations

import sys

import pytest

from tests.program import Me

_ELSEWHEN = """
import sys
from datetime import UTC, datetime, timedelta
from stsctl.cli.surroundings import Surroundings
Surroundings.wall = lambda self: datetime.now(UTC) + timedelta(hours={hours})
from stsctl.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_jumps(me: Me, hours: int) -> None:
    """What is held is then over, or out of the future; AWS refuses to be asked; mended, the same session is there."""
    held = me.key_id("read-only")
    me.calls()
    done = me.program(sys.executable, "-c", _ELSEWHEN.format(hours=hours), "credential-process", "read-only")
    assert done.status not in {0, 70}, done
    assert done.out == ""
    assert "clock" in done.err, done
    assert "AssumeRole" not in me.calls()
    assert me.key_id("read-only") == held
    assert me.calls() == []


def test_a_clock_that_is_a_little_off(me: Me) -> None:
    """A few minutes are what AWS itself bears."""
    held = me.key_id("read-only")
    for minutes in (3, -3):
        code = _ELSEWHEN.format(hours=minutes / 60)
        done = me.program(sys.executable, "-c", code, "credential-process", "read-only")
        assert (done.status, held in done.out) == (0, True), done
