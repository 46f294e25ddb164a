"""Those who ask for a role and are no user and no role themselves: services, and identity providers' people.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterator

from stsctl.access.caller import Caller
from stsctl.access.can import Surroundings, Verdict, can
from stsctl.access.example import all_conditions, values
from stsctl.access.snapshot import Role, Snapshot, User
from stsctl.access.wishes import SESSION
from stsctl.policy.principal import Principal, PrincipalKind
from stsctl.policy.request import Context

OF_NO_ACCOUNT: Context = {"aws:PrincipalOrgID": None, "aws:PrincipalOrgPaths": None}
"""They are in no organization, whatever account they work for."""
_ACTIONS = {
    PrincipalKind.SERVICE: "sts:AssumeRole",
    PrincipalKind.SAML: "sts:AssumeRoleWithSAML",
    PrincipalKind.WEB_IDENTITY: "sts:AssumeRoleWithWebIdentity",
}


def outsider(name: str, account: str) -> Caller:
    """A service or provider; raises UsageError for a name that is of neither. `account` is where it is at work."""
    principal = Principal.of(name)
    # One without policies, which is all that is asked of a holder here.
    return Caller(principal=principal, holder=User(arn=name, id="", account=principal.account or account))


def is_provider(name: str) -> bool:
    """Whether a name is an identity provider's ARN."""
    return ":saml-provider/" in name or ":oidc-provider/" in name


def enter(
    snapshot: Snapshot, caller: Caller, role: Role, around: Surroundings, *, session: str = SESSION
) -> tuple[Verdict, Context]:
    """Whether a role lets such a one in, and with which claims, or keys of the service's call, that it asks for.

    `session` is what a service calls the session: most call it as what they run.
    """
    action = _ACTIONS[caller.principal.kind]
    known: Context = {**OF_NO_ACCOUNT, **_of_service(caller, role, session)}
    verdict = can(snapshot, caller, action, role.arn, around, more=known)
    if verdict.decision.allowed:
        return verdict, {}
    for claims in _claims(verdict, role, action):
        tried = can(snapshot, caller, action, role.arn, around, more={**known, **claims})
        if tried.decision.allowed:
            return tried, claims
    return verdict, {}


def _claims(verdict: Verdict, role: Role, action: str) -> Iterator[Context]:
    """What the statements that allow ask for, each statement's by themselves."""
    for statement in role.trust.policy.document.statements:
        if not statement.denies and statement.actions.match(action.lower()):
            yield {
                condition.key: next(values(condition, verdict.request))
                for condition in statement.conditions
                if not condition.name.operator.negated and _is_open(condition.key, action)
            }
    yield {
        condition.key: next(values(condition, verdict.request))
        for condition in all_conditions([role.trust], frozenset({action.lower()}))
        if _is_open(condition.key, action)
    }


def _is_open(key: str, action: str) -> bool:
    """Whether whoever signs in, or gives a service its work, has a say in a key.

    A service says neither an external id nor a source identity nor tags that anybody chose for it.
    """
    lower = key.lower()
    if action == _ACTIONS[PrincipalKind.SERVICE]:
        return lower.startswith("aws:sourcearn")
    return not lower.startswith("aws:") or lower.startswith(("aws:sourcearn", "aws:requesttag/"))


def _of_service(caller: Caller, role: Role, session: str) -> Context:
    """A service works for the account that the role is in: another one's role cannot be passed to it."""
    if caller.principal.kind is not PrincipalKind.SERVICE:
        return {}
    return {"aws:SourceAccount": role.account, "sts:RoleSessionName": session}
