"""What the agent does between two sleeps, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stsctl.agent.agent import Agent
from stsctl.agent.held_keys import HeldKeys
from stsctl.agent.messages import Ask, Request
from stsctl.agent.schedule import Listed, Outcome
from stsctl.agent.serving import Serving
from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import PersonNeededError, StoreError
from stsctl.standing import Standing

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """What an agent is handed, with a clock that moves by hand and renewals that go as the test says."""

    at: datetime = NOON
    sessions: list[Listed] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Outcome(standing=Standing.FRESH, calls=1))
    trouble: str | None = None
    renewed: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    gone: list[set[str] | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    asleep: float = 0.0

    def now(self) -> datetime:
        """The time that sessions go by."""
        return self.at

    def listed(self) -> list[Listed]:
        """What is wanted."""
        if self.trouble:
            raise StoreError(self.trouble)
        return self.sessions

    def renew(self, session: Listed) -> Outcome:
        """Another in its place."""
        self.renewed.append(session.name)
        if self.outcome.standing is Standing.FRESH:
            self.sessions = [_session(each.name, self.at) if each == session else each for each in self.sessions]
        return self.outcome

    def tell(self, session: Listed) -> None:
        """Tells it."""
        self.told.append(session.name)

    def logged_out(self, keys: set[str] | None) -> None:
        """Somebody did."""
        self.gone.append(keys)

    def note(self, text: str) -> None:
        """Writes it down."""
        self.notes.append(text)


def _session(name: str, at: datetime = NOON) -> Listed:
    return Listed(key=f"key of {name}", name=name, obtained_at=at, expires_at=at + HOUR)


def _served(name: str) -> Session:
    credentials = Credentials(access_key_id="ASIA", secret_access_key=Secret("s"), expires_at=NOON + HOUR)
    return Session(credentials=credentials, request_key=name, obtained_at=NOON)


@pytest.fixture
def desk() -> Desk:
    """With one session."""
    return Desk(sessions=[_session("prod")])


@pytest.fixture
def agent(desk: Desk) -> Agent:
    """At that desk."""
    keys = HeldKeys()
    return Agent(desk, Serving(_served, keys), keys, {"pid": 1}, monotonic=lambda: 0.0, wall=lambda: desk.asleep)


def asked(agent: Agent, ask: Ask, **given: str) -> Any:
    """What it answers."""
    return agent.answer(Request(ask=ask, given=given))


def test_it_renews_what_is_due(agent: Agent, desk: Desk) -> None:
    """And then nothing, until that is due."""
    agent.step()
    assert desk.renewed == []
    desk.at = NOON + timedelta(minutes=40)
    agent.step()
    agent.step()
    assert desk.renewed == ["prod"]
    assert desk.notes == []


def test_it_says_how_each_session_is(agent: Agent, desk: Desk) -> None:
    """What failed and why, since when, and when it is tried next; not a key of it."""
    desk.at = NOON + timedelta(minutes=40)
    desk.outcome = Outcome(standing=Standing.RETRYING, calls=1, why="throttled")
    agent.step()
    status = asked(agent, Ask.STATUS)
    (session,) = status["sessions"]
    assert session["name"] == "prod"
    assert session["standing"] == "retrying"
    assert session["why"] == "throttled"
    assert session["since"] == "2026-05-01T12:40:00Z"
    assert session["renewed_at"] > session["since"]
    assert status["pid"] == 1
    assert "key of prod" not in str(status)
    assert desk.notes == ['"prod": throttled']


def test_a_glance_wakes_nobody(agent: Agent, desk: Desk) -> None:
    """It says as much as the status, and what is being renewed at that moment; whoever sleeps sleeps on."""
    during: list[Any] = []

    class Seen(Desk):
        """A desk at which it is looked while something is renewed."""

        def renew(self, session: Listed) -> Outcome:
            during.append(asked(seen, Ask.STATUS, glance="yes"))
            return super().renew(session)

    keys = HeldKeys()
    seen = Agent(Seen(at=NOON + timedelta(minutes=40), sessions=desk.sessions), Serving(_served, keys), keys, {})
    seen.step()
    assert [status["renewing"] for status in (*during, asked(seen, Ask.STATUS, glance="yes"))] == ["prod", None]
    asked(agent, Ask.STATUS, glance="yes")
    assert not agent._asked.is_set()
    asked(agent, Ask.STATUS)
    assert agent._asked.is_set()


def test_it_tells_a_person_once(agent: Agent, desk: Desk) -> None:
    """When what needs them is due."""
    desk.at = NOON + timedelta(minutes=41)
    desk.outcome = Outcome(standing=Standing.NEEDS_PERSON, why="a code")
    for _ in range(3):
        agent.step()
    assert desk.told == ["prod"]
    assert asked(agent, Ask.STATUS)["sessions"][0]["renewed_at"] is None


def test_while_it_is_locked_it_renews_nothing(agent: Agent, desk: Desk) -> None:
    """And afterwards what is due."""
    asked(agent, Ask.LOCK)
    desk.at = NOON + timedelta(minutes=41)
    agent.step()
    assert desk.renewed == []
    assert asked(agent, Ask.STATUS)["locked"]
    asked(agent, Ask.UNLOCK)
    agent.step()
    assert desk.renewed == ["prod"]


def test_keys_are_held_until_it_is_locked(agent: Agent) -> None:
    """Under what they open; a locked agent takes none."""
    assert asked(agent, Ask.GET_KEY, of="sealed") == {"key": None}
    assert asked(agent, Ask.PUT_KEY, of="sealed", key="canary") == {"held": True}
    assert asked(agent, Ask.GET_KEY, of="sealed") == {"key": "canary"}
    assert "canary" not in str(asked(agent, Ask.STATUS))
    asked(agent, Ask.LOCK)
    assert asked(agent, Ask.PUT_KEY, of="sealed", key="canary") == {"held": False}
    asked(agent, Ask.UNLOCK)
    assert asked(agent, Ask.GET_KEY, of="sealed") == {"key": None}


def test_it_holds_a_few_keys_only() -> None:
    """Nobody fills its memory with them."""
    keys = HeldKeys()
    assert [keys.put(str(number), Secret("k")) for number in range(20)].count(True) == 16
    assert keys.put("3", Secret("other"))


def test_it_forgets_keys_when_the_machine_was_asleep(agent: Agent, desk: Desk) -> None:
    """Where the clock went on much longer than the agent did."""
    asked(agent, Ask.PUT_KEY, of="sealed", key="canary")
    agent.sleep(NOON)
    assert asked(agent, Ask.GET_KEY, of="sealed") == {"key": "canary"}

    def slept() -> float:
        desk.asleep += 600
        return desk.asleep

    agent._clocks = (lambda: 0.0, slept)
    agent.sleep(NOON)
    assert asked(agent, Ask.GET_KEY, of="sealed") == {"key": None}
    assert desk.notes == ["the machine was suspended: the keys are forgotten"]


def test_logging_out_of_everything_forgets_keys_too(agent: Agent, desk: Desk) -> None:
    """Of one session, only that."""
    asked(agent, Ask.PUT_KEY, of="sealed", key="canary")
    asked(agent, Ask.FORGET, keys="a b")
    assert asked(agent, Ask.GET_KEY, of="sealed") == {"key": "canary"}
    asked(agent, Ask.FORGET, keys="*")
    assert asked(agent, Ask.GET_KEY, of="sealed") == {"key": None}
    assert desk.gone == [{"a", "b"}, None]


def test_a_store_that_cannot_be_read_is_said_once(agent: Agent, desk: Desk) -> None:
    """What was known stays known."""
    agent.step()
    desk.trouble = "the keyring is locked"
    agent.step()
    agent.step()
    status = asked(agent, Ask.STATUS)
    assert status["trouble"] == "the keyring is locked"
    assert [each["name"] for each in status["sessions"]] == ["prod"]
    assert desk.notes == ["the keyring is locked"]
    desk.trouble = None
    agent.step()
    assert asked(agent, Ask.STATUS)["trouble"] is None


def test_a_role_is_served_at_one_place() -> None:
    """With one token of its own, and not while the agent is locked."""
    keys = HeldKeys()
    serving = Serving(_served, keys)
    first, again, other = serving.grant("prod"), serving.grant("prod"), serving.grant("a role/with ö")
    assert first == again
    assert other["token"] != first["token"]
    assert other["url"].isascii()
    assert serving.names == ["a role/with ö", "prod"]
    grant = serving._grants["/role/prod"]
    assert grant.session() == _served("prod")
    keys.lock()
    with pytest.raises(PersonNeededError, match="locked"):
        grant.session()
    serving.close()


def test_stopping_ends_it(agent: Agent) -> None:
    """At once, whatever it was waiting for."""
    asked(agent, Ask.STOP)
    agent.run()
