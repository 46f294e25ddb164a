"""Paths through random organisations are walked, call by call; where there is said to be none, none is found by trying.

The emulator is what walks. What tries everything decides by the same verdicts as `access can`, which are held against
the emulator elsewhere: a brute-force search by calls alone would take minutes for each organisation.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import product
from urllib.parse import quote

import pytest

from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller, user, user_session
from stsctl.access.can import Surroundings
from stsctl.access.editing import OWN_WORK
from stsctl.access.goal import to
from stsctl.access.index import Index
from stsctl.access.paths import Search
from stsctl.access.snapshot import Role, Snapshot
from stsctl.access.step import Route, Step, Way
from stsctl.credentials import Credentials, Secret
from tests.conftest import missing

try:
    from tests.properties.test_access import ORGANISATIONS, World, contradicts, perform, read
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")

HOPS = 2
FEWER = max(1, ORGANISATIONS // 4)


def everything_said(role: Role) -> Iterator[Assumption]:
    """An AssumeRole with every combination of what the organisations' conditions are about."""
    tags = [((), ()), *(((("team", value),), on) for value in ("red", "blue") for on in ((), ("team",)))]
    names, ids, identities = ("session", "other"), (None, "ticket"), (None, "ann")
    for name, external_id, identity, (tag, transitive), mfa in product(names, ids, identities, tags, (False, True)):
        yield Assumption(
            role=role,
            session_name=name,
            external_id=external_id,
            source_identity=identity,
            tags=tag,
            transitive=transitive,
            mfa=mfa,
        )


def reached(snapshot: Snapshot, callers: list[Caller], roles: Iterable[Role], around: Surroundings) -> list[Caller]:
    """All sessions that one more call leads to, those that nothing could tell apart only once."""
    found: dict[object, Caller] = {}
    for caller, role in product(callers, roles):
        for assumption in everything_said(role):
            if contradicts(caller, assumption) or (assumption.mfa and caller.temporary):
                continue
            after = assumption.becomes(caller)
            key = (after.principal.arn, after.tags, after.transitive, after.source_identity)
            if key not in found and assumption.verdicts(snapshot, caller, around)[-1].decision.allowed:
                found[key] = after
    return list(found.values())


def walk(front: Front, route: Route) -> Credentials | None:
    """The last session of a route; None where STS refuses a call on it."""
    who = route.start.principal.arn
    keys: Credentials | None = front.principal(who)
    if route.start.temporary:
        keys = session_token(front, who, mfa=bool(route.start.mfa))
    for step in route.steps:
        assert keys is not None
        if step.way is Way.EDIT:
            keys = edit(front, keys, step)
        if step.assumption is not None:
            keys = perform(front, keys, step.assumption, who)
        if keys is None:
            return None
    return keys


def edit(front: Front, keys: Credentials, step: Step) -> Credentials:
    """Makes the call that a step is by; whose keys one has then."""
    iam, name = front.client("iam", keys), step.caller.holder.name
    match step.verdicts[0].request.action:
        case "iam:UpdateAssumeRolePolicy":
            assert step.assumption is not None
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=step.assumption.role.trust.text)
        case "iam:CreateAccessKey":
            found = iam.create_access_key(UserName=name)["AccessKey"]
            return Credentials(
                access_key_id=found["AccessKeyId"],
                secret_access_key=Secret(found["SecretAccessKey"]),
                session_token=None,
            )
        case "iam:PutUserPolicy":
            iam.put_user_policy(UserName=name, PolicyName="more", PolicyDocument=OWN_WORK.text)
        case "iam:PutRolePolicy":
            iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=OWN_WORK.text)
        case action:
            raise AssertionError(f"nothing here is allowed {action} and none of the others")
    return keys


def session_token(front: Front, who: str, *, mfa: bool) -> Credentials:
    """A user's session."""
    code = front.controlled(f"code?name={quote(who)}")["code"] if mfa else None
    said = {"SerialNumber": who.replace(":user/", ":mfa/"), "TokenCode": code} if code else {}
    found = front.client("sts", front.principal(who)).get_session_token(**said)["Credentials"]
    return Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=Secret(found["SecretAccessKey"]),
        session_token=Secret(found["SessionToken"]),
    )


@pytest.mark.parametrize("first", range(0, FEWER, 5))
def test_paths_are_walked_and_where_there_is_none_none_is_found(first: int) -> None:
    """Every path leads where it says; everything that trying reaches has a path."""
    walked = longer = none = 0
    for number in range(first, min(first + 5, FEWER)):
        chance = random.Random(f"paths {number}")
        front = Front(World(chance).seed())
        snapshot = read(front)
        around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
        search = Search(
            snapshot=snapshot,
            index=Index.of(snapshot),
            around=around,
            most_hops=HOPS,
            ways=frozenset({Way.ASSUME}),
        )
        for someone in chance.sample(list(snapshot.users.values()), 2):
            missed = []
            for role in snapshot.roles.values():
                found = search.find(user(someone), to(role.arn)).paths
                for route in found:
                    steps = [(step.words, step.needs) for step in route.steps]
                    assert walk(front, route) is not None, f"organisation {number}: {someone.arn} {steps}"
                walked += len(found)
                longer += any(len(route.steps) > 1 for route in found)
                missed += [] if found else [role]
            callers = [user(someone), user_session(someone, mfa=True), user_session(someone, mfa=False)]
            once = reached(snapshot, callers, snapshot.roles.values(), around)
            twice = reached(snapshot, once, missed, around)
            by_trying = {each.holder.arn for each in (*once, *twice)} & {role.arn for role in missed}
            assert not by_trying, f"organisation {number}: {someone.arn} → {by_trying}"
            none += len(missed)
    assert min(walked, none) > 2, (walked, longer, none)


@pytest.mark.parametrize("first", range(0, FEWER, 5))
def test_rights_over_policies_are_used_and_lead_to_the_role(first: int) -> None:
    """Whoever is said to become a role by an edit does, when the edit is made and the call after it."""
    walked = 0
    for number in range(first, min(first + 5, FEWER)):
        chance = random.Random(f"edits {number}")
        seed = World(chance).seed()
        front = Front(seed)
        snapshot = read(front)
        around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
        ways = frozenset({Way.ASSUME, Way.EDIT})
        search = Search(snapshot=snapshot, index=Index.of(snapshot), around=around, most_hops=3, ways=ways)
        routes = [
            route
            for someone, role in product(snapshot.users.values(), snapshot.roles)
            for route in search.find(user(someone), to(role)).paths
            if any(step.way is Way.EDIT for step in route.steps)
        ]
        for route in chance.sample(routes, min(2, len(routes))):
            steps = [(step.words, step.needs) for step in route.steps]
            assert walk(Front(seed), route) is not None, f"organisation {number}: {route.start.principal.arn} {steps}"
            walked += 1
    assert walked
