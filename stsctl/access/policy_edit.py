"""Policies with one statement changed: what a person would do in an editor."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from stsctl.access.snapshot import PolicyText


def with_statement(policy: PolicyText, statement: dict[str, Any]) -> PolicyText:
    """The policy with one more statement, at its end."""
    document, statements = _opened(policy)
    return _closed(policy, document, [*statements, statement])


def without_statement(policy: PolicyText, index: int) -> PolicyText:
    """The policy without its statement number `index`, from 0; the others keep their numbers."""
    document, statements = _opened(policy)
    return _closed(policy, document, [_inert(each) if at == index else each for at, each in enumerate(statements)])


def without_denials(policy: PolicyText) -> PolicyText:
    """The policy with its statements that allow, and no other; raises PolicyError for what is none."""
    denying = [statement.denies for statement in policy.policy.document.statements]
    document, statements = _opened(policy)
    allowing = [each for each, denies in zip(statements, denying, strict=True) if not denies]
    return _closed(policy, document, allowing)


def with_action(policy: PolicyText, index: int, action: str) -> PolicyText:
    """The policy with an action more in its statement number `index`, where there is one of that number."""
    document, statements = _opened(policy)
    return _closed(
        policy, document, [_doing(each, action) if at == index else each for at, each in enumerate(statements)]
    )


def _doing(statement: dict[str, Any], action: str) -> dict[str, Any]:
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    return {**statement, "Action": [*actions, action]}


def _inert(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement that never applies, in the place of one that is gone."""
    return {**statement, "Condition": {"StringEquals": {"aws:CurrentTime": "never"}}}


def replaced(policies: Iterable[PolicyText], old: PolicyText, new: PolicyText) -> tuple[PolicyText, ...]:
    """Policies with one in the place of another."""
    return tuple(new if each is old else each for each in policies)


def _opened(policy: PolicyText) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    document = json.loads(policy.text)
    statements = document["Statement"]
    return document, statements if isinstance(statements, list) else [statements]


def _closed(policy: PolicyText, document: dict[str, Any], statements: list[dict[str, Any]]) -> PolicyText:
    return replace(policy, text=json.dumps({**document, "Statement": statements}))
