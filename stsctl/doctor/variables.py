"""Variables that win over others, or that SDKs do not agree about.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html and the SDKs' own chains
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from stsctl.doctor.finding import Finding
from stsctl.doctor.picture import Picture
from stsctl.nearest import suggestion
from stsctl.settings import Settings
from stsctl.severity import Severity

_OWN = frozenset(
    {f"STSCTL_{one.name.upper()}" for one in fields(Settings)}
    | {
        f"STSCTL_{name}"
        for name in ("COMPLETE", "DEBUG", "DEPTH", "NO_PROMPT", "REGION", "ROLE", "SESSION", "WORKLOAD")
    }
)


def check(picture: Picture) -> Iterator[Finding]:
    """What is odd about the variables of this shell."""
    for rule in (_tokens, _half_a_pair, _keys, _over, _profiles, _regions, _files, _unknown):
        yield from rule(picture)


def _found(what: str, fix: str, severity: Severity = Severity.MEDIUM) -> Finding:
    return Finding(check="variables", severity=severity, what=what, fix=fix)


def _set(picture: Picture, name: str) -> str:
    return picture.variables.get(name, "")


def _tokens(picture: Picture) -> Iterator[Finding]:
    if not _set(picture, "AWS_SECURITY_TOKEN"):
        return
    if _set(picture, "AWS_SESSION_TOKEN"):
        what = (
            "AWS_SECURITY_TOKEN is set, and the AWS CLI and boto3 take it for the token in place of AWS_SESSION_TOKEN"
        )
        yield _found(what, "unset AWS_SECURITY_TOKEN", Severity.HIGH)
    else:
        yield _found("AWS_SECURITY_TOKEN is the old name, which only some SDKs read", "unset AWS_SECURITY_TOKEN")


def _half_a_pair(picture: Picture) -> Iterator[Finding]:
    key, secret = _set(picture, "AWS_ACCESS_KEY_ID"), _set(picture, "AWS_SECRET_ACCESS_KEY")
    if bool(key) is not bool(secret):
        have, lack = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY") if key else ("SECRET_ACCESS_KEY", "ACCESS_KEY_ID")
        yield _found(f"AWS_{have} is set without AWS_{lack}, which SDKs refuse", f"unset AWS_{have}", Severity.HIGH)
    elif not key and _set(picture, "AWS_SESSION_TOKEN"):
        yield _found("AWS_SESSION_TOKEN is set without keys, and goes with none", "unset AWS_SESSION_TOKEN")


def _keys(picture: Picture) -> Iterator[Finding]:
    key = _set(picture, "AWS_ACCESS_KEY_ID")
    profile = next((name for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if _set(picture, name)), None)
    if key and profile:
        what = (
            f"AWS_ACCESS_KEY_ID wins over {profile} in the AWS CLI and most SDKs, and the one for JavaScript takes the"
            " profile"
        )
        yield _found(what, f"unset {profile}")
    if key.startswith("AKIA") and not _set(picture, "STSCTL_SESSION"):
        what = "long-term keys are in the environment, where every program that is started here has them"
        yield _found(what, "stsctl keys add NAME, and unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY", Severity.LOW)


def _over(picture: Picture) -> Iterator[Finding]:
    """The session that this shell has, where its end is known and past."""
    try:
        end = datetime.fromisoformat(_set(picture, "AWS_CREDENTIAL_EXPIRATION"))
    except ValueError:
        return
    if end.tzinfo is not None and end <= picture.now and _set(picture, "AWS_ACCESS_KEY_ID"):
        ours = _set(picture, "STSCTL_SESSION")
        fix = "eval $(stsctl env)" if ours else "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
        yield _found("the session in this shell's variables is over", fix)


def _profiles(picture: Picture) -> Iterator[Finding]:
    default, named = _set(picture, "AWS_DEFAULT_PROFILE"), _set(picture, "AWS_PROFILE")
    if default and named and default != named:
        what = f'AWS_DEFAULT_PROFILE ("{default}") wins over AWS_PROFILE ("{named}") in boto3 and the AWS CLI alone'
        yield _found(what, "unset AWS_DEFAULT_PROFILE")
    for variable, name in (("AWS_PROFILE", named), ("AWS_DEFAULT_PROFILE", default)):
        profiles = picture.profiles
        if name and profiles is not None and name not in profiles and name not in profiles.written:
            hint = suggestion(name, profiles)
            what = f'{variable} names "{name}", which is no profile{f": {hint}" if hint else ""}'
            yield _found(what, f"unset {variable}", Severity.HIGH)


def _regions(picture: Picture) -> Iterator[Finding]:
    first, second = _set(picture, "AWS_REGION"), _set(picture, "AWS_DEFAULT_REGION")
    if first and second and first != second:
        what = f"AWS_REGION is {first} and AWS_DEFAULT_REGION {second}: which of them counts depends on the SDK"
        yield _found(what, "unset AWS_DEFAULT_REGION", Severity.LOW)


def _files(picture: Picture) -> Iterator[Finding]:
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        path = _set(picture, variable)
        if path and path in picture.missing:
            yield _found(f'{variable} names "{path}", and there is no such file', f"unset {variable}")


def _unknown(picture: Picture) -> Iterator[Finding]:
    for name in sorted(picture.variables):
        if name.startswith("STSCTL_") and name not in _OWN:
            hint = suggestion(name, sorted(_OWN))
            what = f"{name} is no variable that stsctl reads{f': {hint}' if hint else ''}"
            yield _found(what, f"unset {name}", Severity.LOW)
