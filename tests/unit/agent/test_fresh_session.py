from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from stsctl.agent import fresh_session
from stsctl.agent.fresh_session import FreshSession
from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import PersonNeededError, StsctlError, UnavailableError

BEGAN = datetime(2030, 1, 1, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def session(number: int, obtained_at: datetime = BEGAN) -> Session:
    """An hour's session, which its number tells from others."""
    credentials = Credentials(
        access_key_id=f"ASIA{number}",
        secret_access_key=Secret("s"),
        session_token=Secret("t"),
        expires_at=obtained_at + HOUR,
    )
    return Session(credentials=credentials, request_key="k", obtained_at=obtained_at)


class Renewals:
    """Gives the next session, or fails as it is told; counts how often, and who asks at once."""

    def __init__(self) -> None:
        self.now = BEGAN
        self.count = 0
        self.fails: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._busy = threading.Lock()

    def __call__(self) -> Session:
        """The next one."""
        assert self._busy.acquire(blocking=False), "two at once"
        try:
            self.count += 1
            self.gate.wait(60)
            if self.fails is not None:
                raise self.fails
            return session(self.count, self.now)
        finally:
            self._busy.release()


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> Renewals:
    """Where sessions come from, tried again at once after a failure."""
    monkeypatch.setattr(fresh_session, "_AT_MOST_EVERY", 0.0)
    monkeypatch.setattr(fresh_session, "_LOOK", 0.05)
    return Renewals()


def kept(renewals: Renewals) -> FreshSession:
    """The first session, renewed from now on."""
    fresh = FreshSession(session(0), renew=renewals, now=lambda: renewals.now)
    threading.Thread(target=fresh.keep, daemon=True).start()
    return fresh


def until(condition: Callable[[], object]) -> None:
    """Waits for what another thread does."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def key(fresh: FreshSession) -> str:
    """Which session it is now."""
    return fresh.current().credentials.access_key_id


def test_a_fresh_session_is_given_as_it_is(renewals: Renewals) -> None:
    """Nothing is asked for."""
    fresh = kept(renewals)
    renewals.now += 39 * MINUTE
    assert key(fresh) == "ASIA0"
    assert renewals.count == 0


def test_it_is_renewed_though_nobody_asks(renewals: Renewals) -> None:
    """Ahead of its end, when the clock says so: also after a leap, as of a machine that slept."""
    fresh = kept(renewals)
    renewals.now += 41 * MINUTE
    until(lambda: renewals.count == 1)
    until(lambda: key(fresh) == "ASIA1")
    assert renewals.count == 1


@pytest.mark.parametrize("later", [45 * MINUTE, 5 * HOUR])
def test_however_many_ask_it_is_renewed_once(
    renewals: Renewals, later: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred wait for the same session, be the old one over or not."""
    monkeypatch.setattr(fresh_session, "_A_MOMENT", 60.0)
    fresh = kept(renewals)
    renewals.gate.clear()
    renewals.now += later
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(key(fresh))) for _ in range(100)]
    for each in threads:
        each.start()
    until(lambda: renewals.count == 1)
    renewals.gate.set()
    for each in threads:
        each.join(60)
    assert answers == ["ASIA1"] * 100
    assert renewals.count == 1


def test_nobody_waits_long_while_the_old_one_lasts(renewals: Renewals, monkeypatch: pytest.MonkeyPatch) -> None:
    """SDKs give up after two seconds: until a renewal that hangs is done they have the session that there is."""
    monkeypatch.setattr(fresh_session, "_A_MOMENT", 0.1)
    fresh = kept(renewals)
    renewals.gate.clear()
    renewals.now += 59 * MINUTE
    began = time.monotonic()
    assert key(fresh) == "ASIA0"
    assert time.monotonic() - began < 15
    renewals.gate.set()
    until(lambda: key(fresh) == "ASIA1")


def test_after_a_failure_the_old_one_is_given_to_its_end_and_then_the_reason(renewals: Renewals) -> None:
    """Somebody who asks a moment before the end has it; a moment after, what to type."""
    fresh = kept(renewals)
    renewals.fails = PersonNeededError("a code is needed", hint="stsctl assume x")
    renewals.now += HOUR - timedelta(seconds=1)
    assert key(fresh) == "ASIA0"
    renewals.now += timedelta(seconds=1)
    with pytest.raises(PersonNeededError, match="a code is needed"):
        fresh.current()


def test_what_a_person_does_meanwhile_is_found_at_the_next_request(renewals: Renewals) -> None:
    """After the end, whoever asks has the new session as soon as there is one."""
    fresh = kept(renewals)
    renewals.fails = PersonNeededError("a code is needed")
    renewals.now += 2 * HOUR
    with pytest.raises(PersonNeededError):
        fresh.current()
    renewals.fails = None
    assert key(fresh).startswith("ASIA")


def test_failures_are_not_repeated_in_haste(renewals: Renewals, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the old session lasts, the next attempt has time, however many ask."""
    fresh = kept(renewals)
    renewals.fails = UnavailableError("no network")
    renewals.now += 50 * MINUTE
    for _ in range(50):
        assert key(fresh) == "ASIA0"
    assert renewals.count == 1
    monkeypatch.setattr(fresh_session, "_AT_MOST_EVERY", 2.0)
    renewals.now += HOUR
    for _ in range(50):
        with pytest.raises(UnavailableError, match="no network"):
            fresh.current()
    assert renewals.count == 1


def test_the_same_session_again_is_no_renewal(renewals: Renewals) -> None:
    """Where a person is needed the broker gives what is held: that is not asked for again and again."""
    calls: list[None] = []

    def same() -> Session:
        calls.append(None)
        return session(0)

    fresh = FreshSession(session(0), renew=same, now=lambda: renewals.now)
    threading.Thread(target=fresh.keep, daemon=True).start()
    renewals.now += 50 * MINUTE
    for _ in range(50):
        assert key(fresh) == "ASIA0"
    assert len(calls) == 1


def test_a_bug_in_a_renewal_ends_nothing(renewals: Renewals) -> None:
    """It is said by its kind alone, and the next attempt is made."""
    fresh = kept(renewals)
    renewals.fails = ZeroDivisionError("hush")
    renewals.now += 2 * HOUR
    with pytest.raises(StsctlError, match="bug in stsctl: ZeroDivisionError"):
        fresh.current()
    renewals.fails = None
    assert key(fresh).startswith("ASIA")
