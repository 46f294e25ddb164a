"""Commands behind whose `--` a program is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PROGRAM = "stsctl.program"
"""Where in the context's `meta` the program is: a list of words; nothing where there was no `--`."""


class RunsProgram(click.Command):
    """What follows `--` is the program's, whatever it looks like, and need not be preceded by a NAME."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes the program off before anything is read as an option of stsctl's."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[PROGRAM] = args[at + 1 :]
            args = args[:at]
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if type(error) is not click.UsageError or PROGRAM in ctx.meta:
                raise
            raise UsageError("a program is written behind --", hint=f"{ctx.command_path} NAME -- COMMAND") from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Behind `--`, files: the options are the program's."""
        from click.shell_completion import CompletionItem

        if PROGRAM not in ctx.meta:
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(incomplete, type="file")]

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The usage line."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND [ARG]...]"]
