"""What SDKs make of a profile that stsctl makes more of, or something else.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html, and botocore's providers
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from stsctl import sso_profile
from stsctl.doctor.finding import Finding
from stsctl.profile import KEY_ID, Profile, Profiles
from stsctl.severity import Severity

_OWN_KEYS = {
    "include_profile": "what it includes is not there for them",
    "mfa_process": "they ask a person for the code, or fail",
    "session_tags": "their sessions have no tags",
    "transitive_session_tags": "their sessions hand on no tags",
    "source_identity": "their sessions have no source identity",
    "stsctl_policy": "their sessions are not narrowed by it",
    "stsctl_policy_file": "their sessions are not narrowed by it",
    "stsctl_policy_arns": "their sessions are not narrowed by them",
    "stsctl_provided_contexts": "their sessions have no contexts",
}
"""Keys that stsctl follows (and aws-vault some of them), and what comes of it that no SDK does."""
_NARROWING = ("stsctl_policy", "stsctl_policy_file", "stsctl_policy_arns")
_LONGEST_IN_A_CHAIN = 3600
"""Seconds (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html, role chaining)."""


def check(profiles: Profiles, profile: Profile) -> Iterator[Finding]:
    """What a person should know of who uses the profile without stsctl."""
    yield from _own_keys(profile)
    yield from _two_ways(profile)
    yield from _too_long(profiles, profile)


def _own_keys(profile: Profile) -> Iterator[Finding]:
    for key, comes_of_it in _OWN_KEYS.items():
        if profile.get(key) is None:
            continue
        what = f'{profile.at(key)}: SDKs pass over the {key} of "{profile.name}": {comes_of_it}'
        severity = Severity.MEDIUM if key == "include_profile" or key in _NARROWING else Severity.LOW
        yield Finding(
            check="keys of stsctl's",
            severity=severity,
            what=what,
            fix=f"stsctl profile hook {shlex.quote(profile.name)}",
        )


def _two_ways(profile: Profile) -> Iterator[Finding]:
    """Keys beside a sign-in: botocore signs in, and the SDK for Go, for one, takes the keys."""
    other = next((key for key in sso_profile.ROLE_KEYS if profile.get(key)), None)
    if other is not None and profile.holds_keys:
        what = (
            f'{profile.at(KEY_ID)}: "{profile.name}" has keys and {other}, and SDKs do not agree on which comes first'
        )
        fix = f"take one of the two out: {profile.at(KEY_ID)} or {profile.at(other)}"
        yield Finding(check="two ways", severity=Severity.MEDIUM, what=what, fix=fix)


def _too_long(profiles: Profiles, profile: Profile) -> Iterator[Finding]:
    """SDKs send duration_seconds as it is, and AWS refuses more than an hour where a role assumes the role."""
    length, before = profile.get("duration_seconds"), profiles.by_name.get(profile.get("source_profile") or "")
    if before is None or before.holds_keys or not any(map(before.get, ("role_arn", *sso_profile.ROLE_KEYS))):
        return
    if length is not None and length.isascii() and length.isdigit() and int(length[:9]) > _LONGEST_IN_A_CHAIN:
        where = profile.at("duration_seconds")
        what = (
            f'{where}: AWS refuses SDKs the {length} seconds of "{profile.name}": a role that a role assumes has 3600'
        )
        fix = "write duration_seconds = 3600, which is what stsctl asks for"
        yield Finding(check="durations", severity=Severity.MEDIUM, what=what, fix=fix)
