"""`stsctl guard`: the question before what looks destructive runs in a session with `warn = true`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl import guard
from stsctl.cli.warning import ask

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("guard")
@click.pass_obj
def command(app: App, /) -> None:
    """Ask before a command line that looks destructive, for the key that would run it.

    The line is read from standard input. The status is 0 where it may run: most lines, and where this shell's session
    has no "warn = true", every line. shell-init has the Enter key do this.
    """
    found = guard.found()
    if found is not None:
        ask(app, (app.environ.get("STSCTL_ROLE", ""),), found, typed=True)
