"""`stsctl logout`: forget sessions."""

from __future__ import annotations

import click

from stsctl.cli.app import App
from stsctl.cli.options import name_argument
from stsctl.errors import ConfigurationError


@click.command("logout")
@name_argument()
@click.option("--all", "everything", is_flag=True, help="Forget every session; keys stay.")
@click.pass_obj
def command(app: App, *, name: str | None, everything: bool) -> None:
    """Forget the session of a role, of this terminal, or every session. Long-term keys stay in the store."""
    if everything and name:
        raise click.UsageError("NAME and --all exclude each other")
    if everything:
        _all(app)
    else:
        _one(app, name or app.chosen(None).name)
    if app.environ.get("STSCTL_SESSION"):
        app.report.notice("this shell still has it in its variables; to take them back: eval $(stsctl env --unset)")


def _all(app: App) -> None:
    app.terminals.drop(None)
    count = app.held.drop_all()
    app.report.notice(f"{count} session{'s' * (count != 1)} forgotten" if count else "no session was held")


def _one(app: App, name: str) -> None:
    keys = {entry.request_key for entry in app.held.entries() if entry.name == name}
    app.terminals.drop(keys)
    if not keys:
        raise ConfigurationError(f'no session of "{name}" is held', hint='run "stsctl list" to see what is')
    for key in keys:
        app.held.drop(key)
    app.report.notice(f'the session of "{name}" is forgotten')
