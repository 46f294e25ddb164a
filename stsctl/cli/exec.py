"""`stsctl exec`: a program, or a shell, that runs with a session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli.options import Duration, acting_options, name_argument, wanted_options
from stsctl.errors import UsageError
from stsctl.formats import environment

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from stsctl.cli.app import App


_COMMAND = "stsctl.exec.command"


class Exec(click.Command):
    """What follows `--` is the program's, whatever it looks like, and need not be preceded by a NAME."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes the program off before anything is read as an option of stsctl's."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[_COMMAND] = args[at + 1 :]
            args = args[:at]
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if type(error) is not click.UsageError or _COMMAND in ctx.meta:
                raise
            raise UsageError("a program is written behind --", hint="stsctl exec NAME -- COMMAND") from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Behind `--`, files: the options are the program's."""
        from click.shell_completion import CompletionItem

        if _COMMAND not in ctx.meta:
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(incomplete, type="file")]

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The usage line."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND [ARG]...]"]


@click.command("exec", cls=Exec)
@name_argument()
@wanted_options
@acting_options
@click.option("--min-remaining", type=Duration(), help="Renew first, unless this much of the session is left.")
@click.pass_context
def command(ctx: click.Context, /, *, name: str | None, min_remaining: timedelta | None, **options: Any) -> int:
    """Run a program with a session: stsctl exec prod-admin -- aws s3 ls.

    stsctl turns into the program, so its status, its signals and the terminal are its own. Without a program your own
    shell is started, and knows by STSCTL_ROLE which role it is. Without NAME the current session is used.
    """
    app: App = ctx.obj
    wanted, acting = app.typed(name, options)
    program = ctx.meta.get(_COMMAND)
    if program == []:
        raise click.UsageError("there is no program after --")
    obtained = app.use(app.meant(wanted), acting, least=min_remaining)
    changes = obtained.export(app.environ, depth=_depth(app.environ) + 1)
    return app.machine.become(program, environment.child(app.environ, changes))


def _depth(environ: Mapping[str, str]) -> int:
    """In how many `stsctl exec` this one runs."""
    said = environ.get(environment.DEPTH, "")
    return int(said) if said.isdecimal() else 0
