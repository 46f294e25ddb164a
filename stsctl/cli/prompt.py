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
@click.pass_obj
def command(app: App, /) -> None:
    """Print the current session and how long it lasts, for a shell's prompt; nothing where there is none."""
    current = app.current()
    if current is None:
        return
    now, name = app.now().timestamp(), visible(current.wanted.name)
    role, session = app.environ.get("STSCTL_ROLE"), app.environ.get("STSCTL_SESSION")
    if role == current.wanted.name and session == current.request_key:
        left = _left(app.environ.get("AWS_CREDENTIAL_EXPIRATION"), now)
    else:
        entry = app.index.get(current.request_key)
        if entry is None:
            return
        left = entry.expires_at.timestamp() - now if entry.expires_at else None
    app.report.data(prompt.shown(name, left))


def _left(ends: str | None, now: float) -> float | None:
    try:
        return prompt.seconds(os.fsencode(ends)) - now if ends else None
    except UnusualError:
        return None
