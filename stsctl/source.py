"""Where a chain of calls can begin: the kinds of sources, and what a configuration says of each."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from stsctl.arn import Arn
from stsctl.connection import Connection
from stsctl.dataclass import dataclass
from stsctl.origin import Origin

ENVIRONMENT = "environment"
"""The name of the keys in the environment, where nobody gave it to anything else."""


class SourceKind(Enum):
    """Where first credentials can come from; the values are the `type`s of `[source.NAME]`."""

    KEYS = "keys"
    """Long-term keys in the store, under the source's name."""
    ENVIRONMENT = "environment"
    """AWS_ACCESS_KEY_ID and its companions."""
    PROFILE = "profile"
    """An AWS profile, with everything that it leads to; when that is settled, keys that it holds in plain text."""
    PROCESS = "process"
    """Another tool's credential_process."""
    FILE = "file"
    """A saved answer of STS."""
    INSTANCE_METADATA = "instance-metadata"
    """The role of this EC2 instance."""
    CONTAINER = "container"
    """The role of this ECS task or EKS pod."""
    LOGIN = "login"
    """A session of `aws login`."""
    OIDC = "oidc"
    """A token of an OIDC issuer, which becomes a role."""
    SAML = "saml"
    """An assertion of a SAML identity provider, which becomes one of the roles that it lists."""
    IDENTITY_CENTER = "identity-center"
    """A sign-in at Identity Center, which has permission sets in accounts."""
    ROLES_ANYWHERE = "roles-anywhere"
    """An X.509 certificate, which IAM Roles Anywhere trusts."""


class TokenFrom(Enum):
    """Whose token it has to be, of those that are ready where this runs; the clouds' metadata is asked only if said."""

    GITHUB_ACTIONS = "github-actions"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    CIRCLECI = "circleci"
    BUILDKITE = "buildkite"
    KUBERNETES = "kubernetes"
    GCP = "gcp"
    AZURE = "azure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An OIDC issuer at which a person signs in, and what this client is to it. `url` is what its tokens call it."""

    url: str
    client_id: str
    scopes: tuple[str, ...] = ("openid",)
    redirect_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where a token or an assertion comes from; where nothing is said, it is wherever it is found.

    At most one of a file, a program, a variable, a place that has one ready (`token_from`), signing in at an OIDC
    `issuer`, and signing in on a page of a SAML identity provider: `sign_in_url`, in `browser` (a path or a channel;
    None: any). `audience` is whom a token has to be for, `provider_arn` the SAML provider that AWS knows its issuer by.
    """

    file: str | None = None
    process: tuple[str, ...] = ()
    variable: str | None = None
    token_from: TokenFrom | None = None
    issuer: Issuer | None = None
    sign_in_url: str | None = None
    browser: str | None = None
    audience: str | None = None
    provider_arn: Arn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCenter:
    """An instance of Identity Center: where people sign in, and the region that it is in.

    `session_name` is the `[sso-session NAME]` that says so. With `share_token` the token is also written where SDKs
    look for it.
    """

    start_url: str
    region: str
    scopes: tuple[str, ...] = ("sso:account:access",)
    share_token: bool = False
    session_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate and its key: paths, or a `pkcs11:` URI for the key; and what of Roles Anywhere trusts it.

    `passphrase_process` prints the key's passphrase, or the token's PIN; without it a person is asked.
    """

    file: str
    key: str
    trust_anchor_arn: Arn
    profile_arn: Arn
    chain_file: str | None = None
    passphrase_process: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The beginning of a chain.

    `profile` is the AWS profile that says so, `process` the command line that PROCESS runs, `path` the file of FILE (a
    dash: standard input), `login_session` who signed in for LOGIN. `access_key_id` is the id of its keys where the
    configuration tells it, so that it need not be looked up among the secrets. `proof` is what OIDC and SAML begin
    with.
    """

    kind: SourceKind
    name: str
    profile: str | None = None
    process: str | None = None
    path: str | None = None
    login_session: Arn | None = None
    mfa_serial: str | None = None
    mfa_process: tuple[str, ...] = ()
    region: str | None = None
    access_key_id: str | None = None
    proof: Proof | None = None
    identity_center: IdentityCenter | None = None
    certificate: Certificate | None = None
    connection: Connection = field(default_factory=Connection)
    origin: Origin | None = None
