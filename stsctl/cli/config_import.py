"""`stsctl config import`: what people have in another tool, as sources and roles of added.toml."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import json_option
from stsctl.errors import ConfigurationError, PersonNeededError, StsctlError
from stsctl.formats.visible import visible
from stsctl.other_tools.finding import Finding, KeptKeys, Kind, Outcome
from stsctl.other_tools.settling import entries, settle, written
from stsctl.other_tools.tools import TOOLS

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.belongings import Belongings

_SAID = {
    Outcome.BECOMES: ("", "bold green"),
    Outcome.THERE: ("is there", "green"),
    Outcome.AS_IT_IS: ("as it is", "green"),
    Outcome.KEYS: ("asked for", "yellow"),
    Outcome.STAYS: ("stays there", "red"),
}
"""What the table says of each outcome, and its colour there."""
_WIDE = 100
"""From how many columns on there is a table; below, its columns would be a few letters wide."""


@click.command("import")
@click.option("--from", "tool", required=True, type=click.Choice(tuple(TOOLS)), help="The tool to move in from.")
@click.option("--dry-run", is_flag=True, help="Show what would become of it, and write nothing.")
@json_option
@click.pass_obj
def import_from(app: App, *, tool: str, dry_run: bool, as_json: bool) -> None:
    """Move in from another tool: its roles and sign-ins go to added.toml, and nothing of it is changed.

    A table shows what becomes of each thing, and why of some nothing does. Names that are taken stay what they are.
    Long-term keys are taken from a keyring one by one, each when you say so; they are checked before they are kept.
    """
    belongings = app.belongings(tool)
    found = TOOLS[tool].read(belongings.theirs)
    if not found:
        raise ConfigurationError(f"there is nothing of {tool} here", hint=_looked_at(tool))
    settled = settle(found, tool, app.configuration, app.profiles)
    _show(app, settled, as_json=as_json)
    if dry_run:
        app.report.notice("nothing is written (--dry-run)")
        return
    _write(app, settled)
    _take_keys(app, belongings, settled)


def _looked_at(tool: str) -> str:
    places = ", ".join(("~/.aws/config", *TOOLS[tool].files))
    return f"looked at were {places}"


def _show(app: App, settled: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        app.report.answer([_facts(finding) for finding in settled])
    elif app.report.decorated_data and app.report.columns >= _WIDE:
        _table(app, settled)
    elif app.report.decorated_data:
        _stacked(app, settled)
    else:
        app.report.rows(_cells(finding) for finding in settled)
    hints = dict.fromkeys(finding.hint for finding in settled if finding.hint)
    app.report.lines([f"  {visible(hint)}" for hint in hints])


def _cells(finding: Finding) -> tuple[str, ...]:
    return finding.what, str(finding.origin), _here(finding), finding.note


def _facts(finding: Finding) -> dict[str, object]:
    entry = finding.entry
    return {
        "what": finding.what,
        "origin": str(finding.origin),
        "outcome": finding.outcome.value,
        "becomes": {"kind": entry.kind.value, "name": entry.name, "values": dict(entry.values)} if entry else None,
        "note": finding.note,
        "hint": finding.hint,
    }


def _here(finding: Finding) -> str:
    """What it is here."""
    said, _ = _SAID[finding.outcome]
    title = finding.entry.title if finding.entry else ""
    return " ".join(filter(None, (title, said)))


def _table(app: App, settled: Sequence[Finding]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    for title in ("theirs", "where", "here"):
        table.add_column(title, overflow="fold", no_wrap=title == "where")
    table.add_column("", overflow="fold", ratio=1)
    for outcome, (_, colour) in _SAID.items():
        for finding in (each for each in settled if each.outcome is outcome):
            what, where, here, note = map(visible, _cells(finding))
            table.add_row(Text(what), Text(where, style="dim"), Text(here, style=colour), Text(note))
        table.add_section()
    app.report.console(data=True).print(table)


def _stacked(app: App, settled: Sequence[Finding]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console = app.report.console(data=True)
    for outcome, (_, colour) in _SAID.items():
        for finding in (each for each in settled if each.outcome is outcome):
            what, where, here, note = map(visible, _cells(finding))
            console.print(Text.assemble(what, "  ", (here, colour)))
            console.print(Padding(Text.assemble((where, "dim"), "  ", note), (0, 0, 0, 4)))
    console.print()


def _write(app: App, settled: Sequence[Finding]) -> None:
    """Adds what is new to added.toml, in one change."""
    sources, roles = (entries(settled, kind) for kind in (Kind.SOURCE, Kind.ROLE))
    place = app.short(app.paths.added)
    if not sources and not roles:
        if all(finding.outcome is not Outcome.KEYS for finding in settled):
            app.report.notice("there is nothing new to write")
        return
    app.change_added(lambda text: written(text, settled, place=place))
    counts = ((sources, "source"), (roles, "role"))
    said = " and ".join(f"{len(names)} {what}{'s' if len(names) > 1 else ''}" for names, what in counts if names)
    app.report.notice(f"{said} written to {place}")
    app.report.lines([f"  stsctl assume {visible(quote(name))}" for name in list(roles)[:1]])


def _take_keys(app: App, belongings: Belongings, settled: Sequence[Finding]) -> None:
    """Each pair that the person gives; raises StsctlError at the end where one of them could not be kept."""
    failed = 0
    for finding in settled:
        if finding.outcome is not Outcome.KEYS or finding.keys is None:
            continue
        try:
            if _agreed(app, finding):
                take(app, belongings, finding.keys)
        except PersonNeededError as error:
            app.report.notice(f"{finding.what} stay where they are: {error.message}")
        except StsctlError as error:
            failed += 1
            app.report.notice(f"{finding.what} stay where they are: {error.message or error}")
    if failed:
        raise StsctlError(f"{failed} pair{'s' if failed > 1 else ''} of keys could not be taken")


def _agreed(app: App, finding: Finding) -> bool:
    question = f"{finding.what} of {finding.origin}: keep them in stsctl's store too? [y/N] "
    return app.machine.ask_on_terminal(visible(question)).strip().lower() in ("y", "yes")


def take(app: App, belongings: Belongings, keys: KeptKeys) -> None:
    """Keeps a pair of another tool's in the store, once AWS has said whose it is; raises StsctlError."""
    app.keychain.check_name(keys.name)
    app.keychain.check_store(keys.name)
    pair = belongings.pair(keys)
    identity = app.keychain.identity(pair, region=keys.region)
    serial = keys.mfa_serial or app.keychain.mfa_device(pair, identity, region=keys.region)
    app.keychain.add(keys.name, pair, identity, serial)
    app.report.notice(f'the keys of {identity} are kept as "{keys.name}" in the store "{app.keys_held.store}"')
