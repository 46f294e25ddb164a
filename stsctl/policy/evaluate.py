"""Whether a request is allowed: the order of evaluation.

An explicit Deny anywhere ends it. Then resource control policies, service control policies, the resource's own policy,
identity policies, the permissions boundary and session policies are asked in turn; across accounts both sides must
allow.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from stsctl.policy.document import Document, Statement
from stsctl.policy.principal import Grant, PrincipalKind
from stsctl.policy.request import Request


class Effect(Enum):
    """What a decision says."""

    ALLOWED = "Allowed"
    EXPLICITLY_DENIED = "ExplicitlyDenied"
    IMPLICITLY_DENIED = "ImplicitlyDenied"


class Layer(Enum):
    """A kind of policies that are asked together, in the order in which they are asked."""

    RCP = "rcp"
    SCP = "scp"
    RESOURCE = "resource"
    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A document with the name, or ARN, that a decision calls it by."""

    name: str
    document: Document


Level = tuple[Policy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All that may decide a request.

    `resource` is the resource's own policy; of a role, its trust policy. An empty kind means that there is none of it,
    which limits nothing; a federated user without session policies has no permissions of its own. `scps` are those of
    the principal's account and `rcps` those of the resource's, one level for the root, each organisational unit and the
    account; `management_account` is the organisation's, which they leave alone.
    """

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    boundaries: tuple[Policy, ...] = ()
    session: tuple[Policy, ...] = ()
    scps: tuple[Level, ...] = ()
    rcps: tuple[Level, ...] = ()
    management_account: str | None = None


class Decided(NamedTuple):
    """A statement that decided, and the policy that it stands in."""

    policy: Policy
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided.

    `decided_by` is the layer that ended it: the one that denied, the one that granted, or the first that did not allow;
    None where no policy was asked. `statements` denied, or granted; there are none behind an implicit denial.
    """

    effect: Effect
    decided_by: Layer | None
    statements: tuple[Decided, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the request may go on."""
        return self.effect is Effect.ALLOWED


NEEDS_NO_PERMISSION = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
"""What no policy can deny (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html)."""

_ASSUMING = frozenset({"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})
_ON_ROLES = frozenset({"sts:setcontext", "sts:setsourceidentity", "sts:tagsession"})
_WITHOUT_IDENTITY_SIDE = frozenset(
    {
        PrincipalKind.SERVICE,
        PrincipalKind.WEB_IDENTITY,
        PrincipalKind.SAML,
        PrincipalKind.CANONICAL_USER,
        PrincipalKind.ANONYMOUS,
    }
)


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decides a request; pure, and the same for the same arguments."""
    if request.verb in NEEDS_NO_PERMISSION and request.principal.kind is not PrincipalKind.ANONYMOUS:
        return Decision(effect=Effect.ALLOWED, decided_by=None)
    policies = applicable(request, policies)
    asked = _Asked(request, policies)
    if asked.denied:
        layer = asked.denied[0][0]
        statements = tuple(decided for where, decided in asked.denied if where is layer)
        return Decision(effect=Effect.EXPLICITLY_DENIED, decided_by=layer, statements=statements)
    return _decide(request, policies, asked)


def applicable(request: Request, policies: Policies) -> Policies:
    """The policies that apply.

    Organisations leave their management account and service-linked roles alone, and those who are no user, role or
    session have no identity side.
    """
    principal, leave = request.principal, policies.management_account
    rcps, scps = policies.rcps, policies.scps
    if principal.is_service_linked:
        rcps = scps = ()
    if leave is not None:
        rcps = () if request.owner == leave else rcps
        scps = () if principal.account == leave else scps
    if principal.kind in _WITHOUT_IDENTITY_SIDE:
        return Policies(resource=policies.resource, rcps=rcps)
    if principal.kind is PrincipalKind.ROOT:
        return Policies(resource=policies.resource, session=policies.session, rcps=rcps, scps=scps)
    return policies if rcps is policies.rcps and scps is policies.scps else replace(policies, rcps=rcps, scps=scps)


Granted = list[tuple[Grant, Decided]]


class _Asked:
    """What each layer said: who was denied where, and by how much each allows."""

    __slots__ = ("_request", "boundaries", "denied", "identity", "rcps", "resource", "scps", "session")

    def __init__(self, request: Request, policies: Policies) -> None:
        self._request = request
        self.denied: list[tuple[Layer, Decided]] = []
        self.rcps = self._levels(Layer.RCP, policies.rcps)
        self.scps = self._levels(Layer.SCP, policies.scps)
        self.resource = self._ask(Layer.RESOURCE, (policies.resource,)) if policies.resource else []
        self.identity = self._ask(Layer.IDENTITY, policies.identity)
        # Somebody has one boundary at most; of several, each must allow.
        self.boundaries = [bool(self._ask(Layer.BOUNDARY, (policy,))) for policy in policies.boundaries]
        self.session = bool(self._ask(Layer.SESSION, policies.session)) if policies.session else None

    def _ask(self, layer: Layer, policies: Iterable[Policy]) -> Granted:
        request = self._request
        granted: Granted = []
        for policy in policies:
            denies, allows = policy.document.about(request.verb)
            for statement in denies:
                if statement.grant(request):
                    self.denied.append((layer, Decided(policy, statement)))
            for statement in allows:
                grant = statement.grant(request)
                if grant:
                    granted.append((grant, Decided(policy, statement)))
        return granted

    def _levels(self, layer: Layer, levels: Sequence[Level]) -> bool:
        """Whether every level allows; no policy on any level limits nothing."""
        allowed = [bool(self._ask(layer, level)) for level in levels]
        return all(allowed) or not any(levels)


def _decide(request: Request, policies: Policies, asked: _Asked) -> Decision:
    """What follows where nothing denies explicitly: the first layer that does not allow, or the one that grants."""
    kind = request.principal.kind
    grant = max((grant for grant, _ in asked.resource), default=Grant.NONE)
    inside = request.principal.account == request.owner
    settled = inside and grant >= Grant.ISSUER
    needed = not inside or needs_resource_policy(request, policies)
    if not asked.rcps:
        return _missing(Layer.RCP)
    if not asked.scps:
        return _missing(Layer.SCP)
    if not grant and (needed or kind in _WITHOUT_IDENTITY_SIDE):
        return _missing(Layer.RESOURCE)
    if kind in _WITHOUT_IDENTITY_SIDE or (inside and grant is Grant.PRINCIPAL):
        return _granted(Layer.RESOURCE, asked.resource)
    if not settled and not asked.identity and kind is not PrincipalKind.ROOT:
        return _missing(Layer.IDENTITY)
    if not all(asked.boundaries):
        return _missing(Layer.BOUNDARY)
    if asked.session is False or (asked.session is None and kind is PrincipalKind.FEDERATED_USER):
        return _missing(Layer.SESSION)
    if settled or (kind is PrincipalKind.ROOT and grant):
        return _granted(Layer.RESOURCE, asked.resource)
    if kind is PrincipalKind.ROOT:
        return Decision(effect=Effect.ALLOWED, decided_by=None)
    return _granted(Layer.IDENTITY, [*asked.resource, *asked.identity] if needed else asked.identity)


def needs_resource_policy(request: Request, policies: Policies) -> bool:
    """Whether identity policies alone do not do, even inside an account: for roles, and for keys of KMS."""
    if request.verb.startswith("kms:"):
        return policies.resource is not None
    on_role = request.verb in _ON_ROLES and ":role/" in request.resource
    return on_role or request.verb in _ASSUMING


def _missing(layer: Layer) -> Decision:
    return Decision(effect=Effect.IMPLICITLY_DENIED, decided_by=layer)


def _granted(layer: Layer, granted: Granted) -> Decision:
    return Decision(effect=Effect.ALLOWED, decided_by=layer, statements=tuple(decided for _, decided in granted))
