"""What `access` says of random organisations is what the emulator then does, call by call.

The two share the evaluation of policies and nothing else: which policies are asked, and with which condition keys, each
finds out by itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from stsctl.access.assumption import Assumption
from stsctl.access.attempt import Attempt
from stsctl.access.caller import Caller, user
from stsctl.access.can import Surroundings, Verdict, can
from stsctl.access.change import Change, candidates
from stsctl.access.remedy import made, remedy
from stsctl.access.snapshot import Snapshot
from stsctl.credentials import Credentials
from tests.conftest import missing
from tests.properties.calls import contradicts, denied, perform
from tests.properties.organisations import BATCHES, World, read, variations

try:
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")


Outcome = tuple[str, bool, bool]
"""What was asked, what `access` says, and what was done."""


def attempts(front: Front, snapshot: Snapshot, chance: random.Random) -> Iterator[Outcome]:
    """Everybody reads, and assumes roles; sessions that were had do the same, and theirs again."""
    around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
    callers = [(user(each), front.principal(each.arn)) for each in snapshot.users.values()]
    for _ in range(3):
        after: list[tuple[Caller, Credentials]] = []
        for caller, keys in callers:
            yield from reads(front, snapshot, caller, keys, around)
            for role in chance.sample(list(snapshot.roles.values()), 3):
                assumption = Assumption(role=role, **variations(chance))
                if contradicts(caller, assumption):
                    continue
                said = all(verdict.decision.allowed for verdict in assumption.verdicts(snapshot, caller, around))
                session = perform(front, keys, assumption)
                yield f"{caller.principal.arn} → {assumption}", said, session is not None
                if session is not None:
                    after.append((assumption.becomes(caller), session))
        callers = chance.sample(after, min(len(after), 4))


def reads(
    front: Front, snapshot: Snapshot, caller: Caller, keys: Credentials, around: Surroundings
) -> Iterator[Outcome]:
    """Calls of IAM, which the services behind the emulator are asked for."""
    asked = (("iam:GetRole", "role/Hub", {"RoleName": "Hub"}), ("iam:GetUser", "user/bea", {"UserName": "bea"}))
    for action, resource, named in asked:
        arn = f"arn:aws:iam::{caller.account}:{resource}"
        said = can(snapshot, caller, action, arn, around).decision.allowed
        try:
            done = front.call(keys, "iam", action.removeprefix("iam:"), **named)
        except ClientError as error:
            done = denied(error)  # type: ignore[func-returns-value]
        yield f"{caller.principal.arn}: {action}", said, done is not None


def refusals(snapshot: Snapshot, chance: random.Random) -> Iterator[Attempt]:
    """Assumptions by users that policies refuse."""
    around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
    for each in snapshot.users.values():
        for role in snapshot.roles.values():
            assumption = Assumption(role=role, **variations(chance))
            attempt = Attempt(snapshot=snapshot, caller=user(each), assumption=assumption, around=around)
            if attempt.refused is not None:
                yield attempt


@pytest.mark.parametrize("numbers", BATCHES, ids=str)
def test_every_remedy_helps_as_a_whole_and_no_part_of_it_does(numbers: range) -> None:
    """All changes let a refused call through; without any one of them it stays refused. test_explain.py makes them."""
    found = 0
    for number in numbers:
        chance = random.Random(f"organisation {number}")
        for attempt in refusals(read(Front(World(chance).seed())), chance):
            assert_smallest(attempt, remedy(attempt))
            found += 1
    assert found > 5 * len(numbers)


def assert_smallest(attempt: Attempt, changes: tuple[Change, ...] | None) -> None:
    """They are a remedy, and without any one of them there is none."""
    assert changes, f"{attempt.caller.principal.arn} → {attempt.assumption}"
    assert made(attempt, changes).refused is None
    for change in changes:
        fewer = [each for each in changes if each is not change]
        assert made(attempt, fewer).refused is not None, [each.words for each in changes]


def test_what_only_led_to_a_remedy_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a change that does not help has to be thought of first, it is left out in the end."""
    detour = Change("pass --session-name detour", 1, lambda each: each.saying(session_name="detour"))

    def candidates_behind_it(attempt: Attempt, refused: Verdict) -> Iterator[Change]:
        """The detour first, and only after it what helps."""
        taken = attempt.assumption.session_name == "detour"
        yield from candidates(attempt, refused) if taken else (detour,)

    monkeypatch.setattr("stsctl.access.remedy.candidates", candidates_behind_it)
    chance = random.Random("organisation 0")
    found = [(each, remedy(each)) for each in refusals(read(Front(World(chance).seed())), chance)]
    helped = [(attempt, changes) for attempt, changes in found if changes]
    assert len(helped) > 5
    for attempt, changes in helped:
        assert_smallest(attempt, changes)


@pytest.mark.parametrize("numbers", BATCHES, ids=str)
def test_every_verdict_is_what_the_emulator_does(numbers: range) -> None:
    """Of ten organisations each: no answer differs, and there is enough of both answers to mean something."""
    answers = {True: 0, False: 0}
    for number in numbers:
        chance = random.Random(f"organisation {number}")
        front = Front(World(chance).seed())
        snapshot = read(front)
        assert not snapshot.gaps
        for what, said, done in attempts(front, snapshot, chance):
            assert said is done, f"organisation {number}: {what}: access says {said}, and it is {done}"
            answers[done] += 1
    assert min(answers.values()) > 2 * len(numbers), answers
