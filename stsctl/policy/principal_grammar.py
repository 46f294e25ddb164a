"""What AWS would refuse to save as a Principal.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re

from stsctl.policy.json_text import Number, Path
from stsctl.policy.kind import Kind
from stsctl.policy.principal import WEB_IDENTITY_HOSTS
from stsctl.policy.remark import Remark, Remarks, quoted, sort_of, texts, unknown

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_UNIQUE_ID = re.compile(r"A(IDA|ROA|GPA)[A-Z0-9]{9,}", re.ASCII)
_NAMED = re.compile(
    r"arn:(?P<partition>aws(-[a-z]+)*):(?P<service>iam|sts)::(?P<account>[0-9]{12}):(?P<resource>.+)", re.ASCII
)
_PRINCIPAL_RESOURCE = re.compile(r"root|(user|role|federated-user)/\S+|assumed-role/[^/\s]+/[^/\s]+")
_PROVIDER = re.compile(r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:(oidc|saml)-provider/\S+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_CANONICAL = re.compile(r"[0-9a-f]{64}", re.ASCII)


def check_principals(path: Path, value: object, kind: Kind) -> Remarks:
    """What is wrong with the value of Principal, or NotPrincipal."""
    if kind is Kind.RCP:
        if value != "*":
            yield Remark(path=path, reason='the Principal of a resource control policy is "*"')
        return
    if isinstance(value, str) and not isinstance(value, Number):
        if value != "*":
            yield Remark(path=path, reason=f'a Principal is "*" or an object, as in {{"AWS": …}}, not {quoted(value)}')
        return
    if not isinstance(value, dict):
        yield Remark(path=path, reason=f'a Principal is "*" or an object, this is {sort_of(value)}')
        return
    if not value:
        yield Remark(path=path, reason="the Principal names nobody")
    yield from unknown(path, value, tuple(_PRINCIPAL_CHECKS), "a Principal")
    for sort, test in _PRINCIPAL_CHECKS.items():
        for inner, text in texts((*path, sort), value.get(sort, []), "a principal"):
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
