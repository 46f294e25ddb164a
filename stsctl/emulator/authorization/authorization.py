"""Whether a caller may do what it asks: every policy that has a say, with every condition key of the request.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html (the keys)
and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol

from stsctl.emulator.authorization.condition_keys import (
    Circumstances,
    Context,
    of_caller,
    of_circumstances,
    of_memberships,
    of_tags,
)
from stsctl.emulator.authorization.tagging import SessionTags
from stsctl.emulator.directory import policies
from stsctl.emulator.directory.organizations import Membership, Organizations
from stsctl.emulator.directory.principals import Caller, PolicyText, Role
from stsctl.emulator.protocol.refusal import Refusal, access_denied
from stsctl.emulator.world import journal
from stsctl.policy.document import Kind, PolicyError
from stsctl.policy.evaluate import Decision, Policies, evaluate
from stsctl.policy.explain import explain
from stsctl.policy.message import authorization_message
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request

Words = Callable[[Request, Decision], str]
"""What a denial says."""


_UNLOCKING = frozenset(
    {
        "s3:deletebucketpolicy",
        "s3:getbucketpolicy",
        "s3:putbucketpolicy",
        "sqs:getqueueattributes",
        "sqs:setqueueattributes",
    }
)
"""What no policy of a bucket or queue keeps its account's root user from, so that nobody is locked out for ever.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
"""


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
    context_providers: tuple[str, ...] = ()
    mfa_at: datetime | None
    now: datetime
    source_ip: str
    region: str


class Signed(Circumstances, Protocol):
    """A signed call, as far as every policy can look at it."""

    @property
    def caller(self) -> Caller:
        """Who signed it."""


class Authorization:
    """Asks the policies of accounts, and those of the organizations that the accounts are in."""

    def __init__(self, organizations: Organizations) -> None:
        self._organizations = organizations

    def allow(
        self,
        call: Signed,
        action: str,
        resource: str = "*",
        *,
        owner: str | None = None,
        policy: PolicyText | None = None,
        context: Context | None = None,
        words: Words | None = None,
    ) -> None:
        """Raises Refusal, AccessDenied, unless the caller may do `action` on `resource`.

        `owner` is the resource's account (the caller's own where it is None), `policy` the resource's own, `context`
        the condition keys that only this action has, `words` what a denial says (STS's where it is None).
        """
        caller = call.caller
        if action.lower() in _UNLOCKING and caller.is_root and owner in (None, caller.account):
            policy = None
        inside, of_owner = self._memberships(caller.account, owner or caller.account)
        request = Request(
            principal=principal_of(caller),
            action=action,
            resource=resource,
            resource_account=owner or caller.account,
            context=of_circumstances(call)
            | of_caller(caller, call.now)
            | of_memberships(inside, of_owner)
            | (context or {}),
        )
        if resource.startswith("arn:") and resource.split(":", 2)[1] != caller.partition:
            raise _denied(request, Policies(), _not_authorized(caller, request), "it is in another partition")
        _decide(
            request,
            lambda: policies.of_both(caller, inside, policy, Kind.RESOURCE, of_owner),
            words or _not_authorized(caller, request),
        )

    def allow_anybody(
        self, call: Circumstances, action: str, resource: str, *, owner: str, policy: PolicyText, context: Context
    ) -> None:
        """Raises Refusal, AccessDenied, unless the resource's policy, and its account's organization, let everybody."""
        membership = self._organizations.membership(owner)
        request = Request(
            principal=Principal.of("*"),
            action=action,
            resource=resource,
            resource_account=owner,
            context=of_circumstances(call) | of_memberships(None, membership) | context,
        )
        _decide(request, lambda: policies.of_resource(policy, Kind.RESOURCE, membership), "Access Denied")

    def assume_role(self, caller: Caller, asked: Asked) -> Role:
        """The role, where the caller may become it; raises Refusal, AccessDenied, naming the first action denied.

        A role that does not exist is refused in the same words, as AWS does.
        """
        principal, role = principal_of(caller), asked.role
        if role is None:
            request = Request(principal=principal, action="sts:AssumeRole", resource=asked.role_arn)
            raise _denied(request, Policies(), _not_authorized(caller, request), "there is no such role")
        inside, of_owner = self._memberships(caller.account, role.account)
        context = _of_request(asked, role) | of_caller(caller, asked.now, asked.mfa_at)
        context |= of_memberships(inside, of_owner)

        @cache
        def asked_policies() -> Policies:
            return policies.of_both(caller, inside, role.trust, Kind.TRUST, of_owner)

        for action in _actions("sts:AssumeRole", asked):
            request = Request(
                principal=principal, action=action, resource=role.arn, resource_account=role.account, context=context
            )
            _decide(request, asked_policies, _not_authorized(caller, request))
        return role

    def assume_unsigned(self, action: str, whom: str, keys: Context, asked: Asked) -> Role:
        """The role, where one without policies of its own may become it; raises Refusal, AccessDenied.

        `whom` is the ARN of the identity provider that vouches for somebody, or the name of a service; `keys` are what
        is known of them, as condition keys. The trust policy alone allows, and resource control policies.
        """
        principal, role = Principal.of(whom), asked.role
        if role is None:
            request = Request(principal=principal, action=action, resource=asked.role_arn)
            raise _denied(request, Policies(), f"Not authorized to perform {action}", "there is no such role")
        membership = self._organizations.membership(role.account)
        context = {**keys, **_of_request(asked, role), **of_memberships(None, membership)}

        for each in _actions(action, asked):
            request = Request(
                principal=principal, action=each, resource=role.arn, resource_account=role.account, context=context
            )
            _decide(
                request,
                lambda: policies.of_resource(role.trust, Kind.TRUST, membership),
                f"Not authorized to perform {each}",
            )
        return role

    def _memberships(self, principal: str, owner: str) -> tuple[Membership | None, Membership | None]:
        """The places of the principal's account and of the resource's."""
        inside = self._organizations.membership(principal)
        return inside, inside if owner == principal else self._organizations.membership(owner)


def principal_of(caller: Caller) -> Principal:
    """The caller, as policies name it."""
    issuer = caller.role.arn if caller.role else None
    unique_id = caller.role.id if caller.role else caller.user.id if caller.user else None
    return Principal.of(caller.arn, issuer=issuer, unique_id=unique_id)


def _actions(assume: str, asked: Asked) -> Iterable[str]:
    yield assume
    if asked.tags.all:
        yield "sts:TagSession"
    if asked.source_identity is not None:
        yield "sts:SetSourceIdentity"
    if asked.context_providers:
        yield "sts:SetContext"


def _decide(request: Request, asked_policies: Callable[[], Policies], message: str | Words) -> None:
    """Raises Refusal with `message` unless the policies allow the request."""
    try:
        asked = asked_policies()
    except PolicyError as error:
        raise _denied(request, Policies(), message, error.message) from error
    decision = evaluate(request, asked)
    if not decision.allowed:
        raise _denied(request, asked, message)
    journal.granted(explain(request, decision))


def _of_request(asked: Asked, role: Role) -> Context:
    """The keys of an AssumeRole that do not depend on who asks."""
    context = of_circumstances(asked)
    context |= {
        "sts:ExternalId": asked.external_id,
        "sts:RoleSessionName": asked.session_name,
        "sts:SourceIdentity": asked.source_identity,
        "sts:RequestContextProviders": asked.context_providers or None,
    }
    context |= of_tags(asked.tags.passed, asked.tags.passed_transitive)
    for key, value in asked.tags.over(role.tags):
        context[f"aws:ResourceTag/{key}"] = context[f"iam:ResourceTag/{key}"] = value
    return context


def _not_authorized(caller: Caller, request: Request) -> str:
    where = "" if request.resource == "*" else f" on resource: {request.resource}"
    return f"User: {caller.arn} is not authorized to perform: {request.action}{where}"


def _denied(request: Request, policies: Policies, message: str | Words, because: str = "") -> Refusal:
    decision = evaluate(request, policies, trace=True)
    message = message if isinstance(message, str) else message(request, decision)
    refusal = access_denied(message, because=because or "\n".join(explain(request, decision)))
    refusal.decision = authorization_message(request, decision)
    return refusal
