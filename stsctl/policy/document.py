"""Policy documents: parsed, checked and compiled once; canonical when they are rendered.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stsctl.errors import ConfigurationError
from stsctl.policy import grammar
from stsctl.policy.condition import Condition, read_operator
from stsctl.policy.grammar import Kind
from stsctl.policy.json_text import Path, Reader, UnreadableError, places, read
from stsctl.policy.match import Actions, Principals, Resources
from stsctl.policy.principal import Grant
from stsctl.policy.request import Request

_MOST_REMEMBERED = 512
_WITH_VARIABLES = "2012-10-17"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why AWS would refuse a document: the place in the text, from 1, the path in the document, and the reason."""

    line: int
    column: int
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.path + ': ' if self.path else ''}{self.reason}"


class PolicyError(ConfigurationError):
    """A document that AWS would refuse to save; `problems` are all of them, in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"the policy is not valid: {problems[0]}{more}")
        self.problems = tuple(problems)


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

    def grant(self, request: Request) -> Grant:
        """How closely the statement, whose action has matched, takes in the rest of the request."""
        if self.resources is not None and not self.resources.match(request):
            return Grant.NONE
        grant = Grant.PRINCIPAL if self.principals is None else self.principals.grant(request.principal)
        if grant is not Grant.NONE:
            for condition in self.conditions:
                if not condition.holds(request):
                    return Grant.NONE
        return grant


Candidates = tuple[tuple[Statement, ...], tuple[Statement, ...]]
"""The statements that deny, and those that allow, an action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One policy, ready to be evaluated."""

    kind: Kind
    version: str
    id: str | None
    statements: tuple[Statement, ...]
    _by_verb: dict[str, Candidates] = field(default_factory=dict, init=False, repr=False, compare=False)

    def about(self, verb: str) -> Candidates:
        """The statements whose Action takes in `verb`, an action in lower case; remembered for the next time."""
        found = self._by_verb.get(verb)
        if found is None:
            matching = [statement for statement in self.statements if statement.actions.match(verb)]
            denies = tuple(statement for statement in matching if statement.denies)
            found = denies, tuple(statement for statement in matching if not statement.denies)
            if len(self._by_verb) >= _MOST_REMEMBERED:
                self._by_verb.clear()
            self._by_verb[verb] = found
        return found


def parse(text: str, kind: Kind) -> Document:
    """The policy that `text` spells; raises PolicyError with everything that is wrong with it."""
    try:
        value = read(text)
    except UnreadableError:
        raise PolicyError(_problems(text, kind)) from None
    if grammar.check_text(text, kind) or grammar.check(value, kind):
        raise PolicyError(_problems(text, kind))
    return _compile(value, kind)


def render(document: Document) -> str:
    """The document as JSON; parsed again it is an equal document."""
    value: dict[str, object] = {"Version": document.version}
    if document.id is not None:
        value["Id"] = document.id
    value["Statement"] = [_rendered(statement) for statement in document.statements]
    return json.dumps(value, indent=2)


def _problems(text: str, kind: Kind) -> list[Problem]:
    """Everything that is wrong with a text, found with the place of each part."""
    reader = Reader(text)
    found = [(fault.offset, fault.path, fault.reason) for fault in reader.faults]
    stray = grammar.check_text(text, kind)
    if stray is not None:
        found.append((text.index(stray), (), f"AWS takes no such character here: {json.dumps(stray)}"))
    if reader.whole:
        for remark in grammar.check(reader.value, kind):
            found.append((reader.find(remark.path, at_key=remark.at_key), remark.path, remark.reason))
    place = places(text)
    return [
        Problem(line=place(offset)[0], column=place(offset)[1], path=spell(path), reason=reason)
        for offset, path, reason in sorted(found, key=lambda item: item[0])
    ]


def spell(path: Path) -> str:
    """A path as messages write it: `Statement[0].Condition.Bool.aws:SecureTransport`."""
    written = ""
    for step in path:
        written += f"[{step}]" if isinstance(step, int) else f".{step}" if written else step
    return written if len(written) <= 200 else f"{written[:199]}…"


def _compile(value: object, kind: Kind) -> Document:
    """The document of a value that the grammar has passed."""
    assert isinstance(value, dict)
    version = value.get("Version", grammar.VERSIONS[0])
    return Document(
        kind=kind,
        version=version,
        id=value.get("Id"),
        statements=tuple(
            _statement(index, statement, variables=version == _WITH_VARIABLES)
            for index, statement in enumerate(_list(value["Statement"]))
        ),
    )


def _statement(index: int, value: Mapping[str, object], *, variables: bool) -> Statement:
    actions, resources = _element(value, "Action"), _element(value, "Resource")
    assert actions is not None
    sid = value.get("Sid")
    return Statement(
        index=index,
        sid=str(sid) if sid is not None else None,
        denies=value["Effect"] == "Deny",
        principals=_principals(value),
        actions=Actions.of(actions[0], negated=actions[1]),
        resources=Resources.of(resources[0], negated=resources[1], variables=variables) if resources else None,
        conditions=tuple(_conditions(value.get("Condition", {}), variables=variables)),
    )


def _element(value: Mapping[str, object], name: str) -> tuple[list[str], bool] | None:
    """The values of an element, and whether it is its Not form that stands there."""
    for written, negated in ((name, False), (f"Not{name}", True)):
        if written in value:
            return _list(value[written]), negated
    return None


def _principals(value: Mapping[str, object]) -> Principals | None:
    for written, negated in (("Principal", False), ("NotPrincipal", True)):
        named = value.get(written)
        if isinstance(named, dict):
            return Principals.of([(sort, _list(names)) for sort, names in named.items()], negated=negated)
        if named is not None:
            return Principals.of([("*", ["*"])], negated=negated)
    return None


def _conditions(value: object, *, variables: bool) -> list[Condition]:
    assert isinstance(value, dict)
    found = []
    for text, tests in value.items():
        name = read_operator(text)
        assert name is not None
        for key, wanted in tests.items():
            texts = [grammar.plain(item) for item in _list(wanted)]
            found.append(Condition.of(name, key, texts, variables=variables))
    return found


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rendered(statement: Statement) -> dict[str, object]:
    value: dict[str, object] = {} if statement.sid is None else {"Sid": statement.sid}
    value["Effect"] = "Deny" if statement.denies else "Allow"
    if statement.principals is not None:
        entries = statement.principals.entries
        everyone = entries == (("*", ("*",)),)
        value["NotPrincipal" if statement.principals.negated else "Principal"] = "*" if everyone else dict(entries)
    value["NotAction" if statement.actions.negated else "Action"] = statement.actions.patterns
    if statement.resources is not None:
        value["NotResource" if statement.resources.negated else "Resource"] = statement.resources.patterns
    if statement.conditions:
        tests: dict[str, dict[str, object]] = {}
        for condition in statement.conditions:
            tests.setdefault(str(condition.name), {})[condition.key] = condition.values
        value["Condition"] = tests
    return value
