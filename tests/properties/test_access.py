"""What `access` says of random organisations is what the emulator then does, call by call.

The two share the evaluation of policies and nothing else: which policies are asked, and with which condition keys, each
finds out by itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stsctl.access.assumption import Assumption
from stsctl.access.attempt import Attempt
from stsctl.access.caller import Caller, user
from stsctl.access.can import Surroundings, can
from stsctl.access.change import Change
from stsctl.access.remedy import made, remedy
from stsctl.access.snapshot import Snapshot
from stsctl.credentials import Credentials
from tests.conftest import missing
from tests.properties.calls import Hands, contradicts, denied, perform
from tests.properties.organisations import BATCHES, World, read

try:
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")


def variations(chance: random.Random) -> dict[str, Any]:
    """What an AssumeRole says beside its role."""
    said: dict[str, Any] = {"session_name": chance.choice(["session", "other"])}
    if chance.random() < 0.5:
        said["external_id"] = "ticket"
    if chance.random() < 0.4:
        said["tags"] = (("team", chance.choice(["red", "blue"])),)
        said["transitive"] = ("team",) if chance.random() < 0.5 else ()
    if chance.random() < 0.3:
        said["source_identity"] = "ann"
    return said


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


def outcome(seed: str, attempt: Attempt, changes: tuple[Change, ...]) -> bool:
    """Whether a call is let through once the changes are made, in an emulator of their own."""
    front, who, after = Front(seed), attempt.caller.principal.arn, made(attempt, changes)
    Hands(front).make(attempt, after)
    return perform(front, front.principal(who), after.assumption, who) is not None


@pytest.mark.parametrize("numbers", BATCHES, ids=str)
def test_every_remedy_helps_as_a_whole_and_no_part_of_it_does(numbers: range) -> None:
    """All named changes let a refused call through; without any one of them it stays refused: on the emulator, too."""
    found = 0
    for number in numbers:
        chance = random.Random(f"organisation {number}")
        seed = World(chance).seed()
        refused = list(refusals(read(Front(seed)), chance))
        for attempt in refused:
            changes = remedy(attempt)
            assert changes, f"organisation {number}: {attempt.caller.principal.arn} → {attempt.assumption}"
            assert made(attempt, changes).refused is None
            for change in changes:
                fewer = [each for each in changes if each is not change]
                assert made(attempt, fewer).refused is not None, [each.words for each in changes]
            found += 1
        for attempt in chance.sample(refused, min(1, len(refused))):
            changes = remedy(attempt) or ()
            words = f"organisation {number}: {attempt.caller.principal.arn}: {[each.words for each in changes]}"
            assert outcome(seed, attempt, changes), words
            for change in changes:
                assert not outcome(seed, attempt, tuple(each for each in changes if each is not change)), words
    assert found > 5 * len(numbers)


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
