"""A process that goes on when who started it has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stsctl.host import files

_children: list[subprocess.Popen[bytes]] = []
"""Nobody waits for them, of which Python complains where one is forgotten."""
LONGEST_LOG = 256 * 1024


def spawn(argv: Sequence[str], environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, in the root folder, with nothing inherited; its stderr goes to `log`.

    Raises FileError.
    """
    files.private_folder(log.parent)
    options: dict[str, Any] = {} if sys.platform == "win32" else {"start_new_session": True}
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with open(descriptor, "ab") as stderr:  # noqa: PTH123 - a descriptor
            child = subprocess.Popen(  # noqa: S603 - a program of our own
                list(argv),
                env=dict(environ),
                cwd=Path(sys.executable).anchor,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                **options,
            )
            _children.append(child)
            return child
    except OSError as error:
        raise files.problem("write", log, error) from error


def shorten_log(descriptor: int) -> None:
    """Begins the log of this process anew where it has become too long; one that is no file is not ours to bound."""
    try:
        if os.fstat(descriptor).st_size > LONGEST_LOG:
            os.ftruncate(descriptor, 0)
    except OSError:  # a terminal, a pipe, a socket of journald
        return
