"""Commands whose answer a shell evaluates: whatever goes wrong, what they print makes the evaluation fail too."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click

from stsctl.errors import StsctlError
from stsctl.formats.shell import SHELLS

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.formats.interface import Format


class Statements(click.Command):
    """A command with `--shell`, and perhaps `--format`, that prints statements."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Takes the command line; one that cannot be meant is a failure like any other."""
        typed = list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError:
            if parent is not None:
                _fail(parent.obj, _value(typed, "--shell"), _value(typed, "--format"))
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Runs it."""
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt):
            _fail(ctx.obj, ctx.params.get("shell"), ctx.params.get("form"))
            raise


def writer(app: App, shell: str | None, form: str | None = None) -> Format:
    """What writes for a shell, or for a form that was asked for in its place."""
    if form == "dotenv":
        from stsctl.formats.dotenv import Dotenv

        return Dotenv()
    if form == "json":
        from stsctl.formats.json import Json

        return Json()
    return SHELLS[shell or app.machine.calling_shell()]


def _fail(app: App, shell: str | None, form: str | None) -> None:
    """Prints what makes the shell fail; where even that cannot be done, the status has to say it."""
    with contextlib.suppress(OSError, StsctlError):
        failure = writer(app, shell if shell in SHELLS else None, form).failure
        if failure:
            app.report.data(failure)


def _value(words: list[str], flag: str) -> str | None:
    """What a command line that nobody could read gives a flag."""
    for word, after in zip(words, [*words[1:], None], strict=False):
        if word == flag:
            return after
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return None
