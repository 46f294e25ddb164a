"""Which terminal this is: the leader of the session that its programs run in."""

from __future__ import annotations

import os
import sys

from stsctl.dataclass import dataclass
from stsctl.host import process_table


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLeader:
    """The process, most often a shell, that a terminal's programs descend from.

    `started` tells it from an earlier process that had the same `pid`, also before a restart of the machine.
    """

    pid: int
    started: str


def find() -> SessionLeader | None:
    """The leader of this process's session; None with no terminal (a service, cron, CI) and on Windows.

    A shell in another window, tab or pane has another one, and so has a shell that `sudo` or `script` gave a terminal
    of its own.
    """
    if sys.platform == "win32" or not _has_terminal():
        return None
    process = process_table.look_up(os.getsid(0))
    return None if process is None else SessionLeader(pid=process.pid, started=process.started)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
