"""`stsctl` alone: the current session, and the commands people use most."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from stsctl.cli.panel import left
from stsctl.formats.visible import visible

if TYPE_CHECKING:
    from stsctl.cli.app import App


_USUAL = (
    ("stsctl assume NAME", "get a role's session, make it this terminal's"),
    ("eval $(stsctl env)", "export it into this shell"),
    ("stsctl exec NAME -- CMD", "run a program with it"),
    ("stsctl list", "what is held, and for how long"),
    ("stsctl plan NAME", "how a role is reached, and why so"),
    ("stsctl init", "set this machine up, step by step"),
    ("stsctl demo", "all of it, on an emulator, with no account"),
    ("stsctl --help", "every command"),
)


def overview(app: App) -> None:
    """Prints both."""
    current, entry = app.current(), app.current_entry()
    if current is None:
        now = "no session is current here"
    elif entry is None:
        name = visible(current.wanted.name)
        now = f'"{name}" was current, and its session is held no more: stsctl assume {quote(name)}'
    else:
        ends = f", ends in {left(entry.expires_at - app.now())}" if entry.expires_at else ""
        now = f"you are {visible(entry.identity or entry.name)}{ends}"
    app.report.lines([now, "", *(f"  {command:<26}{what}" for command, what in _USUAL)])
