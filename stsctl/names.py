"""From what a person typed to the target that it means.

Names are looked up in stsctl's own configuration, then among the AWS profiles; a role's ARN is a target by itself.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace
from shlex import quote

from stsctl import hop_files, identity_centers, overrides
from stsctl.arn import Arn
from stsctl.chain import Chain, leads_somewhere, of_profile
from stsctl.configuration import Configuration
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UsageError
from stsctl.hop_files import ReadText
from stsctl.listing import listing
from stsctl.nearest import suggestion
from stsctl.origin import Origin, Shared
from stsctl.profile import Profiles
from stsctl.role_table import RoleEntry
from stsctl.settings import Settings
from stsctl.source import ENVIRONMENT, Source, SourceKind
from stsctl.source_table import SourceEntry
from stsctl.target import Hop, MfaMode, Target, Wanted


def resolve(
    wanted: Wanted, configuration: Configuration, profiles: Profiles, settings: Settings, *, read_text: ReadText
) -> Target:
    """What `wanted` means.

    Raises ConfigurationError, with file and line, for a name that is unknown, ambiguous or leads nowhere, and
    UsageError for what the command line says against AWS's rules.
    """
    wanted = overrides.checked(wanted)
    try:
        return _Resolver(wanted, configuration, profiles, settings, read_text).target()
    except RecursionError as error:
        raise ConfigurationError(f'"{wanted.name}" has hundreds of roles or profiles before it') from error


def project_of(wanted: Wanted, configuration: Configuration) -> str | None:
    """The project's file that has a say in what `wanted` means; None where it is the person's own."""
    if configuration.project is None:
        return None
    said = (wanted.name, wanted.source or "", *wanted.via)
    return configuration.project if any(_of_project(name, configuration) for name in said) else None


def _of_project(name: str, configuration: Configuration) -> bool:
    name = configuration.called(name)
    entry = configuration.roles.get(name) or configuration.sources.get(name)
    return entry is not None and entry.shared is Shared.PROJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    chain: Chain
    mfa: MfaMode | None = None


class _Resolver:
    def __init__(
        self,
        wanted: Wanted,
        configuration: Configuration,
        profiles: Profiles,
        settings: Settings,
        read_text: ReadText,
    ) -> None:
        self._wanted = wanted
        self._configuration = configuration
        self._profiles = profiles
        self._settings = settings
        self._read_text = read_text
        self._kept = configuration.kept_keys

    def target(self) -> Target:
        self._refuse_another_project()
        reached = self._whole_chain()
        chain = reached.chain
        if chain.hops:
            general = tuple(overrides.with_defaults(hop, self._settings) for hop in chain.hops)
            last = overrides.with_flags(general[-1], self._wanted, self._settings)
            hops = tuple(hop_files.read(hop, self._read_text) for hop in (*general[:-1], last))
        else:
            overrides.refuse_for_source(self._wanted)
            hops = ()
        _one_partition(hops)
        mfa = self._settings.mfa
        source = self._source(chain)
        if self._wanted.mfa_serial:
            # AWS takes a code only from the user whose device it is: the one at the beginning.
            source = replace(source, mfa_serial=self._wanted.mfa_serial)
            hops = tuple(replace(hop, mfa_serial=None) for hop in hops)
        return Target(
            name=self._wanted.name,
            source=replace(source, connection=chain.connection),
            hops=hops,
            mfa=self._wanted.mfa or (mfa.value if mfa.overrides_files else reached.mfa or mfa.value),
            region=self._wanted.region,
            connection=chain.connection,
        )

    def _refuse_another_project(self) -> None:
        """What was asked for in one project is not what is called so in another."""
        project = self._wanted.project
        if project is not None and project != project_of(self._wanted, self._configuration):
            import shlex

            folder = shlex.quote(project.rpartition("/")[0])
            raise ConfigurationError(f'"{self._wanted.name}" is a name of {project}', hint=f"cd {folder}")

    def _whole_chain(self) -> _Reached:
        """The chain with what --from and --via say of it."""
        wanted, via = self._wanted, list(self._wanted.via)
        by_itself = wanted.kind is not None or _is_arn(wanted.name)
        own = None if by_itself else self._reach(wanted.name, (), None)
        if own is not None and not wanted.source and not via:
            return own
        last = self._by_itself(wanted) if own is None else _last(own, wanted.name)
        if wanted.source:
            before = self._reach(wanted.source, (), None).chain
        elif via and not _is_arn(via[0]):
            first = via.pop(0)
            before = self._reach(first, (), None).chain
            _last(_Reached(chain=before), first)
        elif own is not None:
            before = replace(own.chain, hops=own.chain.hops[:-1])
        else:
            before = self._only_source()
        between = [self._hop_of_arn(n) if _is_arn(n) else _last(self._reach(n, (), None), n) for n in via]
        chain = before.then(*between, last)
        if own is None:
            return _Reached(chain=chain)
        connection = own.chain.connection.otherwise(chain.connection)
        return _Reached(chain=replace(chain, connection=connection), mfa=own.mfa)

    def _by_itself(self, wanted: Wanted) -> Hop:
        """The last hop, where what was typed says what it is."""
        return self._hop_of_arn(wanted.name) if wanted.kind is None else overrides.hop_of(wanted)

    def _hop_of_arn(self, text: str) -> Hop:
        """A role given by its ARN; the external id that the configuration knows for that role is its trust policy's."""
        arn = Arn.parse_role(text)
        # What a file of others says of it, nobody named.
        own = (role.hop for role in self._configuration.roles.values() if role.shared is None)
        ids = {hop.external_id for hop in own if hop.role_arn == arn}
        return Hop(name=text, role_arn=arn, external_id=ids.pop() if len(ids) == 1 else None)

    def _reach(self, name: str, path: tuple[str, ...], asked_at: Origin | None) -> _Reached:
        """How a name is reached; `path` is the roles that led to it, `asked_at` the line that names it."""
        typed, name = name, self._configuration.called(name)
        role, entry = self._configuration.roles.get(name), self._configuration.sources.get(name)
        if path and _of_project(name, self._configuration) and not _of_project(path[-1], self._configuration):
            role = entry = None  # whatever a name of one's own leads to, it does not come to lead into a project
        if name in path:
            raise ConfigurationError(f"{asked_at}: the roles go round: {' → '.join((*path, name))}")
        refused = self._configuration.refused.get(typed) or self._configuration.refused.get(name)
        if refused is not None:
            raise ConfigurationError(refused.what, hint=refused.hint)
        self._refuse_ambiguous(typed, role, entry)
        if role is not None:
            before = self._reach(role.from_name, (*path, name), role.from_at)
            return _Reached(chain=before.chain.then(role.hop), mfa=role.mfa)
        if entry is not None:
            return _Reached(chain=self._of_source(entry.source))
        if name in self._profiles or name in self._profiles.written:
            chain = of_profile(self._profiles, name, self._kept)
            source = identity_centers.configured(chain.source, self._configuration, self._profiles)
            return _Reached(chain=replace(chain, source=source))
        if name == ENVIRONMENT:
            return _Reached(chain=Chain(source=Source(kind=SourceKind.ENVIRONMENT, name=name)))
        raise self._unknown(name, asked_at)

    def _of_source(self, source: Source) -> Chain:
        """The beginning that `[source.NAME]` stands for; one of type profile leads on to what the AWS profile is."""
        if source.kind is not SourceKind.PROFILE or source.profile is None:
            return Chain(source=identity_centers.settled(source, self._profiles))
        if source.profile not in self._profiles and source.profile not in self._profiles.written:
            hint = suggestion(source.profile, self._profiles)
            raise ConfigurationError(f'{source.origin}: there is no AWS profile "{source.profile}"', hint=hint)
        chain = of_profile(self._profiles, source.profile, self._kept)
        theirs = chain.source
        first = replace(
            theirs,
            name=theirs.name if chain.hops else source.name,
            mfa_serial=source.mfa_serial or theirs.mfa_serial,
            mfa_process=source.mfa_process or theirs.mfa_process,
            region=source.region or theirs.region,
        )
        return replace(chain, source=first)

    def _refuse_ambiguous(self, name: str, role: RoleEntry | None, entry: SourceEntry | None) -> None:
        """A name that a person wrote in both places could mean either; what stsctl wrote gives way to nobody."""
        ours = (role.hop.origin if role else None) or (entry.source.origin if entry else None)
        profile = self._profiles.by_name.get(name)
        added = (role is not None and role.added) or (entry is not None and entry.added)
        if ours is None or profile is None or added or not leads_somewhere(profile):
            return
        # A source that is the AWS profile of its own name means the same by both.
        if entry is not None and entry.source.profile == name:
            return
        raise ConfigurationError(
            f'"{name}" could be two things: {ours} and {profile.origin}', hint="rename one of the two"
        )

    def _unknown(self, name: str, asked_at: Origin | None) -> ConfigurationError:
        known = [*listing(self._configuration, self._profiles).names, *self._configuration.aliases]
        place = "" if asked_at is None else f"{asked_at}: "
        hint = suggestion(name, known) or self._configuration.to_trust
        if asked_at is None and name in self._configuration.groups:
            import shlex

            hint = f"stsctl each --group {shlex.quote(name)} -- COMMAND"
            return ConfigurationError(f'"{name}" is a group of roles, and not one of them', hint=hint)
        if hint is None and asked_at is not None:
            hint = f'if it is to be a pair of access keys: stsctl keys add "{name}"'
        elif hint is None:
            hint = "stsctl list --names" if known else "stsctl keys add NAME"
        return ConfigurationError(f'{place}there is no role, source or AWS profile "{name}"', hint=hint)

    def _only_source(self) -> Chain:
        """The source that a role's ARN is assumed from when nobody said: the only one there is."""
        found: dict[str, Chain] = {}
        for name, entry in self._configuration.sources.items():
            if entry.shared is None:
                found[name] = self._of_source(entry.source)
        if "default" not in found and "default" in self._profiles:
            taken = any(chain.source.profile == "default" for chain in found.values())
            # Most [default] sections say only a region.
            with contextlib.suppress(ConfigurationError):
                if not taken:
                    found["default"] = of_profile(self._profiles, "default", self._kept)
        if len(found) == 1:
            return next(iter(found.values()))
        arn = self._wanted.name
        if self._wanted.kind is not None:
            raise ConfigurationError("which source is it to be had from?", hint="say it: --from NAME")
        if found:
            names = ", ".join(f'"{name}"' for name in found)
            hint = f"stsctl assume {arn} --from {quote(next(iter(found)))}"
            raise ConfigurationError(f"who is to assume the role? there are {names}", hint=hint)
        raise ConfigurationError(
            "who is to assume the role? there is no source yet",
            hint=f'run "stsctl keys add NAME", then "stsctl assume {arn} --from NAME"',
        )

    def _source(self, chain: Chain) -> Source:
        """The chain's source, with the mfa_process that holds generally where nobody on the way says one."""
        process = self._settings.mfa_process
        said = chain.source.mfa_process or any(hop.mfa_process for hop in chain.hops)
        if said and not process.overrides_files:
            return chain.source
        return replace(chain.source, mfa_process=process.value)


def _is_arn(name: str) -> bool:
    return name.startswith("arn:")


def _last(reached: _Reached, name: str) -> Hop:
    """The role itself, without what leads to it."""
    if not reached.chain.hops:
        raise UsageError(f'"{name}" is a source, and a role is needed here', hint=f"did you mean --from {name}?")
    return reached.chain.hops[-1]


def _one_partition(hops: tuple[Hop, ...]) -> None:
    placed = [(hop.name, hop.role_arn.partition) for hop in hops if hop.role_arn]
    for (before, first), (name, second) in itertools.pairwise(placed):
        if first != second:
            raise ConfigurationError(
                f'"{before}" is in partition {first} and "{name}" in {second}: a role cannot assume one of another'
                " partition"
            )
