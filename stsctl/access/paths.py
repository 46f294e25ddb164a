"""The ways from somebody to a role, or to whoever answers a wish: searched breadth-first, each step decided.

What sessions have to be told on the way, so that a call further on is let in, is not known beforehand: where a search
finds no way, the next one tries what the refused calls of the last one asked for, until they ask for nothing new.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stsctl.access import passing
from stsctl.access.assuming import Assuming
from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller, role_session, user_session
from stsctl.access.can import Surroundings, Verdict
from stsctl.access.editing import Editing
from stsctl.access.goal import Goal
from stsctl.access.index import Index, names_of
from stsctl.access.outsider import enter
from stsctl.access.snapshot import Role, Snapshot, User
from stsctl.access.step import Route, Step, Way
from stsctl.access.wishes import SESSION, Wishes
from stsctl.policy.explain import closest
from stsctl.policy.principal import PrincipalKind

MOST_PATHS = 1000
"""So many are looked for where all are wanted."""
_MOST_MISSES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The paths, and where there is none the refusal that stands nearest before the goal."""

    paths: tuple[Route, ...]
    nearest: Verdict | None = None
    before: Route | None = None
    """How one gets to where that refusal is met."""


@dataclass(slots=True, kw_only=True)
class Search:
    """A search of one snapshot, for ways of at most `most_hops` steps of the kinds in `ways`."""

    snapshot: Snapshot
    index: Index
    around: Surroundings
    most_hops: int = 4
    ways: frozenset[Way] = frozenset(Way)

    def find(self, start: Caller, goal: Goal, *, every: bool = False) -> Found:
        """The shortest path to each that is wanted; with `every`, all paths on which nobody is met twice."""
        found = Found(paths=())
        # Where one path is enough, longer ones are not looked for before the shorter ones are known not to be there.
        for hops in range(self.most_hops if every or goal.several else 1, self.most_hops + 1):
            found = self._within(hops, start, goal, every=every)
            if found.paths:
                break
        return found

    def _within(self, hops: int, start: Caller, goal: Goal, *, every: bool) -> Found:
        """The paths of at most so many steps."""
        distances = self._distances(goal, hops)
        wishes = Wishes()
        while True:
            one = _Round(search=self, goal=goal, most_hops=hops, distances=distances, wishes=wishes, every=every)
            found = tuple(one.paths(start))
            size = wishes.size
            wishes.add(one.assuming.learned)
            if (found and not goal.several and not every) or wishes.size == size:
                break
        nearest, before = one.nearest()
        return Found(paths=found) if found else Found(paths=(), nearest=nearest, before=before)

    def _distances(self, goal: Goal, hops: int) -> Mapping[str, int]:
        """How many steps away each user and role is at least; those who could not get there do not appear."""
        found = dict.fromkeys(goal.arns, 0)
        edge = list(goal.arns)
        for distance in range(1, hops + 1):
            come = [arn for each in edge for arn in self.index.may_come(each) if arn not in found]
            if distance == 1 and goal.by_rights is not None:
                come += [arn for arn in self.index.all_editors() if arn not in found]
            edge = list(dict.fromkeys(come))
            found |= dict.fromkeys(edge, distance)
        return found


@dataclass(slots=True, kw_only=True)
class _Round:
    """One search with the same wishes."""

    search: Search
    goal: Goal
    most_hops: int
    distances: Mapping[str, int]
    wishes: Wishes
    every: bool
    assuming: Assuming = field(init=False)
    editing: Editing = field(init=False)
    misses: list[tuple[int, Verdict, Route]] = field(default_factory=list)
    reached: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        search = self.search
        self.assuming = Assuming(snapshot=search.snapshot, around=search.around, wishes=self.wishes)
        self.editing = Editing(snapshot=search.snapshot, index=search.index, around=search.around)

    def paths(self, start: Caller) -> Iterator[Route]:
        """Those that are found, the shortest first; of one goal only the first unless every one is wanted."""
        queue = deque(Route(start=each, steps=()) for each in self._beginnings(start))
        seen: set[object] = set()
        count = 0
        while queue:
            path = queue.popleft()
            known = self._told_apart(path.end)
            if not self.every and known in seen:
                continue
            seen.add(known)
            self.reached.append(path)
            if path.steps and self.goal.reached(path.end):
                if self.every or not self._reported(path, seen):
                    yield path
                    count += 1
                if count >= MOST_PATHS or not (self.goal.several or self.every):
                    return
                if not self.goal.several:
                    continue
            if len(path.steps) < self.most_hops:
                queue += self._further(path)

    def nearest(self) -> tuple[Verdict | None, Route | None]:
        """The refusal that is nearest to the goal, and fails by least."""
        entered = {route.end.holder.arn for route in self.reached}
        misses = [each for each in self.misses if each[1].request.resource not in entered]
        misses += self._not_tried()
        if not misses:
            return None, None
        least = min(distance for distance, _, _ in misses)
        last = [(verdict, route) for distance, verdict, route in misses if distance == least]
        return min(last, key=lambda each: _shortfall(each[0]))

    def _not_tried(self) -> Iterator[tuple[int, Verdict, Route]]:
        """What would be answered those whom the goal trusts, and whose own policies say nothing of it."""
        search = self.search
        for arn in self.goal.arns if len(self.goal.arns) == 1 else ():
            role = search.snapshot.roles.get(arn)
            for route in self.reached if role else ():
                caller = route.end
                if role and caller.principal.has_policies and arn in search.index.trusting(names_of(caller.holder)):
                    plain_call = Assumption(role=role, session_name=SESSION)
                    yield 0, plain_call.verdicts(search.snapshot, caller, search.around)[-1], route

    def _reported(self, path: Route, seen: set[object]) -> bool:
        """Whether a way to the same user or role was given already."""
        key = ("reported", path.end.holder.arn)
        known = key in seen
        seen.add(key)
        return known

    def _beginnings(self, start: Caller) -> Iterator[Caller]:
        """Who one can be without any step: a user's device makes sessions, with a code and without."""
        yield start
        holder = start.holder
        if self.wishes.mfa and start.principal.kind is PrincipalKind.USER and isinstance(holder, User):
            yield user_session(holder, mfa=True)
            yield user_session(holder, mfa=False)

    def _further(self, path: Route) -> Iterator[Route]:
        met = {path.start.holder.arn, *(step.caller.holder.arn for step in path.steps)} if self.every else set()
        left = self.most_hops - len(path.steps) - 1
        for step in self._steps(path, left):
            # More rights of one's own are a step that leads to oneself.
            if step.caller.holder.arn not in met or not self.search.snapshot.has(step.caller.holder):
                yield Route(start=path.start, steps=(*path.steps, step))

    def _steps(self, path: Route, left: int) -> Iterator[Step]:
        caller, search = path.end, self.search
        if not caller.principal.has_policies:
            yield from self._signing_in(path, left)
            return
        changed = not search.snapshot.has(caller.holder)
        if Way.ASSUME in search.ways:
            for role in self._near(search.index.may_enter(caller.holder, anything=changed), left):
                yield from self._taken(self.assuming.steps(caller, role), path)
        if self.goal.several and self.goal.reached(caller):
            return  # whoever may do everything in an account need not become somebody else there
        inside = [arn for arn in search.index.living_in(caller.account) if arn != caller.holder.arn]
        if not changed and caller.holder.arn not in search.index.editors(caller.account):
            return
        if Way.PASS_ROLE in search.ways:
            for role in self._near(self._possible(inside, caller, "iam:PassRole"), left):
                yield from passing.steps(search.snapshot, search.index, caller, role, search.around)
        if Way.EDIT in search.ways and _may_call_iam(caller):
            yield from self._edits(caller, inside, left)

    def _edits(self, caller: Caller, inside: list[str], left: int) -> Iterator[Step]:
        for role in self._near(self._possible(inside, caller, "iam:UpdateAssumeRolePolicy"), left):
            yield from self.editing.into_role(caller, role)
        for arn in inside:
            found = self.search.snapshot.users.get(arn) if self._within(arn, left) else None
            if found is not None:
                yield from self.editing.into_user(caller, found)
        yield from self.editing.of_own_rights(caller)

    def _signing_in(self, path: Route, left: int) -> Iterator[Step]:
        """From an identity provider into the roles that trust it."""
        caller, search = path.end, self.search
        for role in self._near(search.index.trusting([f"Federated:{caller.principal.arn}", "Federated:*"]), left):
            verdict, claims = enter(search.snapshot, caller, role, search.around)
            if verdict.decision.allowed:
                needs = tuple(f"{key} = {value}" for key, value in claims.items())
                words = f"sign in at {caller.principal.arn}, for {role.arn}"
                yield Step(
                    way=Way.SIGN_IN, words=words, verdicts=(verdict,), caller=role_session(role, SESSION), needs=needs
                )
            else:
                self._missed(verdict, path, role.arn)

    def _taken(self, tried: Iterable[Step | Verdict], path: Route) -> Iterator[Step]:
        for each in tried:
            if isinstance(each, Step):
                yield each
            else:
                self._missed(each, path, each.request.resource)

    def _missed(self, verdict: Verdict, path: Route, role: str) -> None:
        if len(self.misses) < _MOST_MISSES and role != path.end.holder.arn:
            self.misses.append((self.distances.get(role, 0), verdict, path))

    def _possible(self, arns: Iterable[str], caller: Caller, action: str) -> Iterator[str]:
        """Those on which the caller's own policies may allow an action; of other policies the index knows nothing."""
        might = self.search.index.might_do(caller.holder.arn, action)
        changed = not self.search.snapshot.has(caller.holder)
        return (arn for arn in arns if changed or (might is not None and might(arn)))

    def _near(self, arns: Iterable[str], left: int) -> Iterator[Role]:
        """The roles from which the goal may be reached in the steps that are left."""
        for arn in arns:
            found = self.search.snapshot.roles.get(arn) if self._within(arn, left) else None
            if found is not None:
                yield found

    def _within(self, arn: str, left: int) -> bool:
        return self.distances.get(arn, left + 1) <= left

    def _told_apart(self, caller: Caller) -> object:
        """What later steps could depend on."""
        return (
            caller.principal.arn,
            None if self.search.snapshot.has(caller.holder) else caller.holder.policies,
            frozenset(caller.tags),
            frozenset(caller.transitive),
            caller.source_identity,
            caller.temporary,
            caller.mfa,
            caller.device,
            caller.session,
        )


def _may_call_iam(caller: Caller) -> bool:
    """Whether IAM listens: to a session of GetSessionToken only where a code opened it.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    return caller.principal.kind is not PrincipalKind.USER or not caller.temporary or bool(caller.mfa)


def _shortfall(verdict: Verdict) -> int:
    """How much a refusal would take to be none."""
    decision = verdict.traced
    if not decision.missing:
        return 100
    return sum(
        min((len(failed) for _, _, failed in closest(verdict.request, decision, layer)), default=10)
        for layer in decision.missing
    )
