"""Who can ask: users, roles and roots with all that decides what they may do, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from stsctl.credentials import Secret

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """A policy as it was saved; `label` says which one in words, for the log."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user. `policies` are all that speak for it: inline, managed, and those of its groups."""

    account: str
    name: str
    id: str
    arn: str
    tags: Tags
    policies: tuple[PolicyText, ...]
    boundary: PolicyText | None
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An IAM role; `max_duration` is its MaxSessionDuration."""

    account: str
    name: str
    id: str
    arn: str
    trust: PolicyText
    tags: Tags
    policies: tuple[PolicyText, ...]
    boundary: PolicyText | None
    max_duration: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTermKey:
    """A pair of keys that lasts; `user` is None for an account's root."""

    id: str
    secret: Secret
    account: str
    user: str | None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A virtual MFA device; `user` is the name of the one it is enabled for, None while it is nobody's."""

    serial: str
    seed: Secret
    user: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcProvider:
    """An identity provider; `url` is its issuer's, `keys` its key set as JSON, None where the issuer is to be asked."""

    arn: str
    url: str
    client_ids: tuple[str, ...]
    keys: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlProvider:
    """A SAML identity provider, with its metadata document."""

    arn: str
    metadata: str


class Kind(Enum):
    """Of what kind the credentials are that signed a request."""

    ROOT = "root"
    USER = "user"
    SESSION_OF_ROOT = "session of root"
    SESSION_OF_USER = "session of a user"
    SESSION_OF_ROLE = "session of a role"
    ASSUMED_ROOT = "assumed root"
    FEDERATED_USER = "federated user"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSession:
    """What STS gave to somebody, as long as it lasts. It holds no secret: those follow from `access_key_id`.

    `principal_id` is the unique id of the role or the user behind it, so that a session ends with its principal;
    `name` the role session's or the federated user's; `mfa_at` is when a code was checked. `keys` are condition keys
    that come with every request of a workload's session: from which instance, for one.
    A token of version 1 is for the regions that every account has. `chained` is a session of a role that was assumed
    with temporary credentials. `signed_in` says that it was got by signing in to the console, so that it has none of
    the limits of GetSessionToken's.
    """

    access_key_id: str
    kind: Kind
    account: str
    principal: str
    principal_id: str
    issued_at: datetime
    expires_at: datetime
    name: str = ""
    mfa_at: datetime | None = None
    tags: Tags = ()
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    policies: tuple[PolicyText, ...] = ()
    keys: Tags = ()
    token_version: int = 2
    chained: bool = False
    signed_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The one who signed a request: `arn` and `user_id` are what GetCallerIdentity answers.

    `user` is also the one that a federated user came from; None where that was a root.
    """

    kind: Kind
    account: str
    arn: str
    user_id: str
    user: User | None = None
    role: Role | None = None
    session: IssuedSession | None = field(default=None)

    @property
    def partition(self) -> str:
        """The partition of the caller's account."""
        return self.arn.split(":", 2)[1]

    @property
    def is_root(self) -> bool:
        """Whether it is an account's root user, or one who acts as that."""
        return self.kind in (Kind.ROOT, Kind.SESSION_OF_ROOT, Kind.ASSUMED_ROOT)

    @property
    def is_session(self) -> bool:
        """Whether the credentials are temporary."""
        return self.session is not None

    @property
    def tags(self) -> Tags:
        """The principal's tags, where a session's own win over those of its role or user, whatever their case."""
        own = self.role.tags if self.role else self.user.tags if self.user else ()
        session = self.session.tags if self.session else ()
        passed = {key.lower() for key, _ in session}
        return (*(tag for tag in own if tag[0].lower() not in passed), *session)
