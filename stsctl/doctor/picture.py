"""A picture of the machine: everything that the checks look at, taken before the first of them.

What is secret is not in it: of a variable that holds a secret there is the name alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import Enum

from stsctl.arn import Arn
from stsctl.dataclass import dataclass
from stsctl.profile import Profiles
from stsctl.settings import Settings

HIDDEN = "(set)"
"""What stands in the place of a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that could not be read or reached, in the words of its error."""

    what: str
    fix: str | None = None


class Purpose(Enum):
    """What a file or folder is for, which says who may do what with it."""

    SECRETS = "secrets"
    """Nobody else may read it, nor look into it."""
    CONFIGURATION = "configuration"
    """Nobody else may write it: it says which programs are run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A file or folder that is there; `path` as people write it, `mode` its permissions."""

    path: str
    purpose: Purpose
    mode: int
    is_folder: bool
    is_mine: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The operating system's keyring: of what kind it is, or why it does not answer."""

    kind: str | None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What sort of place the machine is, as far as that decides where secrets can rest."""

    over_ssh: bool = False
    in_container: bool = False
    has_bus: bool = False
    """D-Bus, by which a keyring is reached on Linux."""
    has_kernel_keyring: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way to a name, as far as that is known without asking anybody.

    `trouble` is why there is none, `source` what its beginning lacks. `capped` are durations that are not had. `role`
    is where the way ends, and `current` whoever this terminal is now.
    """

    name: str
    trouble: Trouble | None = None
    source: Trouble | None = None
    warnings: tuple[str, ...] = ()
    capped: tuple[str, ...] = ()
    role: Arn | None = None
    current: Arn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The machine.

    `variables` are those that begin with AWS_ or STSCTL_. `profiles` and `settings` are None where they could not be
    read, which `troubles` say. `headers` are the sections of ~/.aws/config, `shared_headers` those of the credentials
    file, each with its place. `missing` are programs and files that something names and that are not there, by what
    was written. `roles` and `sources` are the names of stsctl's own configuration. `stale_hooks` are the hooks in
    ~/.aws/config that are gone or of another version: each with its place, its profile and its target. `ahead`
    is how far this machine's clock is before AWS's, None where nobody asked.
    """

    now: datetime
    platform: str
    variables: Mapping[str, str] = field(repr=False)
    seen: tuple[Seen, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    profiles: Profiles | None = None
    settings: Settings | None = None
    headers: tuple[tuple[str, str], ...] = ()
    shared_headers: tuple[tuple[str, str], ...] = ()
    missing: frozenset[str] = frozenset()
    own_names: Mapping[str, str] = field(default_factory=dict)
    stale_hooks: tuple[tuple[str, str, str], ...] = ()
    written_until: tuple[tuple[str, datetime | None], ...] = ()
    keyring: Keyring | None = None
    place: Place = field(default_factory=Place)
    ahead: timedelta | None = None
    way: Way | None = None
