"""The way to AWS: its store, its clock, its endpoints and certificates, and the way to one name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from shlex import quote

from stsctl.arn import Arn
from stsctl.doctor.finding import Finding
from stsctl.doctor.picture import Picture, Trouble
from stsctl.severity import Severity
from stsctl.url import is_loopback

_REFUSED = timedelta(minutes=5)
"""From such a difference on AWS refuses signatures
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html)."""
_ODD = timedelta(minutes=1)
_SET_CLOCK = {"darwin": "sudo sntp -sS time.apple.com", "win32": "w32tm /resync"}


def check(picture: Picture) -> Iterator[Finding]:
    """The store first, without which nothing is held."""
    for trouble in picture.troubles:
        yield _of_trouble("configuration", trouble)
    yield from _clock(picture)
    yield from _endpoint(picture)
    yield from _certificates(picture)
    yield from _name(picture)


def _of_trouble(check: str, trouble: Trouble, severity: Severity = Severity.HIGH) -> Finding:
    return Finding(check=check, severity=severity, what=trouble.what, fix=trouble.fix)


def _clock(picture: Picture) -> Iterator[Finding]:
    if picture.ahead is None or abs(picture.ahead) < _ODD:
        return
    off = abs(picture.ahead)
    side = "ahead of" if picture.ahead > timedelta() else "behind"
    refused = ": AWS refuses what is signed now" if off >= _REFUSED else ""
    what = f"this machine's clock is {int(off.total_seconds())} seconds {side} AWS's{refused}"
    fix = _SET_CLOCK.get(picture.platform, "sudo timedatectl set-ntp true (in WSL: sudo hwclock -s)")
    severity = Severity.HIGH if off >= _REFUSED else Severity.MEDIUM
    yield Finding(check="clock", severity=severity, what=what, fix=fix)


def _endpoint(picture: Picture) -> Iterator[Finding]:
    settings = picture.settings
    if settings is None:
        return
    for setting in (settings.endpoint_url, *settings.endpoint_urls.values()):
        url = setting.value
        if url is None:
            continue
        fix = f"unset {setting.origin}"
        if settings.ignores_endpoint_urls.value:
            what = f"{setting.origin} is set aside by {settings.ignores_endpoint_urls.origin}"
            yield Finding(check="endpoints", severity=Severity.LOW, what=what, fix=fix)
        elif url.startswith("http://") and not is_loopback(url):
            what = f"{setting.origin} is a plain http address: whoever is on the way reads and changes what is asked"
            yield Finding(check="endpoints", severity=Severity.HIGH, what=what, fix=fix)
        elif is_loopback(url) and settings.emulator.value is None:
            what = f"{setting.origin} is this machine ({url}), and not the emulator of stsctl"
            yield Finding(check="endpoints", severity=Severity.LOW, what=what, fix=fix)


def _certificates(picture: Picture) -> Iterator[Finding]:
    settings, profiles = picture.settings, picture.profiles
    said = []
    if settings is not None and settings.ca_bundle.value:
        said.append((settings.ca_bundle.value, str(settings.ca_bundle.origin)))
    for profile in profiles.by_name.values() if profiles else ():
        bundle = profile.get("ca_bundle")
        if bundle:
            said.append((bundle, str(profile.at("ca_bundle"))))
    for bundle, where in said:
        if bundle in picture.missing:
            what = f'{where}: there are no certificates at "{bundle}", and no call to AWS can be made'
            yield Finding(check="certificates", severity=Severity.HIGH, what=what, fix="correct the path, or unset it")


def _name(picture: Picture) -> Iterator[Finding]:
    way = picture.way
    if way is None:
        return
    where = f'the way to "{way.name}"'
    if way.trouble is not None:
        yield _of_trouble(where, way.trouble)
    if way.source is not None:
        yield _of_trouble(where, way.source)
    for warning in way.warnings:
        yield Finding(check=where, severity=Severity.MEDIUM, what=warning, fix=f"stsctl plan {quote(way.name)}")
    for capped in way.capped:
        fix = "take the duration out of the configuration, or make it shorter"
        yield Finding(check=where, severity=Severity.LOW, what=capped, fix=fix)
    if way.role is not None and way.current is not None and _is_session_of(way.current, way.role):
        what = f"the credentials here are a session of {way.role} already: another one gains nothing"
        fix = "use it as it is; a program that assumes the role by itself need not"
        yield Finding(check=where, severity=Severity.LOW, what=what, fix=fix)


def _is_session_of(identity: Arn, role: Arn) -> bool:
    return (identity.partition, identity.account, identity.session_role) == (
        role.partition,
        role.account,
        role.resource_name,
    )
