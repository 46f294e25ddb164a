"""`stsctl assume`: get a session, keep it, make it this terminal's current one."""

from __future__ import annotations

from typing import Any

import click

from stsctl.cli.app import App
from stsctl.cli.beginning import how_to_begin
from stsctl.cli.options import acting_options, json_option, name_argument, wanted_options
from stsctl.cli.panel import show
from stsctl.formats import json


@click.command("assume")
@name_argument()
@wanted_options
@acting_options
@json_option
@click.pass_obj
def command(app: App, /, *, name: str | None, as_json: bool, **options: Any) -> None:
    """Get the session of a role and make it this terminal's current one.

    NAME is a role or a source of your configuration, a profile of ~/.aws/config, or a role's ARN. If the way there
    needs an MFA code, you are asked for it on the terminal. A session that is held and fresh is taken as it is.

    Without NAME the current session is taken, and renewed where that is due.
    """
    wanted, acting = app.typed(name, options)
    if wanted is None and app.current() is None:
        how_to_begin(app)
    obtained = app.obtain(app.chosen(wanted), acting)
    is_current = not acting.no_cache and app.make_current(obtained)
    if as_json:
        app.report.data(json.assume_role(obtained.session))
        return
    short = obtained.wanted.name
    steps = ["eval $(stsctl env)" if is_current else f"eval $(stsctl env {short})", f"stsctl exec {short} -- COMMAND"]
    show(app.report, obtained, app.now(), steps)
    if not is_current and not acting.no_cache and app.machine.leader is None:
        app.report.notice("there is no terminal here whose current session it could be: name it, or set STSCTL_ROLE")
