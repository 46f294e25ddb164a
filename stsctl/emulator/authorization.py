"""Whether a caller may become a role: both sides asked, with every condition key that the request carries.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html (the keys)
and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from stsctl.emulator.principals import Caller, Kind, PolicyText, Role, Tags
from stsctl.emulator.refusal import Refusal, access_denied
from stsctl.emulator.tagging import SessionTags
from stsctl.policy.document import Kind as PolicyKind
from stsctl.policy.document import PolicyError, parse
from stsctl.policy.evaluate import Policies, Policy, evaluate
from stsctl.policy.explain import explain
from stsctl.policy.message import authorization_message
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request

Context = dict[str, str | tuple[str, ...] | None]

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


class Signed(Protocol):
    """A signed call, as far as every policy can look at it."""

    @property
    def caller(self) -> Caller:
        """Who signed it."""

    @property
    def now(self) -> datetime:
        """When it came."""

    @property
    def source_ip(self) -> str:
        """From where."""

    @property
    def region(self) -> str:
        """The region of its signature."""


def assume_role(caller: Caller, asked: Asked) -> Role:
    """The role, where the caller may become it; raises Refusal, AccessDenied, naming the first action that is denied.

    A role that does not exist is refused in the same words, as AWS does.
    """
    role = asked.role
    if role is None:
        request = Request(principal=_principal(caller), action="sts:AssumeRole", resource=asked.role_arn)
        raise _denied(request, Policies(), _not_authorized(caller, request), "there is no such role")
    context = _context(caller, asked, role)
    for action in _actions(asked):
        request = Request(
            principal=_principal(caller),
            action=action,
            resource=role.arn,
            resource_account=role.account,
            context=context,
        )
        _decide(request, lambda: _policies(caller, role), _not_authorized(caller, request))
    return role


def assume_federated(action: str, provider: str, keys: Context, asked: Asked) -> Role:
    """The role, where one whom an identity provider (an ARN) vouches for may become it; raises Refusal, AccessDenied.

    `keys` are what the provider says, as condition keys. There is no identity side: the trust policy alone allows.
    """
    principal, role = Principal.of(provider), asked.role
    if role is None:
        request = Request(principal=principal, action=action, resource=asked.role_arn)
        raise _denied(request, Policies(), f"Not authorized to perform {action}", "there is no such role")
    context = {**keys, **_of_request(asked, role), "aws:FederatedProvider": provider}
    for each in (action, *tuple(_actions(asked))[1:]):
        request = Request(
            principal=principal, action=each, resource=role.arn, resource_account=role.account, context=context
        )
        _decide(request, lambda: Policies(resource=_trust(role)), f"Not authorized to perform {each}")
    return role


def allow(call: Signed, action: str, resource: str = "*", context: Context | None = None) -> None:
    """Raises Refusal, AccessDenied, unless the caller's own policies let it do `action` on a resource of its account.

    `context` are the condition keys that only this action has.
    """
    caller = call.caller
    request = Request(
        principal=_principal(caller),
        action=action,
        resource=resource,
        resource_account=caller.account,
        context=_circumstances(call.now, call.source_ip, call.region) | _of_caller(caller, call.now) | (context or {}),
    )
    _decide(request, lambda: _own_policies(caller), _not_authorized(caller, request))


def of_tags(passed: Tags, transitive: tuple[str, ...] = ()) -> Context:
    """The condition keys of the tags that a request passes."""
    keys: Context = {f"aws:RequestTag/{key}": value for key, value in passed}
    keys["aws:TagKeys"] = tuple(key for key, _ in passed) or None
    keys["sts:TransitiveTagKeys"] = transitive or None
    return keys


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


def _decide(request: Request, policies: Callable[[], Policies], message: str) -> None:
    """Raises Refusal with `message` unless the policies allow the request."""
    try:
        asked = policies()
    except PolicyError as error:
        raise _denied(request, Policies(), message, error.message) from error
    if not evaluate(request, asked).allowed:
        raise _denied(request, asked, message)


def _principal(caller: Caller) -> Principal:
    issuer = caller.role.arn if caller.role else None
    unique_id = caller.role.id if caller.role else caller.user.id if caller.user else None
    return Principal.of(caller.arn, issuer=issuer, unique_id=unique_id)


def _policies(caller: Caller, role: Role) -> Policies:
    return replace(_own_policies(caller), resource=_trust(role))


def _trust(role: Role) -> Policy:
    return _parsed((role.trust,), PolicyKind.TRUST)[0]


def _own_policies(caller: Caller) -> Policies:
    holder = caller.role or caller.user
    boundary = (holder.boundary,) if holder and holder.boundary else ()
    return Policies(
        identity=_parsed(holder.policies if holder else (), PolicyKind.IDENTITY),
        boundaries=_parsed(boundary, PolicyKind.SESSION),
        session=_parsed(caller.session.policies if caller.session else (), PolicyKind.SESSION),
    )


def _parsed(texts: Iterable[PolicyText], kind: PolicyKind) -> tuple[Policy, ...]:
    return tuple(Policy(name=text.label, document=_parse(text.text, kind)) for text in texts)


def _context(caller: Caller, asked: Asked, role: Role) -> Context:
    """The condition keys of the request; what follows from the principal alone, the evaluator fills in."""
    return _of_request(asked, role) | _of_caller(caller, asked.now, asked.mfa_at)


def _of_request(asked: Asked, role: Role) -> Context:
    """The keys that do not depend on who asks."""
    context = _circumstances(asked.now, asked.source_ip, asked.region)
    context |= {
        "sts:ExternalId": asked.external_id,
        "sts:RoleSessionName": asked.session_name,
        "sts:SourceIdentity": asked.source_identity,
    }
    context |= of_tags(asked.tags.passed, asked.tags.passed_transitive)
    for key, value in asked.tags.over(role.tags):
        context[f"aws:ResourceTag/{key}"] = context[f"iam:ResourceTag/{key}"] = value
    return context


def _circumstances(now: datetime, source_ip: str, region: str) -> Context:
    """The condition keys that every request has, whoever makes it."""
    return {
        "aws:CurrentTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:RequestedRegion": region,
        # The emulator stands for an endpoint that is reached by TLS; a policy that denies plain text does not mean it.
        "aws:SecureTransport": "true",
        "aws:SourceIp": source_ip,
        "aws:ViaAWSService": "false",
    }


def _of_caller(caller: Caller, now: datetime, checked_at: datetime | None = None) -> Context:
    """The keys of who asks, with what temporary credentials add, MFA above all.

    Long-term keys have no aws:MultiFactorAuthPresent at all; temporary ones have it, false where no code was given; and
    a code that was checked in this call (`checked_at`) makes it true for this call.
    """
    session = caller.session
    context: Context = {f"aws:PrincipalTag/{key}": value for key, value in caller.tags}
    if session is not None:
        context["aws:SourceIdentity"] = session.source_identity
        context["aws:TokenIssueTime"] = session.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        context["aws:MultiFactorAuthPresent"] = "false"
    mfa_at = checked_at or (session.mfa_at if session and session.kind is Kind.SESSION_OF_USER else None)
    if mfa_at is not None:
        context["aws:MultiFactorAuthPresent"] = "true"
        context["aws:MultiFactorAuthAge"] = str(max(0, int((now - mfa_at).total_seconds())))
    return context


def _not_authorized(caller: Caller, request: Request) -> str:
    where = "" if request.resource == "*" else f" on resource: {request.resource}"
    return f"User: {caller.arn} is not authorized to perform: {request.action}{where}"


def _denied(request: Request, policies: Policies, message: str, because: str = "") -> Refusal:
    decision = evaluate(request, policies, trace=True)
    refusal = access_denied(message, because=because or "\n".join(explain(request, decision)))
    refusal.decision = authorization_message(request, decision)
    return refusal
