"""`stsctl shell-init`: the function that lets `stsctl assume` export into the shell it is typed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl.cli import completions
from stsctl.formats import shell_init

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("shell-init")
@click.argument("shell", required=False, type=click.Choice(shell_init.SHELLS))
@click.pass_context
def command(ctx: click.Context, *, shell: str | None) -> None:
    """Print a function for your shell's start-up file: eval "$(stsctl shell-init zsh)".

    From then on "stsctl assume NAME" exports the session into the shell it is typed in, "stsctl logout" takes it back,
    and names are completed. Everything else is handed on to stsctl as it is.

    fish: stsctl shell-init fish | source.  PowerShell: stsctl shell-init powershell | Out-String | Invoke-Expression.
    """
    app: App = ctx.obj
    chosen = shell or app.machine.calling_shell()
    if chosen not in shell_init.SHELLS:
        raise click.UsageError(f'"{chosen}" has no functions that could do this')
    app.report.data(shell_init.render(chosen, completions.script(chosen, ctx.find_root().command)))
