"""What AWS would refuse to save: the grammar of each kind of policy.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html, the pages on each element
beside it, and for the two organisation policies
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html and …_rcps_syntax.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stsctl.policy.condition_grammar import check_conditions, check_variables
from stsctl.policy.json_text import Number, Path
from stsctl.policy.kind import Kind
from stsctl.policy.principal_grammar import check_principals
from stsctl.policy.remark import Remark, Remarks, items, quoted, sort_of, texts, unknown
from stsctl.policy.wildcard import glob

VERSIONS = ("2008-10-17", "2012-10-17")
_TOP = ("Version", "Id", "Statement")
_STATEMENT = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_HAS_PRINCIPAL = (Kind.RESOURCE, Kind.TRUST, Kind.RCP)
_HAS_PLAIN_SID = (Kind.IDENTITY, Kind.SESSION, Kind.TRUST)
_IN_LATIN_1 = (Kind.IDENTITY, Kind.SESSION, Kind.TRUST)
_OF_ORGANIZATIONS = (Kind.SCP, Kind.RCP)
TRUST_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
)
RCP_SERVICES = (
    "aoss",
    "cognito-identity",
    "cognito-idp",
    "dynamodb",
    "ecr",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "sqs",
    "sts",
)
"""The services that resource control policies reach."""

_SID = re.compile(r"[A-Za-z0-9]*", re.ASCII)
_SERVICE = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_ACTION = re.compile(r"[A-Za-z0-9_.*?/-]+", re.ASCII)
_PARTITION = re.compile(r"aws(-[a-z]+)*|\*", re.ASCII)
_LATIN_1 = re.compile(r"[^\t\n\r\x20-\xff]")


def check_text(text: str, kind: Kind) -> str | None:
    """The first character that AWS takes in no document of this kind."""
    found = _LATIN_1.search(text) if kind in _IN_LATIN_1 else None
    return found.group() if found else None


def check(value: object, kind: Kind) -> list[Remark]:
    """Everything that is wrong with a decoded document, in the order in which it stands there."""
    return list(_document(value, kind))


def _document(value: object, kind: Kind) -> Remarks:
    if not isinstance(value, dict):
        yield Remark(path=(), reason=f"a policy is an object, this is {sort_of(value)}")
        return
    yield from unknown((), value, _TOP, "a policy")
    yield from _version(value, kind)
    if not isinstance(value.get("Id", ""), str) or isinstance(value.get("Id"), Number):
        yield Remark(path=("Id",), reason=f"an Id is a text, this is {sort_of(value['Id'])}")
    if "Statement" not in value:
        yield Remark(path=(), reason="the element Statement is missing")
        return
    rules = _Rules(kind=kind, variables=value.get("Version") == VERSIONS[1], seen=set())
    for path, statement in items(("Statement",), value["Statement"]):
        if isinstance(statement, dict):
            yield from _statement(path, statement, rules)
        else:
            yield Remark(path=path, reason=f"a statement is an object, this is {sort_of(statement)}")


def _version(value: Mapping[str, object], kind: Kind) -> Remarks:
    if kind in _OF_ORGANIZATIONS and value.get("Version") != VERSIONS[1]:
        path = ("Version",) if "Version" in value else ()
        yield Remark(path=path, reason=f'{kind.phrase} has the Version "2012-10-17"')
    elif "Version" in value and value["Version"] not in VERSIONS:
        reason = f'the version is "2012-10-17" or "2008-10-17", not {quoted(value["Version"])}'
        yield Remark(path=("Version",), reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What a statement is held to: its document's kind, whether the version has variables, and the Sids before it."""

    kind: Kind
    variables: bool
    seen: set[str]


def _statement(path: Path, value: Mapping[str, object], rules: _Rules) -> Remarks:
    kind = rules.kind
    yield from unknown(path, value, _STATEMENT, "a statement")
    yield from _sid(path, value, rules)
    if "Effect" not in value:
        yield Remark(path=path, reason="the element Effect is missing")
    elif value["Effect"] not in ("Allow", "Deny"):
        yield Remark(path=(*path, "Effect"), reason=f'the effect is "Allow" or "Deny", not {quoted(value["Effect"])}')
    for name in ("Principal", "Action", "Resource"):
        if name in value and f"Not{name}" in value:
            yield Remark(
                path=(*path, f"Not{name}"), reason=f"a statement has {name} or Not{name}, not both", at_key=True
            )
    yield from _principal_element(path, value, kind)
    yield from _action_element(path, value, kind)
    yield from _resource_element(path, value, rules)
    if "Condition" in value:
        yield from check_conditions((*path, "Condition"), value["Condition"], variables=rules.variables)
    if kind is Kind.RCP:
        yield from _rcp(path, value)


def _sid(path: Path, value: Mapping[str, object], rules: _Rules) -> Remarks:
    if "Sid" not in value:
        return
    sid, path = value["Sid"], (*path, "Sid")
    if not isinstance(sid, str) or isinstance(sid, Number):
        yield Remark(path=path, reason=f"a Sid is a text, this is {sort_of(sid)}")
    elif rules.kind in _HAS_PLAIN_SID and not _SID.fullmatch(sid):
        reason = f"a Sid of {rules.kind.phrase} has letters A-Z, a-z and digits only, not {quoted(sid)}"
        yield Remark(path=path, reason=reason)
    elif sid and sid in rules.seen:
        yield Remark(path=path, reason=f"the Sid {quoted(sid)} is used by another statement")
    else:
        rules.seen.add(sid)


def _principal_element(path: Path, value: Mapping[str, object], kind: Kind) -> Remarks:
    names = [name for name in ("Principal", "NotPrincipal") if name in value]
    if kind not in _HAS_PRINCIPAL:
        for name in names:
            yield Remark(
                path=(*path, name),
                reason=f"{kind.phrase} has no {name}: it is about whom it is attached to",
                at_key=True,
            )
        return
    if not names:
        yield Remark(path=path, reason="the element Principal is missing")
    for name in names:
        inner = (*path, name)
        if name == "NotPrincipal" and kind is not Kind.RESOURCE:
            yield Remark(path=inner, reason=f"{kind.phrase} takes no NotPrincipal", at_key=True)
        elif name == "NotPrincipal" and value.get("Effect") == "Allow":
            yield Remark(path=inner, reason="NotPrincipal goes with the effect Deny only", at_key=True)
        yield from check_principals(inner, value[name], kind)


def _action_element(path: Path, value: Mapping[str, object], kind: Kind) -> Remarks:
    names = [name for name in ("Action", "NotAction") if name in value]
    if not names:
        yield Remark(path=path, reason="the element Action is missing")
    for name in names:
        if value[name] == []:
            yield Remark(path=(*path, name), reason=f"the {name} names no action")
        for inner, text in texts((*path, name), value[name], "an action"):
            if isinstance(text, Remark):
                yield text
                continue
            reason = _action(text) or (_trust_action(text) if kind is Kind.TRUST and name == "Action" else None)
            if reason:
                yield Remark(path=inner, reason=reason)


def _action(text: str) -> str | None:
    if text == "*":
        return None
    parts = text.split(":")
    if len(parts) == 1:
        return f'the action {quoted(text)} names no service: write service:action, as in "sts:AssumeRole"'
    if len(parts) > 2:
        return f"the action {quoted(text)} has more than one colon"
    service, name = parts
    if service != "*" and not _SERVICE.fullmatch(service):
        return f"the service in the action {quoted(text)} is written out, in letters, digits and dashes"
    if not _ACTION.fullmatch(name):
        return (
            f"the action {quoted(text)} has characters that no action has"
            if name
            else f"{quoted(text)} names no action"
        )
    return None


def _trust_action(text: str) -> str | None:
    test = glob(text.lower())
    if any(test(action.lower()) for action in TRUST_ACTIONS):
        return None
    return f"a trust policy is about assuming the role: {quoted(text)} is none of {', '.join(TRUST_ACTIONS)}"


def _resource_element(path: Path, value: Mapping[str, object], rules: _Rules) -> Remarks:
    kind = rules.kind
    names = [name for name in ("Resource", "NotResource") if name in value]
    if kind is Kind.TRUST:
        for name in names:
            yield Remark(path=(*path, name), reason=f"a trust policy has no {name}: it is about its role", at_key=True)
        return
    if not names and kind is not Kind.RESOURCE:
        yield Remark(path=path, reason="the element Resource is missing")
    for name in names:
        if value[name] == []:
            yield Remark(path=(*path, name), reason=f"the {name} names no resource")
        for inner, text in texts((*path, name), value[name], "a resource"):
            if isinstance(text, Remark):
                yield text
                continue
            reason = _resource(text, kind) or (check_variables(text) if rules.variables else None)
            if reason:
                yield Remark(path=inner, reason=reason)


def _resource(text: str, kind: Kind) -> str | None:
    if text and not text.strip("*"):
        return None
    if not text.startswith("arn:"):
        if kind is Kind.RESOURCE and text.startswith("execute-api:/"):
            return None  # API Gateway completes these by itself
        return f'the resource {quoted(text)} is neither an ARN nor "*"'
    parts = text.split(":", 5)
    if not _PARTITION.fullmatch(parts[1]) and not (len(parts) == 2 and parts[1].endswith("*")):
        return f"the partition in the resource {quoted(text)} is {quoted(parts[1])}, not aws, aws-cn or the like"
    if len(parts) < 6:
        return None if text.endswith("*") else f"the resource {quoted(text)} has {len(parts)} of an ARN's 6 parts"
    if not parts[2]:
        return f"the resource {quoted(text)} names no service"
    if parts[2] != "*" and ("*" in parts[2] or "?" in parts[2]):
        return f"the service in the resource {quoted(text)} takes no wildcards"
    return None if parts[5] else f"the resource {quoted(text)} ends before it names anything"


def _rcp(path: Path, value: Mapping[str, object]) -> Remarks:
    """Customers' resource control policies deny; the one that allows is AWS's own RCPFullAWSAccess."""
    full = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    bare = {name: part[0] if isinstance(part, list) and len(part) == 1 else part for name, part in value.items()}
    bare.pop("Sid", None)
    if bare == full:
        return
    if value.get("Effect") == "Allow":
        yield Remark(
            path=(*path, "Effect"),
            reason="a resource control policy denies; only AWS's own RCPFullAWSAccess allows",
        )
    if "NotAction" in value:
        yield Remark(path=(*path, "NotAction"), reason="a resource control policy takes no NotAction", at_key=True)
    for inner, text in texts((*path, "Action"), value.get("Action", []), "an action"):
        if isinstance(text, str) and text.partition(":")[0].lower() not in RCP_SERVICES and _action(text) is None:
            services = ", ".join(RCP_SERVICES)
            yield Remark(path=inner, reason=f"resource control policies reach {services}, not {quoted(text)}")
