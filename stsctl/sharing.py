"""What files say that others write, beside what is the person's own: whose names count, and what they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from stsctl import account_table, group_table
from stsctl.configuration import LETTERS, Configuration, Refused, check_name, defaults_of, is_word
from stsctl.errors import ConfigurationError
from stsctl.group_table import Group
from stsctl.origin import Origin, Shared
from stsctl.shared_entries import Claim, SharedRoles, role, source
from stsctl.shared_file import SharedFile, Trust
from stsctl.source import ENVIRONMENT
from stsctl.source_table import SourceEntry
from stsctl.tables import Table
from stsctl.toml_text import Anew, Reader


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


class _Merge:
    def __init__(
        self, own: Configuration, files: Sequence[SharedFile], profiles: Collection[str], reader: Reader
    ) -> None:
        self._own = own
        self._files = files
        self._profiles = profiles
        self._reader = reader
        self._is_right = True
        self._roles = SharedRoles(own.roles)
        self._waiting: list[Claim] = []
        self._sources: dict[str, SourceEntry] = dict(own.sources)
        self._groups: dict[str, Group] = dict(own.groups)
        self._refused: dict[str, Refused] = dict(own.refused)
        self._troubles: list[str] = list(own.troubles)
        self._asides: list[str] = list(own.asides)
        self._defaults = own.defaults
        self._accounts = own.accounts

    def result(self, right: Callable[[], None]) -> Configuration:
        claims: dict[tuple[str, str], list[Claim]] = defaultdict(list)
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

    def _claims(self) -> Iterator[Claim]:
        for file in self._files:
            try:
                table = file.read(self._reader)
                found = [
                    Claim(kind=kind, name=name, table=each, file=file)
                    for kind in ("source", "role", "group")
                    for name, each in table.tables(kind).items()
                ]
                for claim in found:
                    check_name(claim.name, claim.table)
                self._take_defaults(file, table)
                if file.trust is not Trust.LAPSED:
                    self._accounts = {**account_table.entry(table.table("accounts")), **self._accounts}
            except ConfigurationError as error:
                self._is_right = False
                self._troubles.append(f"{error.message}: nothing in {file.place} counts")
                continue
            yield from found

    def _taken(self, claim: Claim) -> Origin | None:
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

    def _settle(self, same: list[Claim], taken: Origin | None) -> None:
        """Decides what a name means that shared files claim."""
        first = same[0]
        if taken is None and len(same) == 1 and first.file.trust is not Trust.LAPSED:
            self._enter(first)
            return
        places = [claim.table.at() for claim in same]
        if taken is not None and (first.file.shared is Shared.PROJECT or first.name == ENVIRONMENT):
            self._troubles.append(f'{places[0]}: "{first.name}" stays what it is ({taken})')
        elif taken is not None or len(same) > 1:
            before, after = [*([taken] if taken else []), *places][:2]
            what = f'the name "{first.name}" is written twice: {before} and {after}'
            self._refuse(first, what, "rename one of the two")
        else:
            what = f'"{first.name}" ({places[0]}) does not count: {first.file.place} has changed since you trusted it'
            self._refuse(first, what, first.file.to_trust, waits_for_trust=True)

    def _enter(self, claim: Claim) -> None:
        file, name, table = claim.file, claim.name, claim.table
        wish = None if file.trust is Trust.GIVEN else next(claim.wishes, None)
        try:
            if wish is not None:
                what = f"{wish.origin}: {wish.text} takes your trust in {file.place}"
                self._refuse(claim, what, file.to_trust, waits_for_trust=True)
            elif not is_word(name):
                raise table.problem(None, f'"{name}" cannot be a name', hint=LETTERS)
            elif claim.kind == "group":
                self._groups[name] = replace(group_table.entry(name, table), shared=file.shared)
            elif claim.kind == "source":
                self._sources[name] = source(claim)
            else:
                self._roles.add(claim)
        except ConfigurationError as error:
            self._is_right = False
            self._refuse(claim, error.message, error.hint)

    def _check_roles(self) -> None:
        """Refuses those that cannot be read; a file that was found right before has none, even of those that wait."""
        self._is_right &= all(map(_can_be_read, self._waiting))
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
                if not is_word(alias):
                    self._troubles.append(f'{origin}: "{alias}" cannot be a name')
                elif self._means_something(replace(claim, name=alias)) or theirs.get(alias, claim.name) != claim.name:
                    self._troubles.append(f'{origin}: "{alias}" stays what it is')
                else:
                    theirs[alias] = claim.name
        return {**self._own.aliases, **theirs} if theirs else self._own.aliases

    def _means_something(self, alias: Claim) -> bool:
        """Whether the name that a role is to have as an alias is one already."""
        others = (self._roles, self._sources, self._refused)
        return self._taken(alias) is not None or any(alias.name in names for names in others)

    def _refuse(self, claim: Claim, what: str, hint: str | None, *, waits_for_trust: bool = False) -> None:
        if claim.kind == "group":
            self._groups.pop(claim.name, None)
            (self._asides if waits_for_trust else self._troubles).append(what)
        else:
            self._waiting.append(claim)
            # One's own entry stays for those who look what it was; whoever asks for the name is told why not.
            self._refused[claim.name] = Refused(
                what=what, origin=claim.table.at(), hint=hint, waits_for_trust=waits_for_trust
            )

    def _take_defaults(self, file: SharedFile, table: Table) -> None:
        """What a trusted file says in general holds where the person's own does not say it."""
        if "defaults" not in table:
            return
        said = table.table("defaults")
        if file.trust is not Trust.GIVEN:
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


def _can_be_read(claim: Claim) -> bool:
    try:
        _ = role(claim) if claim.kind == "role" else source(claim)
    except ConfigurationError:
        return False
    return True
