"""Paths through random organisations are walked, call by call; where there is said to be none, none is found by trying.

The emulator decides both: what is tried is performed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import pytest

from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller, user, user_session
from stsctl.access.can import Surroundings
from stsctl.access.goal import to
from stsctl.access.index import Index
from stsctl.access.paths import Search
from stsctl.access.snapshot import PolicyText, Role, Snapshot, User
from stsctl.access.step import Route, Way
from stsctl.credentials import Credentials
from tests.conftest import missing
from tests.properties.calls import contradicts, perform, session_token
from tests.properties.organisations import BATCHES, World, read
from tests.properties.walking import walk

try:
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")

HOPS = 2


def search(snapshot: Snapshot, *ways: Way, hops: int = HOPS) -> Search:
    """A search as `access paths` makes it."""
    around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
    return Search(
        snapshot=snapshot, index=Index.of(snapshot), around=around, most_hops=hops, ways=frozenset({Way.ASSUME, *ways})
    )


@dataclass(frozen=True, slots=True)
class Tried:
    """Somebody, with the credentials that they have by calls that were performed."""

    caller: Caller
    keys: Credentials


@dataclass(frozen=True, slots=True)
class Trying:
    """Becomes every role in every way that could make a difference: no policy is evaluated for it.

    What a call could say is varied where a policy in its way so much as mentions it, and the trust policy the caller.
    """

    front: Front
    snapshot: Snapshot

    def roles(self, someone: User, missed: list[Role]) -> Iterator[str]:
        """Those of the `missed` that somebody becomes in two calls."""
        once: dict[object, Tried] = {}
        for who, role in product(self._beginnings(someone), self.snapshot.roles.values()):
            if who.caller.temporary and "MultiFactor" not in role.trust.text + self._texts(someone, role.account):
                continue
            onward = "".join(self._texts(role, account) for account in {each.account for each in missed})
            onward += "".join(each.trust.text for each in missed)
            for got in self._taken(who, role, onward):
                once[_told_apart(got.caller)] = got
        found = {each.caller.holder.arn for each in once.values()} & {role.arn for role in missed}
        yield from found
        for who, role in product(once.values(), missed):
            if role.arn not in found and any(self._taken(who, role, "")):
                yield role.arn

    def _beginnings(self, someone: User) -> Iterator[Tried]:
        yield Tried(user(someone), self.front.principal(someone.arn))
        for mfa in (True, False):
            yield Tried(user_session(someone, mfa=mfa), session_token(self.front, someone.arn, mfa=mfa))

    def _taken(self, who: Tried, role: Role, onward: str) -> Iterator[Tried]:
        """The sessions of a role that somebody gets, one of each that later calls could tell apart."""
        seen: set[object] = set()
        texts = role.trust.text + self._texts(who.caller.holder, role.account)
        if not any(name in role.trust.text for name in ('"AWS": "*"', who.caller.account)):
            texts = onward = ""
        for assumption in _said(role, texts, onward, with_code=not who.caller.temporary):
            after = assumption.becomes(who.caller)
            if contradicts(who.caller, assumption) or _told_apart(after) in seen:
                continue
            keys = perform(self.front, who.keys, assumption, who.caller.principal.arn)
            if keys is not None:
                seen.add(_told_apart(after))
                yield Tried(after, keys)

    def _texts(self, holder: User | Role, account: str) -> str:
        """All policies that could be in the way of a call to an account, but for a role's trust policy."""
        inside, there = self.snapshot.memberships.get(holder.account), self.snapshot.memberships.get(account)
        levels = (*(inside.scps if inside else ()), *(there.rcps if there else ()))
        boundary: tuple[PolicyText, ...] = (holder.boundary,) if holder.boundary else ()
        texts = (*holder.policies, *boundary, *(text for level in levels for text in level))
        return "".join(text.text for text in texts)


def _told_apart(caller: Caller) -> object:
    return caller.principal.arn.rpartition("/")[0], caller.tags, caller.transitive, caller.source_identity


def _said(role: Role, texts: str, onward: str, *, with_code: bool) -> Iterator[Assumption]:
    """An AssumeRole in every combination of what is mentioned in its way, or further on of its session."""
    tags: list[tuple[tuple[tuple[str, str], ...], tuple[str, ...]]] = [((), ())]
    if any(mentioned in texts for mentioned in ("RequestTag/", "TagKeys")):
        tags += [((("team", value),), on) for value in ("red", "blue") for on in ((), ("team",))]
    elif "Tag/" in onward:
        tags += [((("team", value),), ("team",)) for value in ("red", "blue")]
    names = ("session", "other") if "RoleSessionName" in texts else ("session",)
    ids = (None, "ticket") if "ExternalId" in texts else (None,)
    identities = (None, "ann") if "SourceIdentity" in texts + onward else (None,)
    codes = (False, True) if with_code and "MultiFactor" in texts else (False,)
    for name, external_id, identity, (tag, transitive), mfa in product(names, ids, identities, tags, codes):
        yield Assumption(
            role=role,
            session_name=name,
            external_id=external_id,
            source_identity=identity,
            tags=tag,
            transitive=transitive,
            mfa=mfa,
        )


@pytest.mark.parametrize("numbers", BATCHES, ids=str)
def test_paths_are_walked_and_where_there_is_none_none_is_found(numbers: range) -> None:
    """Every path leads where it says; everything that trying reaches has a path."""
    count: Counter[str] = Counter()
    for number in numbers:
        chance = random.Random(f"paths {number}")
        front = Front(World(chance).seed())
        snapshot = read(front)
        searching = search(snapshot)
        someone = chance.choice(list(snapshot.users.values()))
        missed = []
        for role in snapshot.roles.values():
            routes = searching.find(user(someone), to(role.arn)).paths
            for route in routes:
                assert walk(front, route) is not None, f"organisation {number}: {said(route)}"
                count["longer" if len(route.steps) > 1 else "walked"] += 1
            missed += [] if routes else [role]
        reached = list(Trying(front, snapshot).roles(someone, missed))
        assert not reached, f"organisation {number}: {someone.arn} → {reached}"
        count["missed"] += len(missed)
    assert min(count["walked"], count["missed"]) > len(numbers) // 5, count


@pytest.mark.parametrize("numbers", BATCHES, ids=str)
def test_rights_over_policies_are_used_and_lead_to_the_role(numbers: range) -> None:
    """Whoever is said to become a role by an edit, or by handing it to a service, does when it is done."""
    walked = 0
    for number in numbers:
        chance = random.Random(f"edits {number}")
        front = World(chance).with_versions()
        snapshot = read(front())
        searching = search(snapshot, Way.EDIT, Way.PASS_ROLE, hops=3)
        # One of each kind: most are by the same few actions.
        kinds = {
            frozenset(step.verdicts[0].request.action for step in route.steps): route
            for someone, role in product(chance.sample(list(snapshot.users.values()), 3), snapshot.roles)
            for route in searching.find(user(someone), to(role)).paths
            if any(step.way is not Way.ASSUME for step in route.steps)
        }
        for route in chance.sample(list(kinds.values()), min(2, len(kinds))):
            assert walk(front(), route) is not None, f"organisation {number}: {said(route)}"
            walked += 1
    assert walked


def said(route: Route) -> str:
    """A route in words."""
    return f"{route.start.principal.arn} {[(step.words, step.needs) for step in route.steps]}"
