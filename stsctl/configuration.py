"""What a person configured: `config.toml`, and beside it `added.toml`, which stsctl itself writes.

Both are read strictly: a key that nobody knows, a value of the wrong kind or one that AWS would refuse is an error with
its line, before anything is asked of anybody.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from stsctl import limits
from stsctl.arn import Arn
from stsctl.errors import ConfigurationError, UsageError
from stsctl.tables import Table, read
from stsctl.target import Hop, MfaMode, Origin, Proof, Source, SourceKind


class StoreName(Enum):
    """The stores that a configuration can name."""

    KEYRING = "keyring"
    SEALED_FILE = "sealed-file"
    MEMORY = "memory"


class SealKey(Enum):
    """Where the sealed-file store has its key from, when neither a file nor a process gives it."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a choice


class _SourceType(Enum):
    KEYS = "keys"
    ENVIRONMENT = "environment"
    PROFILE = "profile"
    PROCESS = "process"
    OIDC = "oidc"
    SAML = "saml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """`[defaults]`: what holds where nothing nearer says otherwise; `origins` has the place of each key said."""

    region: str | None = None
    duration: timedelta | None = None
    session_name: str | None = None
    store: StoreName | None = None
    mfa: MfaMode | None = None
    mfa_process: tuple[str, ...] = ()
    prompt_timeout: timedelta | None = None
    lock_timeout: timedelta | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """`[sealed_file]`: where the key of the sealed-file store comes from; one of the three, or none said."""

    key: SealKey | None = None
    key_file: str | None = None
    key_process: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntry:
    """`[source.NAME]`. `user_arn` is whose keys they are, `added` says that stsctl wrote it."""

    source: Source
    user_arn: str | None = None
    added: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.source.name


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    """`[role.NAME]`. `from_name` is the source, role or AWS profile that assumes it.

    `policy_file` is the path as it is written, relative to the folder of the file that says it.
    """

    hop: Hop
    from_name: str
    from_at: Origin
    mfa: MfaMode | None = None
    policy_file: str | None = None
    policy_at: Origin | None = None
    added: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.hop.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Both files, read."""

    defaults: Defaults = field(default_factory=Defaults)
    sealed_file: SealedFile = field(default_factory=SealedFile)
    sources: Mapping[str, SourceEntry] = field(default_factory=dict)
    roles: Mapping[str, RoleEntry] = field(default_factory=dict)


def load(
    config: bytes | None,
    added: bytes | None,
    *,
    config_place: str = "config.toml",
    added_place: str = "added.toml",
) -> Configuration:
    """Both files (None: there is no such file); raises ConfigurationError with file and line."""
    theirs, ours = read(config or b"", config_place), read(added or b"", added_place)
    theirs.only(("defaults", "sealed_file", "source", "role"))
    ours.only(("source", "role"))
    sources: dict[str, SourceEntry] = {}
    roles: dict[str, RoleEntry] = {}
    seen: dict[str, Origin] = {}
    for file, is_added in ((theirs, False), (ours, True)):
        for name, table in file.tables("source").items():
            _claim(seen, name, table)
            sources[name] = _source(name, table, added=is_added)
        for name, table in file.tables("role").items():
            _claim(seen, name, table)
            roles[name] = _role(name, table, added=is_added)
    return Configuration(
        defaults=_defaults(theirs.table("defaults")),
        sealed_file=_sealed_file(theirs.table("sealed_file")),
        sources=sources,
        roles=roles,
    )


def _claim(seen: dict[str, Origin], name: str, table: Table) -> None:
    """Every name stands for one thing."""
    if not name or name.startswith(("-", "arn:")) or not name.isprintable():
        raise table.problem(None, f'"{name}" cannot be a name', hint='use letters, digits, "-", "_", "." and "/"')
    if name in seen:
        raise ConfigurationError(
            f'the name "{name}" is written twice: {seen[name]} and {table.at()}', hint="rename one of the two"
        )
    seen[name] = table.at()


def _defaults(table: Table) -> Defaults:
    table.only(name for name in Defaults.__dataclass_fields__ if name != "origins")
    return Defaults(
        region=table.text("region"),
        duration=_role_duration(table),
        session_name=_session_name(table),
        store=table.choice("store", StoreName),
        mfa=table.choice("mfa", MfaMode),
        mfa_process=table.command("mfa_process"),
        prompt_timeout=_timeout(table, "prompt_timeout"),
        lock_timeout=_timeout(table, "lock_timeout"),
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


_KEYS_OF_EVERY_SOURCE = ("type", "mfa_serial", "mfa_process", "region")
_KEYS_OF_SOURCE = {
    _SourceType.KEYS: ("access_key_id", "user_arn"),
    _SourceType.ENVIRONMENT: (),
    _SourceType.PROFILE: ("profile",),
    _SourceType.PROCESS: ("process",),
    _SourceType.OIDC: ("web_identity_token_file", "token_process", "token_variable", "audience"),
    _SourceType.SAML: ("assertion_file", "assertion_process", "provider_arn"),
}


def _source(name: str, table: Table, *, added: bool) -> SourceEntry:
    kind = table.choice("type", _SourceType)
    if kind is None:
        known = ", ".join(one.value for one in _SourceType)
        raise table.problem(None, f"{table.title} has no type", hint=f'add type = "keys" (known are {known})')
    table.only((*_KEYS_OF_EVERY_SOURCE, *_KEYS_OF_SOURCE[kind]))
    process = table.command("process")
    for key in {"profile", "process"}.intersection(_KEYS_OF_SOURCE[kind]):
        if key not in table:
            raise table.problem(None, f'{table.title} of type "{kind.value}" has no {key}')
    source = Source(
        kind=SourceKind(kind.value),
        name=name,
        profile=table.text("profile"),
        process=shlex.join(process) if process else None,
        mfa_serial=table.checked("mfa_serial", "mfa_serial"),
        mfa_process=table.command("mfa_process"),
        region=table.text("region"),
        access_key_id=table.text("access_key_id"),
        proof=_proof(kind, table),
        origin=table.at(),
    )
    return SourceEntry(source=source, user_arn=table.text("user_arn"), added=added)


def _proof(kind: _SourceType, table: Table) -> Proof | None:
    if kind not in (_SourceType.OIDC, _SourceType.SAML):
        return None
    file, process, *_ = _KEYS_OF_SOURCE[kind]
    said = [key for key in (file, process, "token_variable") if key in table]
    if len(said) > 1:
        raise table.problem(said[1], f"{table.title} says both {said[0]} and {said[1]}", hint="take one of the two out")
    return Proof(
        file=table.text(file),
        process=table.command(process),
        variable=table.text("token_variable"),
        audience=table.text("audience"),
        provider_arn=_provider_arn(table),
    )


def _provider_arn(table: Table) -> Arn | None:
    text = table.text("provider_arn")
    try:
        arn = None if text is None else Arn.parse(text)
    except UsageError as error:
        raise table.problem("provider_arn", error.message, hint=error.hint) from error
    if arn is not None and not (arn.service == "iam" and arn.resource.startswith("saml-provider/")):
        hint = "it looks like arn:aws:iam::111111111111:saml-provider/NAME"
        raise table.problem("provider_arn", f'"{text}" is no ARN of a SAML provider', hint=hint)
    return arn


_KEYS_OF_ROLE = (
    "role_arn",
    "from",
    "duration",
    "session_name",
    "external_id",
    "mfa_serial",
    "mfa_process",
    "mfa",
    "source_identity",
    "tags",
    "transitive",
    "policy",
    "policy_file",
    "policy_arns",
    "region",
    "description",
)


def _role(name: str, table: Table, *, added: bool) -> RoleEntry:
    table.only(_KEYS_OF_ROLE)
    from_name = table.text("from")
    role_arn = table.role_arn("role_arn")
    if from_name is None:
        hint = 'add from = "NAME", the source, role or AWS profile that assumes it'
        raise table.problem(None, f"{table.title} has no from", hint=hint)
    if "policy" in table and "policy_file" in table:
        raise table.problem("policy_file", f"{table.title} has both policy and policy_file", hint="take one out")
    tags, transitive = _tags(table)
    hop = Hop(
        name=name,
        role_arn=role_arn,
        session_name=_session_name(table),
        duration=_role_duration(table),
        external_id=table.checked("external_id", "external_id"),
        mfa_serial=table.checked("mfa_serial", "mfa_serial"),
        mfa_process=table.command("mfa_process"),
        source_identity=table.checked("source_identity", "source_identity"),
        tags=tags,
        transitive=transitive,
        policy=table.policy("policy"),
        policy_arns=_policy_arns(table),
        region=table.text("region"),
        description=table.text("description"),
        origin=table.at(),
    )
    return RoleEntry(
        hop=hop,
        from_name=from_name,
        from_at=table.at("from"),
        mfa=table.choice("mfa", MfaMode),
        policy_file=table.text("policy_file"),
        policy_at=table.at("policy_file") if "policy_file" in table else None,
        added=added,
    )


def _session_name(table: Table) -> str | None:
    text = table.text("session_name")
    problem = None if text is None else limits.problem_with_template(text)
    if problem:
        raise table.problem("session_name", f'session_name "{text}" {problem}')
    return text


def _role_duration(table: Table) -> timedelta | None:
    length = table.duration("duration")
    problem = None if length is None else limits.problem_with_duration(length)
    if problem:
        raise table.problem("duration", f"this duration {problem}", hint='write it as "15m" to "12h"')
    return length


def _timeout(table: Table, key: str) -> timedelta | None:
    length = table.duration(key)
    if length is not None and length <= timedelta(0):
        raise table.problem(key, f"{key} is zero, nobody could answer in time", hint=f'write {key} = "45s"')
    return length


def _tags(table: Table) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    tags, transitive = table.pairs("tags"), table.texts("transitive")
    problem = limits.problem_with_tags(tags, transitive)
    if problem:
        raise table.problem("tags" if "tags" in table else "transitive", problem)
    return tags, transitive


def _policy_arns(table: Table) -> tuple[str, ...]:
    arns = table.texts("policy_arns")
    problem = limits.problem_with_policy_arns(arns)
    if problem:
        raise table.problem("policy_arns", problem)
    return arns
