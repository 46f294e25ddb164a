"""A decision in the shape that DecodeAuthorizationMessage answers with.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

from collections.abc import Iterable

from stsctl.policy.evaluate import Decision, Effect
from stsctl.policy.explain import words
from stsctl.policy.request import DERIVED_KEYS, Request
from stsctl.policy.statement import Statement

Items = dict[str, list[object]]


def authorization_message(request: Request, decision: Decision) -> dict[str, object]:
    """The decision as a JSON object; with a trace, `failures` says why each statement that did not apply did not."""
    principal: dict[str, object] = {"arn": request.principal.arn}
    names = DERIVED_KEYS | {name.lower(): name for name in request.context}
    user_id = request.keys().get("aws:userid")
    if user_id:
        principal = {"id": user_id[0], **principal}
    return {
        "allowed": decision.allowed,
        "explicitDeny": decision.effect is Effect.EXPLICITLY_DENIED,
        "matchedStatements": _items(_matched(decided.statement) for decided in decision.statements),
        "failures": _items(_failures(request, decision)),
        "context": {
            "principal": principal,
            "action": request.action,
            "resource": request.resource,
            "conditions": _conditions(
                sorted((names.get(key, key), values) for key, values in request.keys().items() if values)
            ),
        },
    }


def _matched(statement: Statement) -> dict[str, object]:
    principals = statement.principals.entries if statement.principals else ()
    return {
        "statementId": statement.sid or "",
        "effect": "DENY" if statement.denies else "ALLOW",
        "principals": _values(name for _, names in principals for name in names),
        "principalGroups": _items(()),
        "actions": _values(statement.actions.patterns),
        "resources": _values(statement.resources.patterns if statement.resources else ()),
        "conditions": _conditions((condition.key, condition.values) for condition in statement.conditions),
    }


def _failures(request: Request, decision: Decision) -> Iterable[object]:
    for policy in decision.trace:
        for statement, failed in zip(policy.policy.document.statements, policy.failed, strict=True):
            if failed:
                yield {
                    "policyType": policy.layer.value,
                    "policy": policy.policy.name,
                    "statementId": statement.sid or "",
                    "index": statement.index,
                    "reasons": _values(words(element, request) for element in failed),
                }


def _conditions(keys: Iterable[tuple[str, tuple[str, ...]]]) -> Items:
    return _items({"key": key, "values": _values(values)} for key, values in keys)


def _values(values: Iterable[str]) -> Items:
    return _items({"value": value} for value in values)


def _items(values: Iterable[object]) -> Items:
    return {"items": list(values)}
