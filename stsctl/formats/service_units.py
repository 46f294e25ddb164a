"""What has systemd or launchd start the agent when its person signs in."""

from __future__ import annotations

import plistlib
from collections.abc import Callable, Mapping, Sequence

LABEL = "stsctl.agent"


def systemd(command: Sequence[str]) -> str:
    """A user unit (systemd.service(5), systemd.exec(5))."""
    return f"""\
[Unit]
Description=stsctl's agent, which keeps AWS sessions fresh
Documentation=man:stsctl-agent(1)

[Service]
ExecStart={" ".join(map(_quoted, command))}
Restart=on-failure
RestartSec=5
LimitCORE=0
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


def _quoted(word: str) -> str:
    """A word of ExecStart: `%` and `$` mean something even in quotes (systemd.service(5), COMMAND LINES)."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def launchd(command: Sequence[str]) -> str:
    """A property list for a LaunchAgent (launchd.plist(5))."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Background",
            "HardResourceLimits": {"Core": 0},
        }
    ).decode()


UNITS: Mapping[str, Callable[[Sequence[str]], str]] = {"systemd": systemd, "launchd": launchd}
"""By the name that `--format` takes."""
