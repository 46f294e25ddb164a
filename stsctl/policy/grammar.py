"""What AWS would refuse to save: the grammar of each kind of policy.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html, the pages on each element
beside it, and for the two organisation policies
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html and …_rcps_syntax.html.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from stsctl.policy import values as spelled
from stsctl.policy.condition import OPERATORS, Family, OperatorName, read_operator
from stsctl.policy.json_text import Number, Path
from stsctl.policy.principal import WEB_IDENTITY_HOSTS
from stsctl.policy.wildcard import glob


class Kind(Enum):
    """What a policy is attached to; each kind has a grammar of its own. SESSION is also a permissions boundary's."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    SCP = "scp"
    RCP = "rcp"
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What is wrong with the part that `path` leads to; `at_key` where it is the part's key."""

    path: Path
    reason: str
    at_key: bool = False


Remarks = Iterator[Remark]

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
_OWNER = {
    Kind.IDENTITY: "an identity policy",
    Kind.RESOURCE: "a resource policy",
    Kind.TRUST: "a trust policy",
    Kind.SCP: "a service control policy",
    Kind.RCP: "a resource control policy",
    Kind.SESSION: "a session policy or permissions boundary",
}
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
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_UNIQUE_ID = re.compile(r"A(IDA|ROA|GPA)[A-Z0-9]{9,}", re.ASCII)
_NAMED = re.compile(
    r"arn:(?P<partition>aws(-[a-z]+)*):(?P<service>iam|sts)::(?P<account>[0-9]{12}):(?P<resource>.+)", re.ASCII
)
_PRINCIPAL_RESOURCE = re.compile(r"root|(user|role|federated-user)/\S+|assumed-role/[^/\s]+/[^/\s]+")
_PROVIDER = re.compile(r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:(oidc|saml)-provider/\S+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_CANONICAL = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OPENED = re.compile(r"\$\{([^}]*)(\}?)")
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
        yield Remark(path=(), reason=f"a policy is an object, this is {_sort(value)}")
        return
    yield from _unknown((), value, _TOP, "a policy")
    if "Version" in value and value["Version"] not in VERSIONS:
        yield Remark(
            path=("Version",), reason=f'the version is "2012-10-17" or "2008-10-17", not {quoted(value["Version"])}'
        )
    if not isinstance(value.get("Id", ""), str) or isinstance(value.get("Id"), Number):
        yield Remark(path=("Id",), reason=f"an Id is a text, this is {_sort(value['Id'])}")
    if "Statement" not in value:
        yield Remark(path=(), reason="the element Statement is missing")
        return
    seen: set[str] = set()
    for path, statement in _items(("Statement",), value["Statement"]):
        if isinstance(statement, dict):
            yield from _statement(path, statement, kind, seen)
        else:
            yield Remark(path=path, reason=f"a statement is an object, this is {_sort(statement)}")


def _statement(path: Path, value: Mapping[str, object], kind: Kind, seen: set[str]) -> Remarks:
    yield from _unknown(path, value, _STATEMENT, "a statement")
    yield from _sid(path, value, kind, seen)
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
    yield from _resource_element(path, value, kind)
    if "Condition" in value:
        yield from _conditions((*path, "Condition"), value["Condition"])
    if kind is Kind.RCP:
        yield from _rcp(path, value)


def _sid(path: Path, value: Mapping[str, object], kind: Kind, seen: set[str]) -> Remarks:
    if "Sid" not in value:
        return
    sid, path = value["Sid"], (*path, "Sid")
    if not isinstance(sid, str) or isinstance(sid, Number):
        yield Remark(path=path, reason=f"a Sid is a text, this is {_sort(sid)}")
    elif kind in _HAS_PLAIN_SID and not _SID.fullmatch(sid):
        yield Remark(
            path=path, reason=f"a Sid of {_OWNER[kind]} has letters A-Z, a-z and digits only, not {quoted(sid)}"
        )
    elif sid and sid in seen:
        yield Remark(path=path, reason=f"the Sid {quoted(sid)} is used by another statement")
    else:
        seen.add(sid)


def _principal_element(path: Path, value: Mapping[str, object], kind: Kind) -> Remarks:
    names = [name for name in ("Principal", "NotPrincipal") if name in value]
    if kind not in _HAS_PRINCIPAL:
        for name in names:
            yield Remark(
                path=(*path, name),
                reason=f"{_OWNER[kind]} has no {name}: it is about whom it is attached to",
                at_key=True,
            )
        return
    if not names:
        yield Remark(path=path, reason="the element Principal is missing")
    for name in names:
        inner = (*path, name)
        if name == "NotPrincipal" and kind is not Kind.RESOURCE:
            yield Remark(path=inner, reason=f"{_OWNER[kind]} takes no NotPrincipal", at_key=True)
        elif name == "NotPrincipal" and value.get("Effect") == "Allow":
            yield Remark(path=inner, reason="NotPrincipal goes with the effect Deny only", at_key=True)
        yield from _principals(inner, value[name], kind)


def _principals(path: Path, value: object, kind: Kind) -> Remarks:
    if kind is Kind.RCP:
        if value != "*":
            yield Remark(path=path, reason='the Principal of a resource control policy is "*"')
        return
    if isinstance(value, str) and not isinstance(value, Number):
        if value != "*":
            yield Remark(path=path, reason=f'a Principal is "*" or an object, as in {{"AWS": …}}, not {quoted(value)}')
        return
    if not isinstance(value, dict):
        yield Remark(path=path, reason=f'a Principal is "*" or an object, this is {_sort(value)}')
        return
    if not value:
        yield Remark(path=path, reason="the Principal names nobody")
    yield from _unknown(path, value, tuple(_PRINCIPAL_CHECKS), "a Principal")
    for sort, test in _PRINCIPAL_CHECKS.items():
        for inner, text in _texts((*path, sort), value.get(sort, []), "a principal"):
            reason = text if isinstance(text, Remark) else test(text)
            if isinstance(reason, Remark):
                yield reason
            elif reason:
                yield Remark(path=inner, reason=reason)


def _aws_principal(text: str) -> str | None:
    if text == "*" or _ACCOUNT.fullmatch(text) or _UNIQUE_ID.fullmatch(text):
        return None
    if "*" in text or "?" in text:
        return (
            f"no wildcard can stand in a principal's name: {quoted(text)}; test aws:PrincipalArn with ArnLike instead"
        )
    named = _NAMED.fullmatch(text)
    if named and named["resource"].startswith("group/"):
        return f"a group is no principal: {quoted(text)}"
    if text.isdecimal():
        return f"an account's id has 12 digits, {quoted(text)} has {len(text)}"
    if named is None or not _PRINCIPAL_RESOURCE.fullmatch(named["resource"]):
        return (
            f'{quoted(text)} is no principal: write "*", an account\'s id or the ARN of a user, role, session or root'
        )
    service = "sts" if named["resource"].startswith(("assumed-role/", "federated-user/")) else "iam"
    if named["service"] != service:
        return f'the service in {quoted(text)} is "{named["service"]}", such a principal\'s is "{service}"'
    return None


def _service_principal(text: str) -> str | None:
    if text == "*" or _HOST.fullmatch(text):
        return None
    return f'{quoted(text)} is no service: write its name as in "lambda.amazonaws.com"'


def _federated_principal(text: str) -> str | None:
    if text == "*" or text in WEB_IDENTITY_HOSTS or _PROVIDER.fullmatch(text) or _HOST.fullmatch(text):
        return None
    return f"{quoted(text)} is no identity provider: write the ARN of an oidc-provider or saml-provider"


def _canonical_user(text: str) -> str | None:
    return (
        None if _CANONICAL.fullmatch(text) else f"a canonical user's id has 64 hexadecimal digits, not {quoted(text)}"
    )


_PRINCIPAL_CHECKS = {
    "AWS": _aws_principal,
    "Service": _service_principal,
    "Federated": _federated_principal,
    "CanonicalUser": _canonical_user,
}


def _action_element(path: Path, value: Mapping[str, object], kind: Kind) -> Remarks:
    names = [name for name in ("Action", "NotAction") if name in value]
    if not names:
        yield Remark(path=path, reason="the element Action is missing")
    for name in names:
        if value[name] == []:
            yield Remark(path=(*path, name), reason=f"the {name} names no action")
        for inner, text in _texts((*path, name), value[name], "an action"):
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


def _resource_element(path: Path, value: Mapping[str, object], kind: Kind) -> Remarks:
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
        for inner, text in _texts((*path, name), value[name], "a resource"):
            if isinstance(text, Remark):
                yield text
                continue
            reason = _resource(text, kind) or _variables(text)
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


def _variables(text: str) -> str | None:
    for found in _OPENED.finditer(text):
        if not found[2]:
            return f"the variable in {quoted(text)} has no closing brace"
        if not found[1].strip():
            return f"the variable in {quoted(text)} is empty"
    return None


def _conditions(path: Path, value: object) -> Remarks:
    if not isinstance(value, dict):
        yield Remark(path=path, reason=f"a Condition is an object, this is {_sort(value)}")
        return
    yield from _twice(path, value)
    for text, tests in value.items():
        name = read_operator(text)
        inner = (*path, text)
        if name is None:
            yield Remark(path=inner, reason=_operator_reason(text), at_key=True)
        if not isinstance(tests, dict):
            yield Remark(
                path=inner, reason=f"an operator holds condition keys with their values, this is {_sort(tests)}"
            )
            continue
        yield from _twice(inner, tests)
        for key, wanted in tests.items():
            if ":" not in key.strip(":"):
                yield Remark(
                    path=(*inner, key),
                    reason=f'the condition key {quoted(key)} has no prefix, as in "aws:{key}"'
                    if key
                    else "the key is empty",
                    at_key=True,
                )
            yield from _condition_values((*inner, key), wanted, name)


def _twice(path: Path, value: Mapping[str, object]) -> Remarks:
    """Operators and keys that differ from an earlier one by capitals only: AWS takes them for the same."""
    seen: set[str] = set()
    for name in value:
        if name.lower() in seen:
            yield Remark(path=(*path, name), reason=f"{quoted(name)} stands here twice, in other capitals", at_key=True)
        seen.add(name.lower())


def _operator_reason(text: str) -> str:
    lowered = text.lower()
    if lowered.endswith("nullifexists"):
        return "Null takes no IfExists: it is about whether the key exists"
    prefix, _, bare = text.rpartition(":")
    names = [operator.name for operator in OPERATORS.values()]
    if prefix and prefix.lower() not in ("forallvalues", "foranyvalue"):
        return f"{quoted(prefix)} is neither ForAllValues nor ForAnyValue"
    return f"there is no condition operator {quoted(text)}{_nearest(bare.removesuffix('IfExists'), names)}"


def _condition_values(path: Path, value: object, name: OperatorName | None) -> Remarks:
    for inner, item in _items(path, value):
        if not isinstance(item, str | bool):
            yield Remark(
                path=inner, reason=f"a condition's value is a text, a number, true or false, this is {_sort(item)}"
            )
        elif name is not None:
            reason = _condition_value(plain(item), name)
            if reason:
                yield Remark(path=inner, reason=reason)


_READERS: dict[Family, tuple[Callable[[str], object], str]] = {
    Family.NUMERIC: (spelled.number, "a number"),
    Family.DATE: (spelled.instant, "a date as in 2030-01-31T12:00:00Z, or seconds since 1970"),
    Family.BOOL: (spelled.truth, "true or false"),
    Family.NULL: (spelled.truth, "true (the key is absent) or false (it is there)"),
    Family.IP: (spelled.network, "an address or a range as in 192.0.2.0/24"),
    Family.BINARY: (spelled.octets, "base64"),
}


def _condition_value(text: str, name: OperatorName) -> str | None:
    family = name.operator.family
    if family not in _READERS:
        return _variables(text)
    if "${" in text:
        return f"{name.operator.name} takes no policy variables: {quoted(text)}"
    read, wanted = _READERS[family]
    return f"{name.operator.name} compares {wanted}, not {quoted(text)}" if read(text) is None else None


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
    for inner, text in _texts((*path, "Action"), value.get("Action", []), "an action"):
        if isinstance(text, str) and text.partition(":")[0].lower() not in RCP_SERVICES and _action(text) is None:
            services = ", ".join(RCP_SERVICES)
            yield Remark(path=inner, reason=f"resource control policies reach {services}, not {quoted(text)}")


def plain(value: str | bool) -> str:
    """The text that a condition's value stands for."""
    return str(value) if isinstance(value, str) else ("true" if value else "false")


def quoted(value: object) -> str:
    """A value as a message shows it: in double quotes, short, in characters that every terminal has."""
    if isinstance(value, dict | list) or value is None or isinstance(value, bool | Number):
        return _sort(value)
    text = json.dumps(str(value), ensure_ascii=not str(value).isprintable())
    return text if len(text) <= 80 else f'{text[:76]}…"'


def _items(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    """The items of a list, or the one that stands without a list."""
    if isinstance(value, list):
        yield from (((*path, number), item) for number, item in enumerate(value))
    else:
        yield path, value


def _texts(path: Path, value: object, what: str) -> Iterator[tuple[Path, str | Remark]]:
    """The texts of a list, or the one that stands without a list; a Remark in the place of what is none."""
    for inner, item in _items(path, value):
        if isinstance(item, str) and not isinstance(item, Number):
            yield inner, item
        else:
            yield inner, Remark(path=inner, reason=f"{what} is a text, this is {_sort(item)}")


def _unknown(path: Path, value: Mapping[str, object], known: tuple[str, ...], what: str) -> Remarks:
    for name in value:
        if name not in known:
            yield Remark(
                path=(*path, name), reason=f"{what} has no element {quoted(name)}{_nearest(name, known)}", at_key=True
            )


def _nearest(name: str, known: Iterable[str]) -> str:
    by_lower = {item.lower(): item for item in known}
    near = difflib.get_close_matches(name[:40].lower(), by_lower, n=1)
    return f", did you mean {quoted(by_lower[near[0]])}?" if near else ""


def _sort(value: object) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return f"the number {value[:20]}"
        case str():
            return f"the text {quoted(value)}"
        case list():
            return "a list"
        case _:
            return "an object"
