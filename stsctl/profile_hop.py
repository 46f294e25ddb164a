"""The role that an AWS profile names, with all that it says of it.

Besides the SDKs' own keys there are those that aws-vault made common (`session_tags`, `transitive_session_tags`,
`source_identity`, `mfa_process`), and stsctl's, for what nobody else has a key for: `stsctl_policy`,
`stsctl_policy_file`, `stsctl_policy_arns` and `stsctl_provided_contexts`.
Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from __future__ import annotations

from datetime import timedelta

from stsctl import lifetime, limits
from stsctl.argv import command
from stsctl.arn import Arn
from stsctl.errors import UsageError
from stsctl.profile import Profile
from stsctl.session_policy import compact_policy
from stsctl.target import Hop, HopKind, NamedFile

_ONE_OUT = "take one of the two out"


def hop_of(profile: Profile) -> Hop:
    """The role that `profile` names, with all that it says of it; raises ConfigurationError for what STS refuses."""
    try:
        role_arn = Arn.parse_role(profile.get("role_arn") or "")
    except UsageError as error:
        raise profile.problem("role_arn", error.message, hint=error.hint) from error
    tags, transitive = _tags(profile)
    return Hop(
        name=profile.name,
        role_arn=role_arn,
        session_name=checked(profile, "role_session_name", "session_name"),
        duration=_duration(profile),
        external_id=checked(profile, "external_id", "external_id"),
        mfa_serial=checked(profile, "mfa_serial", "mfa_serial"),
        mfa_process=mfa_process(profile),
        source_identity=checked(profile, "source_identity", "source_identity"),
        tags=tags,
        transitive=transitive,
        policy=_policy(profile),
        policy_arns=_policy_arns(profile),
        policy_file=_file(profile, "stsctl_policy_file"),
        context_files=_context_files(profile),
        region=profile.get("region"),
        origin=profile.origin,
    )


def _policy(profile: Profile) -> str | None:
    """`stsctl_policy`: a session policy, which no SDK knows a key for."""
    text = profile.get("stsctl_policy")
    if text is not None and profile.get("stsctl_policy_file") is not None:
        raise profile.problem("stsctl_policy_file", "has both stsctl_policy and stsctl_policy_file", hint=_ONE_OUT)
    try:
        return None if text is None else compact_policy(text)
    except UsageError as error:
        raise profile.problem("stsctl_policy", f"stsctl_policy {error.message}", hint=error.hint) from error


def _policy_arns(profile: Profile) -> tuple[str, ...]:
    arns = _listed(profile, "stsctl_policy_arns")
    problem = limits.problem_with_policy_arns(arns)
    if problem:
        raise profile.problem("stsctl_policy_arns", problem)
    return arns


def _file(profile: Profile, key: str) -> NamedFile | None:
    path = profile.get(key)
    return None if path is None else NamedFile(path=path, origin=profile.at(key))


def _context_files(profile: Profile) -> tuple[tuple[str, NamedFile], ...]:
    """`stsctl_provided_contexts = PROVIDER_ARN=FILE, …`."""
    key = "stsctl_provided_contexts"
    pairs = [part.partition("=") for part in _listed(profile, key)]
    for arn, _, path in pairs:
        if not path:
            raise profile.problem(key, f'"{arn}" in {key} is no PROVIDER_ARN=FILE')
    problem = limits.problem_with_provided_contexts([arn.strip() for arn, _, _ in pairs])
    if problem:
        raise profile.problem(key, problem)
    origin = profile.at(key)
    return tuple((arn.strip(), NamedFile(path=path.strip(), origin=origin)) for arn, _, path in pairs)


def _listed(profile: Profile, key: str) -> tuple[str, ...]:
    """The parts of a value that commas divide."""
    return tuple(filter(None, (part.strip() for part in (profile.get(key) or "").split(","))))


def checked(profile: Profile, key: str, field: str) -> str | None:
    """What a profile says under `key`; raises ConfigurationError for what STS takes not as `field`."""
    text = profile.get(key)
    problem = None if text is None else limits.problem_with(field, text)
    if problem:
        raise profile.problem(key, f'{key} "{text}" {problem}')
    return text


def _duration(profile: Profile) -> timedelta | None:
    text = profile.get("duration_seconds")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise profile.problem("duration_seconds", f'duration_seconds "{text}" is no number of seconds')
    length = timedelta(seconds=min(int(text[:9]), 10**8))
    problem = lifetime.problem_with(HopKind.ROLE, length)
    if problem:
        raise profile.problem("duration_seconds", f"duration_seconds {text} {problem}", hint="write 900 to 43200")
    return length


def _tags(profile: Profile) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """aws-vault's form: `session_tags = key1=value1,key2=value2` and `transitive_session_tags = key1,key2`."""
    tags = []
    for part in _listed(profile, "session_tags"):
        key, equals, value = part.partition("=")
        if not equals:
            raise profile.problem("session_tags", f'"{part}" in session_tags is no key=value')
        tags.append((key.strip(), value.strip()))
    transitive = _listed(profile, "transitive_session_tags")
    problem = limits.problem_with_tags(tags, transitive)
    if problem:
        raise profile.problem("session_tags" if tags else "transitive_session_tags", problem)
    return tuple(tags), transitive


def mfa_process(profile: Profile) -> tuple[str, ...]:
    """The program that prints the code; raises ConfigurationError."""
    text = profile.get("mfa_process")
    if text is None:
        return ()
    try:
        return command(text)
    except UsageError as error:
        raise profile.problem("mfa_process", error.message, hint=error.hint) from error
