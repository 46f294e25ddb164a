"""Files and folders: who can read and write them, and what rests in them in plain text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from stsctl.doctor.finding import Finding
from stsctl.doctor.picture import Picture, Purpose, Seen
from stsctl.profile import KEY_ID, Profile, Profiles, Value
from stsctl.severity import Severity

_READ, _WRITE, _ANY = 0o044, 0o022, 0o077
_OLD_DAYS = 90
"""Days after which AWS advises to replace keys (Security Hub, IAM.3)."""
_TOKENS = ("aws_session_token", "aws_security_token")


def check(picture: Picture) -> Iterator[Finding]:
    """Permissions and owners, then static keys, then sections of stsctl's that are over."""
    for seen in picture.seen:
        yield from _owner(seen)
        yield from _permissions(seen)
    yield from _static_keys(picture)
    over = [name for name, until in picture.written_until if until is not None and until <= picture.now]
    if over:
        what = f"{_several(over)}, which stsctl wrote into the credentials file, {_is(over)} over"
        yield Finding(check="written profiles", severity=Severity.LOW, what=what, fix="stsctl profile prune")


def _owner(seen: Seen) -> Iterator[Finding]:
    if not seen.is_mine:
        what = f"{seen.path} belongs to another user"
        fix = f'sudo chown "$(id -un)" {_quoted(seen.path)}'
        yield Finding(check="owner", severity=Severity.HIGH, what=what, fix=fix)


def _permissions(seen: Seen) -> Iterator[Finding]:
    kept = "700" if seen.is_folder else "600"
    if seen.mode & _WRITE:
        what = f"others can change {seen.path} (mode {seen.mode:o}), and so what is run and asked by it"
        fix = f"chmod {kept if seen.purpose is Purpose.SECRETS else 'go-w'} {_quoted(seen.path)}"
        yield Finding(check="permissions", severity=Severity.HIGH, what=what, fix=fix)
    elif seen.purpose is Purpose.SECRETS and seen.mode & (_ANY if seen.is_folder else _READ):
        does = "look into" if seen.is_folder else "read"
        what = f"others can {does} {seen.path} (mode {seen.mode:o}), where secrets are"
        severity = Severity.MEDIUM if seen.is_folder else Severity.HIGH
        yield Finding(check="permissions", severity=severity, what=what, fix=f"chmod {kept} {_quoted(seen.path)}")


def static_keys(profiles: Profiles) -> Iterator[tuple[Profile, Value]]:
    """The profiles with long-term keys in plain text, each with the key id, where it is written."""
    for profile in profiles.by_name.values():
        for values in (profile.shared, profile.configured):
            if KEY_ID in values and not any(name in values for name in _TOKENS):
                yield profile, values[KEY_ID]


def _static_keys(picture: Picture) -> Iterator[Finding]:
    if picture.profiles is None:
        return
    changed = {seen.path: seen.changed_at for seen in picture.seen}
    for profile, found in static_keys(picture.profiles):
        since = changed.get(found.origin.place)
        days = (picture.now - since).days if since else 0
        age = f", in a file that was last changed {days} days ago" if days else ""
        what = f'{found.origin}: profile "{profile.name}" has long-term keys in plain text{age}'
        severity = Severity.HIGH if days > _OLD_DAYS else Severity.MEDIUM
        name = shlex.quote(profile.name)
        fix = f"stsctl keys add {name} --from-profile {name} --move"
        yield Finding(check="static keys", severity=severity, what=what, fix=fix)


def _quoted(path: str) -> str:
    """A path as a shell takes it; its `~` stays one."""
    return f"~/{shlex.quote(path[2:])}" if path.startswith("~/") else shlex.quote(path)


def _several(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
