"""A line on the person's desktop, by the program that is there for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from html import escape

from stsctl.host import programs

_PATIENCE = 5.0
_SCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def show(title: str, text: str, environ: Mapping[str, str]) -> bool:
    """Shows it; False where there is no desktop, or nothing to show it with."""
    argv = _command(title, text, environ)
    if argv is None:
        return False
    try:
        done = subprocess.run(  # noqa: S603 - a program that was looked for by name, and texts
            argv,
            env=programs.environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _command(title: str, text: str, environ: Mapping[str, str]) -> list[str] | None:
    if sys.platform == "darwin":
        program = programs.find("osascript", environ)
        script = [word for line in _SCRIPT for word in ("-e", line)]
        return [program, *script, "--", title, text] if program else None
    program = programs.find("notify-send", environ)
    if program is None or not any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        return None
    # The body may have markup (Desktop Notifications Specification, 1.2).
    return [program, "--app-name=stsctl", "--icon=dialog-password", "--", title, escape(text)]
