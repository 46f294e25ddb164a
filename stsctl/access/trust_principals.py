"""Who is named in a trust policy, where that is more people than it seems.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stsctl.access.finding import Change, Finding, Fix, Rule
from stsctl.access.guard import MFA_KEYS, asks_for_mfa, holding
from stsctl.access.trust_statement import EVERYONE, Named, TrustStatement, members
from stsctl.policy.remark import quoted
from stsctl.severity import Severity

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_ELEMENTS = f"{_GUIDE}reference_policies_elements_principal.html"

ANYBODY = Rule(
    name="everyone",
    severity=Severity.CRITICAL,
    summary="Whoever has an AWS account may assume the role",
    page=f"{_ELEMENTS}#principal-anonymous",
)
OTHER_ACCOUNT = Rule(
    name="other-account",
    severity=Severity.MEDIUM,
    summary="The administrators of another account choose who may assume the role",
    page=f"{_ELEMENTS}#principal-accounts",
)
NO_EXTERNAL_ID = Rule(
    name="no-external-id",
    severity=Severity.HIGH,
    summary="A third party can be brought to assume the role for somebody else",
    page=f"{_GUIDE}confused-deputy.html#mitigate-confused-deputy",
)
DELETED = Rule(
    name="deleted-principal",
    severity=Severity.LOW,
    summary="A user or role is named that has been deleted",
    page=f"{_GUIDE}troubleshoot_roles.html#troubleshoot_roles_cant-assume-role",
)
ITSELF = Rule(
    name="trusts-itself",
    severity=Severity.MEDIUM,
    summary="Whoever has a session of the role can get another one for ever",
    page="https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/",
)
NOT_ACTION = Rule(
    name="not-action",
    severity=Severity.HIGH,
    summary="Every action is allowed but those that are listed",
    page=f"{_GUIDE}reference_policies_elements_notaction.html",
)
EVERY_ACTION = Rule(
    name="every-action",
    severity=Severity.MEDIUM,
    summary="Those who may assume the role may also tag its sessions and set their source identity",
    page=f"{_GUIDE}id_session-tags.html",
)
RULES = (ANYBODY, OTHER_ACCOUNT, NO_EXTERNAL_ID, DELETED, ITSELF, NOT_ACTION, EVERY_ACTION)

_UNIQUE_ID = re.compile(r"A(IDA|ROA|GPA)[A-Z0-9]{9,}", re.ASCII)
_ACCOUNT = re.compile(
    r"(?P<bare>[0-9]{12})|arn:(?P<partition>[a-z-]+):(iam|sts)::(?P<account>[0-9]{12}):(?P<resource>.+)"
)
_PERSONAL = ("sts:externalid", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", *MFA_KEYS)


def check(statement: TrustStatement) -> Iterator[Finding]:
    """What an Allow says by its Principal and its Action."""
    yield from _actions(statement)
    if "sts:AssumeRole" not in statement.ways:
        return
    for named in statement.named:
        if named.sort not in ("AWS", EVERYONE):
            continue
        if named.name == EVERYONE:
            yield from _everyone(statement, named)
        elif _UNIQUE_ID.fullmatch(named.name):
            yield from _deleted(statement, named)
        elif _is_itself(statement, named.name):
            what = f"the role trusts itself: {quoted(named.name)} is its own, or a session of it"
            yield statement.finding(ITSELF, named.path, what, statement.without(named))
        else:
            yield from _account(statement, named)


def _everyone(statement: TrustStatement, named: Named) -> Iterator[Finding]:
    if any(guard.holds and guard.names_somebody for guard in statement.guards):
        return
    fix = statement.adding("StringEquals", "aws:PrincipalOrgID", "o-YOURORGID")
    kept = holding(statement.guards, *_PERSONAL)
    passed = [guard for guard in statement.guards if guard.lists and guard not in kept]
    if kept:
        keys = ", ".join(dict.fromkeys(guard.key for guard in kept))
        what = f"every AWS account is named, and only {keys} keeps anybody out"
    elif passed:
        absent = next((guard for guard in passed if guard.lets_absent), None)
        why = (
            f"{absent.name} lets in who carries no {absent.key}"
            if absent
            else f"the test of {passed[0].key} leaves the account open"
        )
        what = f"every AWS account is named, and {why}"
    else:
        what = "every AWS account is named, and no condition keeps anybody out"
    yield statement.finding(ANYBODY, named.path, what, fix, weighs=Severity.HIGH if kept else None)


def _deleted(statement: TrustStatement, named: Named) -> Iterator[Finding]:
    sort = "user" if named.name.startswith("AIDA") else "role"
    what = f"{named.name} is the id of a {sort} that is gone: nobody can be it, not even one of the same name"
    yield statement.finding(DELETED, named.path, what, statement.without(named))


def _is_itself(statement: TrustStatement, name: str) -> bool:
    role = statement.policy.role
    if role is None:
        return False
    session = f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.resource_name}/"
    return name == str(role) or name.startswith(session)


def _account(statement: TrustStatement, named: Named) -> Iterator[Finding]:
    """What there is to say of one who is, or may be, of another account."""
    found = _ACCOUNT.fullmatch(named.name)
    if found is None:
        return
    account = found["bare"] or found["account"]
    own = statement.knowledge.own
    if account in own:
        return
    members_only = holding(statement.guards, "aws:principalorgid", "aws:principalorgpaths")
    if any(guard.names_somebody for guard in members_only):
        return
    whole = found["bare"] is not None or found["resource"] == "root"
    told = "another account" if own else "an account that may be another's"
    if whole and not holding(statement.guards, "aws:principalarn", "aws:userid"):
        arn = f"arn:{found['partition'] or 'aws'}:iam::{account}:role/ROLE"
        what = f"whoever the administrators of {account}, {told}, give leave"
        fix = statement.adding("ArnLike", "aws:PrincipalArn", arn)
        yield statement.finding(OTHER_ACCOUNT, named.path, what, fix, weighs=None if own else Severity.LOW)
    if not _has_external_id(statement):
        what = f"{account} is {told}, and no sts:ExternalId is asked for"
        fix = statement.adding("StringEquals", "sts:ExternalId", "EXTERNAL-ID")
        yield statement.finding(NO_EXTERNAL_ID, named.path, what, fix, weighs=None if own else Severity.MEDIUM)


def _has_external_id(statement: TrustStatement) -> bool:
    """Whether an external id is asked for, or an MFA code, which only people have: no program acts for others by it."""
    ids = holding(statement.guards, "sts:externalid")
    asked = any(all(pattern.strip("*?") for pattern in guard.patterns) for guard in ids)
    return asked or asks_for_mfa(statement.guards)


def _actions(statement: TrustStatement) -> Iterator[Finding]:
    if "NotAction" in statement.value:
        path = (*statement.path, "NotAction")
        what = "NotAction allows every action of STS that it does not list, those that AWS adds later too"
        fix = Fix(change=Change.REPLACE, path=path, text=members({"Action": _usual(statement)}), member=True)
        yield statement.finding(NOT_ACTION, path, what, fix, at_key=True)
        return
    wide = [pattern for pattern in statement.compiled.actions.patterns if pattern.lower() in ("*", "sts:*")]
    if wide:
        path = (*statement.path, "Action")
        what = (
            f"{quoted(wide[0])} allows to tag sessions and to set their source identity, as well as to assume the role"
        )
        fix = Fix(change=Change.REPLACE, path=path, text=members({"Action": _usual(statement)}), member=True)
        yield statement.finding(EVERY_ACTION, path, what, fix, at_key=True)


def _usual(statement: TrustStatement) -> str:
    """The call by which those who are named assume a role."""
    sorts = {named.sort for named in statement.named}
    if sorts != {"Federated"}:
        return "sts:AssumeRole"
    saml = all(":saml-provider/" in named.name for named in statement.named)
    return "sts:AssumeRoleWithSAML" if saml else "sts:AssumeRoleWithWebIdentity"
