"""What files say that others write: a team's, which config.toml includes, and the one of a project.

Such a file may say roles and groups: where somebody gets to from what is their own. What a chain begins with, programs
that are run, files that lie elsewhere and what holds in general takes the person's trust in the file as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum

from stsctl import account_table, group_table, role_table, source_table
from stsctl.configuration import Configuration, Refused, check_name, defaults_of, is_name
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.group_table import Group
from stsctl.origin import Origin, Shared
from stsctl.role_table import RoleEntry
from stsctl.source import ENVIRONMENT
from stsctl.source_table import SourceEntry
from stsctl.tables import Anew, Reader, Table
from stsctl.target import NamedFile


class Standing(Enum):
    """How far a file is gone by that others wrote."""

    NEW = "not trusted"
    CHANGED = "changed since it was trusted"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    """Its bytes; `path` is where it really is, which is what is trusted, and `place` what people call that."""

    content: bytes
    path: str
    place: str
    standing: Standing
    shared: Shared = Shared.INCLUDED

    @property
    def folder(self) -> str:
        """Where its paths begin."""
        return self.path.rpartition("/")[0] or "/"

    @property
    def to_trust(self) -> str:
        """What is typed to see what it wants, and to trust it."""
        import shlex

        return f"stsctl config trust {shlex.quote(self.path)}"

    def read(self, reader: Reader) -> Table:
        """Its outermost table; raises ConfigurationError for what is no TOML, or no such file's to say."""
        table = reader.read(self.content, self.place)
        known = _TABLES[self.shared]
        for key in table:
            if key not in known:
                whose = "a project's file" if self.shared is Shared.PROJECT else "an included file"
                hint = f"{whose} says {', '.join(known)}; the rest belongs into your own config.toml"
                raise table.problem(key, f'"{key}" is not for {whose} to say', hint=hint)
        return table


_TABLES = {
    Shared.INCLUDED: ("role", "source", "group", "defaults", "accounts"),
    Shared.PROJECT: ("role", "source", "group"),
}
"""What such files may say. Where a project lies must not change what holds in general."""
FREE = frozenset({
    "type", "from", "aliases", "region", "description", "color", "icon", "warn", "role_arn", "duration", "session_name",
    "external_id", "mfa_serial", "mfa", "source_identity", "tags", "transitive", "policy", "policy_file", "policy_arns",
    "provided_contexts", "account_id", "role_name", "task_policy_arn",
})  # fmt: skip
"""The keys of a role that take nobody's trust; of its files, those that lie beside the file that names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a file says that takes trust, as it says it."""

    text: str
    origin: Origin


def wishes(table: Table) -> Iterator[Wish]:
    """All that takes trust of what a whole file says."""
    yield from _all_of(table.table("defaults"))
    for source in table.tables("source").values():
        yield from _all_of(source)
    for role in table.tables("role").values():
        yield from _of_role(role)


def _all_of(table: Table) -> Iterator[Wish]:
    for key in table:
        yield Wish(text=f"{table.title} {table.written(key)}", origin=table.at(key))


def _of_role(table: Table) -> Iterator[Wish]:
    for key in table:
        if key not in FREE or (key in ("policy_file", "provided_contexts") and any(map(leads_out, _paths(table, key)))):
            yield Wish(text=f"{table.title} {table.written(key)}", origin=table.at(key))


def _paths(table: Table, key: str) -> Iterable[str]:
    if key == "provided_contexts":
        return [path for _, path in table.pairs(key)]
    return (table.text(key) or "",)


def leads_out(path: str) -> bool:
    """Whether a path leads out of the folder that it begins at, as it is written; links are for who opens it to see."""
    depth = 0
    for part in path.replace("\\", "/").split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return True
    return _begins_elsewhere(path)


def _begins_elsewhere(path: str) -> bool:
    """Whether a path does not begin at the folder of who writes it."""
    return path.startswith(("/", "\\", "~", "pkcs11:")) or path == "-" or path[1:2] == ":"


def merged(
    own: Configuration,
    files: Sequence[SharedFile],
    *,
    profiles: Collection[str] = (),
    reader: Reader | None = None,
    right: Callable[[], None] = lambda: None,
) -> Configuration:
    """A configuration with what such files say beside it; they are all included ones, or that of a project.

    Nothing that is the person's own comes to mean anything else. A name that an included file shares with it, or with
    another file, means nothing any more; a project is passed over, also where one of the AWS `profiles` is called so.
    `right` is called where everything in them turns out to be right.
    """
    return _Merge(own, files, profiles, reader or Anew()).result(right)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A name that a file gives to something."""

    kind: str
    name: str
    table: Table
    file: SharedFile

    @property
    def space(self) -> str:
        """What the name has to be the only one among."""
        return "group" if self.kind == "group" else "name"


class _Roles(Mapping[str, RoleEntry]):
    """The person's own roles and those of others, each made of its table when it is first asked for."""

    def __init__(self, own: Mapping[str, RoleEntry]) -> None:
        self._own = own
        self._claims: dict[str, _Claim] = {}
        self._made: dict[str, RoleEntry] = {}

    def add(self, claim: _Claim) -> None:
        self._claims[claim.name] = claim

    def take_out(self, name: str) -> None:
        del self._claims[name]

    @property
    def added(self) -> tuple[_Claim, ...]:
        return tuple(self._claims.values())

    def __getitem__(self, name: str) -> RoleEntry:
        if name not in self._claims:
            return self._own[name]
        if name not in self._made:
            self._made[name] = _role(self._claims[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._claims

    def __len__(self) -> int:
        return len(self._own) + len(self._claims)


class _Merge:
    def __init__(
        self, own: Configuration, files: Sequence[SharedFile], profiles: Collection[str], reader: Reader
    ) -> None:
        self._own = own
        self._files = files
        self._profiles = profiles
        self._reader = reader
        self._is_right = True
        self._roles = _Roles(own.roles)
        self._sources: dict[str, SourceEntry] = dict(own.sources)
        self._groups: dict[str, Group] = dict(own.groups)
        self._refused: dict[str, Refused] = dict(own.refused)
        self._troubles: list[str] = list(own.troubles)
        self._asides: list[str] = list(own.asides)
        self._defaults = own.defaults
        self._accounts = own.accounts

    def result(self, right: Callable[[], None]) -> Configuration:
        claims: dict[tuple[str, str], list[_Claim]] = defaultdict(list)
        for claim in self._claims():
            claims[claim.space, claim.name].append(claim)
        for same in claims.values():
            self._settle(same, self._taken(same[0]))
        if not self._reader.checked:
            self._check_roles()
        if self._is_right:
            right()
        projects = [file.path for file in self._files if file.shared is Shared.PROJECT]
        return replace(
            self._own,
            defaults=self._defaults,
            roles=self._roles,
            aliases=self._aliases(),
            sources=self._sources,
            groups=self._groups,
            accounts=self._accounts,
            refused=self._refused,
            troubles=tuple(self._troubles),
            asides=tuple(self._asides),
            project=projects[0] if projects else self._own.project,
        )

    def _claims(self) -> Iterator[_Claim]:
        for file in self._files:
            try:
                table = file.read(self._reader)
                found = [
                    _Claim(kind=kind, name=name, table=each, file=file)
                    for kind in ("source", "role", "group")
                    for name, each in table.tables(kind).items()
                ]
                for claim in found:
                    check_name(claim.name, claim.table)
                self._take_defaults(file, table)
                self._accounts = {**account_table.entry(table.table("accounts")), **self._accounts}
            except ConfigurationError as error:
                self._is_right = False
                self._troubles.append(f"{error.message}: nothing in {file.place} counts")
                continue
            yield from found

    def _taken(self, claim: _Claim) -> Origin | None:
        """Where a name is given to something already; None where it is free."""
        name, own = claim.name, self._own
        if claim.kind == "group":
            return own.groups[name].origin if name in own.groups else None
        if name == ENVIRONMENT:
            return Origin(place="the name of the keys in the environment")
        if own.called(name) in own.roles:
            return own.roles[own.called(name)].hop.origin
        if name in own.sources:
            return own.sources[name].source.origin
        if claim.file.shared is Shared.PROJECT and name in self._profiles:
            return Origin(place=f'the AWS profile "{name}"')
        return own.refused[name].origin if name in own.refused else None

    def _settle(self, same: list[_Claim], taken: Origin | None) -> None:
        """Decides what a name means that shared files claim."""
        first, places = same[0], [claim.table.at() for claim in same]
        if taken is not None and (first.file.shared is Shared.PROJECT or first.name == ENVIRONMENT):
            self._troubles.append(f'{places[0]}: "{first.name}" stays what it is ({taken})')
        elif taken is not None or len(same) > 1:
            before, after = [*([taken] if taken else []), *places][:2]
            what = f'the name "{first.name}" is written twice: {before} and {after}'
            self._refuse(first, what, "rename one of the two")
        elif first.file.standing is Standing.CHANGED:
            what = f'"{first.name}" ({places[0]}) does not count: {first.file.place} has changed since you trusted it'
            self._refuse(first, what, first.file.to_trust, waits_for_trust=True)
        else:
            self._enter(first)

    def _enter(self, claim: _Claim) -> None:
        file, name, table = claim.file, claim.name, claim.table
        wanted = list(_all_of(table) if claim.kind == "source" else _of_role(table) if claim.kind == "role" else ())
        try:
            if wanted and file.standing is not Standing.TRUSTED:
                wish = wanted[0]
                what = f"{wish.origin}: {wish.text} takes your trust in {file.place}"
                self._refuse(claim, what, file.to_trust, waits_for_trust=True)
            elif claim.kind == "group":
                self._groups[name] = replace(group_table.entry(name, table), shared=file.shared)
            elif claim.kind == "source":
                self._sources[name] = _source(claim)
            else:
                self._roles.add(claim)
        except ConfigurationError as error:
            self._is_right = False
            self._refuse(claim, error.message, error.hint)

    def _check_roles(self) -> None:
        """Refuses those that cannot be read; a file that was found right before has none."""
        for claim in self._roles.added:
            try:
                _ = self._roles[claim.name]
            except ConfigurationError as error:
                self._is_right = False
                self._roles.take_out(claim.name)
                self._refuse(claim, error.message, error.hint)

    def _aliases(self) -> Mapping[str, str]:
        """The person's own aliases, and those of others for names that mean nothing else."""
        theirs: dict[str, str] = {}
        for claim in self._roles.added:
            for alias in claim.table.texts("aliases"):
                origin = claim.table.at("aliases")
                if not is_name(alias):
                    self._troubles.append(f'{origin}: "{alias}" cannot be a name')
                elif self._means_something(replace(claim, name=alias)) or theirs.get(alias, claim.name) != claim.name:
                    self._troubles.append(f'{origin}: "{alias}" stays what it is')
                else:
                    theirs[alias] = claim.name
        return {**self._own.aliases, **theirs} if theirs else self._own.aliases

    def _means_something(self, alias: _Claim) -> bool:
        """Whether the name that a role is to have as an alias is one already."""
        others = (self._roles, self._sources, self._refused)
        return self._taken(alias) is not None or any(alias.name in names for names in others)

    def _refuse(self, claim: _Claim, what: str, hint: str | None, *, waits_for_trust: bool = False) -> None:
        if claim.kind == "group":
            self._groups.pop(claim.name, None)
            self._troubles.append(what)
        else:
            # One's own entry stays for those who look what it was; whoever asks for the name is told why not.
            self._refused[claim.name] = Refused(
                what=what, origin=claim.table.at(), hint=hint, waits_for_trust=waits_for_trust
            )

    def _take_defaults(self, file: SharedFile, table: Table) -> None:
        """What a trusted file says in general holds where the person's own does not say it."""
        if "defaults" not in table:
            return
        said = table.table("defaults")
        if file.standing is not Standing.TRUSTED:
            self._asides.append(f'{said.at()}: {said.title} takes your trust in the file: run "{file.to_trust}"')
            return
        theirs = defaults_of(said)
        before = self._defaults.origins
        for key in said:
            if key in before and key not in self._own.defaults.origins:
                self._troubles.append(f"{said.at(key)}: {key} is said in {before[key]} already, which counts")
        new = {key: getattr(theirs, key) for key in said if key not in before}
        origins = {**theirs.origins, **before}
        self._defaults = replace(self._defaults, **new, origins=origins)


def _role(claim: _Claim) -> RoleEntry:
    """The role, with its files beside its own; of one that takes no trust they must not lead out, whatever links are
    there.
    """
    file, entry = claim.file, role_table.entry(claim.name, claim.table, added=False)
    within = None if file.standing is Standing.TRUSTED else file.folder

    def placed(named: NamedFile) -> NamedFile:
        return replace(named, path=_beside(named.path, claim), within=within)

    hop = entry.hop
    hop = replace(
        hop,
        policy_file=placed(hop.policy_file) if hop.policy_file else None,
        context_files=tuple((arn, placed(named)) for arn, named in hop.context_files),
    )
    return replace(entry, hop=hop, shared=file.shared)


def _source(claim: _Claim) -> SourceEntry:
    """The source, with its files beside its own."""
    entry = source_table.entry(claim.name, claim.table, added=False)
    source, proof, certificate = entry.source, entry.source.proof, entry.source.certificate
    if proof is not None:
        proof = replace(proof, file=proof.file and _beside(proof.file, claim))
    if certificate is not None:
        certificate = replace(
            certificate,
            file=_beside(certificate.file, claim),
            key=_beside(certificate.key, claim),
            chain_file=certificate.chain_file and _beside(certificate.chain_file, claim),
        )
    path = source.path and _beside(source.path, claim)
    return replace(
        entry, source=replace(source, path=path, proof=proof, certificate=certificate), shared=claim.file.shared
    )


def _beside(path: str, claim: _Claim) -> str:
    """A path as a file writes it that is somewhere else than the person's own."""
    if "\0" in path:
        raise claim.table.problem(None, "no path has such a character")
    return path if _begins_elsewhere(path) else f"{claim.file.folder}/{path}"
