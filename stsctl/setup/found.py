"""The machine as it was found, before anything is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from stsctl.configuration import Configuration
from stsctl.dataclass import dataclass
from stsctl.doctor.picture import Picture
from stsctl.other_tools.finding import Finding
from stsctl.settings import Settings
from stsctl.setup.proposal import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file, there (with its content) or not; `why_not` says why it is not stsctl's to write."""

    path: str
    place: str
    content: bytes | None
    why_not: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Another tool of its kind, with what it has; `trouble` is why that cannot be told."""

    name: str
    findings: tuple[Finding, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainKeys:
    """Long-term keys of a profile, in plain text at `place`; `changes` move them out, `why_not` says why none do."""

    profile: str
    place: str
    changes: tuple[Change, ...] = ()
    why_not: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Hooks for the roles that are `about` something, in these `profiles`: `config` is ~/.aws/config with them.

    They may be `beside` profiles that a person wrote for the same roles.
    """

    about: str
    profiles: tuple[str, ...]
    config: bytes
    beside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The machine. `startup` has the start-up file of each shell in use (None: nobody here knows which that is).

    `key_place` is where a key of the sealed files would be, `hidden_program` stsctl itself where other shells do not
    find it by its name.
    """

    picture: Picture
    settings: Settings
    configuration: Configuration
    config: File
    added: File
    aws_config: File
    key_place: str
    startup: Mapping[str, File | None] = field(default_factory=dict)
    hidden_program: str | None = None
    tools: tuple[Tool, ...] = ()
    plain_keys: tuple[PlainKeys, ...] = ()
    hooks: tuple[Hooks, ...] = ()
