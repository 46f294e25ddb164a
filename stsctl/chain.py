"""How an AWS profile is reached: from which first credentials, through which roles.

The order in which a profile's ways in count, and what is refused, is that of the SDKs; what differs is said where it
does. Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from shlex import quote

from stsctl import sso_profile
from stsctl.argv import runs_stsctl
from stsctl.arn import Arn
from stsctl.connection import Connection
from stsctl.dataclass import dataclass
from stsctl.errors import UsageError
from stsctl.nearest import suggestion
from stsctl.profile import KEY_ID, Profile, Profiles
from stsctl.profile_hop import checked, hop_of, mfa_process
from stsctl.source import Proof, Source, SourceKind
from stsctl.target import Hop, HopKind

_ONE_OUT = "take one of the two out"
_OWN = ("credential_process", "login_session", KEY_ID, *sso_profile.KEYS)
"""What makes a profile without a role a source by itself."""
_CREDENTIAL_SOURCES = {
    "Environment": SourceKind.ENVIRONMENT,
    "Ec2InstanceMetadata": SourceKind.INSTANCE_METADATA,
    "EcsContainer": SourceKind.CONTAINER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A source and the roles from there on, in the order in which they are assumed.

    `connection` is what the profile that was asked for says of the way to AWS.
    """

    source: Source
    hops: tuple[Hop, ...] = ()
    connection: Connection = field(default_factory=Connection)

    def then(self, *hops: Hop) -> Chain:
        """The chain with more roles at its end."""
        return replace(self, hops=(*self.hops, *hops))


def of_profile(profiles: Profiles, name: str, kept: Mapping[str, Source] | None = None) -> Chain:
    """How the profile `name` is reached; raises ConfigurationError, with file and line, where it cannot be.

    `kept` is the pairs of keys in the store. A profile that gives no credentials stands for those of its name, as it
    does for aws-vault; to the SDKs it stands for nothing.
    """
    profile = profiles.get(name)
    return replace(_reach(profiles, profile, (), kept or {}), connection=profiles.connection(profile))


def _reach(profiles: Profiles, profile: Profile, path: tuple[str, ...], kept: Mapping[str, Source]) -> Chain:
    """`path` is the profiles that led here. One that is only a source gives its keys before its role."""
    token_file = profile.get("web_identity_token_file")
    if token_file is not None:
        return _web_identity(profile, token_file)
    is_role = profile.get("role_arn") is not None
    if not is_role or (path and profile.holds_keys):
        return _identity_center(profiles, profile) or Chain(source=_first(profile, kept))
    here = (*path, profile.name)
    source_profile, credential_source = profile.get("source_profile"), profile.get("credential_source")
    if source_profile is not None and credential_source is not None:
        raise profile.problem("credential_source", "has both source_profile and credential_source", hint=_ONE_OUT)
    if credential_source is not None:
        return Chain(source=_named_source(profile, credential_source)).then(hop_of(profile))
    if source_profile is None:
        raise profile.problem(
            "role_arn",
            "has role_arn, but neither source_profile nor credential_source",
            hint="add source_profile = NAME, the profile whose credentials may assume the role",
        )
    if source_profile == profile.name and profile.holds_keys:
        return Chain(source=_keys(profile)).then(hop_of(profile))
    if source_profile in here:
        raise profile.problem("source_profile", f"the source profiles go round: {_arrows(*here, source_profile)}")
    if source_profile not in profiles and source_profile in kept:
        return Chain(source=kept[source_profile]).then(hop_of(profile))
    if source_profile not in profiles and source_profile not in profiles.written:
        hint = suggestion(source_profile, profiles)
        raise profile.problem("source_profile", f'source_profile "{source_profile}" is no profile', hint=hint)
    return _reach(profiles, profiles.get(source_profile), here, kept).then(hop_of(profile))


def _first(profile: Profile, kept: Mapping[str, Source]) -> Source:
    """The first credentials of `profile`: its own, or the kept ones of its name, with what it says of their user.

    So it is where SDKs ask stsctl for them, by a hook.
    """
    mine = kept.get(profile.name)
    if mine is None or (any(profile.get(key) for key in _OWN) and not is_hook(profile)):
        return source_of(profile)
    return replace(
        mine,
        mfa_serial=mine.mfa_serial or checked(profile, "mfa_serial", "mfa_serial"),
        mfa_process=mine.mfa_process or mfa_process(profile),
        region=mine.region or profile.get("region"),
    )


def _arrows(*names: str) -> str:
    return " → ".join(names)


def source_of(profile: Profile) -> Source:
    """The first credentials that `profile` itself gives; raises ConfigurationError where it gives none."""
    if KEY_ID in profile.shared:
        return _keys(profile)
    if profile.get("login_session") is not None:
        return _login(profile)
    process = profile.get("credential_process")
    if process is not None:
        return _process(profile, process)
    if profile.holds_keys:
        return _keys(profile)
    for key in sso_profile.KEYS:
        if profile.get(key) is not None:
            raise profile.problem(
                key,
                f"names an Identity Center ({key}), and no account and role there",
                hint=f"add sso_account_id and sso_role_name: stsctl sso roles {quote(profile.name)}",
            )
    raise profile.problem(
        "",
        "has no credentials: no keys, no role_arn, no credential_process",
        hint=f'run "stsctl keys add NAME" to keep a pair of keys, or add role_arn to [profile {profile.name}]',
    )


def _identity_center(profiles: Profiles, profile: Profile) -> Chain | None:
    """A permission set: for the SDKs that comes before keys and whatever else the profile says, roles excepted."""
    said = sso_profile.read(profiles, profile)
    if said is None:
        return None
    center = said.identity_center
    source = replace(
        _source(profile, SourceKind.IDENTITY_CENTER, None),
        name=center.session_name or profile.name,
        identity_center=center,
    )
    return Chain(source=source).then(
        Hop(
            name=profile.name,
            kind=HopKind.PERMISSION_SET,
            account_id=said.account_id,
            role_name=said.role_name,
            region=profile.get("region"),
            origin=profile.origin,
        )
    )


def _keys(profile: Profile) -> Source:
    keys = profile.credentials()
    return replace(_source(profile, SourceKind.PROFILE, None), access_key_id=keys.access_key_id if keys else None)


def _web_identity(profile: Profile, token_file: str) -> Chain:
    """A role that a token becomes: for the SDKs that comes before whatever else the profile says."""
    if profile.get("role_arn") is None:
        raise profile.problem(
            "web_identity_token_file",
            "has web_identity_token_file without role_arn",
            hint="add role_arn = ARN, the role that the token becomes",
        )
    source = replace(_source(profile, SourceKind.OIDC, None), proof=Proof(file=token_file))
    return Chain(source=source).then(hop_of(profile))


def _login(profile: Profile) -> Source:
    try:
        login_session = Arn.parse(profile.get("login_session") or "")
    except UsageError as error:
        raise profile.problem("login_session", error.message, hint="it is what the AWS CLI wrote there") from error
    return replace(_source(profile, SourceKind.LOGIN, None), login_session=login_session)


def _process(profile: Profile, process: str) -> Source:
    if runs_stsctl(process):
        raise profile.problem(
            "credential_process",
            "gets its credentials from stsctl itself, so stsctl cannot get them from it",
            hint="name the role or source that the credential_process names",
        )
    return _source(profile, SourceKind.PROCESS, process)


def _source(profile: Profile, kind: SourceKind, process: str | None) -> Source:
    return Source(
        kind=kind,
        name=profile.name,
        profile=profile.name,
        process=process,
        mfa_serial=checked(profile, "mfa_serial", "mfa_serial"),
        mfa_process=mfa_process(profile),
        region=profile.get("region"),
        origin=profile.origin,
    )


def _named_source(profile: Profile, name: str) -> Source:
    kind = _CREDENTIAL_SOURCES.get(name)
    if kind is None:
        known = ", ".join(_CREDENTIAL_SOURCES)
        raise profile.problem("credential_source", f'credential_source "{name}" is none of {known}')
    return Source(kind=kind, name=kind.value, region=profile.get("region"), origin=profile.at("credential_source"))


def is_hook(profile: Profile) -> bool:
    """Whether SDKs that use `profile` ask stsctl, so that it is an answer of stsctl's and no question to it."""
    process = profile.get("credential_process")
    before = ("role_arn", "web_identity_token_file", *sso_profile.ROLE_KEYS, "login_session")
    reached = KEY_ID not in profile.shared and not any(profile.get(key) for key in before)
    return process is not None and reached and runs_stsctl(process)


def leads_somewhere(profile: Profile) -> bool:
    """Whether `profile` names any way to credentials, so that it is worth offering."""
    ways = ("role_arn", "include_profile", "credential_process", *sso_profile.KEYS, "login_session", KEY_ID)
    return any(profile.get(key) for key in ways) and not is_hook(profile)
