"""`stsctl env`: the session as variables, for `eval $(stsctl env)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stsctl.cli.options import acting_options, name_argument, wanted_options
from stsctl.cli.renewing import renewed
from stsctl.cli.statements import Statements, writer
from stsctl.formats import environment
from stsctl.formats.shell import SHELLS

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("env", cls=Statements)
@name_argument()
@wanted_options
@acting_options
@click.option("--shell", type=click.Choice(sorted(SHELLS)), help="The shell to write for; found out where not said.")
@click.option("--format", "form", type=click.Choice(["dotenv", "json"]), help="Write a file's form instead.")
@click.option("--unset", is_flag=True, help="Take back what was exported.")
@click.option("--renew", is_flag=True, help="Renew what this shell has, where it is due and that needs nobody.")
@click.pass_obj
def command(
    app: App,
    /,
    *,
    name: str | None,
    shell: str | None,
    form: str | None,
    unset: bool,
    renew: bool,
    **options: Any,
) -> int:
    """Export a session into this shell: eval $(stsctl env).

    Without NAME it is the current session. All variables that AWS's tools read for credentials change together, so
    nothing of an earlier session is left behind. If it fails, what is printed makes the eval fail too.

    fish: stsctl env | source.  PowerShell: stsctl env | Invoke-Expression.
    """
    if renew:
        return _renew(app, name, shell, form)
    wanted, acting = app.typed(name, options)
    changes = environment.unset(app.environ) if unset else app.use(app.meant(wanted), acting).export(app.environ)
    app.report.data(writer(app, shell, form).render(changes))
    return 0


def _renew(app: App, name: str | None, shell: str | None, form: str | None) -> int:
    if name is not None:
        raise click.UsageError("--renew is about what this shell has: it takes no NAME")
    app.typed(None, {"no_prompt": True})
    changes, status = renewed(app)
    app.report.data(writer(app, shell, form).render(changes))
    return status
