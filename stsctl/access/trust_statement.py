"""One statement of a trust policy, as the checks look at it: whom it lets in, how, and what keeps others out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from stsctl.access.finding import Change, Finding, Fix, Rule
from stsctl.access.guard import Guard
from stsctl.access.trust_policy import TrustPolicy
from stsctl.policy.json_text import Path
from stsctl.policy.operators import Family, read_operator
from stsctl.policy.remark import items, plain
from stsctl.policy.statement import Statement
from stsctl.severity import Severity

WAYS_IN = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
"""The calls that give a session of the role; the other actions of a trust policy only go with them."""
EVERYONE = "*"


class Named(NamedTuple):
    """One who is named: of which sort (AWS, Service, Federated, or `*`), by what name, and where."""

    sort: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known besides the document: the accounts that are one's own, and the time."""

    own: frozenset[str]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStatement:
    """One statement; `guards` are its own conditions, and for an Allow those of the Denies that go with it."""

    policy: TrustPolicy
    knowledge: Knowledge
    path: Path
    value: Mapping[str, Any]
    compiled: Statement
    guards: tuple[Guard, ...] = field(default=(), compare=False)

    @property
    def ways(self) -> tuple[str, ...]:
        """The calls that it is about."""
        return tuple(way for way in WAYS_IN if self.compiled.actions.match(way.lower()))

    @property
    def named(self) -> tuple[Named, ...]:
        """Who is named in its Principal."""
        value, path = self.value.get("Principal"), (*self.path, "Principal")
        if isinstance(value, dict):
            found = ((sort, item) for sort, names in value.items() for item in items((*path, sort), names))
            return tuple(Named(sort, str(name), inner) for sort, (inner, name) in found)
        return (Named(EVERYONE, str(value), path),) if value is not None else ()

    @property
    def conditions(self) -> tuple[Guard, ...]:
        """The guards that stand in the statement itself."""
        return tuple(guard for guard in self.guards if guard.path[: len(self.path)] == self.path)

    def finding(
        self,
        rule: Rule,
        path: Path,
        what: str,
        fix: Fix | None,
        *,
        weighs: Severity | None = None,
        at_key: bool = False,
    ) -> Finding:
        """Something that was found at a place in it."""
        line, column = self.policy.find(path, at_key)
        return Finding(
            rule=rule,
            severity=weighs or rule.severity,
            statement=self.compiled.index,
            path=path,
            line=line,
            column=column,
            what=what,
            fix=fix,
        )

    def adding(self, operator: str, key: str, *values: str) -> Fix:
        """The fix that adds a condition."""
        wanted = values[0] if len(values) == 1 else list(values)
        return Fix(change=Change.ADD, path=(*self.path, "Condition"), text=members({operator: {key: wanted}}))

    def without(self, named: Named) -> Fix:
        """The fix that takes out one who is named; the whole statement, where it names nobody else."""
        if len(self.named) == 1:
            return Fix(change=Change.REMOVE, path=self.path, text=f"statement {self.compiled.index}")
        only = isinstance(named.path[-1], str)
        text = json.dumps(named.name) if not only else members({named.sort: named.name})
        return Fix(change=Change.REMOVE, path=named.path, text=text)

    def moving(self, guard: Guard, operator: str) -> Fix:
        """The fix that puts a key under another operator, in the place of its own."""
        path = guard.path[:-1]
        condition: dict[str, Any] = self.value["Condition"]
        tests = condition[str(path[-1])]
        moved = {operator: {guard.key: tests[guard.key]}}
        left = {key: wanted for key, wanted in tests.items() if key != guard.key}
        if operator not in condition:
            text = members({str(path[-1]): left} | moved if left else moved)
            return Fix(change=Change.REPLACE, path=path, text=text, member=True)
        rest = {name: wanted for name, wanted in condition.items() if name != path[-1]} | (
            {str(path[-1]): left} if left else {}
        )
        rest[operator] = rest[operator] | moved[operator]
        return Fix(change=Change.REPLACE, path=path[:-1], text=members({"Condition": rest}), member=True)


def members(value: Mapping[str, object]) -> str:
    """The members of an object, as they are pasted into another."""
    return json.dumps(value)[1:-1]


def statements(policy: TrustPolicy, knowledge: Knowledge) -> list[TrustStatement]:
    """The statements of a document that the grammar has passed."""
    value = policy.value
    assert isinstance(value, dict)
    bare = [
        TrustStatement(
            policy=policy,
            knowledge=knowledge,
            path=path,
            value=one,
            compiled=Statement.of(index, one, variables=value.get("Version") == "2012-10-17"),
        )
        for index, (path, one) in enumerate(items(("Statement",), value["Statement"]))
        if isinstance(one, dict)
    ]
    denies = [each for each in bare if each.compiled.denies]
    return [replace(each, guards=tuple(_guards(each, denies))) for each in bare]


def _guards(statement: TrustStatement, denies: list[TrustStatement]) -> Iterator[Guard]:
    found = list(_own(statement))
    for deny in denies:
        if deny is not statement and set(statement.ways) <= set(deny.ways) and _takes_in(deny, statement):
            found += _turned(deny)
    there = {guard.lowered for guard in found if guard.demands or guard.holds}
    for guard in found:
        yield replace(guard, present=True) if guard.lowered in there else guard


def _own(statement: TrustStatement) -> Iterator[Guard]:
    path = (*statement.path, "Condition")
    for operator, tests in statement.value.get("Condition", {}).items():
        name = read_operator(operator)
        assert name is not None
        for key, wanted in tests.items():
            values = tuple(plain(item) for _, item in items((), wanted) if isinstance(item, str | bool))
            yield Guard(
                name=name, key=key, values=values, path=(*path, operator, key), denies=statement.compiled.denies
            )


def _takes_in(deny: TrustStatement, statement: TrustStatement) -> bool:
    """Whether a Deny is about everybody whom a statement lets in."""
    names = {(named.sort, named.name) for named in deny.named}
    return any(named.name == EVERYONE and named.sort in ("AWS", EVERYONE) for named in deny.named) or all(
        (named.sort, named.name) in names for named in statement.named
    )


def _turned(deny: TrustStatement) -> list[Guard]:
    """The one guard that a Deny amounts to; where it takes several conditions together it keeps out nobody for sure.

    That the request is not a service's goes without saying, for anybody who is none.
    """
    found = [guard for guard in _own(deny) if not _is_no_service(guard)]
    return found if len(found) == 1 else []


def _is_no_service(condition: Guard) -> bool:
    return (
        condition.lowered == "aws:principalisawsservice"
        and condition.name.operator.family is Family.BOOL
        and condition.values == ("false",)
    )
