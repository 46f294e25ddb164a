"""Changes that could let a refused AssumeRole through: to the call, or to one policy in its way.

Each says what to do in words that can be followed, and can be made on a copy, so that it is known and not guessed
whether it helps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from stsctl.access.attempt import Attempt
from stsctl.access.can import Verdict
from stsctl.access.example import example
from stsctl.access.policy_edit import replaced, with_action, with_statement, without_statement
from stsctl.access.snapshot import Levels, Membership, PolicyText
from stsctl.policy.condition import Condition
from stsctl.policy.evaluate import Decided, Decision, Effect, Layer
from stsctl.policy.explain import closest
from stsctl.policy.kind import Kind
from stsctl.policy.match import Actions, has_variables
from stsctl.policy.operators import Family
from stsctl.policy.principal import PrincipalKind
from stsctl.policy.statement import Statement

_SAY, _ADD_ACTION, _ADD_STATEMENT, _TAKE_OUT = 1, 3, 4, 6
"""What changes cost: saying more in the call is cheaper than changing a policy, allowing cheaper than denying less."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to do, in `words`, and the attempt after it; two changes are the same where their words are."""

    words: str
    cost: int
    make: Callable[[Attempt], Attempt]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and self.words == other.words

    def __hash__(self) -> int:
        return hash(self.words)


def candidates(attempt: Attempt, refused: Verdict) -> Iterator[Change]:
    """What could be changed about the verdict that stands in the way; whether it helps is for the caller to try."""
    decision = refused.traced
    if decision.effect is Effect.EXPLICITLY_DENIED:
        assert decision.decided_by is not None
        for decided in decision.statements:
            for condition in decided.statement.conditions:
                yield from _said(attempt, condition, wanted=False)
            yield _taken_out(decision.decided_by, decided)
        return
    for layer in decision.missing:
        for _, _, failed in closest(refused.request, decision, layer):
            for element in failed:
                if isinstance(element, Condition):
                    yield from _said(attempt, element, wanted=True)
        yield from _allowing(attempt, refused, decision, layer)


def _said(attempt: Attempt, condition: Condition, *, wanted: bool) -> Iterator[Change]:
    """What the call could say, so that a condition holds, or one of a Deny does not."""
    key, name = condition.key.lower(), condition.name
    if key in ("aws:multifactorauthpresent", "aws:multifactorauthage"):
        if not attempt.assumption.mfa and attempt.caller.principal.kind is PrincipalKind.USER:
            yield Change("use MFA: name the user's device as mfa_serial", _SAY, lambda each: each.saying(mfa=True))
        return
    positive = wanted is not name.operator.negated and name.operator.family is not Family.NULL
    handed_on = {each.lower() for each, _ in attempt.assumption.tags}
    for value in condition.values if positive else ():
        said = example(value)
        if not has_variables(value) and (key != "sts:transitivetagkeys" or said.lower() in handed_on):
            yield from _saying(key, condition.key, said)


def _saying(key: str, written: str, value: str) -> Iterator[Change]:
    if key == "sts:externalid":
        yield Change(f"pass --external-id {value}", _SAY, lambda each: each.saying(external_id=value))
    elif key == "sts:rolesessionname":
        yield Change(f"pass --session-name {value}", _SAY, lambda each: each.saying(session_name=value))
    elif key == "sts:sourceidentity":
        yield Change(f"pass --source-identity {value}", _SAY, lambda each: each.saying(source_identity=value))
    elif key.startswith("aws:requesttag/"):
        tag = written.partition("/")[2]
        yield Change(f"pass --tag {tag}={value}", _SAY, lambda each: _tagged(each, tag, value))
    elif key == "sts:transitivetagkeys":
        yield Change(f"pass --transitive {value}", _SAY, lambda each: _transitive(each, value))


def _tagged(attempt: Attempt, key: str, value: str) -> Attempt:
    others = tuple(tag for tag in attempt.assumption.tags if tag[0].lower() != key.lower())
    return attempt.saying(tags=(*others, (key, value)))


def _transitive(attempt: Attempt, key: str) -> Attempt:
    return attempt.saying(transitive=(*attempt.assumption.transitive, key))


def _allowing(attempt: Attempt, refused: Verdict, decision: Decision, layer: Layer) -> Iterator[Change]:
    """A policy of a layer that does not allow, made to: what the call takes after this is allowed with it."""
    action = refused.request.action
    every = list(attempt.assumption.actions(attempt.caller))
    actions = every[every.index(action) :]
    called = " and ".join(actions)
    match layer:
        case Layer.RESOURCE:
            yield from _trusting(attempt, action, decision)
        case Layer.IDENTITY:
            yield Change(
                f"allow {called} on {attempt.assumption.role.arn} in a policy of {_whose(attempt)}",
                _ADD_STATEMENT,
                lambda each: each.holding(policies=(*each.caller.holder.policies, _allows(actions, each))),
            )
        case Layer.BOUNDARY:
            yield Change(
                f"allow {called} in the {_named(attempt.caller.holder.boundary)}",
                _ADD_STATEMENT,
                lambda each: each.holding(boundary=_more(each.caller.holder.boundary, actions)),
            )
        case Layer.SESSION:
            yield Change(
                f"allow {called} in the session policy of the role before",
                _ADD_STATEMENT,
                lambda each: each.narrowed((*each.caller.session, _allows(actions, each, Kind.SESSION))),
            )
        case Layer.SCP:
            account = attempt.caller.account
            yield Change(
                f"allow {action} in the service control policies of account {account}, at every level",
                _ADD_STATEMENT,
                lambda each: each.placed(account, _opened(each.snapshot.memberships[account], action)),
            )
        case Layer.RCP:
            return  # RCPFullAWSAccess cannot be taken away, so that none of these ever has to allow


def _trusting(attempt: Attempt, action: str, decision: Decision) -> Iterator[Change]:
    """The role's trust policy, with the action in the statement that lets the caller in already, or with a new one."""
    trust, principal = attempt.assumption.role.trust, attempt.caller.holder.arn
    for considered in decision.trace:
        if considered.layer is not Layer.RESOURCE:
            continue
        pairs = zip(considered.policy.document.statements, considered.failed, strict=True)
        for statement, failed in pairs:
            only_action = len(failed) == 1 and isinstance(failed[0], Actions) and not failed[0].negated
            if only_action and not statement.denies and action != "sts:AssumeRole":
                yield Change(
                    f"add {action} to the actions of statement {_called(statement)} of the {trust.name}",
                    _ADD_ACTION,
                    _adding(statement.index, action),
                )
    actions = list(attempt.assumption.actions(attempt.caller)) if action == "sts:AssumeRole" else [action]
    added: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions}
    yield Change(
        f"let {principal} do {' and '.join(actions)} in the {trust.name}",
        _ADD_STATEMENT,
        lambda each: each.trusting(with_statement(each.assumption.role.trust, added)),
    )


def _adding(index: int, action: str) -> Callable[[Attempt], Attempt]:
    return lambda each: each.trusting(with_action(each.assumption.role.trust, index, action))


def _taken_out(layer: Layer, decided: Decided) -> Change:
    """A statement that denies, gone."""
    name, index = decided.policy.name, decided.statement.index
    words = f"take statement {_called(decided.statement)} out of the {name}, or except this call from it"
    return Change(words, _TAKE_OUT, lambda each: _without(each, layer, name, index))


def _without(attempt: Attempt, layer: Layer, name: str, index: int) -> Attempt:
    holder = attempt.caller.holder
    match layer:
        case Layer.RESOURCE:
            return attempt.trusting(without_statement(attempt.assumption.role.trust, index))
        case Layer.IDENTITY:
            return attempt.holding(policies=_gone(holder.policies, name, index))
        case Layer.BOUNDARY:
            (boundary,) = _gone((holder.boundary,) if holder.boundary else (), name, index)
            return attempt.holding(boundary=boundary)
        case Layer.SESSION:
            return attempt.narrowed(_gone(attempt.caller.session, name, index))
        case Layer.SCP | Layer.RCP:
            account = attempt.caller.account if layer is Layer.SCP else attempt.assumption.role.account
            place = attempt.snapshot.memberships[account]
            levels = tuple(_gone(level, name, index) for level in _levels(place, layer))
            return attempt.placed(account, _with_levels(place, layer, levels))


def _gone(policies: tuple[PolicyText, ...], name: str, index: int) -> tuple[PolicyText, ...]:
    found = next((policy for policy in policies if policy.name == name), None)
    return policies if found is None else replaced(policies, found, without_statement(found, index))


def _opened(place: Membership, action: str) -> Membership:
    """A place with one more service control policy at each level, which allows the action."""
    text = f'{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}'
    more = PolicyText(name=f"a policy that allows {action}", text=text, kind=Kind.SCP)
    return replace(place, scps=tuple((*level, more) for level in place.scps))


def _levels(place: Membership, layer: Layer) -> Levels:
    return place.scps if layer is Layer.SCP else place.rcps


def _with_levels(place: Membership, layer: Layer, levels: Levels) -> Membership:
    return replace(place, scps=levels) if layer is Layer.SCP else replace(place, rcps=levels)


def _allows(actions: list[str], attempt: Attempt, kind: Kind = Kind.IDENTITY) -> PolicyText:
    allowed = {"Effect": "Allow", "Action": actions, "Resource": attempt.assumption.role.arn}
    text = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    return PolicyText(name=f"a policy that allows {' and '.join(actions)}", text=text, kind=kind)


def _more(boundary: PolicyText | None, actions: list[str]) -> PolicyText | None:
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return with_statement(boundary, allowed) if boundary else None


def _named(policy: PolicyText | None) -> str:
    return policy.name if policy else "permissions boundary"


def _whose(attempt: Attempt) -> str:
    kind = "user" if attempt.caller.principal.kind is PrincipalKind.USER else "role"
    return f"{kind} {attempt.caller.holder.name}"


def _called(statement: Statement) -> str:
    sid = statement.sid
    return f'{statement.index} ("{sid}")' if sid and re.fullmatch(r"\w+", sid) else str(statement.index)
