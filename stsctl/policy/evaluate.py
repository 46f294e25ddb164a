"""Whether a request is allowed: the order of evaluation.

An explicit Deny anywhere ends it. Then resource control policies, service control policies, the resource's own policy,
identity policies, the permissions boundary and session policies are asked in turn; across accounts both sides must
allow.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from stsctl.policy.document import Document
from stsctl.policy.principal import Grant, PrincipalKind
from stsctl.policy.request import Request
from stsctl.policy.statement import Element, Statement


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


class Considered(NamedTuple):
    """What became of one policy: for each of its statements the elements that the request failed; none, and it applied.

    `level` counts an organisation's levels from the root, and boundaries, from 0.
    """

    layer: Layer
    level: int
    policy: Policy
    failed: tuple[tuple[Element, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided.

    `decided_by` is the layer that ended it: the one that denied, the one that granted, or the first that did not allow;
    None where no policy was asked. `statements` denied, or granted; there are none behind an implicit denial, and
    `missing` are all the layers that would have to allow.
    """

    effect: Effect
    decided_by: Layer | None
    statements: tuple[Decided, ...] = ()
    missing: tuple[Layer, ...] = ()
    trace: tuple[Considered, ...] = field(default=(), repr=False)

    @property
    def allowed(self) -> bool:
        """Whether the request may go on."""
        return self.effect is Effect.ALLOWED


NEEDS_NO_PERMISSION = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
"""What no policy can deny (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html)."""

_ASSUMING = frozenset({"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})
_ON_ROLES = frozenset({"sts:setcontext", "sts:setsourceidentity", "sts:tagsession"})

# Python 3.11 finds a member of an enum ten times slower than a name of its module, and these are wanted all the time.
_ALLOWED, _EXPLICITLY_DENIED, _IMPLICITLY_DENIED = Effect
_RCP, _SCP, _RESOURCE, _IDENTITY, _BOUNDARY, _SESSION = Layer
_NONE, _ISSUER, _PRINCIPAL = Grant.NONE, Grant.ISSUER, Grant.PRINCIPAL
_FEDERATED_USER = PrincipalKind.FEDERATED_USER


def evaluate(request: Request, policies: Policies, *, trace: bool = False) -> Decision:
    """Decides a request; pure, and the same for the same arguments. With `trace`, says of every statement why (not)."""
    principal, verb = request.principal, request.verb
    if verb in NEEDS_NO_PERMISSION and principal.kind is not PrincipalKind.ANONYMOUS:
        return Decision(effect=_ALLOWED, decided_by=None)
    policies = applicable(request, policies)
    asked = _Traced(request, verb, policies) if trace else _Asked(request, verb, policies)
    if asked.denied:
        layer = asked.denied[0][0]
        statements = tuple(decided for where, decided in asked.denied if where is layer)
        return Decision(
            effect=_EXPLICITLY_DENIED, decided_by=layer, statements=statements, trace=tuple(asked.considered)
        )
    needed = principal.account != request.owner or needs_resource_policy(request, policies)
    grant = max([item[0] for item in asked.resource]) if asked.resource else _NONE
    missing = tuple(_missing(request, asked, grant, needed=needed))
    if missing:
        return Decision(
            effect=_IMPLICITLY_DENIED, decided_by=missing[0], missing=missing, trace=tuple(asked.considered)
        )
    return _granted(request, asked, grant, needed=needed)


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
    if not principal.has_policies and not principal.is_root:
        return Policies(resource=policies.resource, rcps=rcps)
    if principal.is_root:
        return Policies(resource=policies.resource, session=policies.session, rcps=rcps, scps=scps)
    return policies if rcps is policies.rcps and scps is policies.scps else replace(policies, rcps=rcps, scps=scps)


Granted = list[tuple[Grant, Policy, Statement]]


class _Asked:
    """What each layer said: who was denied where, and by what each allows."""

    considered: Sequence[Considered] = ()

    def __init__(self, request: Request, verb: str, policies: Policies) -> None:
        self._request, self._verb = request, verb
        self.denied: list[tuple[Layer, Decided]] = []
        self.rcps = not policies.rcps or self._levels(_RCP, policies.rcps)
        self.scps = not policies.scps or self._levels(_SCP, policies.scps)
        self.resource = self._ask(_RESOURCE, (policies.resource,)) if policies.resource else []
        self.identity = self._ask(_IDENTITY, policies.identity)
        # Somebody has one boundary at most; of several, each must allow.
        boundaries = [self._ask(_BOUNDARY, (item,), at) for at, item in enumerate(policies.boundaries)]
        self.boundaries = not boundaries or all(boundaries)
        self.session = bool(self._ask(_SESSION, policies.session)) if policies.session else None

    def _ask(self, layer: Layer, policies: Sequence[Policy], _level: int = 0) -> Granted:
        """The statements that allow; those that deny are noted. The level is for the trace."""
        request, verb = self._request, self._verb
        granted: Granted = []
        for policy in policies:
            document = policy.document
            denies, allows, _ = document.remembered.get(verb) or document.about(verb)
            for statement in denies:
                if statement.grant(request):
                    self.denied.append((layer, Decided(policy, statement)))
            for statement in allows:
                grant = statement.grant(request)
                if grant:
                    granted.append((grant, policy, statement))
        return granted

    def _levels(self, layer: Layer, levels: Sequence[Level]) -> bool:
        """Whether every level allows; no policy on any level limits nothing."""
        allowed = [bool(self._ask(layer, policies, level)) for level, policies in enumerate(levels)]
        return all(allowed) or not any(levels)


class _Traced(_Asked):
    """What each layer said, with every statement's answer."""

    def __init__(self, request: Request, verb: str, policies: Policies) -> None:
        self.considered: list[Considered] = []
        super().__init__(request, verb, policies)

    def _ask(self, layer: Layer, policies: Sequence[Policy], _level: int = 0) -> Granted:
        request = self._request
        granted: Granted = []
        for policy in policies:
            document, failed = policy.document, policy.document.failed(request)
            self.considered.append(Considered(layer, _level, policy, failed))
            for statement, elements in zip(document.statements, failed, strict=True):
                if elements:
                    continue
                if statement.denies:
                    self.denied.append((layer, Decided(policy, statement)))
                else:
                    granted.append((statement.grant(request), policy, statement))
        return granted


def _missing(request: Request, asked: _Asked, grant: Grant, *, needed: bool) -> Iterator[Layer]:
    """The layers that would have to allow and do not; `needed` where the resource's policy must, by its `grant`."""
    principal = request.principal
    outside = not principal.has_policies and not principal.is_root
    inside = principal.account == request.owner
    if not asked.rcps:
        yield _RCP
    if not asked.scps:
        yield _SCP
    if not grant and (needed or outside):
        yield _RESOURCE
    if outside or (inside and grant is _PRINCIPAL):
        return
    if not asked.identity and not principal.is_root and not (inside and grant is _ISSUER):
        yield _IDENTITY
    if not asked.boundaries:
        yield _BOUNDARY
    if asked.session is False or (asked.session is None and principal.kind is _FEDERATED_USER):
        yield _SESSION


def _granted(request: Request, asked: _Asked, grant: Grant, *, needed: bool) -> Decision:
    """Who allows: the resource's policy where it names the principal or stands alone, else identity policies."""
    principal = request.principal
    inside = principal.account == request.owner
    layer: Layer | None = _IDENTITY
    granted = asked.resource + asked.identity if needed else asked.identity
    if not principal.has_policies:
        layer, granted = (_RESOURCE, asked.resource) if grant else (None, [])
    elif inside and grant >= _ISSUER:
        layer, granted = _RESOURCE, asked.resource
    return Decision(
        effect=_ALLOWED,
        decided_by=layer,
        statements=tuple([Decided(policy, statement) for _, policy, statement in granted]),
        trace=tuple(asked.considered),
    )


def needs_resource_policy(request: Request, policies: Policies) -> bool:
    """Whether identity policies alone do not do, even inside an account: for roles, and for keys of KMS."""
    if request.verb.startswith("kms:"):
        return policies.resource is not None
    return is_about_trust(request)


def is_about_trust(request: Request) -> bool:
    """Whether the resource is a role that is to be assumed, so that its own policy is its trust policy."""
    return request.verb in _ASSUMING or (request.verb in _ON_ROLES and ":role/" in request.resource)
