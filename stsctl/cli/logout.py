"""`stsctl logout`: forget sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl.cli.options import export_option, name_argument
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.formats import environment
from stsctl.formats.shell import SHELLS
from stsctl.target import Wanted

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
        is_gone = exported in _one(app, name)
    if export:
        app.report.data(SHELLS[export].render(environment.unset(app.environ) if is_gone else {}))
    elif is_gone:
        app.report.notice("this shell still has it in its variables; to take them back: eval $(stsctl env --unset)")


def _all(app: App) -> None:
    app.terminals.drop(None)
    sign_ins = sum(len(held.sign_in_entries()) for held in app.stores.all_held())
    count = app.forget_all() - sign_ins
    app.agency.forget(None)
    app.report.notice(f"{count} session{'s' * (count != 1)} forgotten" if count > 0 else "no session was held")
    if sign_ins:
        what = f"{sign_ins} sign-in{'s' * (sign_ins != 1)} forgotten"
        app.report.notice(f'{what} here; "stsctl sso logout --all" ends them where you signed in, too')


def _one(app: App, name: str | None) -> set[str]:
    """The keys of the sessions that are gone now: those of a name, or the current one."""
    current = None if name else app.current()
    called = app.configuration.called(name) if name else current.wanted.name if current else app.chosen(None).name
    # The same session may be listed as what it was last asked for by another name, or by its role's ARN.
    meant = current.request_key if current else _key_of(app, called)
    listed = (entry for held in app.stores.all_held() for entry in held.entries())
    keys = {entry.request_key for entry in listed if entry.name == called or entry.request_key == meant}
    if not keys and meant is not None and meant == app.environ.get(environment.SESSION):
        app.report.notice(f'the session of "{called}" was held no more')
        return {meant}
    if not keys:
        raise ConfigurationError(f'no session of "{called}" is held', hint="stsctl list")
    app.forget(keys)
    app.report.notice(f'the session of "{called}" is forgotten')
    return keys


def _key_of(app: App, name: str) -> str | None:
    """What tells the session of a name from others; None where the name means nothing any more."""
    try:
        return app.plan(app.target(Wanted(name=name))).request_key
    except StsctlError:
        return None
