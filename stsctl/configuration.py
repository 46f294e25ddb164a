"""What a person configured: `config.toml`, and beside it `added.toml`, which stsctl itself writes.

Both are read strictly: a key that nobody knows, a value of the wrong kind or one that AWS would refuse is an error with
its line, before anything is asked of anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from enum import Enum

from stsctl import account_table, agent_table, console_table, group_table, shell_table, source_table
from stsctl.agent_table import AgentOptions
from stsctl.console_table import Console
from stsctl.dataclass import dataclass
from stsctl.group_table import Group
from stsctl.origin import Origin
from stsctl.role_table import Aliases, RoleEntry, Roles, duration_of, session_name_of
from stsctl.shell_table import ShellOptions
from stsctl.source import Source, SourceKind
from stsctl.source_table import SourceEntry
from stsctl.tables import Table, TableError
from stsctl.target import HopKind, MfaMode
from stsctl.toml_text import Anew, Reader


class StoreName(Enum):
    """The stores that a configuration can name."""

    KEYRING = "keyring"
    SEALED_FILE = "sealed-file"
    KERNEL = "kernel"
    PROCESS = "process"
    MEMORY = "memory"


class SealKey(Enum):
    """Where the sealed-file store has its key from, when neither a file nor a process gives it."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a choice


class PromptWith(Enum):
    """What a person is asked with."""

    AUTO = "auto"
    """The terminal; where there is none but a desktop, whichever of the others is there."""
    TERMINAL = "terminal"
    PINENTRY = "pinentry"
    ZENITY = "zenity"
    KDIALOG = "kdialog"
    OSASCRIPT = "osascript"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """`[defaults]`: what holds where nothing nearer says otherwise; `origins` has the place of each key said."""

    region: str | None = None
    duration: timedelta | None = None
    session_name: str | None = None
    store: StoreName | None = None
    session_store: StoreName | None = None
    store_process: tuple[str, ...] = ()
    mfa: MfaMode | None = None
    mfa_process: tuple[str, ...] = ()
    prompt_with: PromptWith | None = None
    prompt_timeout: timedelta | None = None
    sign_in_timeout: timedelta | None = None
    lock_timeout: timedelta | None = None
    use_fips_endpoint: bool | None = None
    use_dualstack_endpoint: bool | None = None
    project: bool | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """`[sealed_file]`: where the key of the sealed-file store comes from; one of the three, or none said."""

    key: SealKey | None = None
    key_file: str | None = None
    key_process: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """One of `include`: a path, whose last part may be a pattern, relative to the folder of config.toml."""

    path: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a name of a file that others wrote is not gone by."""

    what: str
    origin: Origin
    hint: str | None = None
    waits_for_trust: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Both files, read; and what files say that others wrote, where `sharing.merged` put it beside.

    `includes` are the files that the person names. `refused` has the names of such files that mean nothing, `troubles`
    what else of them does not count, `asides` what of that is worth saying only once. `project` is the file of the
    project whose names are among these, `to_trust` what is typed where that is to become so.
    """

    defaults: Defaults = field(default_factory=Defaults)
    sealed_file: SealedFile = field(default_factory=SealedFile)
    console: Console = field(default_factory=Console)
    agent: AgentOptions = field(default_factory=AgentOptions)
    shell: ShellOptions = field(default_factory=ShellOptions)
    sources: Mapping[str, SourceEntry] = field(default_factory=dict)
    roles: Mapping[str, RoleEntry] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    includes: tuple[Include, ...] = ()
    refused: Mapping[str, Refused] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    project: str | None = None
    to_trust: str | None = None

    def called(self, name: str) -> str:
        """What a role is called that is known by `name`, too; any other name as it is."""
        return name if name in self.roles else self.aliases.get(name, name)

    @property
    def kept_keys(self) -> Mapping[str, Source]:
        """The sources that are keys in the store, by name."""
        return {name: one.source for name, one in self.sources.items() if one.source.kind is SourceKind.KEYS}


_TABLES = (
    "defaults", "sealed_file", "console", "agent", "source", "role", "group", "shell", "accounts", "include",
)  # fmt: skip
"""What config.toml says, by its outermost keys."""


def load(
    config: bytes | None,
    added: bytes | None,
    *,
    config_place: str = "config.toml",
    added_place: str = "added.toml",
    reader: Reader | None = None,
) -> Configuration:
    """Both files (None: there is no such file); raises ConfigurationError with file and line."""
    reader = reader or Anew()
    theirs, ours = reader.read(config or b"", config_place), reader.read(added or b"", added_place)
    files = ((theirs, False), (ours, True))
    roles = Roles(files)
    if not reader.checked:
        theirs.only(_TABLES)
        ours.only(("source", "role", "accounts"))
        _claim_names(theirs, ours)
        roles.check()
    return Configuration(
        defaults=defaults_of(theirs.table("defaults")),
        sealed_file=_sealed_file(theirs.table("sealed_file")),
        console=console_table.entry(theirs.table("console")),
        agent=agent_table.entry(theirs.table("agent")),
        shell=shell_table.entry(theirs.table("shell")),
        sources={
            name: source_table.entry(name, table, added=is_added)
            for file, is_added in files
            for name, table in file.tables("source").items()
        },
        roles=roles,
        aliases=Aliases((theirs, ours)),
        accounts={**account_table.entry(ours.table("accounts")), **account_table.entry(theirs.table("accounts"))},
        groups={name: group_table.entry(name, table) for name, table in theirs.tables("group").items()},
        includes=_includes(theirs),
    )


LETTERS = 'use letters, digits, "-", "_", "." and "/"'
"""What is said where a name cannot be one."""


def is_name(name: str) -> bool:
    """Whether a role or a source can be called so: what begins otherwise is a flag or an ARN."""
    return bool(name) and name.isprintable() and not name.startswith(("-", "arn:"))


def is_word(name: str) -> bool:
    """Whether a name is the same word to every shell: what is to be typed is shown with names of others in it."""
    return is_name(name) and re.fullmatch(r"[\w./][\w./@+:=-]*", name) is not None


def _claim_names(*files: Table) -> None:
    """Every name stands for one thing."""
    seen: dict[str, Origin] = {}
    for file in files:
        for kind in ("source", "role"):
            for name, table in file.tables(kind).items():
                _claim(seen, name, table)
        for table in file.tables("role").values():
            for alias in table.texts("aliases"):
                _claim(seen, alias, table, "aliases")


def check_name(name: str, table: Table, key: str | None = None) -> None:
    """Raises ConfigurationError where nobody could type a name, which a table has or says under `key`."""
    if not is_name(name):
        raise table.problem(key, f'"{name}" cannot be a name', hint=LETTERS)


def _includes(table: Table) -> tuple[Include, ...]:
    paths = table.texts("include")
    for path in paths:
        if not path.strip() or "\0" in path:
            raise table.problem("include", "include names no file", hint='write include = ["team.toml"]')
    return tuple(Include(path=path, origin=table.at("include")) for path in paths)


def _claim(seen: dict[str, Origin], name: str, table: Table, key: str | None = None) -> None:
    check_name(name, table, key)
    path = () if key is None else (key,)
    origin = table.at(*path)
    if name in seen:
        twice = f'the name "{name}" is written twice: {seen[name]} and {origin}'
        raise TableError(twice, hint="rename one of the two", place=origin.place, path=(*table.path, *path))
    seen[name] = origin


def defaults_of(table: Table) -> Defaults:
    """What a `[defaults]` says; raises ConfigurationError with its line."""
    table.only(name for name in Defaults.__dataclass_fields__ if name != "origins")
    return Defaults(
        region=table.text("region"),
        duration=duration_of(table, HopKind.ROLE),
        session_name=session_name_of(table),
        store=table.choice("store", StoreName),
        session_store=table.choice("session_store", StoreName),
        store_process=table.command("store_process"),
        mfa=table.choice("mfa", MfaMode),
        mfa_process=table.command("mfa_process"),
        prompt_with=table.choice("prompt_with", PromptWith),
        prompt_timeout=_timeout(table, "prompt_timeout"),
        sign_in_timeout=_timeout(table, "sign_in_timeout"),
        lock_timeout=_timeout(table, "lock_timeout"),
        use_fips_endpoint=table.flag("use_fips_endpoint"),
        use_dualstack_endpoint=table.flag("use_dualstack_endpoint"),
        project=table.flag("project"),
        origins=table.origins(),
    )


def _sealed_file(table: Table) -> SealedFile:
    keys = ("key", "key_file", "key_process")
    table.only(keys)
    said = [key for key in keys if key in table]
    if len(said) > 1:
        raise table.problem(said[1], f"{table.title} says both {said[0]} and {said[1]}", hint="take one of the two out")
    return SealedFile(
        key=table.choice("key", SealKey),
        key_file=table.text("key_file"),
        key_process=table.command("key_process"),
        origins=table.origins(),
    )


def _timeout(table: Table, key: str) -> timedelta | None:
    length = table.duration(key)
    if length is not None and length <= timedelta(0):
        raise table.problem(key, f"{key} is zero, nobody could answer in time", hint=f'write {key} = "45s"')
    return length
