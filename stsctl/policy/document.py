"""Policy documents: parsed, checked and compiled once; canonical when they are rendered.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stsctl.errors import ConfigurationError
from stsctl.policy import grammar
from stsctl.policy.json_text import Path, Reader, UnreadableError, places, read
from stsctl.policy.kind import Kind as Kind
from stsctl.policy.remark import items
from stsctl.policy.request import Request
from stsctl.policy.statement import Element, Statement

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


class Candidates(NamedTuple):
    """The statements that deny an action and those that allow it, and of every statement whether it is one of them."""

    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]
    matching: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One policy, ready to be evaluated."""

    kind: Kind
    version: str
    id: str | None
    statements: tuple[Statement, ...]
    remembered: dict[str, Candidates] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `about` found for the actions that it was asked for."""

    def about(self, verb: str) -> Candidates:
        """The statements whose Action takes in `verb`, an action in lower case; remembered for the next time."""
        found = self.remembered.get(verb)
        if found is None:
            matching = tuple([statement.actions.match(verb) for statement in self.statements])
            both = [statement for statement, match in zip(self.statements, matching, strict=True) if match]
            denies = tuple(statement for statement in both if statement.denies)
            found = Candidates(denies, tuple(statement for statement in both if not statement.denies), matching)
            if len(self.remembered) >= _MOST_REMEMBERED:
                self.remembered.clear()
            self.remembered[verb] = found
        return found

    def failed(self, request: Request) -> tuple[tuple[Element, ...], ...]:
        """For each statement the elements that the request fails."""
        matching = self.about(request.verb).matching
        pairs = zip(self.statements, matching, strict=True)
        return tuple([statement.failed(request, action=match) for statement, match in pairs])


def parse(text: str, kind: Kind) -> Document:
    """The policy that `text` spells; raises PolicyError with everything that is wrong with it."""
    try:
        value = read(text)
    except UnreadableError:
        raise PolicyError(_problems(text, kind)) from None
    if grammar.check_text(text, kind) or grammar.check(value, kind):
        raise PolicyError(_problems(text, kind))
    return _compile(value, kind)


def likely_kind(text: str) -> Kind:
    """The kind that a text most likely has, by its elements: TRUST, RESOURCE or else IDENTITY."""
    value = Reader(text).value
    found = value.get("Statement") if isinstance(value, dict) else None
    statements = [item for _, item in items((), found) if isinstance(item, dict)]
    if not any(name in item for item in statements for name in ("Principal", "NotPrincipal")):
        return Kind.IDENTITY
    if any(name in item for item in statements for name in ("Resource", "NotResource")):
        return Kind.RESOURCE
    actions = [action for item in statements for _, action in items((), item.get("Action"))]
    about_sts = any(isinstance(action, str) and action.lower().startswith("sts:") for action in actions)
    return Kind.TRUST if about_sts else Kind.RESOURCE


def render(document: Document) -> str:
    """The document as JSON; parsed again it is an equal document."""
    value: dict[str, object] = {"Version": document.version}
    if document.id is not None:
        value["Id"] = document.id
    value["Statement"] = [statement.value() for statement in document.statements]
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
    statements = value["Statement"] if isinstance(value["Statement"], list) else [value["Statement"]]
    return Document(
        kind=kind,
        version=version,
        id=value.get("Id"),
        statements=tuple(
            Statement.of(index, statement, variables=version == _WITH_VARIABLES)
            for index, statement in enumerate(statements)
        ),
    )
