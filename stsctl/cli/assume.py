"""`stsctl assume`: get a session, keep it, make it this terminal's current one."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli.beginning import how_to_begin
from stsctl.cli.options import acting_options, export_option, json_option, name_argument, wanted_options
from stsctl.cli.panel import show
from stsctl.formats import json
from stsctl.formats.shell import SHELLS

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("assume")
@name_argument()
@wanted_options
@acting_options
@json_option
@export_option
@click.pass_obj
def command(app: App, /, *, name: str | None, as_json: bool, export: str | None, **options: Any) -> None:
    """Get the session of a role and make it this terminal's current one.

    NAME is a role or a source of your configuration, a profile of ~/.aws/config, or a role's ARN; "-" is what was
    assumed in this terminal before. If the way there needs an MFA code, you are asked for it on the terminal. A session
    that is held and fresh is taken as it is.

    Without NAME you pick one on the terminal; where there is none, the current session is taken, and renewed where
    that is due.
    """
    if as_json and export:
        raise click.UsageError("--json and --export exclude each other")
    back = name == "-"
    wanted, acting = app.typed(None if back else name, options)
    if back:
        wanted = app.previous()
    elif wanted is None:
        wanted = app.picked()
    if wanted is None and app.current() is None:
        how_to_begin(app)
    obtained = app.use(app.chosen(wanted), acting)
    is_current = not acting.no_cache and app.make_current(obtained)
    if as_json:
        app.report.data(json.assume_role(obtained.session))
        return
    if export:
        changes = obtained.export(app.environ)
        app.report.data(SHELLS[export].render(changes))
    show(app.report, obtained, app.now(), _next(obtained.wanted.name, is_current=is_current, exported=bool(export)))
    if not is_current and not export and not acting.no_cache:
        app.report.notice("there is no terminal here whose current session it could be: name it, or set STSCTL_ROLE")


def _next(name: str, *, is_current: bool, exported: bool) -> list[str]:
    """What people type next."""
    if exported:
        return ["this shell has it, and what you start from here"]
    export = "eval $(stsctl env)" if is_current else f"eval $(stsctl env {quote(name)})"
    return [export, f"stsctl exec {quote(name)} -- COMMAND"]
