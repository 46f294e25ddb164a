"""`stsctl list`: what is held, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import complete_name, json_option
from stsctl.cli.panel import left
from stsctl.errors import UsageError
from stsctl.formats.interface import rfc3339
from stsctl.formats.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

    from stsctl.cli.app import App
    from stsctl.role_table import RoleEntry
    from stsctl.stores.index import Entry

_BAR = 10
_WIDE = (72, 90)
"""From how many columns of a terminal on the chain, and the store, have room beside the rest."""


@click.command("list")
@click.option("--names", is_flag=True, help="Print every name that can be typed, one a line.")
@click.option("--preview", metavar="NAME", shell_complete=complete_name, help="Print what there is to know of a name.")
@click.option("--watch", "watched", is_flag=True, help="Keep showing them, with keys to renew, drop and open them.")
@json_option
@click.pass_obj
def command(app: App, *, names: bool, preview: str | None, watched: bool, as_json: bool) -> None:
    """List the sessions that are held: who they make you, how long they last, by which chain, in which store.

    To pick a name with another program: stsctl list --names | fzf --preview 'stsctl list --preview {}'
    """
    if watched:
        _watch(app, plain=not (names or as_json or preview is not None))
        return
    if names:
        app.report.data("\n".join(visible(name) for name, _ in app.names()))
        return
    if preview is not None:
        from stsctl.cli.facts import preview_of

        app.report.data(preview_of(app, preview))
        return
    now = app.now()
    listed = (entry for store in app.stores.in_use for entry in app.stores.index(store).all())
    entries = [entry for entry in listed if entry.expires_at is None or entry.expires_at > now]
    if as_json:
        app.report.answer([_as_json(entry, _written(app, entry)) for entry in entries])
    elif not entries:
        app.report.notice("no session is held")
    elif app.report.decorated_data:
        _table(app, entries, now)
    else:
        app.report.rows(_cells(entry, now) for entry in entries)


def _watch(app: App, *, plain: bool) -> None:
    if not plain:
        raise click.UsageError("--watch is for a person at a terminal, without --names, --preview and --json")
    if not app.report.on_terminal:
        raise UsageError("--watch needs a terminal to show the table on", hint="stsctl list --json")
    from stsctl.cli.watch import watch

    watch(app)


def _written(app: App, entry: Entry) -> RoleEntry | None:
    """The role whose session it is, by the name that it was asked for; None for what is no name of a role here."""
    said = app.configuration
    here = entry.wanted is not None and entry.wanted.project in (None, said.project)
    return said.roles.get(entry.name) if here else None


def _cells(entry: Entry, now: datetime) -> tuple[str, ...]:
    ends = rfc3339(entry.expires_at) if entry.expires_at else "-"
    return (entry.name, entry.identity or "-", ends, _left(entry, now), " → ".join(entry.chain), entry.store)


def _left(entry: Entry, now: datetime) -> str:
    return left(entry.expires_at - now) if entry.expires_at else "no end"


def _table(app: App, entries: list[Entry], now: datetime) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = app.report.console(data=True)
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    titles = ("name", "you are", "time left", "chain", "store")[: 3 + sum(console.width >= width for width in _WIDE)]
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title == "time left")
    current = app.current()
    for entry in entries:
        mark = "● " if current and entry.request_key == current.request_key else "  "
        cells = (
            Text(mark + visible(entry.name), style="bold" if entry.wanted else "dim").append(_others(app, entry)),
            Text(_who(entry)),
            Text(f"{_bar(entry, now)} {_left(entry, now)}", style=_colour(entry, now)),
            Text(visible(" → ".join(entry.chain))),
            Text(visible(entry.store)),
        )
        table.add_row(*cells[: len(titles)])
    console.print(table)


def _others(app: App, entry: Entry) -> Text:
    """Where a role is written, if others write it."""
    from rich.text import Text

    role = _written(app, entry)
    return Text(f"\n  {visible(str(role.hop.origin))}", style="not bold dim") if role and role.shared else Text()


def _who(entry: Entry) -> str:
    if entry.identity is None:
        return "-"
    _, _, session = entry.identity.rpartition(":")
    return visible(f"{entry.account_id} {session.removeprefix('assumed-role/')}")


def _share(entry: Entry, now: datetime) -> float:
    if entry.expires_at is None:
        return 1.0
    life = max(entry.expires_at - entry.obtained_at, timedelta(seconds=1))
    return min(max((entry.expires_at - now) / life, 0.0), 1.0)


def _bar(entry: Entry, now: datetime) -> str:
    full = round(_share(entry, now) * _BAR)
    return "━" * full + "╌" * (_BAR - full)


def _colour(entry: Entry, now: datetime) -> str:
    share = _share(entry, now)
    return "green" if share > 1 / 3 else "yellow" if share > 1 / 10 else "red"


def _as_json(entry: Entry, role: RoleEntry | None) -> dict[str, object]:
    return {
        "name": entry.name,
        "origin": str(role.hop.origin) if role else None,
        "identity": entry.identity,
        "account_id": entry.account_id,
        "access_key_id": entry.access_key_id,
        "obtained_at": rfc3339(entry.obtained_at),
        "expires_at": rfc3339(entry.expires_at) if entry.expires_at else None,
        "chain": list(entry.chain),
        "region": entry.region,
        "needs_person": entry.needs_person,
        "store": entry.store,
    }
