"""`[role.NAME]` of a configuration: a role, or what else a session can be of, and who asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import chain

from stsctl import lifetime, limits
from stsctl.arn import Arn
from stsctl.console_table import Color, Icon
from stsctl.dataclass import dataclass
from stsctl.errors import UsageError
from stsctl.origin import Origin, Shared
from stsctl.tables import Table
from stsctl.target import Hop, HopKind, MfaMode, NamedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    """`[role.NAME]`. `from_name` is the source, role or AWS profile that assumes it, `aliases` what else it is called.

    `policy_file` and the files of `contexts` (by the ARN of their provider) are paths as they are written, relative to
    the folder of the file that says it. `color` and `icon` are those of the container in which its console is shown,
    the colour is its name's in the prompt too. `warn` asks before what looks destructive runs in its session.
    `shared` says whose file it is where that is no file of the person's own.
    """

    hop: Hop
    from_name: str
    from_at: Origin
    aliases: tuple[str, ...] = ()
    mfa: MfaMode | None = None
    color: Color | None = None
    icon: Icon | None = None
    warn: bool = False
    added: bool = False
    shared: Shared | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.hop.name


class Roles(Mapping[str, RoleEntry]):
    """The roles of some files, each made of its table when it is first asked for: there may be thousands."""

    def __init__(self, files: Sequence[tuple[Table, bool]]) -> None:
        self._files = files
        self._made: dict[str, RoleEntry] = {}

    @cached_property
    def _tables(self) -> list[tuple[Table, bool]]:
        return [(file.table("role"), added) for file, added in self._files]

    def __getitem__(self, name: str) -> RoleEntry:
        if name not in self._made:
            table, added = next((each for each in self._tables if name in each[0]), (None, False))
            if table is None:
                raise KeyError(name)
            self._made[name] = entry(name, table.table(name), added=added)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return any(name in table for table, _ in self._tables)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(table for table, _ in self._tables)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def check(self) -> None:
        """Makes all of them; raises ConfigurationError with the line of what is wrong."""
        for name in self:
            _ = self[name]


class Aliases(Mapping[str, str]):
    """The names of the roles of some files by what else they are called, looked for when somebody asks."""

    def __init__(self, files: Sequence[Table]) -> None:
        self._files = files

    @cached_property
    def _found(self) -> Mapping[str, str]:
        roles = [file.table("role") for file in self._files]
        having = ((name, table.table(name)) for table in roles for name in table.having("aliases"))
        return {alias: name for name, table in having for alias in table.texts("aliases")}

    def __getitem__(self, alias: str) -> str:
        return self._found[alias]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


_EVERYWHERE = ("type", "from", "aliases", "region", "description", "color", "icon", "warn")
_FOR_CODES = ("mfa_serial", "mfa_process", "mfa")
_POLICIES = ("policy", "policy_file", "policy_arns")
_KEYS = {
    HopKind.ROLE: (
        "role_arn", "duration", "session_name", "external_id", *_FOR_CODES, "source_identity", "tags", "transitive",
        *_POLICIES, "provided_contexts",
    ),
    HopKind.PERMISSION_SET: ("account_id", "role_name"),
    HopKind.SESSION_TOKEN: ("duration", *_FOR_CODES),
    HopKind.FEDERATION_TOKEN: ("session_name", "duration", "tags", *_POLICIES),
    HopKind.ROOT: ("account_id", "task_policy_arn", "duration", *_FOR_CODES),
}  # fmt: skip
"""What each type takes, besides what every one does."""


def keys_of(kind: HopKind) -> tuple[str, ...]:
    """What can be said of that kind."""
    return (*_EVERYWHERE, *_KEYS[kind])


def entry(name: str, table: Table, *, added: bool) -> RoleEntry:
    """The role that a table says; raises ConfigurationError with its line."""
    kind = table.choice("type", HopKind) or HopKind.ROLE
    table.only(keys_of(kind))
    hop, from_name = _hop(name, kind, table), table.text("from")
    if from_name is None:
        leads = (
            "the source, role or AWS profile that assumes it" if kind is HopKind.ROLE else "the source that leads there"
        )
        raise table.problem(None, f"{table.title} has no from", hint=f'add from = "NAME", {leads}')
    if "policy" in table and "policy_file" in table:
        raise table.problem("policy_file", f"{table.title} has both policy and policy_file", hint="take one out")
    return RoleEntry(
        hop=hop,
        from_name=from_name,
        from_at=table.at("from"),
        aliases=table.texts("aliases"),
        mfa=table.choice("mfa", MfaMode),
        color=table.choice("color", Color),
        icon=table.choice("icon", Icon),
        warn=table.flag("warn") or False,
        added=added,
    )


def _hop(name: str, kind: HopKind, table: Table) -> Hop:
    tags, transitive = _tags(table)
    return Hop(
        name=name,
        kind=kind,
        session_name=session_name_of(table, kind),
        duration=duration_of(table, kind),
        external_id=table.checked("external_id", "external_id"),
        mfa_serial=table.checked("mfa_serial", "mfa_serial"),
        mfa_process=table.command("mfa_process"),
        source_identity=table.checked("source_identity", "source_identity"),
        tags=tags,
        transitive=transitive,
        policy=table.policy("policy"),
        policy_arns=_policy_arns(table),
        policy_file=_file(table, "policy_file"),
        context_files=_context_files(table),
        region=table.text("region"),
        description=table.text("description"),
        # What has to be there comes last, after all that is said and is wrong.
        role_arn=table.role_arn("role_arn") if kind is HopKind.ROLE else None,
        account_id=_account_id(table) if "account_id" in _KEYS[kind] else None,
        role_name=table.needed("role_name", "AdministratorAccess") if kind is HopKind.PERMISSION_SET else None,
        task_policy_arn=_task_policy(table) if kind is HopKind.ROOT else None,
        origin=table.at(),
    )


def _file(table: Table, key: str) -> NamedFile | None:
    path = table.text(key)
    return None if path is None else NamedFile(path=path, origin=table.at(key))


def _context_files(table: Table) -> tuple[tuple[str, NamedFile], ...]:
    pairs = table.pairs("provided_contexts")
    problem = limits.problem_with_provided_contexts([arn for arn, _ in pairs])
    if problem:
        raise table.problem("provided_contexts", problem)
    return tuple((arn, NamedFile(path=path, origin=table.at("provided_contexts", arn))) for arn, path in pairs)


def _account_id(table: Table) -> str:
    text = table.needed("account_id", "111111111111")
    if not limits.is_account_id(text):
        raise table.problem("account_id", f'account_id "{text}" has not the 12 digits of an account')
    return text


def _task_policy(table: Table) -> Arn:
    try:
        return limits.task_policy(table.needed("task_policy_arn", "IAMAuditRootUserCredentials"))
    except UsageError as error:
        raise table.problem("task_policy_arn", error.message, hint=error.hint) from error


def session_name_of(table: Table, kind: HopKind = HopKind.ROLE) -> str | None:
    """What sessions are called, or federated users, as a template."""
    text = table.text("session_name")
    field = "federated_name" if kind is HopKind.FEDERATION_TOKEN else "session_name"
    problem = None if text is None else limits.problem_with_template(text, field)
    if problem:
        raise table.problem("session_name", f'session_name "{text}" {problem}')
    return text


def duration_of(table: Table, kind: HopKind) -> timedelta | None:
    """How long a session of that kind should last."""
    length = table.duration("duration")
    problem = None if length is None else lifetime.problem_with(kind, length)
    if problem:
        raise table.problem("duration", f"this duration {problem}", hint=lifetime.examples(kind))
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
