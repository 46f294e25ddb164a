"""What is proposed on a machine as it was found, in the order in which a person is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from shlex import quote

from stsctl.configuration import StoreName
from stsctl.doctor import store
from stsctl.doctor.files import static_keys
from stsctl.errors import ConfigurationError
from stsctl.formats import config_file, startup_file
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
    parts = (_store, _keys, _tools, _shells, _hooks)
    return tuple(proposal for part in parts for proposal in part(found))


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
        tables = {name: dict(values) for name, values in advice.tables.items()}
        if "key_file" in tables["sealed_file"]:
            tables["sealed_file"]["key_file"] = found.key_place
        defaults = tables["defaults"]
        kept = _kept_in(defaults["store"], defaults.get("session_store", defaults["store"]))
        gone = f"; keep {found.key_place}, or it goes with the container" if found.picture.place.in_container else ""
        yield _written(replace(proposal, what=f"Keep {kept}", why=f"{advice.why}{gone}"), found.config, tables)


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
    except ConfigurationError as error:
        lines = config_file.with_values(b"", tables).decode().splitlines()[2:]
        return replace(proposal, why=error.message, by_hand=tuple(lines))
    return replace(proposal, change=_change(file, after))


def _change(file: File, after: bytes) -> Change:
    return Change(path=file.path, place=file.place, before=file.content, after=after)


def _keys(found: Found) -> Iterator[Proposal]:
    if found.picture.profiles is None:
        return
    for profile, key in static_keys(found.picture.profiles):
        yield Proposal(
            kind=Kind.KEYS,
            about=profile.name,
            what=f'The long-term keys of profile "{profile.name}" are in plain text',
            why=f"{key.origin}: whatever runs as you can read them",
            by_hand=(f"stsctl keys add NAME --from-profile {quote(profile.name)}",),
            safe=False,
        )


def _tools(found: Found) -> Iterator[Proposal]:
    for tool in found.tools:
        yield Proposal(
            kind=Kind.IMPORT,
            about=tool.name,
            what=f"{tool.name} was here ({tool.place})",
            why="what it has can be imported",
            by_hand=(f"stsctl config import --from {tool.name}",),
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


def _startup(shell: str, file: File) -> Proposal:
    proposal = Proposal(
        kind=Kind.SHELL,
        about=shell,
        what=f"Have {shell} export what you assume, and complete names",
        why="by a block in its start-up file, which does nothing once stsctl is gone",
    )
    so = replace(proposal, what=f"{shell} exports what you assume, and completes names", why=file.place, is_so=True)
    content = file.content or b""
    if startup_file.calls(content):
        return so
    try:
        if file.why_not is not None:
            raise ConfigurationError(file.why_not)
        after = startup_file.with_block(content, shell, place=file.place)
    except ConfigurationError as error:
        return replace(proposal, why=error.message, by_hand=startup_file.block(shell))
    return so if after == content else replace(proposal, change=_change(file, after))


def _hooks(found: Found) -> Iterator[Proposal]:
    file = found.aws_config
    for hooks in found.hooks:
        several, first = len(hooks.profiles), quote(hooks.profiles[0])
        profiles = f"{several} profiles" if several > 1 else "a profile"
        proposal = Proposal(
            kind=Kind.HOOKS,
            about=hooks.about,
            what=f"Have SDKs and the AWS CLI ask stsctl, in {profiles} for {hooks.about}",
            why=f"aws --profile {first} s3 ls takes the session that is held, or asks you"
            + (": beside your own profiles, which stay as they are" if hooks.beside else ""),
            safe=not hooks.beside,
        )
        if hooks.config == (file.content or b""):
            yield replace(proposal, what=f"SDKs ask stsctl for {hooks.about}", why=file.place, is_so=True)
        elif file.why_not is not None:
            yield replace(proposal, why=file.why_not, by_hand=("stsctl profile hook --diff",))
        else:
            yield replace(proposal, change=_change(file, hooks.config))
