"""`stsctl prompt`: the current session, in a shell's prompt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from stsctl import prompt
from stsctl.formats.visible import visible
from stsctl.hook import UnusualError

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("prompt")
@click.option("--shell", type=click.Choice(prompt.SHELLS), help="Paint it for the prompt of this shell.")
@click.pass_obj
def command(app: App, /, *, shell: str | None) -> None:
    """Print the current session and how long it lasts, for a shell's prompt; nothing where there is none.

    With --shell it is in the colour of its role, written so that the shell's line editing is not misled by that.
    """
    current = app.current()
    if current is None:
        return
    now, name = app.now().timestamp(), visible(current.wanted.name)
    role, session = app.environ.get("STSCTL_ROLE"), app.environ.get("STSCTL_SESSION")
    if role == current.wanted.name and session == current.request_key:
        left = _left(app.environ.get("AWS_CREDENTIAL_EXPIRATION"), now)
        color = app.environ.get("STSCTL_COLOR")
    else:
        entry = app.index.get(current.request_key)
        if entry is None:
            return
        left = entry.expires_at.timestamp() - now if entry.expires_at else None
        color = current.color
    app.report.data(prompt.painted(prompt.shown(name, left), None if app.environ.get("NO_COLOR") else color, shell))


def _left(ends: str | None, now: float) -> float | None:
    try:
        return prompt.seconds(os.fsencode(ends)) - now if ends else None
    except UnusualError:
        return None
