"""No core dump has a secret in it: a crash of this process leaves none, one of a program that it becomes may."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource

    _before = resource.getrlimit(resource.RLIMIT_CORE)


def forbid() -> None:
    """From now on this process, and what it starts, leaves none (core(5)); systemd's and Ubuntu's handlers agree."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, _before[1]))


def allow_again() -> None:
    """Puts back what the person had set, before this process becomes a program of theirs."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, _before)
