"""`stsctl shell-init`: what lets `stsctl assume` export into the shell that it is typed in, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from stsctl.cli import completions

if TYPE_CHECKING:
    from stsctl.cli.app import App

_FILES: Mapping[str, tuple[str, ...]] = {
    "bash": ("init.sh", "init.bash"),
    "zsh": ("init.sh", "init.zsh"),
    "sh": ("init.sh",),
    "fish": ("init.fish",),
    "powershell": ("init.ps1",),
    "nu": ("init.nu",),
}
_SET = {"fish": "set -g {} 1", "powershell": "$global:{} = 1", "nu": "$env.{} = true"}

SHELLS = tuple(_FILES)
"""The shells that have such a function; cmd has none."""


def render(shell: str, completion: str, *also: str) -> str:
    """The text for `shell` to evaluate, with its completion script; `also` are of "renews", "prompts", "titles"."""
    wanted = [_SET.get(shell, "{}=1").format(f"_stsctl_{what}") for what in also]
    texts = [completions.source(name) for name in _FILES[shell]]
    return "\n".join([*wanted, *texts]).replace("@SHELL@", shell).replace("@COMPLETION@", completion.strip())


@click.command("shell-init")
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@click.option("--renew", is_flag=True, help="Renew before a command, where the session is due and that needs nobody.")
@click.option("--prompt", is_flag=True, help="Show the session in front of the prompt, in its role's colour.")
@click.option("--title", is_flag=True, help="Show the session's name in the window's title.")
@click.pass_context
def command(ctx: click.Context, *, shell: str | None, renew: bool, prompt: bool, title: bool) -> None:
    """Print a function for your shell's start-up file: eval "$(stsctl shell-init zsh)".

    From then on "stsctl assume NAME" exports the session into the shell it is typed in, "stsctl logout" takes it back,
    names are completed, and a role with "warn = true" is asked about before a command that looks destructive runs.
    Everything else is handed on to stsctl as it is.

    fish: stsctl shell-init fish | source.  PowerShell: stsctl shell-init powershell | Out-String | Invoke-Expression.
    """
    app: App = ctx.obj
    chosen = shell or app.machine.calling_shell()
    if chosen not in SHELLS:
        raise click.UsageError(f'"{chosen}" has no functions that could do this')
    also = [what for what, is_wanted in (("renews", renew), ("prompts", prompt), ("titles", title)) if is_wanted]
    if also and chosen == "sh":
        raise click.UsageError("sh has nothing that could do this: --renew, --prompt and --title are for the others")
    app.report.data(render(chosen, completions.definition(chosen, ctx.find_root().command), *also))
