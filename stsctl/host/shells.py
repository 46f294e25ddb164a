"""The person's shell: the one that called, and the one to start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath

from stsctl.host import process_table

_NAMES = {
    "bash": "bash",
    "zsh": "zsh",
    "fish": "fish",
    "nu": "nu",
    "pwsh": "powershell",
    "powershell": "powershell",
    "cmd": "cmd",
    "sh": "sh",
    "dash": "sh",
    "ash": "sh",
    "ksh": "sh",
    "ksh93": "sh",
    "mksh": "sh",
    "yash": "sh",
    "busybox": "sh",
}
"""Program → the name that `--shell` knows it by."""
_FARTHEST = 8


def calling(environ: Mapping[str, str]) -> str:
    """The shell that this was called from: "bash", "zsh", "sh", "fish", "powershell", "cmd" or "nu".

    It is the nearest ancestor that is a shell, so that `uv run`, `sudo` and `make` in between do not matter. Where
    none is found it is the person's own ($SHELL), and "sh" where that says nothing.
    """
    pid = os.getppid()
    for _ in range(_FARTHEST):
        process = process_table.look_up(pid)
        if process is None:
            break
        if process.name in _NAMES:
            return _NAMES[process.name]
        pid = process.parent
    return _NAMES.get(PurePosixPath(environ.get("SHELL", "")).name) or (
        "sh" if os.name == "posix" else _windows(environ)
    )


def subshell(environ: Mapping[str, str]) -> list[str]:
    """The command that starts the person's own shell: $SHELL, else /bin/sh; on Windows what called, else cmd."""
    if os.name == "posix":
        return [environ.get("SHELL") or "/bin/sh"]
    if calling(environ) == "powershell":
        return ["powershell.exe"]
    return [environ.get("COMSPEC") or "cmd.exe"]


def _windows(environ: Mapping[str, str]) -> str:
    # about_PSModulePath: PowerShell puts the folder below the person's own Documents in front when it starts.
    first = environ.get("PSModulePath", "").partition(";")[0]
    return "powershell" if "Documents" in PureWindowsPath(first).parts else "cmd"
