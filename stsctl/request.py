"""What distinguishes one session from every other: the request that STS is asked to answer.

A held session is found by its request's `cache_key()`, a digest over every field; so whatever could change the answer
is a field, and what cannot (a one-time code, an assertion's bytes, a generated suffix of a session name) is none.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Self

from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.digest import sha256

_VERSION = 2


class Operation(Enum):
    """The operations that give sessions, named as AWS names them."""

    ASSUME_ROLE = "AssumeRole"
    GET_SESSION_TOKEN = "GetSessionToken"  # noqa: S105 - the name of an operation
    ASSUME_ROLE_WITH_WEB_IDENTITY = "AssumeRoleWithWebIdentity"
    ASSUME_ROLE_WITH_SAML = "AssumeRoleWithSAML"
    GET_FEDERATION_TOKEN = "GetFederationToken"  # noqa: S105 - the name of an operation
    ASSUME_ROOT = "AssumeRoot"
    GET_ROLE_CREDENTIALS = "GetRoleCredentials"
    """Identity Center's."""
    CREATE_SESSION = "CreateSession"
    """IAM Roles Anywhere's."""

    @property
    def service(self) -> str:
        """Which service has it."""
        return _SERVICES.get(self, "sts")

    @property
    def action(self) -> str:
        """As an IAM policy writes it."""
        return f"{self.service}:{self.value}"

    @property
    def is_signed(self) -> bool:
        """Whether credentials sign it; what is not signed carries a proof: a token, an assertion, a certificate."""
        return self not in _PROVEN


_SERVICES = {Operation.GET_ROLE_CREDENTIALS: "sso", Operation.CREATE_SESSION: "rolesanywhere"}
_PROVEN = (
    Operation.ASSUME_ROLE_WITH_WEB_IDENTITY,
    Operation.ASSUME_ROLE_WITH_SAML,
    Operation.GET_ROLE_CREDENTIALS,
    Operation.CREATE_SESSION,
)


class AskerKind(Enum):
    """By what the one who asks is known."""

    KEYS = "access-key-id"
    REQUEST = "request"
    WEB_IDENTITY = "web-identity"
    SAML = "saml"
    IDENTITY_CENTER = "identity-center"
    CERTIFICATE = "certificate"
    LOGIN = "login"
    PROCESS = "process"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, as far as a session could differ by it.

    For credentials that somebody has, `id` is their access key id: a name that is given other keys finds nothing old.
    In a chain it is the key of the request before, and with it everything that shaped that one. For who comes with a
    token or an assertion it is what an identity provider says of them, and not the bytes in which it says so. Who gets
    other keys all the time (a program, a machine's role) is known by where those come from. `temporary` says that the
    credentials are a session's: the roles that they assume are chained.
    """

    kind: AskerKind
    id: str
    temporary: bool = False

    def session_key(self, instance: str | None) -> str:
        """What tells the session that it has of its own from every other: the keys' id, where it is known by that.

        It is the same whether or not it is known already that the session is one. `instance` is the emulator's.
        """
        if self.kind is AskerKind.KEYS:
            return self.id
        text = json.dumps([self.kind.value, self.id, instance], ensure_ascii=True)
        return sha256(text.encode()).hexdigest()

    @classmethod
    def of_keys(cls, access_key_id: str) -> Self:
        """Who has the keys of that id (IAM identifiers: the prefix ASIA is that of temporary ones)."""
        return cls(kind=AskerKind.KEYS, id=access_key_id, temporary=access_key_id.startswith("ASIA"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where STS is asked.

    `url` is set when it is not AWS's own for the region; `instance` is the id of the running emulator behind it, so
    that its sessions are never taken for AWS's or for another emulator's. Who asks for an endpoint with validated
    cryptography (FIPS) is never handed what came by another; `use_dualstack` is one that IPv6 reaches.
    """

    partition: str
    region: str
    url: str | None = None
    instance: str | None = None
    use_fips: bool = False
    use_dualstack: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedContext:
    """What a trusted provider asserts of the session: its ARN, and the assertion."""

    provider_arn: str
    assertion: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """One call for a session. `account_id` and `role_name` are those of a permission set, or of a root user.

    `tags` and `transitive_tag_keys` are sorted; `duration` None leaves it to AWS."""

    operation: Operation
    endpoint: Endpoint
    asker: Asker
    role_arn: Arn | None = None
    session_name: str | None = None
    duration: timedelta | None = None
    external_id: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    mfa_serial: str | None = None
    provider_arn: Arn | None = None
    account_id: str | None = None
    role_name: str | None = None
    task_policy_arn: Arn | None = None
    provided_contexts: tuple[ProvidedContext, ...] = ()

    def cache_key(self) -> str:
        """A digest over every field, as 64 hexadecimal digits."""
        canonical = json.dumps([_VERSION, _plain(self)], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return sha256(canonical.encode()).hexdigest()

    def next_asker(self) -> Asker:
        """Who asks, when the session that answers this request is used for the next."""
        return Asker(kind=AskerKind.REQUEST, id=self.cache_key(), temporary=True)


def _plain(value: object) -> object:
    """`value` as JSON can hold it, injectively for the types that a request has."""
    if is_dataclass(value) and not isinstance(value, Arn | type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Arn):
        return str(value)
    if isinstance(value, Secret):
        return value.digest()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"a request cannot hold a {type(value).__name__}")
