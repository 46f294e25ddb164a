"""`stsctl list`: what is held, and for how long."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from stsctl.cli.lookout import row, written
from stsctl.cli.options import complete_name, json_option
from stsctl.cli.panel import left
from stsctl.errors import UsageError
from stsctl.formats.interface import rfc3339
from stsctl.formats.visible import visible
from stsctl.pieces import Line, Piece, Style

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.role_table import RoleEntry
    from stsctl.stores.index import Entry
    from stsctl.watched import Row


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
    entries.sort(key=lambda entry: (entry.wanted is None, entry.name))  # what was only a step on the way comes last
    if as_json:
        current = app.current()
        key = current.request_key if current else None
        app.report.answer([_as_json(entry, written(app, entry), current=key) for entry in entries])
    elif not entries:
        app.report.notice("no session is held: stsctl assume NAME")
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


def _cells(entry: Entry, now: datetime) -> tuple[str, ...]:
    ends = rfc3339(entry.expires_at) if entry.expires_at else "-"
    return (entry.name, entry.identity or "-", ends, _left(entry, now), " → ".join(entry.chain), entry.store)


def _left(entry: Entry, now: datetime) -> str:
    return left(entry.expires_at - now) if entry.expires_at else "no end"


def _table(app: App, entries: list[Entry], now: datetime) -> None:
    from stsctl.watch_columns import Columns

    current = app.current()
    key = current.request_key if current else None
    rows = [row(entry, is_current=entry.request_key == key, role=written(app, entry)) for entry in entries]
    table = Columns(rows, app.report.columns, now, lambda at: at.astimezone(), is_live=False)
    app.report.pieces([table.titles(), *(line for each in rows for line in (table.line(each), *_others(each)))])


def _others(row: Row) -> list[Line]:
    """Where a role is written, if others write it."""
    return [(Piece(text=f"     {row.written_at}", style=Style.DIM),)] if row.written_at else []


def _as_json(entry: Entry, role: RoleEntry | None, *, current: str | None) -> dict[str, object]:
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
        "asked_for": entry.wanted is not None,
        "current": entry.request_key == current,
    }
