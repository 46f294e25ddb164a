"""`stsctl` alone: the current session, and the commands people use most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stsctl.cli.panel import left

if TYPE_CHECKING:
    from stsctl.cli.app import App


_USUAL = (
    ("stsctl assume NAME", "get a role's session, make it this terminal's"),
    ("eval $(stsctl env)", "export it into this shell"),
    ("stsctl exec NAME -- CMD", "run a program with it"),
    ("stsctl list", "what is held, and for how long"),
    ("stsctl plan NAME", "how a role is reached, and why so"),
    ("stsctl demo", "all of it, on an emulator, with no account"),
    ("stsctl --help", "every command"),
)


def overview(app: App) -> None:
    """Prints both."""
    wanted, now = app.current(), app.now()
    entry = next((each for each in app.held.entries() if wanted is not None and each.wanted == wanted), None)
    if wanted is None:
        lines = ["no session is current here"]
    elif entry is None or entry.expires_at is None or entry.expires_at <= now:
        lines = [f'"{wanted.name}" was current, and its session has ended: stsctl assume {wanted.name}']
    else:
        lines = [f"you are {entry.identity or entry.name}, ends in {left(entry.expires_at - now)}"]
    app.report.lines([*lines, "", *(f"  {command:<26}{what}" for command, what in _USUAL)])
