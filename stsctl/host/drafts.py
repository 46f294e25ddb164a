"""What a file is before it has its name: written whole beside its place, and swept where its writer was killed."""

from __future__ import annotations

import contextlib
import glob
import os
import re
from pathlib import Path

_ENDING = re.compile(r"\.[0-9a-f]{16}\.stsctl")
_NAME = re.compile(rf"\..+{_ENDING.pattern}", re.DOTALL)
"""stsctl's own, so that nothing of another program's, in a folder of the person's, is taken for one."""
_ABANDONED = 3600
"""Seconds. A writer needs none at all; where many wait for a slow disk, some."""


def beside(path: Path) -> Path:
    """The place for a new draft of `path`."""
    return path.with_name(f".{path.name}.{os.urandom(8).hex()}.stsctl")


def is_draft(name: str) -> bool:
    """Whether a file called so is a draft of some file."""
    return _NAME.fullmatch(name) is not None


def of(path: Path) -> list[Path]:
    """The drafts of one file, whoever is writing them."""
    found = path.parent.glob(f".{glob.escape(path.name)}.*")
    return [each for each in found if _ENDING.fullmatch(each.name, len(path.name) + 1)]


def sweep(written: Path) -> None:
    """Removes what killed writers left beside a file that was written just now; what cannot be removed stays.

    Its time says how old they are: on a file system of the network, another clock counts than this machine's.
    """
    with contextlib.suppress(OSError):
        limit = written.stat().st_mtime - _ABANDONED
        with os.scandir(written.parent) as entries:
            for entry in entries:
                if is_draft(entry.name) and entry.is_file(follow_symlinks=False):
                    _remove_older(entry, limit)


def _remove_older(draft: os.DirEntry[str], limit: float) -> None:
    with contextlib.suppress(OSError):
        if draft.stat(follow_symlinks=False).st_mtime < limit:
            os.unlink(draft)  # noqa: PTH108 - an entry
