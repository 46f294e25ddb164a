"""Changing `~/.aws/config`, `~/.aws/credentials` and other files of a person's while other programs, and other
stsctls, may too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from stsctl.host import drafts, files
from stsctl.host.lock import Lock

_PATIENCE = timedelta(seconds=10)
"""Nobody is asked anything while such a file is changed, so nobody holds its lock for long."""


def change(path: Path, edit: Callable[[bytes], bytes], *, locks: Path, private: bool = True) -> bool:
    """Gives the file's bytes (none: empty) to `edit` and puts what comes back in their place; False: it was the same.

    The file is read under the lock, right before it is written; afterwards it holds the old or the new, whole. A link
    is followed. Only its owner can read it then, unless it need not be `private`, and one that could not be written
    stays so. Raises FileError, LockError, and whatever `edit` raises, with nothing written.
    """
    goal = Path(os.path.realpath(path))
    with Lock(locks, f"aws-file {goal}", label=f"changing {path.name}") as lock:
        lock.acquire(_PATIENCE)
        before = files.read(goal)
        after = edit(before or b"")
        if after == (before or b""):
            return False
        for draft in drafts.of(goal):  # of a change that was killed: under the lock nobody else has one
            files.remove(draft)
        most = 0o600 if private else 0o7777
        files.replace(goal, after, mode=0o600 if before is None else goal.stat().st_mode & most)
        return True
