"""Keeping this process's memory to itself: out of core dumps, debuggers and swap, as far as the system allows."""

from __future__ import annotations

import ctypes
import sys

from stsctl.dataclass import dataclass
from stsctl.host import core_dump

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What the system granted."""

    dumpable: bool
    """Whether other programs of this user can read the memory (ptrace(2), /proc/PID/mem)."""
    swappable: bool


def protect() -> Protection:
    """From now on no core dump, no debugger of this user and, where the limits allow, no swap has this memory.

    Sources: prctl(2), PR_SET_DUMPABLE; mlockall(2).
    """
    core_dump.forbid()
    if sys.platform != "linux":
        return Protection(dumpable=True, swappable=True)
    library = ctypes.CDLL(None, use_errno=True)
    dumpable = library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0
    return Protection(dumpable=dumpable, swappable=not _may_lock_all() or not _lock_all(library))


def _may_lock_all() -> bool:
    """Whether there is no limit: under one, whatever the process needs later would be refused to it."""
    if sys.platform == "win32":
        return False
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if hard == resource.RLIM_INFINITY and soft != hard:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
    return hard == resource.RLIM_INFINITY


def _lock_all(library: ctypes.CDLL) -> bool:
    # Pages as they are used: whole stacks of threads would otherwise be in memory from the start.
    return bool(library.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0)
