"""Identity providers in a trust policy: whose tokens and assertions give a session.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html and the page on SAML beside it
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from stsctl.access.finding import Change, Finding, Fix, Rule
from stsctl.access.guard import Guard, holding, is_wild, literal
from stsctl.access.issuers import COGNITO, GOOGLE, Issuer, issuer
from stsctl.access.trust_statement import EVERYONE, Named, TrustStatement
from stsctl.policy.json_text import Path
from stsctl.policy.remark import items, quoted
from stsctl.severity import Severity

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
ANY_SUBJECT = Rule(
    name="any-subject",
    severity=Severity.CRITICAL,
    summary="Every token of the issuer gives a session, whoever it was given to",
    page=f"{_GUIDE}id_roles_providers_oidc_secure-by-default.html",
)
WIDE_SUBJECT = Rule(
    name="wide-subject",
    severity=Severity.CRITICAL,
    summary="A pattern takes in more subjects than it seems",
    page=f"{_GUIDE}id_roles_create_for-idp_oidc.html#idp_oidc_Create_GitHub",
)
GUESTS = Rule(
    name="guests",
    severity=Severity.MEDIUM,
    summary="Visitors of an identity pool who did not sign in get the role too",
    page="https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html",
)
NO_AUDIENCE = Rule(
    name="no-audience",
    severity=Severity.LOW,
    summary="Tokens for every audience of the provider give a session",
    page=f"{_GUIDE}id_roles_create_for-idp_oidc.html",
)
SAML_AUDIENCE = Rule(
    name="saml-audience",
    severity=Severity.MEDIUM,
    summary="Assertions for every audience give a session",
    page=f"{_GUIDE}id_roles_create_for-idp_saml.html",
)
ANY_PROVIDER = Rule(
    name="every-provider",
    severity=Severity.HIGH,
    summary="Every identity provider gives sessions of the role",
    page=f"{_GUIDE}reference_policies_elements_principal.html#principal-federated-web-identity",
)
RULES = (ANY_SUBJECT, WIDE_SUBJECT, GUESTS, NO_AUDIENCE, SAML_AUDIENCE, ANY_PROVIDER)


def check(statement: TrustStatement) -> Iterator[Finding]:
    """What an Allow says of identity providers."""
    for named in statement.named:
        if named.sort != "Federated":
            continue
        if named.name == EVERYONE:
            what = "every identity provider is named, those that are added later too"
            account = min(statement.knowledge.own, default="123456789012")
            fix = _replacing(named.path, f"arn:aws:iam::{account}:oidc-provider/ISSUER")
            yield statement.finding(ANY_PROVIDER, named.path, what, fix)
        elif ":saml-provider/" in named.name:
            if "sts:AssumeRoleWithSAML" in statement.ways:
                yield from _saml(statement, named)
        elif "sts:AssumeRoleWithWebIdentity" in statement.ways:
            yield from _oidc(statement, named)


def _saml(statement: TrustStatement, named: Named) -> Iterator[Finding]:
    if not holding(statement.guards, "saml:aud"):
        what = "no SAML:aud is asked for, so that an assertion for another sign-in will do"
        fix = statement.adding("StringEquals", "SAML:aud", _sign_in(named.name))
        yield statement.finding(SAML_AUDIENCE, named.path, what, fix)


def _sign_in(arn: str) -> str:
    partition = arn.split(":")[1]
    domain = {"aws-cn": "signin.amazonaws.cn", "aws-us-gov": "signin.amazonaws-us-gov.com"}.get(partition)
    return f"https://{domain or 'signin.aws.amazon.com'}/saml"


def _oidc(statement: TrustStatement, named: Named) -> Iterator[Finding]:
    host = named.name.partition(":oidc-provider/")[2] or named.name
    found = issuer(host)
    keys = [f"{host}:{claim}".lower() for claim in (found.claim, *found.also)]
    guards = holding(statement.guards, *keys)
    if not any(_fixes(guard, found) for guard in guards):
        subjects = [guard for guard in guards if guard.lowered == keys[0]]
        if subjects:
            yield from _wide(statement, subjects, found)
        else:
            yield _any(statement, named, found, host)
    if found.claim != "aud" and not holding(statement.guards, f"{host}:aud".lower(), f"{host}:app_id".lower()):
        fix = statement.adding("StringEquals", f"{host}:aud", "sts.amazonaws.com")
        what = f"no {host}:aud is asked for: a token for any audience of the provider will do"
        yield statement.finding(NO_AUDIENCE, named.path, what, fix)
    if host == COGNITO and not holding(statement.guards, f"{COGNITO}:amr"):
        fix = statement.adding("ForAnyValue:StringLike", f"{COGNITO}:amr", "authenticated")
        what = "visitors who did not sign in get the role as well"
        yield statement.finding(GUESTS, named.path, what, fix)


def _any(statement: TrustStatement, named: Named, found: Issuer, host: str) -> Finding:
    """The finding that nothing tells one's own tokens from others'."""
    key = f"{host}:{found.claim}"
    example = (
        found.narrowed("*")
        if found.claim == "sub"
        else {GOOGLE: "CLIENT-ID", COGNITO: "IDENTITY-POOL-ID"}.get(host, "ID")
    )
    whose = f"anybody's token of {found.name}" if found.shared else f"any token of {found.name}"
    weighs = Severity.CRITICAL if found.shared else Severity.HIGH
    what = f"no {key} is asked for: {whose} will do"
    return statement.finding(
        ANY_SUBJECT, named.path, what, statement.adding("StringEquals", key, example), weighs=weighs
    )


def _fixes(guard: Guard, found: Issuer) -> bool:
    """Whether a guard leaves nothing of importance open."""
    if guard.lowered.endswith(":sub") and found.steps:
        return all(found.depth(pattern) == len(found.steps) for pattern in guard.patterns)
    return not any(is_wild(pattern) and not literal(pattern) for pattern in guard.patterns)


def _wide(statement: TrustStatement, guards: Sequence[Guard], found: Issuer) -> Iterator[Finding]:
    """Findings about the widest pattern of the guard that is the narrowest."""
    guard = max(guards, key=lambda each: min(_depth(found, pattern) for pattern in each.patterns))
    value = statement.policy.value
    written = _at(value, guard.path)
    for (path, text), pattern in zip(items(guard.path, written), guard.patterns, strict=True):
        depth = _depth(found, pattern)
        if depth < max(len(found.steps), 1):
            what = f"{quoted(text)} takes in every {_left_open(found, depth)}"
            if depth == 0 and literal(pattern) not in ("", *(step.lead for step in found.steps)):
                what += f", {quoted(literal(pattern) + 'SOMETHING-ELSE')} too"
            fix = _replacing(path, found.narrowed(pattern))
            yield statement.finding(WIDE_SUBJECT, path, what, fix, weighs=_weight(found, depth))


def _depth(found: Issuer, pattern: str) -> int:
    return found.depth(pattern) if found.steps else int(bool(literal(pattern)))


def _left_open(found: Issuer, depth: int) -> str:
    if not found.steps:
        return f"subject of {found.name}"
    within = f" of the {found.steps[depth - 1].what}" if depth else f" of {found.name}"
    return f"{found.steps[depth].what}{within}"


def _weight(found: Issuer, depth: int) -> Severity:
    """The first step of a shared issuer is the one that tells one's own from strangers'."""
    if depth == 0:
        return Severity.CRITICAL if found.shared else Severity.HIGH
    return Severity.MEDIUM if depth == 1 else Severity.LOW


def _replacing(path: Path, text: str) -> Fix:
    return Fix(change=Change.REPLACE, path=path, text=json.dumps(text))


def _at(value: object, path: Path) -> object:
    for step in path:
        value = value[step]  # type: ignore[index]  # a path of this very document
    return value
