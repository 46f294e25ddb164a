"""What is proposed on a machine as it was found, in the order in which a person is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote

from stsctl import configuration
from stsctl.chain import leads_somewhere
from stsctl.configuration import StoreName
from stsctl.doctor import store
from stsctl.errors import ConfigurationError
from stsctl.formats import config_file, startup_file
from stsctl.other_tools.finding import Finding, Outcome
from stsctl.other_tools.finding import Kind as Entered
from stsctl.other_tools.settling import entries, settle, written
from stsctl.setting import Level
from stsctl.setup.found import File, Found
from stsctl.setup.proposal import Change, Kind, Proposal
from stsctl.severity import Severity
from stsctl.source import SourceKind

_STORES = {
    StoreName.KEYRING.value: "the keyring",
    StoreName.SEALED_FILE.value: "sealed files",
    StoreName.KERNEL.value: "the kernel",
    StoreName.PROCESS.value: "a program of yours",
    StoreName.MEMORY.value: "nothing but memory",
}


def propose(found: Found) -> tuple[Proposal, ...]:
    """A store first, for keys are moved into it; hooks last, for roles may have come before them."""
    parts = (_profiles, _store, _keys, _tools, _shells, _hooks)
    return tuple(proposal for part in parts for proposal in part(found))


def _profiles(found: Found) -> Iterator[Proposal]:
    profiles = found.picture.profiles
    count = sum(leads_somewhere(profile) for profile in profiles.by_name.values()) if profiles is not None else 0
    if count:
        what = f"{count} AWS profiles can be assumed by their names" if count > 1 else "your AWS profile can be assumed"
        yield Proposal(kind=Kind.IMPORT, about="aws-config", what=what, why=found.aws_config.place, is_so=True)


def _store(found: Found) -> Iterator[Proposal]:
    advice, settings = store.advise(found.picture), found.settings
    now = _kept_in(settings.store.text, settings.session_store.text)
    proposal = Proposal(kind=Kind.STORE, about="store", what=now.replace(" in ", " are in ", 1), why=advice.why)
    said = [each.origin for each in (settings.store, settings.session_store) if each.level is not Level.DEFAULT]
    keys = [each for each in found.configuration.sources.values() if each.added and each.source.kind is SourceKind.KEYS]
    wrong = next(store.check(found.picture), None)
    if (said or keys) and wrong is not None and wrong.severity.reaches(Severity.HIGH):
        yield replace(proposal, why=wrong.what, by_hand=(wrong.fix or "stsctl doctor",))
    elif said or keys:
        yield replace(proposal, why=f"{said[0]}" if said else "keys are there already", is_so=True)
    elif advice.is_default:
        yield replace(proposal, is_so=True)
    else:
        tables = _tables(advice, found)
        kept = _kept_in(
            *(tables["defaults"].get(key, tables["defaults"]["store"]) for key in ("store", "session_store"))
        )
        gone = f"; keep {found.key_place}, or it goes with the container" if found.picture.place.in_container else ""
        yield _written(replace(proposal, what=f"Keep {kept}", why=f"{advice.why}{gone}"), found.config, tables)


def _tables(advice: store.Advice, found: Found) -> dict[str, dict[str, str]]:
    """What is advised, with the place that a key has here; not where there is one already."""
    tables = {name: dict(values) for name, values in advice.tables.items()}
    settings = found.settings
    if any(each.value for each in (settings.seal_key, settings.seal_key_file, settings.seal_key_process)):
        del tables["sealed_file"]
    elif "key_file" in tables["sealed_file"]:
        tables["sealed_file"]["key_file"] = found.key_place
    return tables


def _kept_in(keys: str, sessions: str) -> str:
    if keys == sessions:
        return f"keys and sessions in {_STORES[keys]}"
    return f"keys in {_STORES[keys]}, sessions in {_STORES[sessions]}"


def _written(proposal: Proposal, file: File, tables: Mapping[str, Mapping[str, str]]) -> Proposal:
    """With the change to `config.toml`; by hand where there is no place for it."""
    try:
        if file.why_not is not None:
            raise ConfigurationError(file.why_not)
        after = config_file.with_values(file.content or b"", tables, place=file.place)
        configuration.load(after, None)
    except ConfigurationError as error:
        lines = config_file.with_values(b"", tables).decode().splitlines()[2:]
        return replace(proposal, why=error.message, by_hand=tuple(lines))
    return replace(proposal, changes=(_change(file, after),))


def _change(file: File, after: bytes) -> Change:
    return Change(path=file.path, place=file.place, before=file.content, after=after)


def _keys(found: Found) -> Iterator[Proposal]:
    for keys in found.plain_keys:
        command = f"stsctl keys add {quote(keys.profile)} --from-profile {quote(keys.profile)} --move"
        yield Proposal(
            kind=Kind.KEYS,
            about=keys.profile,
            what=f'Move the long-term keys of profile "{keys.profile}" into the store',
            why=keys.why_not or "once AWS has said whose they are; SDKs that use the profile ask stsctl from then on",
            changes=keys.changes,
            by_hand=(command,) if keys.why_not else (),
            safe=False,
            then=f"others in their place: stsctl keys rotate {quote(keys.profile)}",
        )


def _tools(found: Found) -> Iterator[Proposal]:
    for tool in found.tools:
        proposal = Proposal(
            kind=Kind.IMPORT,
            about=tool.name,
            what=f"What {tool.name} has is here too",
            why=f"nothing of {tool.name} is changed",
            by_hand=(f"stsctl config import --from {tool.name}",),
        )
        if tool.trouble is not None:
            yield replace(proposal, what=f"{tool.name} cannot be looked into", why=tool.trouble)
        elif found.picture.profiles is not None:
            settled = settle(tool.findings, tool.name, found.configuration, found.picture.profiles)
            yield _imported(proposal, found.added, settled)
            yield from _kept_keys(tool.name, settled)


def _imported(proposal: Proposal, file: File, settled: Sequence[Finding]) -> Proposal:
    """With what it writes to `added.toml`."""
    counts = {kind.value: len(entries(settled, kind)) for kind in (Entered.ROLE, Entered.SOURCE)}
    new = " and ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items() if count)
    left = sum(finding.outcome is Outcome.STAYS for finding in settled)
    if not new:
        return replace(proposal, is_so=True, by_hand=())
    why = f"{left} of its things cannot be taken: {proposal.by_hand[0]} --dry-run" if left else proposal.why
    try:
        after = written(file.content or b"", settled, place=file.place)
    except ConfigurationError as error:
        return replace(proposal, why=error.message)
    what = f"Take over {new} from {proposal.about}"
    return replace(proposal, what=what, why=why, by_hand=(), changes=(_change(file, after),))


def _kept_keys(tool: str, settled: Sequence[Finding]) -> Iterator[Proposal]:
    for finding in settled:
        if finding.outcome is Outcome.KEYS and finding.keys is not None:
            yield Proposal(
                kind=Kind.KEPT_KEYS,
                about=f"{tool}: {finding.keys.name}",
                what=f'Keep {finding.what} in stsctl\'s store too, as "{finding.keys.name}"',
                why=f"they stay in {finding.origin}; AWS is asked whose they are",
                safe=False,
                tool=tool,
                kept=finding.keys,
            )


def _shells(found: Found) -> Iterator[Proposal]:
    if found.hidden_program is not None:
        yield Proposal(
            kind=Kind.SHELL,
            about="PATH",
            what="Other shells may not find stsctl",
            why=f"{found.hidden_program} is on no PATH but this shell's",
            by_hand=(f"ln -s {quote(found.hidden_program)} ~/.local/bin/",),
        )
    for shell, file in found.startup.items():
        yield _startup(shell, file)


def _startup(shell: str, file: File | None) -> Proposal:
    proposal = Proposal(
        kind=Kind.SHELL,
        about=shell,
        what=f"Have {shell} export what you assume, and complete names",
        why="by a block in its start-up file, which does nothing once stsctl is gone",
    )
    if file is None:
        return replace(proposal, why="where it looks for that is for it to say", by_hand=startup_file.BY_HAND[shell])
    so = replace(proposal, what=f"{shell} exports what you assume, and completes names", why=file.place, is_so=True)
    content = file.content or b""
    if startup_file.calls(content):
        return so
    if shell not in startup_file.SHELLS:
        return replace(proposal, why=f"in {file.place}, once that is saved", by_hand=startup_file.BY_HAND[shell])
    try:
        if file.why_not is not None:
            raise ConfigurationError(file.why_not)
        after = startup_file.with_block(content, shell, place=file.place)
    except ConfigurationError as error:
        return replace(proposal, why=error.message, by_hand=startup_file.block(shell))
    then = f"in this shell: {startup_file.call(shell)}"
    return so if after == content else replace(proposal, changes=(_change(file, after),), then=then)


def _hooks(found: Found) -> Iterator[Proposal]:
    file = found.aws_config
    for hooks in found.hooks:
        several, first = len(hooks.profiles), quote(hooks.profiles[0])
        roles = f"{several} roles" if several > 1 else "a role"
        beside = " too, by profiles beside yours" if hooks.beside else ""
        proposal = Proposal(
            kind=Kind.HOOKS,
            about=hooks.about,
            what=f"Have the AWS CLI and SDKs get {roles} from stsctl{beside}",
            why=f"aws --profile {first} s3 ls takes the session that is held, or asks you",
            safe=not hooks.beside,
        )
        if hooks.config == (file.content or b""):
            so = f"the AWS CLI and SDKs get {roles} from stsctl{beside}"
            yield replace(proposal, what=so, why=file.place, is_so=True)
        elif file.why_not is not None:
            yield replace(proposal, why=file.why_not, by_hand=("stsctl profile hook --diff",))
        else:
            yield replace(proposal, changes=(_change(file, hooks.config),))
