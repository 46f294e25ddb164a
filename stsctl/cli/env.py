"""`stsctl env`: the session as variables, for `eval $(stsctl env)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stsctl.cli.options import acting_options, name_argument, wanted_options
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
@click.pass_obj
def command(app: App, /, *, name: str | None, shell: str | None, form: str | None, unset: bool, **options: Any) -> None:
    """Export a session into this shell: eval $(stsctl env).

    Without NAME it is the current session. All variables that AWS's tools read for credentials change together, so
    nothing of an earlier session is left behind. If it fails, what is printed makes the eval fail too.

    fish: stsctl env | source.  PowerShell: stsctl env | Invoke-Expression.
    """
    wanted, acting = app.typed(name, options)
    changes = environment.unset(app.environ) if unset else app.use(app.meant(wanted), acting).export(app.environ)
    app.report.data(writer(app, shell, form).render(changes))
