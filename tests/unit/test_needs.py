"""From when on another session takes a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stsctl.needs import Need, need
from stsctl.plan import Asks, Step
from tests.unit.test_plan import SERIAL, hop, plan, target

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = NOON + timedelta(minutes=40)


@pytest.fixture
def steps() -> tuple[Step, ...]:
    """A session with a code, a hub by it, and a role behind that."""
    found = plan(target(hop("hub", mfa_serial=SERIAL), hop("prod"))).steps
    assert [step.asks for step in found] == [Asks.MFA, Asks.NOTHING, Asks.NOTHING]
    return found


def keys(steps: tuple[Step, ...]) -> list[str]:
    """By what each is held."""
    return [step.request.cache_key() for step in steps]


def test_as_long_as_a_step_with_the_code_is_held_nobody_is_asked(steps: tuple[Step, ...]) -> None:
    """The longest of those from the code on decides, the session itself excepted."""
    code, hub, last = keys(steps)
    assert need(steps, {code: NOON + 12 * HOUR, hub: NOON + HOUR, last: NOON + HOUR}, DUE) == Need(
        what=Asks.MFA, at=NOON + 12 * HOUR
    )
    assert need(steps, {hub: NOON + HOUR}, DUE) == Need(what=Asks.MFA, at=NOON + HOUR)
    assert need(steps, {code: None}, DUE) is None


def test_without_one_it_is_when_the_session_is_due(steps: tuple[Step, ...]) -> None:
    """And not before, where the code's session has ended by then."""
    code, _, last = keys(steps)
    for ends in ({}, {last: NOON + HOUR}, {code: NOON - HOUR}):
        assert need(steps, ends, DUE) == Need(what=Asks.MFA, at=DUE)
    assert need(steps[:1], {code: NOON + HOUR}, DUE) == Need(what=Asks.MFA, at=DUE)


def test_what_asks_nobody(steps: tuple[Step, ...]) -> None:
    """A program's code is nothing for a person, nor is a chain without any."""
    by_program = (replace(steps[0], mfa_process=("code",)), *steps[1:])
    assert need(by_program, {}, DUE) is None
    assert need(steps[1:], {}, DUE) is None
