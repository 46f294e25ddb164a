"""What a statement is about: actions, resources, principals, and the policy variables in them.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html and the pages beside it on
the elements Action, Resource and Principal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stsctl.policy.principal import Grant, Principal, role_without_path
from stsctl.policy.request import Request
from stsctl.policy.wildcard import Matcher, Token, any_of, matcher, resource_tokens, tokens


class Variable(NamedTuple):
    """A policy variable: the condition key, in lower case, whose value it stands for, and what to take without one."""

    key: str
    default: str | None


Template = Sequence[Token | Variable]
"""A pattern in which policy variables still stand."""

_NOBODY, _EVERYBODY = Grant.NONE, Grant.PRINCIPAL  # found faster than an enum's members
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_INSIDE = re.compile(r"\s*(?P<key>[^,']*?)\s*(,\s*'(?P<default>[^']*)'\s*)?")


def template(pattern: str, split: Callable[[str], Iterable[Token]] = tokens) -> Template:
    """A pattern with its variables; `split` gives the tokens of the text around them.

    `${*}`, `${?}` and `${$}` are those characters themselves.
    """
    row: list[Token | Variable] = []
    at = 0
    for found in _VARIABLE.finditer(pattern):
        row += split(pattern[at : found.start()])
        row.append(_variable(found[1]))
        at = found.end()
    return [*row, *split(pattern[at:])]


def _variable(inside: str) -> Variable | str:
    if inside in ("*", "?", "$"):
        return inside
    parts = _INSIDE.fullmatch(inside)
    return Variable(parts["key"].lower(), parts["default"]) if parts else Variable(inside, None)


def fill(row: Template, request: Request) -> list[Token] | None:
    """A template with each variable's value in its place, as plain text; None when one has no value, or several."""
    filled: list[Token] = []
    for token in row:
        if not isinstance(token, Variable):
            filled.append(token)
            continue
        values = request.keys().get(token.key, ())
        if len(values) == 1:
            filled.append(values[0])
        elif token.default is None or values:
            return None
        else:
            filled.append(token.default)
    return filled


def spell(row: Template, request: Request) -> str | None:
    """A template as it reads with this request's values; None when a variable has none."""
    filled = fill(row, request)
    return None if filled is None else "".join(token if isinstance(token, str) else token.value[0] for token in filled)


def has_variables(pattern: str) -> bool:
    """Whether a pattern refers to condition keys, or spells `${*}`, `${?}` or `${$}`."""
    return _VARIABLE.search(pattern) is not None


def resource_template(pattern: str) -> Template:
    """A resource's pattern; in an ARN, variables count only behind the fifth colon."""
    segments = pattern.split(":", 5)
    if len(segments) < 6:
        return resource_tokens(pattern)
    head = pattern[: -len(segments[5])] if segments[5] else pattern
    return [*resource_tokens(head), *template(segments[5])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """The element Action, or NotAction."""

    patterns: tuple[str, ...]
    negated: bool
    _match: Matcher = field(repr=False, compare=False)

    @classmethod
    def of(cls, patterns: Sequence[str], *, negated: bool) -> Actions:
        """The actions that `patterns` name in any case, or all others."""
        return cls(
            patterns=tuple(patterns), negated=negated, _match=any_of([tokens(pattern.lower()) for pattern in patterns])
        )

    def match(self, verb: str) -> bool:
        """Whether the element takes in an action that is spelled in lower case."""
        return self._match(verb) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The element Resource, or NotResource."""

    patterns: tuple[str, ...]
    negated: bool
    variables: bool
    match: Callable[[Request], bool] = field(repr=False, compare=False)
    """Whether the element takes in a request's resource."""
    fixed: Matcher | None = field(repr=False, compare=False)
    """The same test of the resource alone; None where it depends on the rest of the request, or is a negated one."""

    @classmethod
    def of(cls, patterns: Sequence[str], *, negated: bool, variables: bool) -> Resources:
        """The resources that `patterns` name, or all others; `variables` where the policy's version has them."""
        varied = [pattern for pattern in patterns if variables and has_variables(pattern)]
        fixed = any_of([resource_tokens(pattern) for pattern in patterns if pattern not in varied])
        templates = [resource_template(pattern) for pattern in varied]
        return cls(
            patterns=tuple(patterns),
            negated=negated,
            variables=variables,
            match=_resource_test(fixed, templates, negated),
            fixed=None if templates or negated else fixed,
        )


def _resource_test(fixed: Matcher, templates: Sequence[Template], negated: bool) -> Callable[[Request], bool]:
    if not templates:
        return lambda request: fixed(request.resource) is not negated

    def match(request: Request) -> bool:
        resource = request.resource
        if not fixed(resource):
            for row in templates:
                filled = fill(row, request)
                if filled is not None and matcher(filled)(resource):
                    return not negated
            return negated
        return not negated

    return match


@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    """The element Principal, or NotPrincipal: for each type (AWS, Service, Federated, CanonicalUser) who is named.

    `"*"` by itself is the type `*`.
    """

    entries: tuple[tuple[str, tuple[str, ...]], ...]
    negated: bool
    _everyone: bool = field(repr=False, compare=False)
    _names: frozenset[str] = field(repr=False, compare=False)

    @classmethod
    def of(cls, entries: Sequence[tuple[str, Sequence[str]]], *, negated: bool) -> Principals:
        """Those who are named, or all others."""
        names: set[str] = set()
        for sort, values in entries:
            for value in values:
                names.add(value if sort in ("AWS", "*") else f"{sort}:{value}")
                pathless = role_without_path(value)
                if pathless:
                    names.add(pathless)
        return cls(
            entries=tuple((sort, tuple(values)) for sort, values in entries),
            negated=negated,
            _everyone="*" in names,
            _names=frozenset(names),
        )

    def grant(self, principal: Principal) -> Grant:
        """How closely the element names `principal`.

        NotPrincipal names everybody but those whose account *and* whose user or role it lists, because each is checked
        in turn (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html).
        """
        if self.negated:
            steps = principal.exempt_by
            listed = bool(steps) and all(not step.isdisjoint(self._names) for step in steps)
            return _NOBODY if self._everyone or listed else _EVERYBODY
        if self._everyone:
            return _EVERYBODY
        for name, grant in principal.names:
            if name in self._names:
                return grant
        return _NOBODY
