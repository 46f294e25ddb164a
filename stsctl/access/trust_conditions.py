"""Conditions that do not do what they seem to.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html, the page
on multivalued context keys beside it, and https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from stsctl.access.finding import Change, Finding, Fix, Rule
from stsctl.access.guard import IDENTIFYING, MFA_KEYS, Guard
from stsctl.access.trust_statement import TrustStatement
from stsctl.policy.operators import Family
from stsctl.policy.remark import items, quoted
from stsctl.policy.values import instant
from stsctl.severity import Severity

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_OPERATORS = f"{_GUIDE}reference_policies_elements_condition_operators.html"

ABSENT = Rule(
    name="lets-absent-through",
    severity=Severity.LOW,
    summary="A request that carries no such key passes the condition",
    page=f"{_GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html",
)
NEGATED = Rule(
    name="negated-condition",
    severity=Severity.MEDIUM,
    summary="An Allow lets in everybody but those that are listed",
    page=_OPERATORS,
)
LITERAL = Rule(
    name="literal-wildcard",
    severity=Severity.LOW,
    summary="An asterisk is compared as it stands",
    page=f"{_OPERATORS}#Conditions_String",
)
ANYTHING = Rule(
    name="matches-anything",
    severity=Severity.MEDIUM,
    summary="The condition holds for every value of its key",
    page=f"{_OPERATORS}#Conditions_String",
)
CROSSING = Rule(
    name="crossing-wildcard",
    severity=Severity.MEDIUM,
    summary="A wildcard goes on over the colons of an ARN",
    page=f"{_OPERATORS}#Conditions_ARN",
)
PREFIX = Rule(
    name="name-prefix",
    severity=Severity.LOW,
    summary="Whoever may create a role or user of such a name gets in",
    page=f"{_GUIDE}reference_policies_condition-keys.html#condition-keys-principalarn",
)
MFA = Rule(
    name="mfa-optional",
    severity=Severity.HIGH,
    summary="MFA is asked for in a way that lets in who has none",
    page=f"{_GUIDE}id_credentials_mfa_configure-api-require.html",
)
PAST = Rule(
    name="past-date",
    severity=Severity.LOW,
    summary="The time of the statement is over",
    page=f"{_OPERATORS}#Conditions_Date",
)
RULES = (ABSENT, NEGATED, LITERAL, ANYTHING, CROSSING, PREFIX, MFA, PAST)

_PRESENT = "aws:MultiFactorAuthPresent"
_DECISIVE = frozenset({*IDENTIFYING, "sts:externalid", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce"})
_PREFIX = re.compile(r"(role|user)/(?!aws-reserved/)(.*/)?[\w+=,.@-]+\*")
_TIMES = ("aws:currenttime", "aws:epochtime")


def check(statement: TrustStatement) -> Iterator[Finding]:
    """What each condition of a statement does unlike it seems."""
    for guard in statement.conditions:
        if guard.lowered in MFA_KEYS:
            yield from _mfa(statement, guard)
            continue
        yield from _literal(statement, guard)
        yield from _date(statement, guard)
        if not guard.denies:
            yield from _absent(statement, guard)
            yield from _anything(statement, guard)
            yield from _names(statement, guard)


def _absent(statement: TrustStatement, guard: Guard) -> Iterator[Finding]:
    if not guard.lets_absent:
        return
    weighs = Severity.HIGH if guard.lowered in _DECISIVE else Severity.LOW
    if guard.is_about_presence:
        if "true" in guard.values:
            what = f"who carries no {guard.key} is let in by it"
            yield statement.finding(ABSENT, guard.path, what, _removing(statement, guard), weighs=weighs, at_key=True)
    elif not guard.lists:
        what = f"{guard.name} lets in every {guard.key} but {_several(guard)}, and whoever carries none"
        fix = statement.moving(guard, _positive(guard))
        yield statement.finding(NEGATED, guard.path, what, fix, at_key=True)
    else:
        how = "IfExists" if guard.name.if_exists else "ForAllValues"
        what = f"{how} lets in who carries no {guard.key} at all"
        fix = statement.adding("Null", guard.key, "false")
        yield statement.finding(ABSENT, guard.path, what, fix, weighs=weighs, at_key=True)


def _positive(guard: Guard) -> str:
    """The operator that a negated one is the negation of; `Not` stands in the middle, or first."""
    return str(guard.name).replace("Not", "", 1)


def _literal(statement: TrustStatement, guard: Guard) -> Iterator[Finding]:
    """An asterisk behind an operator that has no wildcards."""
    if guard.name.operator.family is not Family.STRING or guard.has_patterns:
        return
    found = next((value for value in guard.values if "*" in value.replace("${*}", "")), None)
    if found is None:
        return
    useless = guard.name.operator.negated is not guard.denies
    effect = "the condition always holds" if guard.name.operator.negated else "which no value of a request equals"
    weighs = Severity.HIGH if useless else Severity.LOW
    what = f"{guard.name} compares {quoted(found)} as it stands: {effect}"
    like = str(guard.name).replace("EqualsIgnoreCase", "Like").replace("Equals", "Like")
    yield statement.finding(LITERAL, guard.path, what, statement.moving(guard, like), weighs=weighs, at_key=True)


def _anything(statement: TrustStatement, guard: Guard) -> Iterator[Finding]:
    """A pattern of nothing but wildcards; those about subjects of an issuer are looked at with it."""
    if not guard.has_patterns or not guard.lists or guard.lowered.endswith(":sub"):
        return
    for path, value in items(guard.path, _written(statement, guard)):
        if str(value) and not str(value).strip("*"):
            weighs = Severity.HIGH if guard.lowered in _DECISIVE else Severity.LOW
            what = f"{quoted(value)} takes in every value of {guard.key}"
            fix = Fix(change=Change.REPLACE, path=path, text=json.dumps(_example(guard)))
            yield statement.finding(ANYTHING, path, what, fix, weighs=weighs)


def _example(guard: Guard) -> str:
    return {
        "sts:externalid": "EXTERNAL-ID",
        "aws:principalarn": "arn:aws:iam::ACCOUNT-ID:role/ROLE",
        "aws:principalorgid": "o-YOURORGID",
        "aws:sourcearn": "arn:aws:SERVICE:REGION:ACCOUNT-ID:RESOURCE",
    }.get(guard.lowered, "VALUE")


def _names(statement: TrustStatement, guard: Guard) -> Iterator[Finding]:
    """Wildcards in ARNs that reach further than their part, or take in the names of others."""
    if guard.lowered not in ("aws:principalarn", "aws:sourcearn") or not guard.has_patterns or not guard.lists:
        return
    arn_like = guard.name.operator.family is Family.ARN
    for path, value in items(guard.path, _written(statement, guard)):
        parts = str(value).split(":", 5)
        if not str(value).strip("*"):
            continue
        if not arn_like and any("*" in part for part in parts[:5]):
            what = f"the wildcard in {quoted(value)} goes on over the colons: only those of ArnLike keep to their part"
            yield statement.finding(CROSSING, path, what, statement.moving(guard, _arn_like(guard)))
        elif len(parts) < 5 or "*" in parts[4]:
            what = f"{quoted(value)} takes in every account"
            text = ":".join([*parts[:4], "ACCOUNT-ID", *(parts[5:] or ["*"])])
            fix = Fix(change=Change.REPLACE, path=path, text=json.dumps(text))
            yield statement.finding(ANYTHING, path, what, fix, weighs=Severity.HIGH)
        elif guard.lowered == "aws:principalarn" and _PREFIX.fullmatch(parts[-1]):
            what = f"{quoted(value)} takes in every name that begins so"
            fix = Fix(change=Change.REPLACE, path=path, text=json.dumps(str(value).rstrip("*")))
            yield statement.finding(PREFIX, path, what, fix)


def _arn_like(guard: Guard) -> str:
    return str(guard.name).replace("StringLike", "ArnLike")


def _mfa(statement: TrustStatement, guard: Guard) -> Iterator[Finding]:
    """Long-term keys carry no aws:MultiFactorAuthPresent, and sessions without MFA carry it as false."""
    if guard.is_about_presence:
        if not guard.demands or _asks_for_mfa(statement):
            return
        what = f"sessions without MFA carry {guard.key} too, as false"
    elif guard.lists and guard.lets_absent:
        what = f"long-term keys carry no {guard.key}, and {guard.name} passes over that"
    else:
        return
    if guard.denies:
        fix = statement.moving(guard, "BoolIfExists")
        if guard.is_about_presence:
            fix = Fix(
                change=Change.REPLACE,
                path=guard.path[:-1],
                text=f'"BoolIfExists": {json.dumps({_PRESENT: "false"})}',
                member=True,
            )
    else:
        fix = statement.adding("Bool", _PRESENT, "true")
    yield statement.finding(MFA, guard.path, what, fix, at_key=True)


def _asks_for_mfa(statement: TrustStatement) -> bool:
    """Whether something beside it asks for MFA: presence is then only one half."""
    return any(guard.lowered in MFA_KEYS and guard.lists and not guard.is_about_presence for guard in statement.guards)


def _date(statement: TrustStatement, guard: Guard) -> Iterator[Finding]:
    """A statement whose last instant is over."""
    name = guard.name.operator.name
    if guard.lowered not in _TIMES or "LessThan" not in name:
        return
    now = int(statement.knowledge.now.timestamp() * 1_000_000)
    ends = [_instant(value, guard) for value in guard.values]
    if ends and all(end is not None and end < now for end in ends):
        effect = "denies nothing any more" if guard.denies else "allows nothing any more"
        what = f"the statement {effect}: it ended at {_several(guard)}"
        fix = Fix(change=Change.REMOVE, path=statement.path, text=f"statement {statement.compiled.index}")
        weighs = Severity.MEDIUM if guard.denies else None
        yield statement.finding(PAST, guard.path, what, fix, weighs=weighs, at_key=True)


def _instant(value: str, guard: Guard) -> int | None:
    """An instant in microseconds; that of a number is in seconds, whatever its length."""
    if guard.name.operator.family is Family.NUMERIC:
        return int(float(value) * 1_000_000)
    return instant(value)


def _removing(statement: TrustStatement, guard: Guard) -> Fix:
    value = json.dumps({guard.key: _written(statement, guard)})[1:-1]
    return Fix(change=Change.REMOVE, path=guard.path, text=value, member=True)


def _written(statement: TrustStatement, guard: Guard) -> object:
    """The values of a guard as they are written."""
    operator, key = guard.path[-2:]
    return statement.value["Condition"][operator][key]


def _several(guard: Guard) -> str:
    shown = " or ".join(quoted(value) for value in guard.values[:3])
    more = len(guard.values) - 3
    return f"{shown} or {more} more" if more > 0 else shown
