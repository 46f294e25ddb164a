"""When the agent renews what, and when it tells that a person is needed."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from stsctl.agent.schedule import CALLS_A_SECOND, Listed, Outcome, Schedule
from stsctl.arn import Arn
from stsctl.broker import Broker, Question
from stsctl.credentials import Credentials, Secret, Session, renewed_below
from stsctl.errors import PersonNeededError, StsctlError, UnavailableError
from stsctl.lifetime import Maximum
from stsctl.plan import Plan
from stsctl.request import Endpoint
from stsctl.sources.keys import StoredKeys
from stsctl.standing import Standing
from stsctl.target import Hop
from tests.unit.scripted_sts import Clock, ScriptedSts
from tests.unit.test_plan import SERIAL, hop, plan, target

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
QUARTER, DAY = 15 * MINUTE, 24 * HOUR


def session(key: str = "k", *, life: timedelta = HOUR, obtained_at: datetime = NOON) -> Listed:
    """A session that began at noon."""
    return Listed(key=key, name=key, obtained_at=obtained_at, expires_at=obtained_at + life)


def listing(*sessions: Listed) -> Schedule:
    """A schedule that has just begun."""
    return Schedule().listing(sessions)


@pytest.mark.parametrize("life", [QUARTER, 20 * MINUTE, 30 * MINUTE, HOUR, 12 * HOUR])
def test_a_session_is_renewed_a_little_before_anybody_would_wait_for_it(life: timedelta) -> None:
    """Not later than the table of freshness says, nor much sooner; and never two alike."""
    usable = life - renewed_below(life)
    moments = {session(str(number), life=life).renewed_at for number in range(100)}
    assert len(moments) == 100
    for moment in moments:
        assert 0.91 * usable < moment - NOON < 0.99 * usable


def test_what_ends_first_is_renewed_first_and_one_at_a_time() -> None:
    """Of those that are due."""
    late, soon, fresh = session("late"), session("soon", life=30 * MINUTE), session("fresh", life=12 * HOUR)
    decision = listing(late, soon, fresh).decide(NOON + 50 * MINUTE)
    assert decision.renew == soon
    assert decision.wake_at == NOON + 50 * MINUTE


def test_nobody_looks_when_nothing_is_due() -> None:
    """It sleeps until the first moment, and no longer than a clock may be trusted."""
    schedule = listing(session())
    assert schedule.decide(NOON).renew is None
    assert schedule.decide(NOON).wake_at == NOON + timedelta(seconds=30)
    shortly = session().renewed_at - timedelta(seconds=7)
    assert schedule.decide(shortly).wake_at == session().renewed_at
    assert Schedule().decide(NOON).wake_at > NOON


def test_calls_are_made_at_a_pace() -> None:
    """After a renewal of four calls nothing is called for as long as four calls may take."""
    now = NOON + 50 * MINUTE
    schedule = listing(session("a"), session("b")).after("a", Outcome(standing=Standing.FRESH, calls=4), now)
    assert schedule.decide(now).renew is None
    rest = timedelta(seconds=4 / CALLS_A_SECOND)
    assert schedule.decide(now).wake_at == now + rest
    assert schedule.decide(now + rest).renew == session("b")


def _pauses(standing: Standing, *, life: timedelta, count: int) -> list[timedelta]:
    """How long it waits after each of so many attempts, made as soon as they are due."""
    schedule, now, pauses = listing(session(life=life)), session(life=life).renewed_at, []
    for _ in range(count):
        assert schedule.decide(now).renew is not None
        schedule = schedule.after("k", Outcome(standing=standing, calls=1), now)
        following = schedule.tended["k"].next_at
        pauses.append(following - now)
        now = following
    return pauses


def test_failures_are_tried_again_later_and_later() -> None:
    """From seconds to five minutes."""
    pauses = _pauses(Standing.RETRYING, life=12 * HOUR, count=10)
    assert timedelta(seconds=2.5) <= pauses[0] <= timedelta(seconds=5)
    assert all(earlier < 4 * later for earlier, later in itertools.pairwise(pauses))
    assert 2.5 * MINUTE <= pauses[-1] <= 5 * MINUTE


def test_a_short_session_is_tried_again_before_it_ends() -> None:
    """However often it failed, there is another try while something is left."""
    listed = session(life=QUARTER)
    schedule, now, tries = listing(listed), listed.renewed_at, 0
    while now < listed.expires_at:
        schedule = schedule.after("k", Outcome(standing=Standing.RETRYING), now)
        now, tries = schedule.tended["k"].next_at, tries + 1
    assert tries > 8


def test_a_refusal_is_tried_again_seldom() -> None:
    """What AWS refuses it refuses again, until somebody changes something."""
    pauses = _pauses(Standing.REFUSED, life=12 * HOUR, count=6)
    assert pauses[0] == 5 * MINUTE
    assert pauses[-1] == HOUR


def test_what_needs_a_person_is_told_once_when_it_is_due() -> None:
    """Not before, and not again for the same session."""
    listed = session()
    found = listed.renewed_at
    schedule = listing(listed).after("k", Outcome(standing=Standing.NEEDS_PERSON), found)
    assert schedule.decide(found).tell == ()
    assert schedule.decide(listed.due_at - timedelta(seconds=1)).wake_at == listed.due_at
    assert schedule.decide(listed.due_at).tell == (listed,)
    assert schedule.told(["k"]).decide(listed.due_at).tell == ()


def test_who_has_been_there_is_noticed_at_once() -> None:
    """When anything is listed anew, what needed a person is looked at again; another session begins anew."""
    hub, leaf = session("hub"), session("leaf")
    now = leaf.renewed_at
    schedule = listing(hub, leaf).after("leaf", Outcome(standing=Standing.NEEDS_PERSON), now)
    assert not schedule.tended["leaf"].is_due(now)
    renewed = session("hub", obtained_at=now)
    assert schedule.listing([renewed, leaf]).tended["leaf"].is_due(now)
    assert schedule.listing([hub, leaf]) is schedule
    assert schedule.listing([hub, session("leaf", obtained_at=now)]).tended["leaf"].standing is Standing.FRESH


def test_what_is_listed_no_more_is_not_renewed() -> None:
    """Whoever logs out means it."""
    assert listing(session()).listing([]).decide(NOON + DAY).renew is None


def test_a_clock_that_is_moved_back_stops_nothing() -> None:
    """A pause that began in what is now the future is over."""
    listed = session(life=12 * HOUR)
    now = listed.renewed_at
    schedule = listing(listed).after("k", Outcome(standing=Standing.RETRYING, calls=100), now + HOUR)
    assert schedule.decide(now).renew == listed


# ── a day ──


class _Alone:
    """Locks of the only process."""

    @contextlib.contextmanager
    def hold(self, name: str, label: str, *, settled: Callable[[], bool] | None = None) -> Iterator[bool]:
        """Has it."""
        yield True


@dataclass
class Day:
    """A simulated day of one person's machine: a broker, an STS that counts, and the agent's loop, on one clock."""

    clock: Clock = field(default_factory=Clock)
    held: dict[str, tuple[Session, str]] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    outage: Callable[[datetime], bool] = lambda now: False
    asked: int = 0
    told: list[str] = field(default_factory=list)
    attempts: list[datetime] = field(default_factory=list)
    least_left: dict[str, timedelta] = field(default_factory=dict)
    _listed: dict[str, Listed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = Credentials(access_key_id="AKIAEXAMPLE000000001", secret_access_key=Secret("canary"))
        self.sts = ScriptedSts(clock=self.clock, known={keys.access_key_id})
        self.broker = Broker(
            holdings=self,
            source=StoredKeys(name="work", key_id=lambda: keys.access_key_id, read=lambda: keys),
            exchange=lambda _operation: self.sts,
            locks=_Alone(),
            lessons=self,
            prompt=self._prompt,
            watcher=self,
            now=self.clock,
        )

    def want(self, name: str, *hops: Hop, serial: str | None = None) -> None:
        """A person asks for a role, with a code where one is needed."""
        made = plan(target(*hops, serial=serial))
        self.plans[made.request_key] = made
        self.broker.obtain(made)

    def listed(self) -> list[Listed]:
        """What is wanted and held."""
        for key in self.plans:
            session, name = self.held[key]
            known = self._listed.get(key)
            if known is None or known.obtained_at != session.obtained_at:
                assert session.expires_at is not None
                self._listed[key] = Listed(
                    key=key, name=name, obtained_at=session.obtained_at, expires_at=session.expires_at
                )
        return list(self._listed.values())

    def live(self, length: timedelta) -> None:
        """The agent works."""
        end = self.clock() + length
        self.schedule = self.schedule.listing(self.listed())
        while self.clock() < end:
            decision = self.schedule.decide(self.clock())
            self.told += [each.name for each in decision.tell]
            self.schedule = self.schedule.told(each.key for each in decision.tell)
            if decision.renew is not None:
                outcome = self._renew(decision.renew)
                self.schedule = self.schedule.after(decision.renew.key, outcome, self.clock())
                self.schedule = self.schedule.listing(self.listed())
            else:
                self.clock.at = max(decision.wake_at, self.clock())

    def _renew(self, listed: Listed) -> Outcome:
        before = len(self.sts.calls)
        self.attempts.append(self.clock())
        self.sts.down = self.outage(self.clock())
        try:
            self.broker.renew(self.plans[listed.key], least=listed.expires_at - self.clock() + timedelta(seconds=1))
            standing = Standing.FRESH
        except PersonNeededError:
            standing = Standing.NEEDS_PERSON
        except UnavailableError:
            standing = Standing.RETRYING
        return Outcome(standing=standing, calls=len(self.sts.calls) - before)

    # What a broker needs

    def session(self, request_key: str) -> Session | None:
        """What is held."""
        found = self.held.get(request_key)
        return found[0] if found else None

    def hold(self, session: Session, plan: Plan, position: int) -> None:
        """Holds it; nobody was ever given the one before with less left than that has now."""
        if session.request_key in self.held:
            left = self.held[session.request_key][0].left_at(self.clock())
            self.least_left[session.request_key] = min(left, self.least_left.get(session.request_key, left))
        self.held[session.request_key] = (session, plan.steps[position].name)

    def drop(self, request_key: str) -> None:
        """Forgets it."""
        self.held.pop(request_key, None)

    def learn_maximum(self, role: Arn, endpoint: Endpoint, maximum: Maximum) -> None:
        """Nothing is learned."""

    def maximum(self, role: Arn, endpoint: Endpoint) -> Maximum | None:
        """Nothing is known."""

    def used(self, serial: str, endpoint: Endpoint, code: str, now: datetime) -> bool:
        """Every code is new."""
        return False

    def spend(self, serial: str, endpoint: Endpoint, code: str, now: datetime) -> None:
        """Nothing is learned."""

    def failed(self, key: str, error: StsctlError, now: datetime) -> None:
        """Nobody else waits."""

    def failure(self, key: str, since: datetime) -> StsctlError | None:
        """Nobody else failed."""

    def notice(self, text: str) -> None:
        """Nobody reads it."""

    def calling(self, plan: Plan, position: int) -> contextlib.AbstractContextManager[object]:
        """Nobody watches."""
        return contextlib.nullcontext()

    def _prompt(self, question: Question) -> str:
        self.asked += 1
        code = f"{self.asked:06}"
        self.sts.codes.add(code)
        return code


def role(name: str, **more: object) -> Hop:
    """A role by that name."""
    return hop(name, Arn.parse(f"arn:aws:iam::111111111111:role/{name}"), **more)


@dataclass(frozen=True)
class Wish:
    """A role that somebody wants, by a chain, and how long its session may be used before it is due."""

    hops: tuple[Hop, ...]
    usable: timedelta

    @property
    def name(self) -> str:
        """Its role's."""
        return self.hops[-1].name


def wishes() -> list[Wish]:
    """200 roles: short ones, long ones, and chains by ten hubs, of which five are wanted themselves."""
    hubs = [role(f"hub{number}") for number in range(10)]
    found = [Wish((hub,), 40 * MINUTE) for hub in hubs[:5]]
    found += [Wish((role(f"short{number}", duration=QUARTER),), 10 * MINUTE) for number in range(20)]
    found += [Wish((role(f"plain{number}"),), 40 * MINUTE) for number in range(75)]
    found += [Wish((role(f"long{number}", duration=12 * HOUR),), 12 * HOUR - 20 * MINUTE) for number in range(20)]
    found += [Wish((hubs[number % 10], role(f"leaf{number}")), 40 * MINUTE) for number in range(60)]
    chained = [(hubs[number % 3], role("middle"), role(f"far{number}", duration=30 * MINUTE)) for number in range(20)]
    return found + [Wish(chain, 14 * MINUTE) for chain in chained]


def test_a_day_of_two_hundred_roles() -> None:
    """Nobody is ever given an expired session, or waits, and the calls are hardly more than the least possible."""
    day, wanted = Day(), wishes()
    assert len(wanted) == 200
    for wish in wanted:
        day.want(wish.name, *wish.hops)
    before = len(day.sts.calls)
    day.live(DAY)
    for key in day.plans:
        left = min(day.least_left[key], day.held[key][0].left_at(day.clock()))
        session, name = day.held[key]
        assert left > session.renewed_below() - MINUTE, name
    # Each that is wanted has to be renewed whenever it is due; what is only on the way, when it ends.
    least = sum(DAY // wish.usable for wish in wanted) + 8 * (DAY // HOUR)
    assert least <= len(day.sts.calls) - before <= 1.1 * least
    assert day.told == []


def test_a_day_with_outages() -> None:
    """AWS is away for 4 minutes every two hours: nobody has an expired session, and it is not asked all the time."""
    day = Day()
    day.outage = lambda now: now.hour % 2 == 0 and now.minute < 4
    for wish in wishes()[::10]:
        day.want(wish.name, *wish.hops)
    day.live(DAY)
    assert min(day.least_left[key] for key in day.plans) > timedelta(0)
    failed = sum(day.outage(at) for at in day.attempts)
    assert 0 < failed < 0.15 * len(day.attempts)


def test_a_day_behind_a_device() -> None:
    """What needs a code is renewed as long as the code serves, and then told once a role; nobody is asked."""
    day = Day()
    for number in range(5):
        day.want(f"leaf{number}", role("hub", mfa_serial=SERIAL), role(f"leaf{number}"), serial=SERIAL)
    assert day.asked == 1
    day.live(DAY)
    assert day.asked == 1
    assert sorted(day.told) == [f"leaf{number}" for number in range(5)]
    ended = {session.expires_at for session, _ in day.held.values()}
    assert min(ended) > NOON + 12 * HOUR
    assert len([at for at in day.attempts if at > NOON + 13 * HOUR]) < 5 * 6 * 11 + 5
