"""What a name stands for: a source of first credentials, and the roles from there to the one that is meant.

`plan.make` turns a target into the calls to make. Everything here is settled by configuration alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from stsctl.arn import Arn


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value was written: a file and its line, a variable, a flag, or a default."""

    place: str
    line: int | None = None

    def __str__(self) -> str:
        return self.place if self.line is None else f"{self.place}:{self.line}"


class SourceKind(Enum):
    """Where first credentials can come from; the values are the `type`s of `[source.NAME]`."""

    KEYS = "keys"
    """Long-term keys in the store, under the source's name."""
    ENVIRONMENT = "environment"
    """AWS_ACCESS_KEY_ID and its companions."""
    PROFILE = "profile"
    """Keys that a profile of the AWS files holds in plain text."""
    PROCESS = "process"
    """A profile's credential_process."""
    INSTANCE_METADATA = "instance-metadata"
    """credential_source = Ec2InstanceMetadata."""
    CONTAINER = "container"
    """credential_source = EcsContainer."""
    OIDC = "oidc"
    """A token of an OIDC issuer, which becomes a role."""
    SAML = "saml"
    """An assertion of a SAML identity provider, which becomes one of the roles that it lists."""


class MfaMode(Enum):
    """Where in a chain an MFA code is given."""

    AUTO = "auto"
    SESSION = "session"
    """To one GetSessionToken at the start, which other roles then share."""
    DIRECT = "direct"
    """To the first AssumeRole itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where a token or an assertion comes from: a file, a program, or a variable; none of them: wherever it is found.

    `audience` is whom a token has to be for, `provider_arn` the SAML provider that AWS knows its issuer by.
    """

    file: str | None = None
    process: tuple[str, ...] = ()
    variable: str | None = None
    audience: str | None = None
    provider_arn: Arn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The beginning of a chain.

    `profile` is the AWS profile that PROFILE means, `process` the command line that PROCESS runs. `access_key_id` is
    the id of its keys where the configuration tells it, so that it need not be looked up among the secrets. `proof`
    is what OIDC and SAML begin with.
    """

    kind: SourceKind
    name: str
    profile: str | None = None
    process: str | None = None
    mfa_serial: str | None = None
    mfa_process: tuple[str, ...] = ()
    region: str | None = None
    access_key_id: str | None = None
    proof: Proof | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One role on the way, with all that is said of it.

    `duration` is None where nobody said one. `duration_typed` is set when it came from the command line, where a
    refusal is better than a cap; `duration_general` when it came from `[defaults]`, which knows nothing of this role.
    `session_name` may hold `{user}` and `{host}`. `mfa_process` asks for the code.
    """

    name: str
    role_arn: Arn
    session_name: str | None = None
    duration: timedelta | None = None
    duration_typed: bool = False
    duration_general: bool = False
    external_id: str | None = None
    mfa_serial: str | None = None
    mfa_process: tuple[str, ...] = ()
    source_identity: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    region: str | None = None
    description: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked for: a name, and what the command line says otherwise about it.

    It holds no secret, and is kept with a session so that the same can be asked again when it ends.
    """

    name: str
    source: str | None = None
    via: tuple[str, ...] = ()
    duration: timedelta | None = None
    session_name: str | None = None
    external_id: str | None = None
    mfa_serial: str | None = None
    mfa: MfaMode | None = None
    source_identity: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A name resolved: the source, and the roles in the order in which they are assumed.

    With no hops the target is the source itself. `region` is the one that the command line said, for every call;
    `endpoint_url` and `ca_bundle` are what the AWS profile on the way says of the way to STS.
    """

    name: str
    source: Source
    hops: tuple[Hop, ...] = ()
    mfa: MfaMode = MfaMode.AUTO
    region: str | None = None
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    warnings: tuple[str, ...] = field(default=())
