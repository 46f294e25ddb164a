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
from stsctl.access.index import Index
from stsctl.access.paths import Search, to
from stsctl.access.snapshot import Role, Snapshot
from stsctl.access.step import Route, Way
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
    """The last session of a route; None where a call on it is refused."""
    who = route.start.principal.arn
    keys: Credentials | None = front.principal(who)
    if route.start.temporary:
        keys = session_token(front, who, mfa=bool(route.start.mfa))
    for step in route.steps:
        assert keys is not None
        assert step.assumption is not None
        keys = perform(front, keys, step.assumption, who)
        if keys is None:
            return None
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
