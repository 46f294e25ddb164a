"""One statement of a policy, compiled into the tests that a request must pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stsctl.policy.condition import Condition
from stsctl.policy.match import Actions, Principals, Resources
from stsctl.policy.operators import read_operator
from stsctl.policy.principal import Grant
from stsctl.policy.remark import plain
from stsctl.policy.request import Request
from stsctl.policy.wildcard import everything

Element = Actions | Resources | Principals | Condition
"""A part of a statement that a request can fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; `index` is its place in the document, from 0."""

    index: int
    sid: str | None
    denies: bool
    principals: Principals | None
    actions: Actions
    resources: Resources | None
    conditions: tuple[Condition, ...]
    grant: Callable[[Request], Grant] = field(init=False, repr=False, compare=False)
    """How closely the statement, whose action has matched, takes in the rest of a request."""
    _tests: tuple[tuple[Element, Callable[[Request], object]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "grant", _grant(self.resources, self.principals, self.conditions))
        object.__setattr__(self, "_tests", _tests(self.resources, self.principals, self.conditions))

    @classmethod
    def of(cls, index: int, value: Mapping[str, Any], *, variables: bool) -> Statement:
        """The statement of a JSON object that the grammar has passed."""
        actions, resources = _element(value, "Action"), _element(value, "Resource")
        assert actions is not None
        sid = value.get("Sid")
        return cls(
            index=index,
            sid=str(sid) if sid is not None else None,
            denies=value["Effect"] == "Deny",
            principals=_principals(value),
            actions=Actions.of(actions[0], negated=actions[1]),
            resources=Resources.of(resources[0], negated=resources[1], variables=variables) if resources else None,
            conditions=tuple(_conditions(value.get("Condition", {}), variables=variables)),
        )

    def failed(self, request: Request, *, action: bool) -> tuple[Element, ...]:
        """Every element that the request fails; `action` where its action is known to match."""
        found = [element for element, passes in self._tests if not passes(request)]
        return tuple(found) if action else (self.actions, *found)

    def value(self) -> dict[str, object]:
        """The statement as a JSON object."""
        value: dict[str, object] = {} if self.sid is None else {"Sid": self.sid}
        value["Effect"] = "Deny" if self.denies else "Allow"
        if self.principals is not None:
            entries = self.principals.entries
            everyone = entries == (("*", ("*",)),)
            value["NotPrincipal" if self.principals.negated else "Principal"] = "*" if everyone else dict(entries)
        value["NotAction" if self.actions.negated else "Action"] = self.actions.patterns
        if self.resources is not None:
            value["NotResource" if self.resources.negated else "Resource"] = self.resources.patterns
        if self.conditions:
            tests: dict[str, dict[str, object]] = {}
            for condition in self.conditions:
                tests.setdefault(str(condition.name), {})[condition.key] = condition.values
            value["Condition"] = tests
        return value


def _grant(
    resources: Resources | None, principals: Principals | None, conditions: tuple[Condition, ...]
) -> Callable[[Request], Grant]:
    """The tests of resource, principal and conditions in one, the cheapest first."""
    fixed = resources.fixed if resources is not None else everything
    varied = resources.match if resources is not None and fixed is None else None
    test = None if fixed is everything else fixed
    tests = tuple(condition.holds for condition in conditions)
    nobody, everybody = Grant.NONE, Grant.PRINCIPAL

    def grant(request: Request) -> Grant:
        if test is not None and not test(request.resource):
            return nobody
        if varied is not None and not varied(request):
            return nobody
        found = everybody if principals is None else principals.grant(request.principal)
        if found:
            for holds in tests:
                if not holds(request):
                    return nobody
        return found

    return grant


def _tests(
    resources: Resources | None, principals: Principals | None, conditions: tuple[Condition, ...]
) -> tuple[tuple[Element, Callable[[Request], object]], ...]:
    """Each element but the action, with its own test."""
    found: list[tuple[Element, Callable[[Request], object]]] = []
    if principals is not None:
        found.append((principals, lambda request: principals.grant(request.principal)))
    if resources is not None:
        found.append((resources, resources.match))
    return (*found, *((condition, condition.holds) for condition in conditions))


def _element(value: Mapping[str, Any], name: str) -> tuple[list[str], bool] | None:
    """The values of an element, and whether it is its Not form that stands there."""
    for written, negated in ((name, False), (f"Not{name}", True)):
        if written in value:
            return _list(value[written]), negated
    return None


def _principals(value: Mapping[str, Any]) -> Principals | None:
    for written, negated in (("Principal", False), ("NotPrincipal", True)):
        named = value.get(written)
        if isinstance(named, dict):
            return Principals.of([(sort, _list(names)) for sort, names in named.items()], negated=negated)
        if named is not None:
            return Principals.of([("*", ["*"])], negated=negated)
    return None


def _conditions(value: Mapping[str, Any], *, variables: bool) -> list[Condition]:
    found = []
    for text, tests in value.items():
        name = read_operator(text)
        assert name is not None
        for key, wanted in tests.items():
            texts = [plain(item) for item in _list(wanted)]
            found.append(Condition.of(name, key, texts, variables=variables))
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
