"""Every name that can be typed, with what people know of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from stsctl.origin import Origin

if TYPE_CHECKING:
    from stsctl.configuration import Configuration
    from stsctl.profile import Profile, Profiles
    from stsctl.role_table import RoleEntry
    from stsctl.source_table import SourceEntry


class Named(NamedTuple):
    """A name that can be typed, with what is said of it. No dataclass: there are thousands, and this is made in C."""

    name: str
    kind: str
    description: str
    place: str
    line: int | None

    @property
    def origin(self) -> Origin:
        """Where it is written."""
        return Origin(place=self.place, line=self.line)


class Listing:
    """Names that can be typed, each looked at when somebody asks for it.

    `rows` says the rest of each, as JSON; `texts` gives what each is found by besides its name; `aliases` are other
    names of some of them.
    """

    def __init__(
        self, names: Sequence[str], rows: Sequence[str], texts: Callable[[], Sequence[str]], aliases: Mapping[str, str]
    ) -> None:
        self.names = names
        self.rows = rows
        self.texts = texts
        self.aliases = aliases

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Named]:
        rows = json.loads(f"[{','.join(self.rows)}]")
        return (Named(name, *row) for name, row in zip(self.names, rows, strict=True))

    def __getitem__(self, name: str) -> Named:
        return Named(name, *json.loads(self.rows[self._places[name]]))

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.names)}


def listing(configuration: Configuration, profiles: Profiles) -> Listing:
    """All names that can be typed: roles, sources, then the AWS profiles that lead somewhere."""
    from stsctl.chain import leads_somewhere

    accounts = configuration.accounts
    found = {name: _of_role(role, accounts) for name, role in configuration.roles.items()}
    found |= {name: _of_source(entry) for name, entry in configuration.sources.items()}
    for name, profile in profiles.by_name.items():
        if name not in found and leads_somewhere(profile):
            found[name] = _of_profile(profile, accounts)
    rows = [json.dumps(row) for row, _ in found.values()]
    return Listing([*found], rows, lambda: [text for _, text in found.values()], dict(configuration.aliases))


_Found = tuple[tuple[str, str, str, int | None], str]
"""What `Named` says of a name besides the name itself, and what it is found by."""


def _of_role(role: RoleEntry, accounts: Mapping[str, str]) -> _Found:
    hop = role.hop
    account = accounts.get(hop.account or "")
    tags = (f"{key}={value}" for key, value in hop.tags)
    also = (*role.aliases, account, hop.what, hop.account_id, hop.role_name, hop.region, role.from_name, *tags)
    return _found("role", hop.description or hop.what, hop.origin or Origin(place=role.name), also)


def _of_source(entry: SourceEntry) -> _Found:
    said = entry.user_arn or f"source of type {entry.source.kind.value}"
    return _found("source", said, entry.source.origin or Origin(place=entry.name), ())


_TELLING = ("sso_account_id", "sso_role_name", "sso_session", "region", "source_profile")
"""What of an AWS profile people remember it by, besides its role."""


def _of_profile(profile: Profile, accounts: Mapping[str, str]) -> _Found:
    account = profile.get("sso_account_id") or (profile.get("role_arn") or "")[len("arn:aws:iam::") :][:12]
    also = (accounts.get(account), *(profile.get(key) for key in _TELLING))
    return _found("profile", profile.get("role_arn") or "AWS profile", profile.origin, also)


def _found(kind: str, description: str, origin: Origin, also: Iterable[str | None]) -> _Found:
    text = "\n".join((description, *(each for each in also if each)))
    return (kind, description, origin.place, origin.line), text
