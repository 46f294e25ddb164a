"""What was found beside what is here already: names that are taken, what is there, what stsctl would refuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stsctl import configuration
from stsctl.chain import leads_somewhere
from stsctl.configuration import Configuration
from stsctl.errors import ConfigurationError
from stsctl.formats import added
from stsctl.origin import Origin
from stsctl.other_tools.finding import Entry, Finding, Kind, Outcome
from stsctl.profile import Profiles
from stsctl.role_table import RoleEntry
from stsctl.source_table import SourceEntry


def settle(found: Sequence[Finding], tool: str, here: Configuration, profiles: Profiles) -> list[Finding]:
    """The findings as they can be had: none in place of what is here, and no role whose beginning is not."""
    depth = _depths(found)
    settling = _Settling(tool, here, profiles, depth)
    # What others name goes before them, sources first.
    ordered = sorted(found, key=lambda each: 0 if each.entry is None else _rank(each.entry, depth))
    settled = {id(finding): settling.of(finding) for finding in ordered}
    return [settled[id(finding)] for finding in found]


def entries(settled: Iterable[Finding], kind: Kind) -> Mapping[str, Mapping[str, str]]:
    """What is to be written, by name."""
    return {
        finding.entry.name: finding.entry.values
        for finding in settled
        if finding.outcome is Outcome.BECOMES and finding.entry is not None and finding.entry.kind is kind
    }


def written(text: bytes, settled: Sequence[Finding], *, place: str) -> bytes:
    """added.toml with what is to be written; raises ConfigurationError."""
    for name, values in entries(settled, Kind.SOURCE).items():
        text = added.with_source(text, name, values, place=place)
    return added.with_import(text, None, entries(settled, Kind.ROLE), (), place=place)


def _rank(entry: Entry, depth: Mapping[str, int]) -> int:
    return depth[entry.name] if entry.kind is Kind.ROLE else 0


def _depths(found: Sequence[Finding]) -> dict[str, int]:
    """How many roles there are from each role to where it begins; more than there are roles, where they go round."""
    every = [finding.entry for finding in found if finding.entry is not None]
    sources = {entry.name for entry in every if entry.kind is Kind.SOURCE}
    before = {entry.name: entry.values.get("from") for entry in every if entry.kind is Kind.ROLE}

    def depth(name: str) -> int:
        steps, at = 1, before[name]
        while at in before and at not in sources and steps <= len(before):
            steps, at = steps + 1, before[at]
        return steps

    return {name: depth(name) for name in before}


class _Settling:
    """`depth` is that of each role that was found: people type their names, which sources give way to."""

    def __init__(self, tool: str, here: Configuration, profiles: Profiles, depth: Mapping[str, int]) -> None:
        self._tool = tool
        self._here = here
        self._profiles = profiles
        self._depth = depth
        self._written: dict[str, Origin] = {}
        self._called: dict[str, str] = {}
        """What is called otherwise here than there."""
        self._left: set[str] = set()

    def of(self, finding: Finding) -> Finding:
        """A finding as it can be had."""
        if finding.keys is not None and finding.keys.name in self._here.sources:
            return replace(finding, outcome=Outcome.THERE, note="", hint="")
        entry = finding.entry
        if entry is None:
            return finding
        beginning = entry.values.get("from")
        if entry.kind is Kind.ROLE and self._depth[entry.name] > len(self._depth):
            return self._leave(finding, entry, f'the roles go round: "{entry.name}" begins at "{beginning}"')
        if beginning in self._left:
            return self._leave(finding, entry, f'"{beginning}", from which it begins, is not carried over')
        if beginning in self._called:
            entry = replace(entry, values={**entry.values, "from": self._called[beginning]})
        try:
            read = _read(entry)
        except ConfigurationError as error:
            return self._leave(finding, entry, error.message)
        same = self._same(entry, read)
        if same is not None:
            self._called[entry.name] = same
            return replace(finding, outcome=Outcome.THERE, entry=replace(entry, name=same))
        taken = self._taken(entry)
        if taken is not None and entry.kind is Kind.ROLE:
            return self._leave(finding, entry, f'the name "{entry.name}" is taken: {taken}')
        if taken is not None:
            free = self._free(entry)
            self._called[entry.name] = free.name
            entry = free
        self._written[entry.name] = finding.origin
        return replace(finding, entry=entry)

    def _leave(self, finding: Finding, entry: Entry, why: str) -> Finding:
        self._left.add(entry.name)
        return replace(finding, outcome=Outcome.STAYS, entry=None, note=why)

    def _same(self, entry: Entry, read: RoleEntry | SourceEntry) -> str | None:
        """The name under which the configuration has the same; of a role only its own."""
        if isinstance(read, RoleEntry):
            role = self._here.roles.get(entry.name)
            return None if role is None or _told(role) != _told(read) else role.name
        for name, source in self._here.sources.items():
            if _told(source) == _told(read):
                return name
        return None

    def _taken(self, entry: Entry) -> Origin | None:
        """What else has the name."""
        role = self._here.roles.get(self._here.called(entry.name))
        source = self._here.sources.get(entry.name)
        if role is not None or source is not None:
            return (role.hop.origin if role else None) or (source.source.origin if source else None)
        if entry.name in self._written:
            return self._written[entry.name]
        if entry.kind is Kind.SOURCE and entry.name in self._depth:
            return Origin(place="a role of that name")
        profile = self._profiles.by_name.get(entry.name)
        other = profile is not None and not entry.of_profile and leads_somewhere(profile)
        return profile.origin if profile is not None and other else None

    def _free(self, entry: Entry) -> Entry:
        name, number = f"{entry.name}-{self._tool}", 1
        while self._taken(replace(entry, name=name)) is not None:
            number += 1
            name = f"{entry.name}-{self._tool}-{number}"
        return replace(entry, name=name)


def _read(entry: Entry) -> RoleEntry | SourceEntry:
    """The entry as added.toml would say it; raises ConfigurationError where stsctl would not read it again."""
    write = added.with_role if entry.kind is Kind.ROLE else added.with_source
    try:
        read = configuration.load(None, write(b"", entry.name, entry.values), added_place=entry.title)
    except ConfigurationError as error:
        place, _, what = error.message.partition(": ")
        raise ConfigurationError(what or place) from error
    return read.roles[entry.name] if entry.kind is Kind.ROLE else read.sources[entry.name]


def _told(one: RoleEntry | SourceEntry) -> object:
    """All that is said, without where and under which name."""
    if isinstance(one, RoleEntry):
        return (replace(one.hop, origin=None), one.from_name, one.mfa, one.color, one.icon)
    return (replace(one.source, origin=None, name=""), one.user_arn)
