"""What a name stands for: a source of first credentials, and the hops from there to the role that is meant.

`plan.make` turns a target into the calls to make. Everything here is settled by configuration alone.
"""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from enum import Enum

from stsctl.arn import Arn
from stsctl.connection import Connection
from stsctl.dataclass import dataclass
from stsctl.origin import Origin
from stsctl.request import ProvidedContext
from stsctl.source import Source


class MfaMode(Enum):
    """Where in a chain an MFA code is given."""

    AUTO = "auto"
    SESSION = "session"
    """To one GetSessionToken at the start, which other roles then share."""
    DIRECT = "direct"
    """To the first AssumeRole itself."""


class HopKind(Enum):
    """What a hop is; the values are the `type`s of `[role.NAME]`."""

    ROLE = "role"
    PERMISSION_SET = "permission-set"
    """A permission set in an account, for who is signed in at Identity Center."""
    SESSION_TOKEN = "session-token"  # noqa: S105 - the name of a kind
    """A user's own session."""
    FEDERATION_TOKEN = "federation-token"  # noqa: S105 - the name of a kind
    """A session for somebody whom IAM does not know, with no more than a user may do."""
    ROOT = "root"
    """The root user of a member account, for one task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file that holds what is said of a hop: its path as written, and where, relative to the folder of that.

    `within` is the folder that it must not lead out of, where whoever wrote it may name no other files.
    """

    path: str
    origin: Origin
    within: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One call on the way, a role's mostly, with all that is said of it.

    `role_arn` is a ROLE's; `account_id` is where a PERMISSION_SET (called `role_name`, as AWS calls it) or a ROOT user
    is, and `task_policy_arn` what that one may do. A FEDERATION_TOKEN's user is called `session_name`.
    `duration` is None where nobody said one. `duration_typed` is set when it came from the command line, where a
    refusal is better than a cap; `duration_general` when it came from `[defaults]`, which knows nothing of this role.
    `session_name` may hold `{user}` and `{host}`. `mfa_process` asks for the code. What `policy_file` and
    `context_files` (by the ARN of their provider) hold is read when the hop is meant.
    """

    name: str
    kind: HopKind = HopKind.ROLE
    role_arn: Arn | None = None
    account_id: str | None = None
    role_name: str | None = None
    task_policy_arn: Arn | None = None
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
    provided_contexts: tuple[ProvidedContext, ...] = ()
    policy_file: NamedFile | None = None
    context_files: tuple[tuple[str, NamedFile], ...] = ()
    region: str | None = None
    description: str | None = None
    origin: Origin | None = None

    @property
    def account(self) -> str | None:
        """The id of the account that it leads into, where that is written."""
        return self.role_arn.account if self.role_arn else self.account_id

    @property
    def what(self) -> str:
        """What it gives, for listings: a role's ARN, or what there is in its place."""
        match self.kind:
            case HopKind.ROLE:
                return str(self.role_arn)
            case HopKind.PERMISSION_SET:
                return f"permission set {self.role_name} in {self.account_id}"
            case HopKind.SESSION_TOKEN:
                return "a user's own session"
            case HopKind.FEDERATION_TOKEN:
                return f"federated user {self.session_name}"
            case HopKind.ROOT:
                return f"root user of {self.account_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked for: a name, and what the command line says otherwise about it.

    It holds no secret, and is kept with a session so that the same can be asked again when it ends. `kind` is set
    where the name stands for nothing that is configured: then the rest says what it is.
    """

    name: str
    kind: HopKind | None = None
    account_id: str | None = None
    task_policy_arn: str | None = None
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
    provided_contexts: tuple[tuple[str, str], ...] = ()
    """Providers' ARNs, each with the file that has its assertion."""
    region: str | None = None
    project: str | None = None
    """The project's file that gives the name its meaning; None where it is the person's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A name resolved: the source, and the roles in the order in which they are assumed.

    With no hops the target is the source itself. `region` is the one that the command line said, for every call;
    `connection` is what the AWS profile on the way says of the way to AWS.
    """

    name: str
    source: Source
    hops: tuple[Hop, ...] = ()
    mfa: MfaMode = MfaMode.AUTO
    region: str | None = None
    connection: Connection = field(default_factory=Connection)
    warnings: tuple[str, ...] = field(default=())
