"""One thing that another tool has, and what becomes of it here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from stsctl.dataclass import dataclass
from stsctl.origin import Origin
from stsctl.profile import Profiles


class Kind(Enum):
    """What added.toml can say."""

    SOURCE = "source"
    ROLE = "role"


class Outcome(Enum):
    """What becomes of a thing."""

    BECOMES = "becomes"
    """A table of added.toml."""
    THERE = "there"
    """The configuration has it."""
    AS_IT_IS = "as it is"
    """stsctl reads it where it stands."""
    KEYS = "keys"
    """Long-term keys, which are taken only when the person says so."""
    STAYS = "stays"
    """It cannot be carried over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`[source.NAME]` or `[role.NAME]`; `of_profile` says that the AWS profile of that name is the same thing."""

    kind: Kind
    name: str
    values: Mapping[str, str]
    of_profile: bool = False

    @property
    def title(self) -> str:
        """As people speak of it."""
        return f'{self.kind.value} "{self.name}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKeys:
    """Long-term keys in a keyring, to be kept here as `name`; `item` is what they are filed under there.

    `region` is where AWS is asked whose they are: the keys of another partition mean nothing elsewhere.
    """

    name: str
    item: str
    mfa_serial: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`what` it is to its tool, where, and what becomes of it; `note` is what it holds, or why it cannot be had, and
    `hint` what to type then. `keys` are those that it is about, taken only where that is the outcome.
    """

    what: str
    origin: Origin
    outcome: Outcome
    note: str = ""
    hint: str = ""
    entry: Entry | None = None
    keys: KeptKeys | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of another tool's; `place` is its name in messages."""

    place: str
    text: bytes

    def at(self, line: int | None = None) -> Origin:
        """A line of it."""
        return Origin(place=self.place, line=line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Where a tool keeps secrets: the names of what is in there, or why that cannot be told."""

    place: str
    items: tuple[str, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyringPlace:
    """Where a tool's keyring is: a collection of the Secret Service or a folder of sealed files, whichever is there, or
    the items of a service among everybody's; `backend` is what it is told to use instead, as it calls that itself.
    """

    collection: str | None = None
    folder: str | None = None
    service: str | None = None
    backend: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What a tool has: its configuration (None: there is no file), what it reads of AWS's own, its secrets' names.

    `kept` is the names of the keys that stsctl has.
    """

    profiles: Profiles
    file: File | None = None
    keyring: Keyring | None = None
    kept: frozenset[str] = frozenset()


def source(name: str, values: Mapping[str, str]) -> Entry:
    """A source."""
    return Entry(kind=Kind.SOURCE, name=name, values=values)


def role(name: str, beginning: str, said: Mapping[str, str | None], *, of_profile: bool) -> Entry:
    """A role from a source or another role, as far as its tool says it."""
    values = {"from": beginning, **{key: text for key, text in said.items() if text}}
    return Entry(kind=Kind.ROLE, name=name, values=values, of_profile=of_profile)


def becomes(what: str, origin: Origin, entry: Entry, note: str = "") -> Finding:
    """A thing that added.toml can say."""
    return Finding(what=what, origin=origin, outcome=Outcome.BECOMES, entry=entry, note=note)


def works(what: str, origin: Origin, note: str = "", hint: str = "") -> Finding:
    """A thing that stsctl reads where it stands."""
    return Finding(what=what, origin=origin, outcome=Outcome.AS_IT_IS, note=note, hint=hint)


def stays(what: str, origin: Origin, why: str, hint: str = "") -> Finding:
    """A thing that cannot be carried over."""
    return Finding(what=what, origin=origin, outcome=Outcome.STAYS, note=why, hint=hint)


def setting(what: str, origin: Origin, table: str, line: str) -> Finding:
    """A setting that stsctl has a place for, in the file that it never writes."""
    return stays(what, origin, "config.toml is yours to write", f"config.toml: [{table}] {line}")


def long_term_keys(keys: KeptKeys, keyring: Keyring | None, hint: str) -> Finding:
    """Keys that are the person's to give; where stsctl cannot get at them, `hint` is what brings them over."""
    keyring = keyring or Keyring(place="its keyring")
    is_there = keys.item in keyring.items
    return Finding(
        what=f'keys "{keys.name}"',
        origin=Origin(place=keyring.place),
        outcome=Outcome.KEYS if is_there else Outcome.STAYS,
        note="" if is_there else keyring.trouble or "it has none of that name",
        hint="" if is_there else hint,
        keys=keys,
    )
