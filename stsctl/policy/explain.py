"""A decision in words: what decided, how near the nearest statements came, and what would have to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stsctl.policy.condition import Condition
from stsctl.policy.evaluate import NEEDS_NO_PERMISSION, Considered, Decision, Effect, Layer, Policy, is_about_trust
from stsctl.policy.match import Actions, Principals, Resources, has_variables, resource_template, spell, template
from stsctl.policy.operators import Family
from stsctl.policy.principal import Grant
from stsctl.policy.remark import quoted
from stsctl.policy.request import Request
from stsctl.policy.statement import Element, Statement

_LAYERS = {
    Layer.RCP: "resource control policies",
    Layer.SCP: "service control policies",
    Layer.RESOURCE: "the resource's policy",
    Layer.IDENTITY: "identity policies",
    Layer.BOUNDARY: "the permissions boundary",
    Layer.SESSION: "session policies",
}
_MOST_MISSES = 3
_MOST_VALUES = 4
_MFA = ("aws:multifactorauthpresent", "aws:multifactorauthage")

Miss = tuple[Policy, Statement, tuple[Element, ...]]


def explain(request: Request, decision: Decision) -> list[str]:
    """The decision in plain lines; it must have been made with its trace."""
    match decision.effect:
        case Effect.ALLOWED:
            return list(_allowed(request, decision))
        case Effect.EXPLICITLY_DENIED:
            return list(_denied(request, decision))
        case Effect.IMPLICITLY_DENIED:
            return [line for layer in decision.missing for line in _missing(request, decision, layer)]


def words(element: Element, request: Request) -> str:
    """What an element wanted, and what the request has instead."""
    match element:
        case Actions():
            return f"{_not(element.negated)}Action: wanted {_list(element)}, request has {quoted(request.action)}"
        case Resources():
            wanted = _list(element, [_filled(pattern, element, request) for pattern in element.patterns])
            return f"{_not(element.negated)}Resource: wanted {wanted}, request has {quoted(request.resource)}"
        case Principals():
            named = [name if sort == "*" else f"{sort} {name}" for sort, names in element.entries for name in names]
            wanted = _list(element, [quoted(name) for name in named])
            return f"{_not(element.negated)}Principal: wanted {wanted}, request is by {quoted(request.principal.arn)}"
        case Condition():
            wanted, has = _condition(element, request), _has(element, request)
            return f"Condition {element.name} {element.key}: wanted {wanted}, request has {has}"


def closest(request: Request, decision: Decision, layer: Layer) -> list[Miss]:
    """The statements of a layer that would allow but for the elements that failed, the nearest first.

    Only of those levels of an organisation, and those boundaries, where nothing allows. Where identity policies would
    have to allow, the resource's own policy could as well, unless that is missing by itself.
    """
    found: list[Miss] = []
    groups = _groups(decision.trace, layer)
    if layer is Layer.IDENTITY and request.owner == request.principal.account:
        groups += _groups(decision.trace, Layer.RESOURCE) if Layer.RESOURCE not in decision.missing else []
    for group in groups:
        misses = [
            (policy.policy, statement, failed)
            for policy in group
            for statement, failed in zip(policy.policy.document.statements, policy.failed, strict=True)
            if not statement.denies
        ]
        if all(failed for _, _, failed in misses):
            found += misses
    return sorted(found, key=lambda miss: sum(_distance(element, request) for element in miss[2]))


def _groups(trace: Iterable[Considered], layer: Layer) -> list[list[Considered]]:
    """The policies of a layer, those of one level together."""
    levels: dict[int, list[Considered]] = {}
    for policy in trace:
        if policy.layer is layer:
            levels.setdefault(policy.level, []).append(policy)
    return list(levels.values())


def _distance(element: Element, request: Request) -> int:
    """How far a failed element keeps a statement from applying."""
    match element:
        case Actions():
            service = request.verb.partition(":")[0]
            near = any(pattern.lower().startswith(f"{service}:") for pattern in element.patterns)
            return 3 if near or element.negated else 10
        case Condition():
            return 1
        case _:
            return 2


def _allowed(request: Request, decision: Decision) -> Iterator[str]:
    if decision.decided_by is None:
        free = request.verb in NEEDS_NO_PERMISSION
        yield (
            f"allowed: {request.action} needs no permission"
            if free
            else "allowed: the account's root user needs no policy"
        )
        return
    yield f"allowed by {_name(decision.decided_by, request)}: {_asked(request)}"
    for decided in decision.statements:
        yield f"  {_place(decided.policy, decided.statement)}"


def _denied(request: Request, decision: Decision) -> Iterator[str]:
    assert decision.decided_by is not None
    yield f"explicitly denied by {_name(decision.decided_by, request)}: {_asked(request)}"
    for decided in decision.statements:
        yield f"  {_place(decided.policy, decided.statement)} denies it"
        for condition in decided.statement.conditions:
            wanted, has = _condition(condition, request), _has(condition, request)
            yield f"    Condition {condition.name} {condition.key}: {wanted} holds, request has {has}"
        if decided.statement.conditions:
            yield "    to change: a request for which one of these does not hold"
        else:
            yield "    to change: the statement itself, which has no conditions"


def _missing(request: Request, decision: Decision, layer: Layer) -> Iterator[str]:
    if layer is decision.missing[0]:
        yield f"implicitly denied: nothing in {_name(layer, request)} allows {_asked(request)}"
    else:
        yield f"nothing in {_name(layer, request)} allows it either"
    if layer is Layer.IDENTITY:
        yield from _delegated(request, decision)
    misses = closest(request, decision, layer)
    if not misses:
        none = "there are none" if not _groups(decision.trace, layer) else "no statement there allows anything"
        yield f"  {none}"
        yield f"  to change: a statement that allows {request.action} on {quoted(request.resource)}"
        return
    for policy, statement, failed in misses[:_MOST_MISSES]:
        yield f"  {_place(policy, statement)} does not apply:"
        for element in failed:
            yield f"    {words(element, request)}"
        yield f"    to change: {'; '.join(_change(element, request) for element in failed)}"
    if len(misses) > _MOST_MISSES:
        yield f"  {len(misses) - _MOST_MISSES} more are further off"


def _delegated(request: Request, decision: Decision) -> Iterator[str]:
    """Says so where the resource's policy names the account only, which leaves the question to identity policies."""
    for policy in decision.trace:
        if policy.layer is not Layer.RESOURCE:
            continue
        for statement, failed in zip(policy.policy.document.statements, policy.failed, strict=True):
            if not failed and not statement.denies and statement.grant(request) is Grant.ACCOUNT:
                yield f"  {_place(policy.policy, statement)} leaves it to the account's identity policies"


def _change(element: Element, request: Request) -> str:
    """What would have to change for an element to match."""
    match element:
        case Actions():
            return f"the statement takes in {request.action}"
        case Resources():
            return f"the statement takes in {quoted(request.resource)}"
        case Principals():
            return f"the statement names {quoted(request.principal.arn)}"
        case Condition():
            return _send(element, request)


def _send(condition: Condition, request: Request) -> str:
    key, negated = condition.key, condition.name.operator.negated
    if condition.name.operator.family is Family.NULL:
        return f"the request carries {key}" if "false" in condition.values else f"the request does not carry {key}"
    if key.lower() in _MFA:
        return "the request is made with MFA"
    wanted = _condition(condition, request)
    return f"the request carries {key} with {wanted}" if not negated else f"the request's {key} is {wanted}"


def _condition(condition: Condition, request: Request) -> str:
    """What a condition wants."""
    if condition.name.operator.family is Family.NULL:
        return "none" if "true" in condition.values else "any"
    values = [_filled(value, condition, request) for value in condition.values]
    wanted = _several(values) if values else "nothing"
    return f"anything but {wanted}" if condition.name.operator.negated else wanted


def _has(condition: Condition, request: Request) -> str:
    found = request.keys().get(condition.key.lower(), ())
    return " and ".join(quoted(value) for value in found) if found else "none"


def _filled(pattern: str, element: Resources | Condition, request: Request) -> str:
    """A pattern in quotes, with what its variables come to."""
    if not element.variables or not has_variables(pattern):
        return quoted(pattern)
    row = resource_template(pattern) if isinstance(element, Resources) else template(pattern)
    here = spell(row, request)
    return f"{quoted(pattern)} ({'a variable has no single value' if here is None else f'here {quoted(here)}'})"


def _list(element: Actions | Resources | Principals, named: Sequence[str] | None = None) -> str:
    if named is None:
        assert not isinstance(element, Principals)
        named = [quoted(pattern) for pattern in element.patterns]
    return f"{'anything but ' if element.negated else ''}{_several(named)}"


def _several(values: Sequence[str]) -> str:
    shown = " or ".join(values[:_MOST_VALUES])
    more = len(values) - _MOST_VALUES
    return f"{shown} or {more} more" if more > 0 else shown


def _not(negated: bool) -> str:
    return "Not" if negated else ""


def _name(layer: Layer, request: Request) -> str:
    """A layer as a sentence names it; a role's own policy is its trust policy."""
    if layer is Layer.RESOURCE and is_about_trust(request):
        return "the role's trust policy"
    return _LAYERS[layer]


def _asked(request: Request) -> str:
    return f"{request.action} on {quoted(request.resource)} by {quoted(request.principal.arn)}"


def _place(policy: Policy, statement: Statement) -> str:
    sid = f" ({quoted(statement.sid)})" if statement.sid else ""
    return f"{policy.name}, statement {statement.index}{sid}"
