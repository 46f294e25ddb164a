"""Whether a caller may become a role: both sides asked, with every condition key that the request carries.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html (the keys)
and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from stsctl.emulator.principals import Caller, Kind, PolicyText, Role
from stsctl.emulator.refusal import Refusal, access_denied
from stsctl.emulator.tagging import SessionTags
from stsctl.policy.document import Kind as PolicyKind
from stsctl.policy.document import PolicyError, parse
from stsctl.policy.evaluate import Policies, Policy, evaluate
from stsctl.policy.explain import explain
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request

_parse = lru_cache(maxsize=4096)(parse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One AssumeRole, as far as policies can look at it; `role` is None where there is no such role.

    `mfa_at` is set when a code was checked in this very call; `source_identity` is what the new session will have.
    """

    role_arn: str
    role: Role | None
    session_name: str
    tags: SessionTags
    external_id: str | None
    source_identity: str | None
    mfa_at: datetime | None
    now: datetime
    source_ip: str
    region: str


def assume_role(caller: Caller, asked: Asked) -> Role:
    """The role, where the caller may become it; raises Refusal, AccessDenied, naming the first action that is denied.

    A role that does not exist is refused in the same words, as AWS does.
    """
    role = asked.role
    if role is None:
        raise _denied(caller, "sts:AssumeRole", asked.role_arn, "there is no such role")
    try:
        policies, context = _policies(caller, role), _context(caller, asked, role)
    except PolicyError as error:
        raise _denied(caller, "sts:AssumeRole", asked.role_arn, error.message) from error
    principal = _principal(caller)
    for action in _actions(asked):
        request = Request(
            principal=principal, action=action, resource=role.arn, resource_account=role.account, context=context
        )
        if not evaluate(request, policies).allowed:
            why = explain(request, evaluate(request, policies, trace=True))
            raise _denied(caller, action, role.arn, "\n".join(why))
    return role


def session_policy(text: str | None) -> PolicyText | None:
    """An inline session policy; raises Refusal, MalformedPolicyDocument, for one that is none."""
    if text is None:
        return None
    try:
        _parse(text, PolicyKind.SESSION)
    except PolicyError as error:
        whole = (
            "Syntax errors in policy."
            if text.lstrip().startswith("{")
            else "The policy is not in the valid JSON format."
        )
        raise Refusal("MalformedPolicyDocument", whole, 400, because=error.message) from error
    return PolicyText(label="session policy", text=text)


def _actions(asked: Asked) -> Iterable[str]:
    yield "sts:AssumeRole"
    if asked.tags.all:
        yield "sts:TagSession"
    if asked.source_identity is not None:
        yield "sts:SetSourceIdentity"


def _principal(caller: Caller) -> Principal:
    issuer = caller.role.arn if caller.role else None
    unique_id = caller.role.id if caller.role else caller.user.id if caller.user else None
    return Principal.of(caller.arn, issuer=issuer, unique_id=unique_id)


def _policies(caller: Caller, role: Role) -> Policies:
    holder = caller.role or caller.user
    boundary = (holder.boundary,) if holder and holder.boundary else ()
    return Policies(
        identity=_parsed(holder.policies if holder else (), PolicyKind.IDENTITY),
        resource=_parsed((role.trust,), PolicyKind.TRUST)[0],
        boundaries=_parsed(boundary, PolicyKind.SESSION),
        session=_parsed(caller.session.policies if caller.session else (), PolicyKind.SESSION),
    )


def _parsed(texts: Iterable[PolicyText], kind: PolicyKind) -> tuple[Policy, ...]:
    return tuple(Policy(name=text.label, document=_parse(text.text, kind)) for text in texts)


Context = dict[str, str | tuple[str, ...] | None]


def _context(caller: Caller, asked: Asked, role: Role) -> Context:
    """The condition keys of the request; what follows from the principal alone, the evaluator fills in."""
    held = caller.session.source_identity if caller.session else None
    context: Context = {
        "aws:CurrentTime": asked.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(asked.now.timestamp())),
        "aws:RequestedRegion": asked.region,
        # The emulator stands for an endpoint that is reached by TLS; a policy that denies plain text does not mean it.
        "aws:SecureTransport": "true",
        "aws:SourceIdentity": held,
        "aws:SourceIp": asked.source_ip,
        "aws:ViaAWSService": "false",
        "sts:ExternalId": asked.external_id,
        "sts:RoleSessionName": asked.session_name,
        "sts:SourceIdentity": asked.source_identity,
        "aws:TagKeys": tuple(key for key, _ in asked.tags.passed) or None,
        "sts:TransitiveTagKeys": asked.tags.passed_transitive or None,
    }
    context |= {f"aws:PrincipalTag/{key}": value for key, value in caller.tags}
    context |= {f"aws:RequestTag/{key}": value for key, value in asked.tags.passed}
    for key, value in asked.tags.over(role.tags):
        context[f"aws:ResourceTag/{key}"] = context[f"iam:ResourceTag/{key}"] = value
    return context | _of_session(caller, asked)


def _of_session(caller: Caller, asked: Asked) -> Context:
    """What temporary credentials add, MFA above all.

    Long-term keys have no aws:MultiFactorAuthPresent at all; temporary ones have it, false where no code was given; and
    a code that was checked in this call makes it true for this call.
    """
    session = caller.session
    context: Context = {}
    if session is not None:
        context["aws:TokenIssueTime"] = session.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        context["aws:MultiFactorAuthPresent"] = "false"
    mfa_at = asked.mfa_at or (session.mfa_at if session and session.kind is Kind.SESSION_OF_USER else None)
    if mfa_at is not None:
        context["aws:MultiFactorAuthPresent"] = "true"
        context["aws:MultiFactorAuthAge"] = str(max(0, int((asked.now - mfa_at).total_seconds())))
    return context


def _denied(caller: Caller, action: str, role_arn: str, because: str) -> Refusal:
    message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {role_arn}"
    return access_denied(message, because=because)
