"""Who asks: principals of every sort, and by which names a policy may mean them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from stsctl.arn import Arn
from stsctl.errors import UsageError


class PrincipalKind(Enum):
    """What sort of principal it is."""

    USER = "IAM user"
    ROLE = "role session"
    ROOT = "root user"
    FEDERATED_USER = "federated user"
    SERVICE = "service"
    WEB_IDENTITY = "web identity"
    SAML = "SAML identity"
    CANONICAL_USER = "canonical user"
    ANONYMOUS = "anonymous"


class Grant(IntEnum):
    """How closely a policy's Principal names somebody; the higher, the closer.

    ACCOUNT leaves the question to the account's own policies, ISSUER names the role (or user) that a session came from,
    PRINCIPAL the one who asks.
    """

    NONE = 0
    ACCOUNT = 1
    ISSUER = 2
    PRINCIPAL = 3


Names = tuple[tuple[str, Grant], ...]

_WITH_POLICIES = (PrincipalKind.USER, PrincipalKind.ROLE, PrincipalKind.FEDERATED_USER)
_TYPES = {
    PrincipalKind.USER: "User",
    PrincipalKind.ROLE: "AssumedRole",
    PrincipalKind.ROOT: "Account",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.ANONYMOUS: "Anonymous",
}
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_CANONICAL = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(/.*)?", re.ASCII)
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", re.ASCII)
WEB_IDENTITY_HOSTS = frozenset(
    {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
)
"""The identity providers that AWS knows by their host's name alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """One who makes a request.

    `arn` is what GetCallerIdentity would say (a service's or host's name for those that have none). `issuer` is the ARN
    of the role that a session came from, path included, or of the user that a federated user came from; None where it
    is not known. `unique_id` is AWS's own id of the user or role (AIDA…, AROA…).
    """

    arn: str
    kind: PrincipalKind
    account: str | None = None
    issuer: str | None = None
    unique_id: str | None = None
    names: Names = field(init=False, repr=False, compare=False)
    exempt_by: tuple[frozenset[str], ...] = field(init=False, repr=False, compare=False)
    keys: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    has_policies: bool = field(init=False, repr=False, compare=False)
    """Whether identity policies can be attached to such a one, or to what the session came from."""
    is_root: bool = field(init=False, repr=False, compare=False)
    is_service_linked: bool = field(init=False, repr=False, compare=False)
    """Whether this is a service-linked role, which SCPs and RCPs leave alone."""

    def __post_init__(self) -> None:
        own, issuer, account = _own_names(self), _issuer_names(self), _account_names(self)
        names = [(name, Grant.PRINCIPAL) for name in own]
        names += [(name, Grant.ISSUER) for name in issuer]
        names += [(name, Grant.ACCOUNT) for name in account]
        named = issuer if self.kind is PrincipalKind.ROLE else own
        # The account is checked first, then the role or user: NotPrincipal leaves out who is listed at each step.
        steps = tuple(frozenset(group) for group in (account, named) if group)
        object.__setattr__(self, "names", tuple(names))
        object.__setattr__(self, "exempt_by", steps)
        object.__setattr__(self, "keys", _keys(self))
        object.__setattr__(self, "has_policies", self.kind in _WITH_POLICIES)
        object.__setattr__(self, "is_root", self.kind is PrincipalKind.ROOT)
        object.__setattr__(self, "is_service_linked", _is_service_linked(self))

    @classmethod
    def of(cls, text: str, *, issuer: str | None = None, unique_id: str | None = None) -> Principal:
        """The principal that an ARN, an account's id, a service's or provider's name or `*` (anonymous) spells.

        Raises UsageError for anything else.
        """
        if text in ("*", "anonymous"):
            return cls(arn="*", kind=PrincipalKind.ANONYMOUS)
        if _ACCOUNT.fullmatch(text):
            return cls(arn=f"arn:aws:iam::{text}:root", kind=PrincipalKind.ROOT, account=text)
        if _CANONICAL.fullmatch(text):
            return cls(arn=text, kind=PrincipalKind.CANONICAL_USER)
        if _SERVICE.fullmatch(text) and text not in WEB_IDENTITY_HOSTS:
            return cls(arn=text, kind=PrincipalKind.SERVICE)
        if _HOST.fullmatch(text):
            return cls(arn=text, kind=PrincipalKind.WEB_IDENTITY)
        arn = Arn.parse(text)
        kind = _kind(arn)
        if kind is None or not _ACCOUNT.fullmatch(arn.account):
            raise UsageError(
                f'"{text}" is nobody who can make a request',
                hint="name a user, a role, a session of one, a federated user, an identity provider or a service",
            )
        issued = text if arn.service == "iam" and kind is PrincipalKind.ROLE else issuer
        return cls(arn=text, kind=kind, account=arn.account, issuer=issued, unique_id=unique_id)

    @property
    def root_arn(self) -> str:
        """The ARN that stands for the whole account in a policy."""
        return f"arn:{self.arn.split(':')[1]}:iam::{self.account}:root" if self.account else ""


def role_without_path(arn: str) -> str | None:
    """How a role is spelled where its path is not known; None when `arn` is no role's.

    Names of roles are unique in their account whatever their paths, and a session's ARN has lost the path.
    """
    head, found, name = arn.partition(":role/")
    return f"~{head}:role/{name.rsplit('/', 1)[-1]}" if found else None


def _is_service_linked(principal: Principal) -> bool:
    if principal.kind is not PrincipalKind.ROLE:
        return False
    if principal.issuer is not None:
        return ":role/aws-service-role/" in principal.issuer
    return ":assumed-role/AWSServiceRoleFor" in principal.arn


def _kind(arn: Arn) -> PrincipalKind | None:
    """What the ARN of a principal names, None when that is no principal."""
    sort, _, name = arn.resource.partition("/")
    if arn.service == "iam" and arn.resource == "root":
        return PrincipalKind.ROOT
    if not name or arn.region:
        return None
    return {
        ("iam", "user"): PrincipalKind.USER,
        ("iam", "role"): PrincipalKind.ROLE,
        ("iam", "oidc-provider"): PrincipalKind.WEB_IDENTITY,
        ("iam", "saml-provider"): PrincipalKind.SAML,
        ("sts", "assumed-role"): PrincipalKind.ROLE if "/" in name else None,
        ("sts", "federated-user"): PrincipalKind.FEDERATED_USER,
    }.get((arn.service, sort))


def _own_names(principal: Principal) -> tuple[str, ...]:
    """The names that mean this principal and nobody else."""
    match principal.kind:
        case PrincipalKind.USER:
            return (principal.arn, principal.unique_id) if principal.unique_id else (principal.arn,)
        case PrincipalKind.ROLE:
            return () if principal.arn == principal.issuer else (principal.arn,)
        case PrincipalKind.FEDERATED_USER:
            return (principal.arn,)
        case PrincipalKind.SERVICE:
            return (f"Service:{principal.arn}", "Service:*")
        case PrincipalKind.WEB_IDENTITY | PrincipalKind.SAML:
            return (f"Federated:{principal.arn}", "Federated:*")
        case PrincipalKind.CANONICAL_USER:
            return (f"CanonicalUser:{principal.arn}",)
        case PrincipalKind.ROOT | PrincipalKind.ANONYMOUS:
            return ()


def _issuer_names(principal: Principal) -> tuple[str, ...]:
    """The names of the role, or user, that a session came from."""
    if principal.kind is PrincipalKind.ROLE:
        role = principal.issuer or role_without_path(_role_of_session(principal.arn)) or ""
        return (role, principal.unique_id) if principal.unique_id else (role,)
    if principal.kind is PrincipalKind.FEDERATED_USER and principal.issuer:
        return (principal.issuer,)
    return ()


def _account_names(principal: Principal) -> tuple[str, ...]:
    """The names of the account, for those whose requests the account answers for."""
    if principal.account is None or principal.kind in (PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML):
        return ()
    return (principal.root_arn, principal.account)


def _role_of_session(arn: str) -> str:
    """The ARN of a session's role, as if it had no path."""
    head, _, session = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:', 1)}:role/{session.partition('/')[0]}"


def _keys(principal: Principal) -> dict[str, tuple[str, ...]]:
    """The condition keys, in lower case, that follow from who asks."""
    kind = principal.kind
    keys: dict[str, tuple[str, ...]] = {"aws:principalisawsservice": ("false",)}
    if kind is PrincipalKind.SERVICE:
        return {"aws:principalisawsservice": ("true",), "aws:principalservicename": (principal.arn,)}
    if kind is PrincipalKind.ANONYMOUS:
        keys["aws:principalaccount"] = keys["aws:userid"] = ("anonymous",)
    if kind in _TYPES:
        keys["aws:principaltype"] = (_TYPES[kind],)
    if not _account_names(principal):
        return keys
    keys["aws:principalaccount"] = (principal.account or "",)
    keys["aws:principalarn"] = (_principal_arn(principal),)
    name = principal.arn.rsplit("/", 1)[-1]
    if kind is PrincipalKind.USER:
        keys["aws:username"] = (name,)
    user_id = {
        PrincipalKind.ROOT: principal.account,
        PrincipalKind.FEDERATED_USER: f"{principal.account}:{name}",
        PrincipalKind.USER: principal.unique_id,
        PrincipalKind.ROLE: f"{principal.unique_id}:{name}" if principal.unique_id else None,
    }.get(kind)
    if user_id:
        keys["aws:userid"] = (user_id,)
    return keys


def _principal_arn(principal: Principal) -> str:
    """The value of aws:PrincipalArn: a session's is its role's ARN, without the path where that is not known."""
    if principal.kind is PrincipalKind.ROLE:
        return principal.issuer or _role_of_session(principal.arn)
    return principal.arn
