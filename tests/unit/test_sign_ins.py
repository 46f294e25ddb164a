"""Sign-ins: held and good, or refreshed, or made, each once, however many ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, PersonNeededError, RefusedError, StsctlError, UnavailableError
from stsctl.host.lock import Lock
from stsctl.sign_in import SignIn, new_id
from stsctl.sign_ins import SignIns
from stsctl.stores.held import Held
from stsctl.stores.index import Index
from stsctl.stores.learned import Learned
from stsctl.stores.memory import MemoryStore
from tests.unit.scripted_sts import Clock

LIMIT = timedelta(seconds=20)
HOUR = timedelta(hours=1)


@dataclass
class ScriptedAuthority:
    """An authority of people: it gives tokens of an hour, and does what the test says."""

    clock: Clock
    key: str = "center https://acme.example"
    name: str = "acme"
    command: str = "stsctl sso login acme"
    renewable: bool = True
    left: SignIn | None = None
    fails: StsctlError | None = None
    refuses_to_refresh: StsctlError | None = None
    calls: list[str] = field(default_factory=list)
    waiting: threading.Event | None = None

    def found(self, held: SignIn | None) -> SignIn | None:
        """What another program left."""
        return self.left

    def refresh(self, held: SignIn) -> SignIn:
        """A new token."""
        self.calls.append("refresh")
        if self.refuses_to_refresh is not None:
            raise self.refuses_to_refresh
        return replace(self._new(held.id), signed_in_at=held.signed_in_at)

    def sign_in(self) -> SignIn:
        """A new sign-in, for which the person may take their time."""
        self.calls.append("sign in")
        if self.waiting is not None:
            assert self.waiting.wait(10)
        if self.fails is not None:
            raise self.fails
        return self._new(new_id())

    def _new(self, identifier: str) -> SignIn:
        number = len(self.calls)
        return SignIn(
            authority=self.key,
            id=identifier,
            token=Secret(f"token {number}"),
            ends_at=self.clock() + HOUR,
            signed_in_at=self.clock(),
            refresh_token=Secret(f"refresh {number}") if self.renewable else None,
        )


class _Locks:
    """The real locks, as the broker asks for them."""

    def __init__(self, folder: Path, waiting: Callable[[str], None]) -> None:
        self._folder = folder
        self._waiting = waiting

    @contextmanager
    def hold(self, name: str, label: str, *, settled: Callable[[], bool] | None = None) -> Iterator[bool]:
        """See `broker.Locks`."""
        with Lock(self._folder, name, label) as lock:
            yield lock.acquire(LIMIT, poll=settled, waiting=self._waiting)


@dataclass
class Machine:
    """What all processes of one person share."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    store: MemoryStore = field(default_factory=MemoryStore)
    notices: list[str] = field(default_factory=list)
    waited: threading.Event = field(default_factory=threading.Event)

    def held(self) -> Held:
        """What is held, as another process sees it."""
        return Held(self.store, Index(self.folder / "index"), self.folder / "locks")

    def process(self, *, may_ask: bool = True) -> SignIns:
        """Another process."""
        return SignIns(
            holdings=self.held(),
            locks=_Locks(self.folder / "locks", lambda _holder: self.waited.set()),
            lessons=Learned(folder=self.folder / "learned"),
            notice=self.notices.append,
            now=self.clock,
            may_ask=lambda: may_ask,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine where nobody is signed in."""
    return Machine(tmp_path)


@pytest.fixture
def acme(machine: Machine) -> ScriptedAuthority:
    """Where people sign in."""
    return ScriptedAuthority(machine.clock)


def test_a_sign_in_is_made_once_and_held(machine: Machine, acme: ScriptedAuthority) -> None:
    """The first process signs in, the next finds it."""
    signed_in = machine.process().obtain(acme)
    assert machine.process(may_ask=False).obtain(acme) == signed_in
    assert acme.calls == ["sign in"]


def test_nobody_may_be_asked(machine: Machine, acme: ScriptedAuthority) -> None:
    """Where no person may be asked, what to type is said, and nothing is opened."""
    with pytest.raises(PersonNeededError, match="acme") as error:
        machine.process(may_ask=False).obtain(acme)
    assert error.value.hint == "stsctl sso login acme"
    assert acme.calls == []
    assert not error.value.asked


def test_a_token_that_ends_is_refreshed_without_a_person(machine: Machine, acme: ScriptedAuthority) -> None:
    """It is the same sign-in, by its id and its time, with another token."""
    first = machine.process().obtain(acme)
    machine.clock.at += HOUR
    second = machine.process(may_ask=False).obtain(acme)
    assert acme.calls == ["sign in", "refresh"]
    assert (second.id, second.signed_in_at) == (first.id, first.signed_in_at)
    assert second.token != first.token
    assert machine.process(may_ask=False).obtain(acme) == second


def test_one_that_cannot_be_refreshed_is_made_anew(machine: Machine, acme: ScriptedAuthority) -> None:
    """Another sign-in has another id."""
    acme.renewable = False
    first = machine.process().obtain(acme)
    machine.clock.at += HOUR
    with pytest.raises(PersonNeededError):
        machine.process(may_ask=False).obtain(acme)
    second = machine.process().obtain(acme)
    assert acme.calls == ["sign in", "sign in"]
    assert second.id != first.id


def test_a_refused_refresh_token_means_signing_in(machine: Machine, acme: ScriptedAuthority) -> None:
    """It is said that the sign-in ended, and the person is asked, where they may be."""
    first = machine.process().obtain(acme)
    machine.clock.at += HOUR
    acme.refuses_to_refresh = RefusedError("", code="InvalidGrantException")
    with pytest.raises(PersonNeededError):
        machine.process(may_ask=False).obtain(acme)
    machine.notices.clear()
    assert machine.process().obtain(acme).id != first.id
    assert machine.notices == ['the sign-in "acme" has ended']


def test_a_lost_network_loses_nothing(machine: Machine, acme: ScriptedAuthority) -> None:
    """While the authority cannot be reached nobody is asked, and the refresh token is there afterwards."""
    first = machine.process().obtain(acme)
    machine.clock.at += HOUR
    acme.refuses_to_refresh = UnavailableError("no connection")
    with pytest.raises(UnavailableError):
        machine.process().obtain(acme)
    machine.clock.at += timedelta(minutes=1)
    acme.refuses_to_refresh = None
    assert machine.process(may_ask=False).obtain(acme).id == first.id
    assert acme.calls == ["sign in", "refresh", "refresh"]


def test_a_rejected_token_is_refreshed(machine: Machine, acme: ScriptedAuthority) -> None:
    """A token that the authority no longer takes is not handed out again, good as it looks."""
    first = machine.process().obtain(acme)
    second = machine.process().obtain(acme, rejected=first)
    assert acme.calls == ["sign in", "refresh"]
    assert machine.process().obtain(acme, rejected=first) == second
    assert acme.calls == ["sign in", "refresh"]


def test_signing_in_anew(machine: Machine, acme: ScriptedAuthority) -> None:
    """Who asks for another sign-in gets one, whatever is held or left there."""
    first = machine.process().obtain(acme)
    acme.left = first
    machine.clock.at += timedelta(seconds=1)
    second = machine.process().obtain(acme, anew=True)
    assert acme.calls == ["sign in", "sign in"]
    assert second.id != first.id
    assert machine.held().sign_in(acme.key) == second


def test_what_another_program_left_is_taken(machine: Machine, acme: ScriptedAuthority) -> None:
    """It is held from then on; one that has ended is not taken."""
    acme.renewable = False
    acme.left = acme._new("theirs")
    assert machine.process(may_ask=False).obtain(acme).id == "theirs"
    machine.clock.at += HOUR
    with pytest.raises(PersonNeededError):
        machine.process(may_ask=False).obtain(acme)


def test_parallel_callers_ask_one_person_once(machine: Machine, acme: ScriptedAuthority) -> None:
    """However many want it at the same moment, one signs in, and all have what comes of it."""
    acme.waiting = threading.Event()
    got: list[SignIn] = []
    threads = [threading.Thread(target=lambda: got.append(machine.process().obtain(acme))) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert machine.waited.wait(10)
    acme.waiting.set()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert {one.id for one in got} == {got[0].id}
    assert acme.calls == ["sign in"]


@pytest.mark.parametrize(
    "failure",
    [
        RefusedError("the sign-in was denied", code="access_denied"),
        UnavailableError("no connection"),
        PersonNeededError("nobody signed in within 5 seconds", asked=True),
    ],
)
def test_a_failure_is_shared(machine: Machine, acme: ScriptedAuthority, failure: StsctlError) -> None:
    """Those who waited for a sign-in that failed do not ask again; whoever comes later does."""
    acme.waiting, acme.fails = threading.Event(), failure
    errors: list[str] = []

    def want() -> None:
        try:
            machine.process().obtain(acme)
        except StsctlError as error:
            errors.append(error.message)

    threads = [threading.Thread(target=want) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert machine.waited.wait(10)
    machine.clock.at += timedelta(seconds=5)
    acme.waiting.set()
    for thread in threads:
        thread.join()
    assert errors == [failure.message] * 4
    assert acme.calls == ["sign in"]
    acme.fails = None
    machine.clock.at += timedelta(seconds=1)
    machine.process().obtain(acme)
    assert acme.calls == ["sign in", "sign in"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ConfigurationError("no")])
def test_nothing_is_held_of_what_did_not_come_about(
    machine: Machine, acme: ScriptedAuthority, failure: BaseException
) -> None:
    """Ctrl-C in the middle leaves nothing held and nothing locked."""
    acme.fails = failure  # type: ignore[assignment]
    with pytest.raises(type(failure)):
        machine.process().obtain(acme)
    assert machine.held().sign_in_entries() == []
    assert machine.held().sign_in(acme.key) is None
    acme.fails = None
    machine.process().obtain(acme)


def test_authorities_are_apart(machine: Machine, acme: ScriptedAuthority) -> None:
    """A sign-in at one authority is none at another."""
    other = replace(acme, key="center https://other.example", name="other", calls=[])
    first = machine.process().obtain(acme)
    assert machine.process().obtain(other).id != first.id
    assert machine.process(may_ask=False).obtain(acme) == first
