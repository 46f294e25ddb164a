"""The broker: held and fresh, or obtained once and held."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.broker import Broker
from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import ConfigurationError, PersonNeededError, RefusedError, StsctlError, UnavailableError
from stsctl.host.lock import Lock
from stsctl.one_time_code import Question
from stsctl.plan import Plan
from stsctl.request import Asker, Operation
from stsctl.sources.keys import StoredKeys
from stsctl.stores.held import Held
from stsctl.stores.index import Entry, Index
from stsctl.stores.learned import Learned
from stsctl.stores.memory import MemoryStore
from stsctl.target import MfaMode, Target
from tests.unit.scripted_sts import Clock, ScriptedSts
from tests.unit.test_plan import ADMIN_ARN, ENDPOINT, HUB, HUB_ARN, SERIAL, Around, hop, target

HOUR = timedelta(hours=1)
KEYS = Credentials(access_key_id="AKIAEXAMPLE000000001", secret_access_key=Secret("canary"))
LIMIT = timedelta(seconds=20)


class KnownMaxima(dict):  # type: ignore[type-arg]
    """What was learned, as a plan asks for it."""

    def __init__(self, learned: Learned) -> None:
        super().__init__()
        self.learned = learned

    def get(self, role: object, otherwise: object = None) -> object:
        """What is known of a role."""
        return self.learned.maximum(role, ENDPOINT)  # type: ignore[arg-type]


@dataclass
class Machine:
    """One person's machine: what all of its processes share, and AWS beyond it."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    store: MemoryStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        self.sts = ScriptedSts(clock=self.clock, known={KEYS.access_key_id})
        self.learned = Learned(folder=self.folder / "learned")
        self.keys = KEYS

    def plan(self, what: Target) -> Plan:
        """The plan for `what`, with what was learned so far."""
        return Around(maxima=KnownMaxima(self.learned)).plan(what)

    def process(self, *codes: str) -> Process:
        """Another process, whose person reads those codes off the device."""
        return Process(machine=self, codes=list(codes))


@dataclass
class Process:
    """One process of stsctl: real holdings, locks and lessons on the machine's folders, around a broker."""

    machine: Machine
    codes: list[str]
    questions: list[Question] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    called: list[tuple[str, int]] = field(default_factory=list)
    waiting: threading.Event = field(default_factory=threading.Event)
    before_answering: Callable[[], None] | None = None
    unasked: PersonNeededError | None = None

    def __post_init__(self) -> None:
        folder = self.machine.folder
        self.held = Held(self.machine.store, Index(folder / "index"), folder / "locks")

    def obtain(self, plan: Plan, *, refresh: bool = False, least: timedelta | None = None) -> Session:
        """What a command does."""
        return self.broker.obtain(plan, refresh=refresh, least=least)

    @property
    def broker(self) -> Broker:
        """The broker of this process."""
        keys = self.machine.keys
        return Broker(
            holdings=self,
            source=StoredKeys(name="work", key_id=lambda: keys.access_key_id, read=lambda: keys),
            exchange=lambda _operation: self.machine.sts,
            locks=_Locks(self),
            lessons=self.machine.learned,
            prompt=self._prompt,
            watcher=self,
            now=self.machine.clock,
        )

    # Holdings

    def session(self, request_key: str) -> Session | None:
        """What is held."""
        return self.held.session(request_key)

    def hold(self, session: Session, plan: Plan, position: int) -> None:
        """Holds it, and lists it in the index."""
        entry = Entry(
            request_key=session.request_key,
            name=plan.steps[position].name,
            access_key_id=session.credentials.access_key_id,
            obtained_at=session.obtained_at,
            expires_at=session.expires_at,
            store=self.held.store,
        )
        self.held.hold(session, entry)

    def drop(self, request_key: str) -> None:
        """Forgets it."""
        self.held.drop(request_key)

    # Watcher

    def notice(self, text: str) -> None:
        """Remembers what the person was told."""
        self.notices.append(text)

    @contextmanager
    def calling(self, plan: Plan, position: int) -> Iterator[None]:
        """Remembers which calls were announced."""
        self.called.append((plan.name, position))
        yield

    def _prompt(self, question: Question) -> str:
        if self.before_answering is not None:
            step, self.before_answering = self.before_answering, None
            step()
        self.machine.clock.move(seconds=1)
        if self.unasked is not None and not self.codes:
            raise self.unasked
        self.questions.append(question)
        if not self.codes:
            raise PersonNeededError("nobody answered", asked=True)
        return self.codes.pop(0)


@dataclass
class _Locks:
    """The real locks, which say when this process begins to wait for another."""

    process: Process

    @contextmanager
    def hold(self, name: str, label: str, *, settled: Callable[[], bool] | None = None) -> Iterator[bool]:
        def poll() -> bool:
            self.process.waiting.set()
            return settled is not None and settled()

        with Lock(self.process.machine.folder / "locks", name, label) as lock:
            yield lock.acquire(LIMIT, poll=poll)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it but a pair of keys."""
    return Machine(folder=tmp_path)


CHAIN = target(HUB, hop(external_id="ext"), serial=SERIAL)
PLAIN = target(HUB, hop(external_id="ext"))


# Obtained, and held


def test_a_cold_chain(machine: Machine) -> None:
    """Each step is called once, with the session before it; one code is asked for; each session is held."""
    process = machine.process("111111")
    plan = machine.plan(CHAIN)
    session = process.obtain(plan)
    assert machine.sts.made == ["session", "Hub", "Admin"]
    askers = [key_id for _, key_id, _ in machine.sts.calls]
    held = [process.session(step.request.cache_key()) for step in plan.steps]
    assert askers == [KEYS.access_key_id, *(each.credentials.access_key_id for each in held[:2] if each)]
    assert held[-1] == session
    assert [(question.serial, question.name) for question in process.questions] == [(SERIAL, "admin")]
    assert process.called == [("admin", 0), ("admin", 1), ("admin", 2)]
    assert process.notices == []


def test_a_held_session_costs_no_call(machine: Machine) -> None:
    """While it is fresh another process is answered from what is held: no call, no question, no notice."""
    plan = machine.plan(CHAIN)
    first = machine.process("111111").obtain(plan)
    machine.clock.move(minutes=39)
    other = machine.process()
    assert other.obtain(plan) == first
    assert len(machine.sts.calls) == 3
    assert other.notices == []


def test_a_source_is_its_own_session(machine: Machine) -> None:
    """A plan without steps answers with the source's credentials and makes no call."""
    session = machine.process().obtain(machine.plan(target()))
    assert session.credentials == KEYS
    assert machine.sts.calls == []


def test_the_deepest_held_step_is_used(machine: Machine) -> None:
    """Another role behind the same hub costs one call, and the same source one more, without a question."""
    machine.process("111111").obtain(machine.plan(CHAIN))
    machine.process().obtain(machine.plan(target(HUB, hop("b", external_id="other"), serial=SERIAL)))
    assert machine.sts.made == ["session", "Hub", "Admin", "Admin"]
    machine.process().obtain(machine.plan(target(hop("c"), serial=SERIAL)))
    assert machine.sts.made[4:] == ["Admin"]


def test_a_parent_with_a_minute_left_is_used_and_one_with_less_is_not(machine: Machine) -> None:
    """A held session takes the next step to its last minute."""
    machine.process().obtain(machine.plan(PLAIN))
    hub = machine.process().session(machine.plan(PLAIN).steps[0].request.cache_key())
    assert hub is not None
    assert hub.expires_at is not None
    machine.clock.at = hub.expires_at - timedelta(minutes=1)
    machine.process().obtain(machine.plan(target(HUB, hop("b"))))
    assert machine.sts.made == ["Hub", "Admin", "Admin"]
    machine.clock.at = hub.expires_at - timedelta(seconds=59)
    machine.process().obtain(machine.plan(target(HUB, hop("c", external_id="c"))))
    assert machine.sts.made[3:] == ["Hub", "Admin"]


def test_what_cannot_be_read_is_obtained_anew(machine: Machine) -> None:
    """A corrupt item is a miss that mends itself."""
    from stsctl.stores.interface import Item, Kind

    plan = machine.plan(PLAIN)
    machine.process().obtain(plan)
    machine.store.put(Item(kind=Kind.SESSION, key=plan.steps[-1].request.cache_key(), value=Secret("{corrupt")))
    process = machine.process()
    session = process.obtain(plan)
    assert machine.sts.made == ["Hub", "Admin", "Admin"]
    assert machine.process().obtain(plan) == session


# Freshness: DESIGN section 4


FRESHNESS = [
    (timedelta(hours=12), timedelta(minutes=20)),
    (timedelta(minutes=60), timedelta(minutes=20)),
    (timedelta(minutes=59), timedelta(minutes=16)),
    (timedelta(minutes=30), timedelta(minutes=16)),
    (timedelta(minutes=29), timedelta(minutes=29) / 3),
    (timedelta(minutes=15), timedelta(minutes=5)),
]


@pytest.mark.parametrize(("life", "limit"), FRESHNESS)
def test_a_session_is_renewed_below_its_limit(machine: Machine, life: timedelta, limit: timedelta) -> None:
    """With exactly the row's limit left it is handed out; with less it is renewed, where no person is needed."""
    machine.sts.lives[Operation.ASSUME_ROLE] = life
    plan = machine.plan(target(hop()))
    first = machine.process().obtain(plan)
    assert first.expires_at is not None
    machine.clock.at = first.expires_at - limit
    assert machine.process().obtain(plan) == first
    machine.clock.move(seconds=1)
    renewed = machine.process()
    assert renewed.obtain(plan) != first
    assert len(machine.sts.calls) == 2
    assert renewed.notices == []


@pytest.mark.parametrize(("life", "limit"), FRESHNESS)
def test_one_that_needs_a_person_is_served_to_its_last_minute(
    machine: Machine, life: timedelta, limit: timedelta
) -> None:
    """From the row's limit on there is a notice, below a minute the question."""
    machine.sts.lives[Operation.ASSUME_ROLE] = life
    plan = machine.plan(target(hop(), serial=SERIAL, mfa=MfaMode.DIRECT))
    first = machine.process("111111").obtain(plan)
    assert first.expires_at is not None
    for left, noticed in ((limit, False), (limit - timedelta(seconds=1), True), (timedelta(minutes=1), True)):
        machine.clock.at = first.expires_at - left
        process = machine.process()
        assert process.obtain(plan) == first
        minutes = int(left.total_seconds() // 60)
        expected = [f'"admin" ends in {minutes} min, and its renewal needs you'] if noticed else []
        assert process.notices == expected
    machine.clock.move(seconds=1)
    last = machine.process("222222")
    assert last.obtain(plan) != first
    assert len(last.questions) == 1


def test_a_process_that_gives_the_code_is_no_person(machine: Machine) -> None:
    """With mfa_process a renewal needs nobody, and is made when it is due."""
    what = target(hop(mfa_process=("oath",)), serial=SERIAL, mfa=MfaMode.DIRECT)
    first = machine.process("111111").obtain(machine.plan(what))
    machine.clock.move(minutes=45)
    process = machine.process("222222")
    assert process.obtain(machine.plan(what)) != first
    assert [question.process for question in process.questions] == [("oath",)]


def test_a_held_session_with_mfa_renews_without_a_person(machine: Machine) -> None:
    """While the session that took the code lasts, what is behind it is renewed without asking."""
    plan = machine.plan(CHAIN)
    machine.process("111111").obtain(plan)
    machine.clock.move(minutes=45)
    process = machine.process()
    process.obtain(plan)
    assert machine.sts.made == ["session", "Hub", "Admin", "Admin"]
    assert process.notices == []


def test_least_is_what_must_be_left(machine: Machine) -> None:
    """A caller that needs 50 minutes gets a new session where the held one has fewer, and the held one otherwise."""
    plan = machine.plan(target(hop()))
    first = machine.process().obtain(plan)
    machine.clock.move(minutes=5)
    assert machine.process().obtain(plan, least=timedelta(minutes=50)) == first
    machine.clock.move(minutes=10)
    second = machine.process().obtain(plan, least=timedelta(minutes=50))
    assert second != first
    assert machine.process().obtain(plan) == second


def test_least_beyond_the_whole_life_gets_a_new_one_each_time(machine: Machine) -> None:
    """No session can have more left than a new one: it is handed out as long as it gets."""
    plan = machine.plan(target(hop()))
    assert machine.process().obtain(plan, least=2 * HOUR).expires_at == machine.clock() + HOUR
    assert machine.process().obtain(plan, least=2 * HOUR).expires_at == machine.clock() + HOUR
    assert len(machine.sts.calls) == 2


def test_least_asks_a_person_when_it_must(machine: Machine) -> None:
    """A held session that is too short for what was asked is renewed although that takes a code."""
    plan = machine.plan(target(hop(), serial=SERIAL, mfa=MfaMode.DIRECT))
    first = machine.process("111111").obtain(plan)
    machine.clock.move(minutes=30)
    process = machine.process("222222")
    assert process.obtain(plan, least=timedelta(minutes=40)) != first
    assert len(process.questions) == 1


def test_refresh_takes_none_that_is_held(machine: Machine) -> None:
    """The target's session is obtained anew however fresh; what leads to it is used as it is."""
    plan = machine.plan(CHAIN)
    first = machine.process("111111").obtain(plan)
    process = machine.process()
    second = process.obtain(plan, refresh=True)
    assert second != first
    assert machine.sts.made == ["session", "Hub", "Admin", "Admin"]
    assert machine.process().obtain(plan) == second


def test_a_held_session_outlives_an_outage(machine: Machine) -> None:
    """Where STS cannot be reached and the held session lasts, that one is handed out, and it is said."""
    plan = machine.plan(target(hop()))
    first = machine.process().obtain(plan)
    machine.clock.move(minutes=45)
    machine.sts.down = True
    process = machine.process()
    assert process.obtain(plan) == first
    assert len(process.notices) == 1
    assert "not reached" in process.notices[0]
    assert "lasts another 15 min" in process.notices[0]
    machine.clock.at = first.expires_at or machine.clock.at
    with pytest.raises(UnavailableError):
        machine.process().obtain(plan)


def test_a_held_session_outlives_a_person_who_is_away(machine: Machine) -> None:
    """A renewal that turns out to need a person who is not there gives what is held while it lasts."""
    plan = machine.plan(CHAIN)
    first = machine.process("111111").obtain(plan)
    machine.sts.known = {KEYS.access_key_id}
    machine.clock.move(minutes=45)
    process = machine.process()
    process.unasked = PersonNeededError("no terminal")
    assert process.obtain(plan) == first
    assert "no terminal; the session held lasts another" in process.notices[0]


# Codes


def test_a_wrong_code_is_asked_for_again(machine: Machine) -> None:
    """A code that AWS does not take is asked for again, with what was wrong with it."""
    process = machine.process("000000", "111111")
    process.obtain(machine.plan(CHAIN))
    assert machine.sts.codes_seen == ["000000", "111111"]
    assert [question.complaint for question in process.questions] == [None, "AWS did not take that code"]


def test_three_wrong_codes_are_final(machine: Machine) -> None:
    """After three wrong codes the refusal stands, with its hop and what may be the matter."""
    process = machine.process("000001", "000002", "000003", "111111")
    with pytest.raises(RefusedError) as raised:
        process.obtain(machine.plan(CHAIN))
    assert machine.sts.codes_seen == ["000001", "000002", "000003"]
    assert raised.value.message == 'role "admin" refused: hop 1 of 3, sts:GetSessionToken'
    assert "clock of the device" in (raised.value.hint or "")


def test_the_only_code_there_was_is_refused(machine: Machine) -> None:
    """Where nobody can be asked for another code, AWS's refusal is what is reported, not that nobody was there."""
    process = machine.process("000000")
    process.unasked = PersonNeededError("no other code")
    with pytest.raises(RefusedError, match="hop 1 of 3") as raised:
        process.obtain(machine.plan(CHAIN))
    assert "invalid MFA" in raised.value.reason
    assert len(machine.sts.calls) == 1


def test_a_used_code_is_never_sent(machine: Machine) -> None:
    """A code that was given to AWS, by whichever process and whether or not it was taken, is not sent again."""
    direct = target(hop(), serial=SERIAL, mfa=MfaMode.DIRECT)
    machine.process("000000", "111111").obtain(machine.plan(direct))
    process = machine.process("111111", "000000", "222222")
    process.obtain(machine.plan(CHAIN))
    assert machine.sts.codes_seen == ["000000", "111111", "222222"]
    assert all("used already" in (question.complaint or "") for question in process.questions[1:])


def test_only_used_codes_are_an_end(machine: Machine) -> None:
    """Somebody who gives the same used code three times is told, and AWS is not asked."""
    direct = target(hop(), serial=SERIAL, mfa=MfaMode.DIRECT)
    machine.process("111111").obtain(machine.plan(direct))
    with pytest.raises(PersonNeededError, match="used already") as raised:
        machine.process("111111", "111111", "111111").obtain(machine.plan(CHAIN))
    assert raised.value.asked
    assert machine.sts.codes_seen == ["111111"]


def test_a_refusal_for_another_reason_asks_no_second_code(machine: Machine) -> None:
    """Where the code was not what AWS objected to, nobody is asked for another."""
    machine.sts.denied.add(ADMIN_ARN)
    process = machine.process("111111", "222222")
    with pytest.raises(RefusedError, match="hop 1 of 1"):
        process.obtain(machine.plan(target(hop(), serial=SERIAL, mfa=MfaMode.DIRECT)))
    assert len(process.questions) == 1


# Durations


def test_a_configured_duration_that_is_too_long(machine: Machine) -> None:
    """It is asked for once more within what the role gives, with the same code, and said; the next run is a hit."""
    machine.sts.maxima[ADMIN_ARN] = HOUR
    what = target(hop(duration=4 * HOUR), serial=SERIAL)
    process = machine.process("111111")
    session = process.obtain(machine.plan(what))
    assert [request.duration for request, _, _ in machine.sts.calls] == [4 * HOUR, HOUR]
    assert machine.sts.codes_seen == ["111111", "111111"]
    assert len(process.questions) == 1
    message = "4h is more than the role's maximum session duration (MaxSessionDuration)"
    assert process.notices == [f'"admin": {message}; asked for 1h, and remembered']
    again = machine.process()
    assert again.obtain(machine.plan(what)) == session
    assert len(machine.sts.calls) == 2
    assert again.notices == []


def test_a_hubs_duration_that_is_too_long(machine: Machine) -> None:
    """The steps behind a shortened one are held under the keys of the plan that is made afterwards."""
    machine.sts.maxima[HUB_ARN] = 2 * HOUR
    what = target(hop("hub", HUB_ARN, duration=4 * HOUR), hop())
    session = machine.process().obtain(machine.plan(what))
    assert machine.sts.made == ["Hub", "Hub", "Admin"]
    afterwards = machine.plan(what)
    assert session.request_key == afterwards.steps[-1].request.cache_key()
    assert machine.process().obtain(afterwards) == session
    assert len(machine.sts.calls) == 3


def test_what_a_role_gave_is_asked_for_after_a_refusal(machine: Machine) -> None:
    """After a refusal the longest that is known to be given is asked for, not only the hour."""
    machine.sts.maxima[ADMIN_ARN] = 4 * HOUR
    machine.process().obtain(machine.plan(target(hop(duration=3 * HOUR))))
    other = target(hop("other", external_id="x", duration=12 * HOUR))
    machine.process().obtain(machine.plan(other))
    assert [request.duration for request, _, _ in machine.sts.calls] == [3 * HOUR, 12 * HOUR, 3 * HOUR]


def test_a_typed_duration_that_is_too_long_is_explained(machine: Machine) -> None:
    """What a person typed is not replaced: the refusal says which maximum was exceeded and what to type."""
    machine.sts.maxima[ADMIN_ARN] = HOUR
    process = machine.process()
    with pytest.raises(RefusedError, match="4h is more than the role's maximum session duration") as raised:
        process.obtain(machine.plan(target(hop(duration=4 * HOUR, duration_typed=True))))
    assert raised.value.message.startswith('role "admin" refused: hop 1 of 1, sts:AssumeRole on arn:aws:iam::2222')
    assert raised.value.hint == "try --duration 1h, which every role gives"
    assert "MaxSessionDuration" in raised.value.reason
    assert len(machine.sts.calls) == 1
    maximum = machine.learned.maximum(ADMIN_ARN, ENDPOINT)
    assert maximum is not None
    assert maximum.below == 4 * HOUR


def test_a_session_that_is_shorter_than_asked_teaches_nothing(machine: Machine) -> None:
    """Somebody else had a say in it: what the role allows is not known from that, and the person is told."""
    machine.sts.lives[Operation.ASSUME_ROLE] = 2 * HOUR
    process = machine.process()
    process.obtain(machine.plan(target(hop(duration=4 * HOUR))))
    assert machine.learned.maximum(ADMIN_ARN, ENDPOINT) is None
    assert process.notices == ['"admin" lasts 2h, not 4h: AWS gave less']
    machine.process().obtain(machine.plan(target(hop(duration=2 * HOUR))))
    learned = machine.learned.maximum(ADMIN_ARN, ENDPOINT)
    assert learned is not None
    assert learned.at_least == 2 * HOUR


def test_a_refused_duration_spends_no_code(machine: Machine) -> None:
    """AWS objects to a duration before it looks at the code, so the code can still be used."""
    machine.sts.maxima[ADMIN_ARN] = HOUR
    with pytest.raises(RefusedError):
        machine.process("111111").obtain(
            machine.plan(target(hop(duration=4 * HOUR, duration_typed=True), serial=SERIAL))
        )
    machine.process("111111").obtain(machine.plan(target(hop(), serial=SERIAL)))
    assert machine.sts.codes_seen == ["111111", "111111"]


# What AWS has forgotten


def test_a_forgotten_session_is_dropped_and_the_chain_begins_anew(machine: Machine) -> None:
    """Where AWS no longer knows the held session that a chain was to start from, it is obtained again, further up."""
    plan = machine.plan(CHAIN)
    machine.process("111111").obtain(plan)
    machine.sts.known = {KEYS.access_key_id}
    machine.clock.move(hours=2)
    process = machine.process("222222")
    session = process.obtain(plan)
    assert machine.sts.made[3:] == ["Hub", "session", "Hub", "Admin"]
    assert len(process.questions) == 1
    assert machine.process().obtain(plan) == session


def test_every_forgotten_session_on_the_way_is_dropped(machine: Machine) -> None:
    """Session after session is tried from the deepest on, until one is known or the source's keys are."""
    plan = machine.plan(CHAIN)
    machine.process("111111").obtain(plan)
    machine.sts.known = {KEYS.access_key_id}
    machine.process("222222").obtain(plan, refresh=True)
    assert machine.sts.made[3:] == ["Admin", "Hub", "session", "Hub", "Admin"]


def test_keys_that_aws_does_not_know_are_a_refusal(machine: Machine) -> None:
    """With nothing held to drop, the refusal stands after one call."""
    machine.sts.known.clear()
    with pytest.raises(RefusedError, match="hop 1 of 2") as raised:
        machine.process().obtain(machine.plan(PLAIN))
    assert raised.value.code == "InvalidClientTokenId"
    assert len(machine.sts.calls) == 1


def test_a_new_session_that_aws_does_not_know_ends_it(machine: Machine) -> None:
    """A session refused right after it was given is no reason to begin again for ever."""

    machine.sts.forgetful = True
    process = machine.process("111111")
    with pytest.raises(RefusedError, match="hop 2 of 3"):
        process.obtain(machine.plan(CHAIN))
    assert machine.sts.made == ["session", "Hub"]


def test_only_the_session_that_was_refused_is_in_doubt(machine: Machine) -> None:
    """Where a session given in this very climb is refused, the held one that it came from is kept."""
    machine.process("111111").obtain(machine.plan(target(serial=SERIAL)))
    machine.sts.forgetful = True
    plan, process = machine.plan(CHAIN), machine.process("222222")
    with pytest.raises(RefusedError, match="hop 3 of 3"):
        process.obtain(plan)
    assert machine.sts.made == ["session", "Hub", "Admin"]
    assert process.session(plan.steps[0].request.cache_key()) is not None


def test_a_session_that_another_process_renewed_is_not_dropped(machine: Machine) -> None:
    """Between a refusal and the dropping another process may have renewed the session: the new one is kept and used."""
    plan = machine.plan(CHAIN)
    machine.process("111111").obtain(plan)
    machine.sts.known = {KEYS.access_key_id}
    machine.clock.move(hours=2)

    def renewed_elsewhere() -> None:
        renewed = machine.sts.session(plan.steps[0].request)
        machine.process().hold(renewed, plan, 0)

    machine.sts.meanwhile = renewed_elsewhere
    process = machine.process()
    process.obtain(plan)
    assert machine.sts.made[3:] == ["Hub", "Hub", "Admin"]
    assert process.questions == []


# Many processes


def _meanwhile(process: Process, plan: Plan) -> tuple[threading.Thread, list[Session | StsctlError]]:
    """`process` obtains `plan` in a thread; returns when it waits for somebody else's lock."""
    outcome: list[Session | StsctlError] = []

    def run() -> None:
        try:
            outcome.append(process.obtain(plan))
        except StsctlError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert process.waiting.wait(10)
    return thread, outcome


def _together(first: Process, plan: Plan, second: Process, other: Plan) -> tuple[object, object]:
    """Both outcomes, where the second begins to wait while the first asks its person."""
    waiters: list[tuple[threading.Thread, list[Session | StsctlError]]] = []
    first.before_answering = lambda: waiters.append(_meanwhile(second, other))
    outcome: Session | StsctlError
    try:
        outcome = first.obtain(plan)
    except StsctlError as error:
        outcome = error
    thread, others = waiters[0]
    thread.join(15)
    assert others
    return outcome, others[0]


def test_who_waits_gets_the_same_session(machine: Machine) -> None:
    """Two processes that want one cold role make one prompt and one call a step between them."""
    plan = machine.plan(CHAIN)
    first, second = machine.process("111111"), machine.process()
    one, other = _together(first, plan, second, plan)
    assert one == other
    assert machine.sts.made == ["session", "Hub", "Admin"]
    assert (len(first.questions), len(second.questions)) == (1, 0)


def test_two_roles_share_the_question(machine: Machine) -> None:
    """Two roles behind one hub ask once between them."""
    first, second = machine.process("111111"), machine.process()
    other_plan = machine.plan(target(HUB, hop("b", external_id="b"), serial=SERIAL))
    one, other = _together(first, machine.plan(CHAIN), second, other_plan)
    assert isinstance(one, Session)
    assert isinstance(other, Session)
    assert one != other
    assert sorted(machine.sts.made) == ["Admin", "Admin", "Hub", "session"]
    assert second.questions == []


def test_one_device_is_asked_for_one_code_at_a_time(machine: Machine) -> None:
    """Two different calls that take a code of one device wait for each other, and the second takes another code."""
    first, second = machine.process("111111"), machine.process("111111", "222222")
    direct = machine.plan(target(hop(duration=2 * HOUR), serial=SERIAL))
    one, other = _together(first, machine.plan(CHAIN), second, direct)
    assert isinstance(one, Session)
    assert isinstance(other, Session)
    assert sorted(code or "" for code in machine.sts.codes_seen) == ["111111", "222222"]
    assert "used already" in (second.questions[1].complaint or "")


def test_who_waits_is_told_how_it_failed(machine: Machine) -> None:
    """A failure is shared with those who waited for the same call, each told of its own role; nobody asks again."""
    first, second = machine.process("000001", "000002", "000003"), machine.process("111111")
    other_plan = machine.plan(target(HUB, hop("b", external_id="b"), serial=SERIAL))
    one, other = _together(first, machine.plan(CHAIN), second, other_plan)
    assert isinstance(one, RefusedError)
    assert isinstance(other, RefusedError)
    assert one.message == 'role "admin" refused: hop 1 of 3, sts:GetSessionToken'
    assert other.message == 'role "b" refused: hop 1 of 3, sts:GetSessionToken'
    assert (other.code, other.reason, other.hint) == (one.code, one.reason, one.hint)
    assert second.questions == []
    assert len(machine.sts.calls) == 3


def test_who_comes_later_tries_for_itself(machine: Machine) -> None:
    """A failure is nothing to those who begin after it."""
    plan = machine.plan(CHAIN)
    with pytest.raises(RefusedError):
        machine.process("000001", "000002", "000003").obtain(plan)
    assert machine.process("111111").obtain(plan)


def test_an_outage_is_shared_with_those_who_waited(machine: Machine) -> None:
    """Those who waited for a call that did not get through do not each wait for it to time out again."""
    machine.sts.down = True
    first, second = machine.process("111111"), machine.process("222222")
    plan = machine.plan(CHAIN)
    one, other = _together(first, plan, second, plan)
    assert isinstance(one, UnavailableError)
    assert isinstance(other, UnavailableError)
    assert (
        other.message
        == one.message
        == ('role "admin" not reached: hop 1 of 3, sts:GetSessionToken: no connection to sts.test')
    )
    assert len(machine.sts.calls) == 1


def test_a_question_that_nobody_answered_is_not_asked_again(machine: Machine) -> None:
    """Where the question was shown and not answered, those who waited are told so."""
    first, second = machine.process(), machine.process("111111")
    plan = machine.plan(CHAIN)
    one, other = _together(first, plan, second, plan)
    assert isinstance(one, PersonNeededError)
    assert isinstance(other, PersonNeededError)
    assert second.questions == []


def test_a_question_that_was_never_shown_is_asked_by_the_next(machine: Machine) -> None:
    """A process without a terminal does not keep one with a terminal from asking."""
    first, second = machine.process(), machine.process("111111")
    first.unasked = PersonNeededError("no terminal")
    plan = machine.plan(CHAIN)
    one, other = _together(first, plan, second, plan)
    assert isinstance(one, PersonNeededError)
    assert isinstance(other, Session)
    assert len(second.questions) == 1


def test_who_waits_for_a_shortened_session_gets_it(machine: Machine) -> None:
    """A process that planned for the refused duration takes what the first one got instead."""
    machine.sts.maxima[ADMIN_ARN] = HOUR
    plan = machine.plan(target(hop(duration=4 * HOUR), serial=SERIAL))
    first, second = machine.process("111111"), machine.process()
    one, other = _together(first, plan, second, plan)
    assert one == other
    assert len(machine.sts.calls) == 2


def test_a_renewal_by_another_process_is_taken(machine: Machine) -> None:
    """Where a session was renewed while this process waited to renew it, that one will do."""
    plan = machine.plan(target(hop(mfa_process=("oath",)), serial=SERIAL, mfa=MfaMode.DIRECT))
    machine.process("111111").obtain(plan)
    machine.clock.move(minutes=45)
    first, second = machine.process("222222"), machine.process("333333")
    one, other = _together(first, plan, second, plan)
    assert one == other
    assert len(machine.sts.calls) == 2


# What is said


@pytest.mark.parametrize(
    ("denied", "where"),
    [
        (HUB_ARN, f"hop 1 of 2, sts:AssumeRole on {HUB_ARN}"),
        (ADMIN_ARN, f"hop 2 of 2, sts:AssumeRole on {ADMIN_ARN}"),
    ],
)
def test_a_refusal_says_which_hop(machine: Machine, denied: object, where: str) -> None:
    """The error names the role that was asked for, the hop, the operation and its role; a hint follows."""
    machine.sts.denied.add(denied)  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as raised:
        machine.process().obtain(machine.plan(PLAIN))
    assert raised.value.message == str(raised.value) == f'role "admin" refused: {where}'
    assert "mfa_serial" in (raised.value.hint or "")


def test_with_a_code_given_the_hint_is_another(machine: Machine) -> None:
    """Where a code was given, a missing one is not what is suggested."""
    machine.sts.denied.add(ADMIN_ARN)
    with pytest.raises(RefusedError) as raised:
        machine.process("111111").obtain(machine.plan(CHAIN))
    assert raised.value.hint == "stsctl explain --last"


def test_a_source_is_not_called_a_role(machine: Machine) -> None:
    """Where the target is a source, the error says so."""
    machine.sts.down = True
    with pytest.raises(UnavailableError, match=r'^source "work" not reached: hop 1 of 1, sts:Get'):
        machine.process("111111").obtain(machine.plan(target(serial=SERIAL)))


def test_keys_that_changed_meanwhile(machine: Machine) -> None:
    """Where the source has other keys than the plan was made for, nothing is asked: never the wrong credentials."""
    plan = machine.plan(CHAIN)
    machine.keys = replace(KEYS, access_key_id="AKIAEXAMPLE000000002")
    process = machine.process("111111")
    with pytest.raises(ConfigurationError, match='the keys of source "work" changed meanwhile'):
        process.obtain(plan)
    assert (process.questions, machine.sts.calls) == ([], [])


def test_other_keys_find_nothing_that_was_held(machine: Machine) -> None:
    """A source that was given other keys starts anew: what its old keys obtained is not used."""
    machine.process("111111").obtain(machine.plan(CHAIN))
    machine.keys = replace(KEYS, access_key_id="AKIAEXAMPLE000000002")
    machine.sts.known.add(machine.keys.access_key_id)
    asker = Asker.of_keys(machine.keys.access_key_id)
    process = machine.process("222222")
    process.obtain(Around(asker=asker).plan(CHAIN))
    assert machine.sts.made[3:] == ["session", "Hub", "Admin"]


def test_a_refused_call_holds_nothing(machine: Machine) -> None:
    """Nothing is held of a chain but the steps that were answered."""
    machine.sts.denied.add(ADMIN_ARN)
    plan = machine.plan(CHAIN)
    process = machine.process("111111")
    with pytest.raises(RefusedError):
        process.obtain(plan)
    held = [process.session(step.request.cache_key()) is not None for step in plan.steps]
    assert held == [True, True, False]


def test_a_renewal_takes_what_lasts_and_else_a_new_one(machine: Machine) -> None:
    """Ahead of the moment at which it is due by itself."""
    made = machine.plan(target(hop()))
    first = machine.process().obtain(made)
    assert machine.process().broker.renew(made, least=HOUR - timedelta(minutes=1)) == first
    machine.clock.move(minutes=30)
    renewed = machine.process().broker.renew(made, least=timedelta(minutes=31))
    assert renewed != first
    assert machine.process().obtain(made) == renewed


def test_a_renewal_that_needs_a_person_asks_neither_them_nor_aws(machine: Machine) -> None:
    """Whether the session lasts or has ended; with a code that still serves nobody is needed."""
    made = machine.plan(target(hop("hub", HUB_ARN), hop(), serial=SERIAL))
    machine.process("111111").obtain(made)
    machine.clock.move(minutes=30)
    machine.process().broker.renew(made, least=timedelta(minutes=31))
    machine.clock.move(hours=12)
    before = len(machine.sts.calls)
    process = machine.process("222222")
    with pytest.raises(PersonNeededError) as caught:
        process.broker.renew(made, least=timedelta(minutes=31))
    assert not caught.value.asked
    assert process.questions == []
    assert len(machine.sts.calls) == before
