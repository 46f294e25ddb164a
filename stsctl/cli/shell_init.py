"""`stsctl shell-init`: what lets `stsctl assume` export into the shell that it is typed in, and what goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl import shell_init

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("shell-init")
@click.argument("shell", required=False, type=click.Choice(shell_init.SHELLS))
@click.option("--renew", is_flag=True, help="Renew before a command, where the session is due and that needs nobody.")
@click.option("--prompt", is_flag=True, help="Show the session in front of the prompt, in its role's colour.")
@click.option("--title", is_flag=True, help="Show the session's name in the window's title.")
@click.pass_obj
def command(app: App, /, *, shell: str | None, **wanted: bool) -> None:
    """Print a function for your shell's start-up file: eval "$(stsctl shell-init zsh)".

    From then on "stsctl assume NAME" exports the session into the shell it is typed in, "stsctl logout" takes it back,
    names are completed, and a role with "warn = true" is asked about before a command that looks destructive runs.
    Everything else is handed on to stsctl as it is.

    fish: stsctl shell-init fish | source.  PowerShell: stsctl shell-init powershell | Out-String | Invoke-Expression.
    """
    chosen = shell or app.machine.calling_shell()
    if chosen not in shell_init.SHELLS:
        raise click.UsageError(f'"{chosen}" has no functions that could do this')
    flags = [flag for flag in shell_init.FLAGS if wanted[flag.removeprefix("--")]]
    if flags and chosen == shell_init.PLAIN:
        raise click.UsageError("sh has nothing that could do this: --renew, --prompt and --title are for the others")
    app.report.data(shell_init.text(chosen, flags))
