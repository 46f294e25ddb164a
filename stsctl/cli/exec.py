"""`stsctl exec`: a program, or a shell, that runs with a session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli import run_time, warning
from stsctl.cli.options import Duration, acting_options, name_argument, wanted_options
from stsctl.cli.runs_program import PROGRAM, RunsProgram
from stsctl.formats import environment
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("exec", cls=RunsProgram)
@name_argument()
@wanted_options
@acting_options
@click.option("--min-remaining", type=Duration(), help="Renew first, unless this much of the session is left.")
@click.option("--yes", is_flag=True, help='Do not ask before what looks destructive in a role with "warn = true".')
@click.option("--serve", is_flag=True, help="Serve the session to the program, and renew it for as long as that runs.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    name: str | None,
    min_remaining: timedelta | None,
    yes: bool,
    serve: bool,
    **options: Any,
) -> int:
    """Run a program with a session: stsctl exec prod-admin -- aws s3 ls.

    stsctl turns into the program, so its status, its signals and the terminal are its own. Without a program your own
    shell is started, and knows by STSCTL_ROLE which role it is. Without NAME the current session is
    used, or you pick a role, or with Tab several, each of which the program is run in.

    With --serve the program gets no keys: SDKs fetch the session from this machine, as in a container, and fetch the
    next before it ends. What needs a person is asked before the program starts, and never again while it runs.
    """
    app: App = ctx.obj
    wanted, acting = app.typed(name, options)
    program = ctx.meta.get(PROGRAM)
    if program == []:
        raise click.UsageError("there is no program after --")
    if wanted is None and app.current() is None:
        picked = app.picked_several(several=program is not None and not serve)
        if len(picked) > 1 and program is not None:
            from stsctl.cli import in_each

            return in_each.run(app, acting, picked, program, agreed=yes)
        wanted = Wanted(name=picked[0]) if picked else None
    wanted = app.chosen(wanted)
    warning.before(app, (wanted.name,), program, agreed=yes)
    if serve:
        from stsctl.cli import serving

        return serving.run(app, wanted, acting, program, least=min_remaining, depth=_depth(app.environ) + 1)
    obtained = app.use(wanted, acting, least=min_remaining)
    run_time.warn(app, obtained, program)
    if (stopwatch := run_time.measured(app, obtained, program)) is not None:
        stopwatch.start()
    changes = obtained.export(app.environ, depth=_depth(app.environ) + 1)
    return app.machine.become(program, environment.child(app.environ, changes))


def _depth(environ: Mapping[str, str]) -> int:
    """In how many `stsctl exec` this one runs."""
    said = environ.get(environment.DEPTH, "")
    return int(said) if said.isdecimal() else 0
