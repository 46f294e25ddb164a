"""Every name that can be typed, with what people know of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from stsctl.origin import Origin

if TYPE_CHECKING:
    from stsctl.configuration import Configuration
    from stsctl.profile import Profiles
    from stsctl.role_table import RoleEntry


class Named(NamedTuple):
    """A name that can be typed, for listings, completions and searches; `also` is what else it is found by, in lines.

    No dataclass: thousands are made for a list to pick from.
    """

    name: str
    kind: str
    description: str
    place: str
    line: int | None
    also: str = ""

    @property
    def origin(self) -> Origin:
        """Where it is written."""
        return Origin(place=self.place, line=self.line)

    @property
    def text(self) -> str:
        """All that it is found by, besides its name."""
        return f"{self.description}\n{self.also}"


def listing(configuration: Configuration, profiles: Profiles) -> tuple[Named, ...]:
    """All names that can be typed: roles, sources, then the AWS profiles that lead somewhere."""
    from stsctl.chain import leads_somewhere

    roles = [
        _named(role.hop, "role", role.hop.description or role.hop.what, _also(role))
        for role in configuration.roles.values()
    ]
    sources = [
        _named(entry.source, "source", entry.user_arn or f"source of type {entry.source.kind.value}", "")
        for entry in configuration.sources.values()
    ]
    others = [
        Named(
            name=name,
            kind="profile",
            description=profile.get("role_arn") or "AWS profile",
            place=profile.origin.place,
            line=profile.origin.line,
            also=_lines(profile.get(key) for key in _TELLING),
        )
        for name, profile in profiles.by_name.items()
        if leads_somewhere(profile)
    ]
    known = {one.name for one in (*roles, *sources)}
    return (*roles, *sources, *(one for one in others if one.name not in known))


class _Placed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def origin(self) -> Origin | None: ...


def _named(one: _Placed, kind: str, description: str, also: str) -> Named:
    origin = one.origin or Origin(place=one.name)
    return Named(one.name, kind, description, origin.place, origin.line, also)


_TELLING = ("sso_account_id", "sso_role_name", "sso_session", "region", "source_profile")
"""What of an AWS profile people remember it by, besides its role."""


def _also(role: RoleEntry) -> str:
    hop = role.hop
    tags = (f"{key}={value}" for key, value in hop.tags)
    return _lines((hop.what, hop.account_id, hop.role_name, hop.region, role.from_name, *tags))


def _lines(texts: Iterable[str | None]) -> str:
    return "\n".join(text for text in texts if text)
