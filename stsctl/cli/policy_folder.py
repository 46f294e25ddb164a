"""A folder of policies: read once, kept as an index, and an account's policies read again when they are asked about.

What is kept is the index alone, in one private file for each folder. It holds for exactly those files that have not
changed, and for this version of stsctl; a file of it that is damaged, or of another form, is none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from stsctl import __version__
from stsctl.access import authorization_details, organization
from stsctl.access.facts import Facts
from stsctl.access.index import Index
from stsctl.access.snapshot import Group, Membership, PolicyText, Role, Snapshot, User
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.host import files

_T = TypeVar("_T")
_HINT = "aws iam get-account-authorization-details > FILE"
Stamp = list[int]
"""By what a changed file is known: size, time, and its number on the disk."""


def read(path: Path) -> Snapshot:
    """What one file holds; raises ConfigurationError for what is neither an account's details nor an organization."""
    content = files.read(path)
    if content is None:
        raise ConfigurationError(f'there is no file "{path}"', hint=_HINT)
    try:
        value: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f'"{path}" is no JSON') from error
    as_of = files.changed_at(path)
    if isinstance(value, dict) and "Organization" in value:
        return Snapshot(memberships=organization.read(value, str(path)), as_of=as_of)
    if not isinstance(value, dict) or not any(section in value for section in authorization_details.SECTIONS):
        raise ConfigurationError(f'"{path}" holds neither the details of an account nor an organization', hint=_HINT)
    return replace(authorization_details.read(value, str(path)), as_of=as_of)


def keep_account(folder: Path, account: str, answer: Mapping[str, Any]) -> None:
    """Writes the policies of an account, as IAM gave them; raises FileError."""
    files.replace(folder / f"{account}.json", json.dumps(answer, default=str).encode())


def keep_organization(folder: Path, tree: object) -> None:
    """Writes the organization beside its accounts; raises FileError."""
    files.replace(folder / "organization.json", json.dumps(tree).encode())


def has_since(folder: Path, account: str, since: datetime) -> bool:
    """Whether an account was written at that time, or later."""
    changed = files.changed_at(folder / f"{account}.json")
    return changed is not None and changed >= since


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of one file; `facts` is as JSON."""

    stamp: Stamp
    facts: dict[str, Any]
    groups: list[str]
    managed: list[str]
    gaps: list[str]

    @classmethod
    def of(cls, snapshot: Snapshot, stamp: Stamp) -> Kept:
        """What is worth keeping of a file that was read."""
        return cls(
            stamp=stamp,
            facts=Facts.of(snapshot).value(),
            groups=list(snapshot.groups),
            managed=list(snapshot.managed),
            gaps=list(snapshot.gaps),
        )

    def value(self) -> dict[str, Any]:
        """As JSON."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFolder:
    """A folder's snapshot, whose accounts are read when they are asked about, and its index."""

    snapshot: Snapshot
    index: Callable[[], Index]

    @classmethod
    def open(cls, folder: Path, kept_in: Path) -> PolicyFolder:
        """What the JSON files of a folder hold; raises ConfigurationError."""
        paths = sorted(folder.glob("*.json"))
        if not paths:
            raise ConfigurationError(f'there is no file called *.json in "{folder}"')
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]
        place = kept_in / f"{name}.json"
        before = _load(place)
        now, read_now = _looked_at(paths, before)
        if now != before:
            _save(place, now)
        return cls(snapshot=_snapshot(folder, now, read_now), index=lambda: _index(now))


def _looked_at(paths: list[Path], before: Mapping[str, Kept]) -> tuple[dict[str, Kept], dict[str, Snapshot]]:
    """What is to be kept of each file, and the snapshots of those that had to be read."""
    now: dict[str, Kept] = {}
    read_now: dict[str, Snapshot] = {}
    for path in paths:
        stamp, known = _stamp(path), before.get(path.name)
        if known is not None and known.stamp == stamp:
            now[path.name] = known
        else:
            snapshot = read(path)
            now[path.name] = Kept.of(snapshot, stamp)
            if snapshot.memberships:
                read_now[path.name] = snapshot
    return now, read_now


def _index(kept: Mapping[str, Kept]) -> Index:
    return Index(Facts.from_value(each.facts) for each in kept.values())


def _snapshot(folder: Path, kept: Mapping[str, Kept], read_now: Mapping[str, Snapshot]) -> Snapshot:
    """All accounts, none of which is read yet; the organization is, for nothing is kept of it."""

    @cache
    def load(name: str) -> Snapshot:
        found = read(folder / name)
        if _stamp(folder / name) != kept[name].stamp:
            raise ConfigurationError(f'"{folder / name}" was changed meanwhile', hint="try again")
        return found

    users: dict[str, str] = {}
    roles: dict[str, str] = {}
    groups: dict[str, str] = {}
    managed: dict[str, str] = {}
    memberships: dict[str, Membership] = {}
    for name, each in kept.items():
        trusted = each.facts["trusted"]
        for arn in each.facts["held"]:
            (roles if arn in trusted else users)[arn] = name
        groups |= dict.fromkeys(each.groups, name)
        managed |= dict.fromkeys(each.managed, name)
        if not each.facts["held"]:
            memberships.update((read_now.get(name) or load(name)).memberships)
    return Snapshot(
        users=_Lazy[User](users, lambda name: load(name).users),
        roles=_Lazy[Role](roles, lambda name: load(name).roles),
        groups=_Lazy[Group](groups, lambda name: load(name).groups),
        managed=_Lazy[PolicyText](managed, lambda name: load(name).managed),
        versions=_Lazy[tuple[PolicyText, ...]](managed, lambda name: load(name).versions),
        memberships=memberships,
        gaps=tuple(dict.fromkeys(gap for each in kept.values() for gap in each.gaps)),
        as_of=min((at for name in kept if (at := files.changed_at(folder / name))), default=None),
    )


class _Lazy(Mapping[str, _T]):
    """What is in several files, by its ARN; a file is read when something in it is asked for."""

    def __init__(self, where: Mapping[str, str], load: Callable[[str], Mapping[str, _T]]) -> None:
        self._where = where
        self._load = load

    def __getitem__(self, arn: str) -> _T:
        return self._load(self._where[arn])[arn]

    def __contains__(self, arn: object) -> bool:
        return arn in self._where

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError as error:
        raise files.problem("read", path, error) from error
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _load(place: Path) -> dict[str, Kept]:
    """What was kept, by the files' names; nothing where it is not whole, or of another version."""
    try:
        digest, _, content = (files.read_private(place) or b"").partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            return {}
        value = json.loads(content)
        if value["version"] != __version__:
            return {}
        return {name: Kept(**each) for name, each in value["files"].items()}
    except (files.FileError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _save(place: Path, kept: Mapping[str, Kept]) -> None:
    value = {"version": __version__, "files": {name: each.value() for name, each in kept.items()}}
    content = json.dumps(value, separators=(",", ":")).encode()
    # It can be made again: where it cannot be kept, everything is only slower.
    with contextlib.suppress(files.FileError):
        files.replace(place, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
