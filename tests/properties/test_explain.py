"""What `explain` says of chains through random organisations, hop by hop, is what happens when they are gone.

Of a refused chain the named changes are made: all of them, then all but one.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stsctl.access.attempt import Attempt
from stsctl.access.caller import Caller, user
from stsctl.access.can import Surroundings
from stsctl.access.explanation import Answer, Explanation, explained
from stsctl.access.goal import to
from stsctl.access.index import Index
from stsctl.access.paths import Search
from stsctl.access.remedy import made, remedy
from stsctl.access.snapshot import Snapshot, User
from stsctl.access.step import Way
from stsctl.arn import Arn
from stsctl.credentials import Credentials
from stsctl.plan import Plan, Step
from stsctl.request import Asker, Endpoint, Operation, SessionRequest
from stsctl.source import Source, SourceKind
from stsctl.target import Target
from tests.conftest import missing
from tests.properties.calls import Hands, assumption_of, contradicts, perform, session_token
from tests.properties.organisations import BATCHES, World, read, variations

try:
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")

AROUND = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
ASKER = Asker.of_keys("AKIAEXAMPLE000000001")
SOURCE = Source(kind=SourceKind.KEYS, name="work")


def plan(chance: random.Random, snapshot: Snapshot, someone: User) -> Plan:
    """A chain from a user's keys: a way that `access paths` knows, or else roles at random."""
    requests = list(_found(chance, snapshot, someone)) if chance.random() < 0.5 else []
    requests = requests or list(_at_random(chance, snapshot, someone))
    steps = [Step(name="it", request=each, reason="", effective=timedelta(hours=1)) for each in requests]
    return Plan(target=Target(name="it", source=SOURCE), asker=ASKER, steps=tuple(steps))


def _at_random(chance: random.Random, snapshot: Snapshot, someone: User) -> Iterator[SessionRequest]:
    """From the keys, or a session with a code or without, by one to three roles."""
    serial, first = someone.arn.replace(":user/", ":mfa/"), None
    if chance.random() < 0.4:
        yield _request(Operation.GET_SESSION_TOKEN, mfa_serial=chance.choice([None, serial]))
    elif chance.random() < 0.3:
        first = serial
    for role in chance.sample(list(snapshot.roles), chance.choice([1, 2, 3])):
        said = variations(chance)
        said["transitive_tag_keys"] = said.pop("transitive", ())
        yield _request(Operation.ASSUME_ROLE, role_arn=Arn.parse_role(role), mfa_serial=first, **said)
        first = None


def _found(chance: random.Random, snapshot: Snapshot, someone: User) -> Iterator[SessionRequest]:
    """A way to some role, where there is one."""
    serial = someone.arn.replace(":user/", ":mfa/")
    search = Search(
        snapshot=snapshot, index=Index.of(snapshot), around=AROUND, most_hops=3, ways=frozenset({Way.ASSUME})
    )
    for route in search.find(user(someone), to(chance.choice(list(snapshot.roles)))).paths:
        if route.start.temporary:
            yield _request(Operation.GET_SESSION_TOKEN, mfa_serial=serial if route.start.mfa else None)
        for step in route.steps:
            assert step.assumption is not None
            yield _request(
                Operation.ASSUME_ROLE,
                role_arn=Arn.parse_role(step.assumption.role.arn),
                session_name=step.assumption.session_name,
                external_id=step.assumption.external_id,
                tags=step.assumption.tags,
                transitive_tag_keys=step.assumption.transitive,
                source_identity=step.assumption.source_identity,
                mfa_serial=serial if step.assumption.mfa else None,
            )


def _request(operation: Operation, **said: object) -> SessionRequest:
    endpoint = Endpoint(partition="aws", region="us-east-1")
    return SessionRequest(operation=operation, endpoint=endpoint, asker=ASKER, **said)  # type: ignore[arg-type]


def gone(front: Front, chain: Plan, snapshot: Snapshot, someone: User) -> Iterator[bool]:
    """Whether each hop is taken, by making the calls, up to the first that is not."""
    keys: Credentials | None = front.principal(someone.arn)
    for step in chain.steps:
        assert keys is not None
        if step.request.operation is Operation.GET_SESSION_TOKEN:
            keys = session_token(front, someone.arn, mfa=step.request.mfa_serial is not None)
        else:
            keys = perform(front, keys, assumption_of(step.request, snapshot), someone.arn)
        yield keys is not None
        if keys is None:
            return


def told(found: Explanation) -> list[bool]:
    """What is said of each hop up to the first that is refused: nothing is left open where all policies are at hand."""
    answers = [hop.answer for hop in found.hops]
    until = answers.index(Answer.NO) + 1 if Answer.NO in answers else len(answers)
    assert Answer.UNKNOWN not in answers[:until], found
    return [answer is Answer.YES for answer in answers[:until]]


@pytest.mark.parametrize("numbers", BATCHES, ids=str)
def test_what_is_explained_happens_hop_by_hop(numbers: range) -> None:
    """Every hop of every chain, up to the first that is refused, is taken or refused as it was said."""
    count: Counter[bool] = Counter()
    for number in numbers:
        chance = random.Random(f"chains {number}")
        front = Front(World(chance).seed())
        snapshot = read(front)
        for someone in snapshot.users.values():
            chain = plan(chance, snapshot, someone)
            if _contradictory(chain, snapshot, someone):
                continue
            said = told(explained(chain, snapshot, user(someone), AROUND))
            done = list(gone(front, chain, snapshot, someone))
            asked = [str(step.request.role_arn) for step in chain.steps]
            assert said == done, f"organisation {number}: {someone.arn} {asked}: explain says {said}, it is {done}"
            hops = zip(chain.steps, done, strict=False)
            count.update(taken for step, taken in hops if step.request.operation is Operation.ASSUME_ROLE)
    assert min(count[True], count[False]) > len(numbers) // 3, count


def _contradictory(chain: Plan, snapshot: Snapshot, someone: User) -> bool:
    """Whether a call says again what its session has: STS refuses it before it asks any policy."""
    caller: Caller = user(someone)
    for step in chain.steps:
        if step.request.operation is Operation.ASSUME_ROLE:
            assumption = assumption_of(step.request, snapshot)
            if contradicts(caller, assumption):
                return True
            caller = assumption.becomes(caller)
    return False


@pytest.mark.parametrize("numbers", BATCHES, ids=str)
def test_the_changes_that_are_named_help_together_and_not_in_part(numbers: range) -> None:
    """Of a refused chain's hop: with all of its changes it is taken, and without any one of them it is not."""
    tried = 0
    for number in numbers:
        chance = random.Random(f"chains {number}")
        seed = World(chance).seed()
        snapshot = read(Front(seed))
        someone = chance.choice(list(snapshot.users.values()))
        chain = plan(chance, snapshot, someone)
        steps = [step for step in chain.steps if step.request.operation is Operation.ASSUME_ROLE][:1]
        chain = replace(chain, steps=tuple(steps))
        (hop,) = explained(chain, snapshot, user(someone), AROUND).hops
        if hop.answer is not Answer.NO:
            continue
        attempt = Attempt(
            snapshot=snapshot, caller=user(someone), assumption=assumption_of(steps[0].request, snapshot), around=AROUND
        )
        changes = remedy(attempt) or ()
        assert hop.changes == tuple(change.words for change in changes)
        assert changes
        for left_out in (None, *changes):
            front, after = Front(seed), made(attempt, [each for each in changes if each is not left_out])
            Hands(front).make(attempt, after)
            taken = perform(front, front.principal(someone.arn), after.assumption, someone.arn) is not None
            assert taken is (left_out is None), f"organisation {number}: {someone.arn}: {hop.changes} but {left_out}"
        tried += 1
    assert tried > len(numbers) // 4
