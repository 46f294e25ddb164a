"""`stsctl logout`: forget sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl.cli.options import export_option, name_argument
from stsctl.errors import ConfigurationError
from stsctl.formats import environment
from stsctl.formats.shell import SHELLS

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("logout")
@name_argument()
@click.option("--all", "everything", is_flag=True, help="Forget every session; keys stay.")
@export_option
@click.pass_obj
def command(app: App, *, name: str | None, everything: bool, export: str | None) -> None:
    """Forget the session of a role, of this terminal, or every session. Long-term keys stay in the store."""
    if everything and name:
        raise click.UsageError("NAME and --all exclude each other")
    exported = app.environ.get(environment.SESSION)
    if everything:
        _all(app)
        is_gone = exported is not None
    else:
        is_gone = exported in _one(app, name or app.chosen(None).name)
    if export:
        app.report.data(SHELLS[export].render(environment.unset(app.environ) if is_gone else {}))
    elif is_gone:
        app.report.notice("this shell still has it in its variables; to take them back: eval $(stsctl env --unset)")


def _all(app: App) -> None:
    app.terminals.drop(None)
    count = app.held.drop_all()
    app.report.notice(f"{count} session{'s' * (count != 1)} forgotten" if count else "no session was held")


def _one(app: App, name: str) -> set[str]:
    """The keys of the sessions that were forgotten."""
    keys = {entry.request_key for entry in app.held.entries() if entry.name == name}
    app.terminals.drop(keys)
    if not keys:
        raise ConfigurationError(f'no session of "{name}" is held', hint='run "stsctl list" to see what is')
    for key in keys:
        app.held.drop(key)
    app.report.notice(f'the session of "{name}" is forgotten')
    return keys
