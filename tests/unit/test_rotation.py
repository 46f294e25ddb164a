"""Rotating keys: wherever it stops, a pair that works is kept, and the next rotation goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret
from stsctl.errors import RefusedError, StsctlError, UnavailableError
from stsctl.rotation import AccessKey, Rotation, Rotator
from tests.unit.scripted_sts import Clock

ALICE = Arn.parse("arn:aws:iam::111111111111:user/alice")
BOB = Arn.parse("arn:aws:iam::111111111111:user/bob")
OLD = Credentials(access_key_id="AKIAEXAMPLE000000000", secret_access_key=Secret("canary"))
SESSION = Credentials(
    access_key_id="ASIAEXAMPLE000000000", secret_access_key=Secret("canary"), session_token=Secret("canary")
)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class ScriptedIam:
    """IAM as one user's keys see it.

    `spreads` is how many calls a new key takes to be known, `only_with_mfa` that nothing but a session may do anything;
    `belongs_to` is whom the keys that it makes are said to be.
    """

    clock: Clock
    keys: dict[str, AccessKey] = field(default_factory=dict)
    spreads: int = 0
    only_with_mfa: bool = False
    belongs_to: Arn = ALICE
    sessions: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    step: Callable[[], None] = lambda: None
    made: int = 0
    _unknown: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add(OLD.access_key_id)

    def add(self, key_id: str, **facts: datetime | None) -> None:
        """The user has this key."""
        self.keys[key_id] = replace(AccessKey(id=key_id, active=True, created_at=self.clock()), **facts)  # type: ignore[arg-type]

    def listed(self, credentials: Credentials) -> tuple[AccessKey, ...]:
        """See `AccessKeys`."""
        self._allowed("list", credentials)
        return tuple(self.keys.values())

    def create(self, credentials: Credentials) -> Credentials:
        """See `AccessKeys`."""
        self._allowed("create", credentials)
        assert len(self.keys) < 2
        self.made += 1
        key_id = f"AKIAEXAMPLE{self.made:09}"
        self.add(key_id)
        self._unknown[key_id] = self.spreads
        self.step()
        return Credentials(access_key_id=key_id, secret_access_key=Secret(f"secret of {key_id}"))

    def deactivate(self, credentials: Credentials, key_id: str) -> None:
        """See `AccessKeys`."""
        self._allowed("deactivate", credentials)
        self.keys[key_id] = replace(self.keys[key_id], active=False)
        self.step()

    def delete(self, credentials: Credentials, key_id: str) -> None:
        """See `AccessKeys`."""
        self._allowed("delete", credentials)
        del self.keys[key_id]
        self.step()

    def identity(self, credentials: Credentials) -> Arn:
        """See `AccessKeys`."""
        self._known("identity", credentials)
        return ALICE if credentials == OLD else self.belongs_to

    def works(self, credentials: Credentials) -> bool:
        """Whether AWS takes that pair."""
        key = self.keys.get(credentials.access_key_id)
        return key is not None and key.active

    def _known(self, what: str, credentials: Credentials) -> None:
        self.step()
        self.asked.append(what)
        key_id = credentials.access_key_id
        waits = self._unknown.get(key_id, 0)
        self._unknown[key_id] = max(0, waits - 1)
        if waits or not (self.works(credentials) or key_id in self.sessions):
            raise RefusedError("", code="InvalidClientTokenId", operation=f"iam:{what}")

    def _allowed(self, what: str, credentials: Credentials) -> None:
        self._known(what, credentials)
        if self.only_with_mfa and credentials.session_token is None:
            raise RefusedError("", code="AccessDenied", operation=f"iam:{what}")


@dataclass
class Machine:
    """A machine with one pair in its store, and AWS beyond it."""

    clock: Clock = field(default_factory=Clock)
    kept: tuple[Credentials, Rotation | None] = (OLD, None)
    steps_left: int | None = None
    notices: list[str] = field(default_factory=list)
    codes: int = 0

    def __post_init__(self) -> None:
        self.iam = ScriptedIam(clock=self.clock, step=self.step)

    def step(self) -> None:
        """Something that can be the last that the process does."""
        if self.steps_left is not None:
            if self.steps_left == 0:
                raise Killed
            self.steps_left -= 1

    def keep(self, credentials: Credentials, rotation: Rotation | None) -> None:
        """The store: it has the new item, or the old one."""
        self.step()
        self.kept = credentials, rotation
        self.step()

    def session(self) -> Credentials:
        """A session with an MFA code."""
        self.codes += 1
        self.iam.sessions = {SESSION.access_key_id}
        return SESSION

    def rotate(self, *, device: bool = False) -> Credentials:
        """One process that rotates."""
        rotator = Rotator(
            user=ALICE,
            keys=self.iam,
            keep=self.keep,
            with_mfa=self.session if device else None,
            now=self.clock,
            pause=lambda length: self.clock.move(seconds=length.total_seconds()),
            notice=self.notices.append,
        )
        return rotator.rotate(*self.kept)

    def killed_after(self, steps: int) -> bool:
        """Whether a rotation that is killed after so many steps was killed before its end."""
        self.steps_left = steps
        try:
            self.rotate()
        except Killed:
            return True
        finally:
            self.steps_left = None
        return False


def test_the_new_pair_takes_over_and_the_old_one_is_gone() -> None:
    """Made, kept, tried; then the old one deactivated, the new one tried again, the old one deleted."""
    machine = Machine()
    made = machine.rotate()
    assert made.access_key_id == "AKIAEXAMPLE000000001"
    assert machine.kept == (made, None)
    assert list(machine.iam.keys) == [made.access_key_id]
    order = [what for what in machine.iam.asked if what != "list"]
    assert order == ["create", "identity", "deactivate", "identity", "delete"]
    assert not any("canary" in notice or "secret" in notice for notice in machine.notices)


def steps_of_a_rotation() -> int:
    """How many steps a whole rotation has."""
    return next(count for count in range(100) if not Machine().killed_after(count))


@pytest.mark.parametrize("first", range(steps_of_a_rotation()))
def test_killed_anywhere_twice_it_ends_with_one_pair_that_works(first: int) -> None:
    """After each kill the kept pair works at AWS; the third rotation leaves that one, and no other."""
    for second in range(steps_of_a_rotation() + 3):
        machine = Machine()
        for steps in (first, second):
            machine.killed_after(steps)
            assert machine.iam.works(machine.kept[0]), (first, second)
        made = machine.rotate()
        assert machine.iam.works(made), (first, second)
        assert list(machine.iam.keys) == [made.access_key_id] == [machine.kept[0].access_key_id]
        assert machine.kept[1] is None
        assert made != OLD


def test_a_key_that_takes_time_to_be_known_is_waited_for() -> None:
    """AWS may not know a new key for some seconds: it is asked again."""
    machine = Machine()
    machine.iam.spreads = 4
    began = machine.clock()
    assert machine.rotate() == machine.kept[0] != OLD
    assert timedelta(seconds=5) < machine.clock() - began < timedelta(seconds=20)


def test_a_key_that_is_never_known_is_not_taken() -> None:
    """After a minute it is said, the old pair is kept, and a later rotation tries the same key again."""
    machine = Machine()
    machine.iam.spreads = 100
    with pytest.raises(UnavailableError, match="does not know the new key") as caught:
        machine.rotate()
    assert "run it again" in str(caught.value.hint)
    assert machine.kept[0] == OLD
    machine.iam._unknown.clear()
    machine.rotate()
    assert machine.iam.made == 1
    assert list(machine.iam.keys) == [machine.kept[0].access_key_id] == ["AKIAEXAMPLE000000001"]


def test_a_second_key_that_somebody_may_need_is_left() -> None:
    """AWS takes no third, and nobody but the person knows what the other is for: it is named, with its last use."""
    machine = Machine()
    machine.iam.add("AKIAEXAMPLE00000OTHER", used_at=machine.clock())
    with pytest.raises(StsctlError, match=r"another key, AKIAEXAMPLE00000OTHER \(active, last used on 2026-05-01\)"):
        machine.rotate()
    assert machine.kept == (OLD, None)
    assert len(machine.iam.keys) == 2


@pytest.mark.parametrize("facts", ["used", "older"])
def test_only_what_an_interrupted_rotation_made_is_deleted(facts: str) -> None:
    """A key that was used, or is older than the rotation, is somebody's."""
    machine = Machine()
    now = machine.clock()
    machine.kept = OLD, Rotation(begun_at=now)
    used = {"used_at": now} if facts == "used" else {"created_at": now - timedelta(minutes=6)}
    machine.iam.add("AKIAEXAMPLE00000OTHER", **used)
    with pytest.raises(StsctlError, match="another key"):
        machine.rotate()
    assert "AKIAEXAMPLE00000OTHER" in machine.iam.keys


def test_a_user_who_may_do_nothing_without_mfa_gives_one_code() -> None:
    """The keys are tried first; the session that the code gave serves every call after that."""
    machine = Machine()
    machine.iam.only_with_mfa = True
    made = machine.rotate(device=True)
    assert list(machine.iam.keys) == [made.access_key_id]
    assert machine.codes == 1


def test_a_session_that_ends_with_the_old_key_is_replaced() -> None:
    """Where AWS knows the session no more once its key is out of use, another is got with the new key."""
    machine = Machine()
    machine.iam.only_with_mfa = True
    deactivate = machine.iam.deactivate

    def and_its_sessions(credentials: Credentials, key_id: str) -> None:
        deactivate(credentials, key_id)
        machine.iam.sessions = set()

    machine.iam.deactivate = and_its_sessions  # type: ignore[method-assign]
    made = machine.rotate(device=True)
    assert list(machine.iam.keys) == [made.access_key_id]
    assert machine.codes == 2


def test_without_a_device_the_refusal_is_reported() -> None:
    """A user who may not is told so, and nothing has changed."""
    machine = Machine()
    machine.iam.only_with_mfa = True
    with pytest.raises(RefusedError):
        machine.rotate()
    assert machine.kept == (OLD, None)


def test_a_key_of_somebody_else_is_never_taken() -> None:
    """What IAM answered has to be the same user's."""
    machine = Machine()
    machine.iam.belongs_to = BOB
    with pytest.raises(StsctlError, match="not of"):
        machine.rotate()
    assert machine.kept[0] == OLD
    assert machine.iam.works(OLD)
