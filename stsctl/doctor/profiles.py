"""AWS profiles: what SDKs pass over, read otherwise than it looks, or cannot read.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html and botocore's order of providers
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from stsctl import sso_profile
from stsctl.argv import command, runs_stsctl
from stsctl.chain import leads_somewhere
from stsctl.doctor import sdks
from stsctl.doctor.finding import Finding
from stsctl.doctor.picture import Picture
from stsctl.errors import UsageError
from stsctl.profile import KEY_ID, Profile, kind_of
from stsctl.severity import Severity

_BEFORE_PROCESS = ("role_arn", "web_identity_token_file", *sso_profile.ROLE_KEYS, "login_session")
"""What SDKs follow before they run a credential_process."""


def check(picture: Picture) -> Iterator[Finding]:
    """Headers first, then each profile."""
    yield from _headers(picture)
    for place, called, target in picture.stale_hooks:
        what = f'{place}: the hook of profile "{called}" is gone, or of another version of stsctl or Python'
        fix = f"stsctl profile hook {shlex.quote(target)}"
        yield Finding(check="hooks", severity=Severity.HIGH, what=what, fix=fix)
    if picture.profiles is None:
        return
    for profile in picture.profiles.by_name.values():
        yield from _two_meanings(picture, profile)
        yield from _process(picture, profile)
        yield from _in_both_files(profile)
        yield from sdks.check(picture.profiles, profile)
        if " " in profile.name:
            what = f'{profile.origin}: profile "{profile.name}" has a space in its name, and some SDKs cannot read that'
            yield Finding(check="profile names", severity=Severity.LOW, what=what, fix="rename it, with dashes")


def _headers(picture: Picture) -> Iterator[Finding]:
    first: dict[tuple[str, str], str] = {}
    for name, place in picture.headers:
        kind, called = kind_of(name)
        before = first.setdefault((kind, called), place)
        if kind and before != place:
            what = f'{place}: "{called}" is already at {before}, in another spelling, and SDKs take one of the two'
            yield Finding(check="headers", severity=Severity.MEDIUM, what=what, fix="put both sections into one")
        if kind == "" and name not in ("plugins", "preview"):
            what = f"{place}: SDKs pass over [{name}]: in this file a profile's header begins with the word profile"
            yield Finding(check="headers", severity=Severity.MEDIUM, what=what, fix=f"[profile {name}]")
    for name, place in picture.shared_headers:
        if name.startswith("profile "):
            bare = name.removeprefix("profile ").strip()
            what = (
                f'{place}: this is a profile called "{name}": in the credentials file no header begins with that word'
            )
            yield Finding(check="headers", severity=Severity.MEDIUM, what=what, fix=f"[{bare}]")


def _two_meanings(picture: Picture, profile: Profile) -> Iterator[Finding]:
    ours = picture.own_names.get(profile.name)
    if ours is not None and leads_somewhere(profile):
        what = f'"{profile.name}" could be two things: {ours} and {profile.origin}'
        yield Finding(check="names", severity=Severity.MEDIUM, what=what, fix="rename one of the two")


def _process(picture: Picture, profile: Profile) -> Iterator[Finding]:
    line = profile.get("credential_process")
    if line is None:
        return
    where = profile.at("credential_process")
    first = KEY_ID if KEY_ID in profile.shared else next((key for key in _BEFORE_PROCESS if profile.get(key)), None)
    if first is not None:
        what = f'{where}: SDKs never run the credential_process of "{profile.name}": its {first} comes first'
        severity = Severity.HIGH if runs_stsctl(line) else Severity.MEDIUM
        fix = f"take {first} out ({profile.at(first)}), or the credential_process"
        yield Finding(check="hooks", severity=severity, what=what, fix=fix)
    try:
        program = command(line)[0]
    except UsageError as error:
        what = f'{where}: the credential_process of "{profile.name}" cannot be run: {error.message}'
        yield Finding(check="hooks", severity=Severity.HIGH, what=what, fix="give it an absolute path, quoted")
        return
    if program in picture.missing:
        what = f'{where}: the credential_process of "{profile.name}" is not there: "{program}"'
        fix = "give it the path that this prints: command -v stsctl" if runs_stsctl(line) else "correct its path"
        yield Finding(check="hooks", severity=Severity.HIGH, what=what, fix=fix)


def _in_both_files(profile: Profile) -> Iterator[Finding]:
    if KEY_ID in profile.shared and KEY_ID in profile.configured:
        where = f"{profile.configured[KEY_ID].origin} and {profile.shared[KEY_ID].origin}"
        what = f'{where}: profile "{profile.name}" has keys in both files, and those of the credentials file count'
        fix = "take the other ones out"
        yield Finding(check="shadowed keys", severity=Severity.MEDIUM, what=what, fix=fix)
