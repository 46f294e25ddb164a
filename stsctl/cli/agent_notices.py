"""What the agent could tell nobody: a line each, shown by the next command at a terminal."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from stsctl.host import files
from stsctl.host.paths import Paths

_LONGEST = 1000
_STILL_NEWS = timedelta(hours=12)


def leave(paths: Paths, key: str, text: str, ends_at: datetime) -> None:
    """Leaves a notice about the session with that key; raises FileError."""
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    files.replace(paths.agent / "notices" / name, f"{ends_at.isoformat()} {text}"[:_LONGEST].encode())


def take(paths: Paths, now: datetime) -> list[str]:
    """The notices that are there, which are shown once; those of long ago are not shown at all."""
    folder = paths.agent / "notices"
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        said, _, text = (files.read(path) or b"").decode(errors="replace").partition(" ")
        files.remove(path)
        try:
            if text and now < datetime.fromisoformat(said) + _STILL_NEWS:
                found.append(text)
        except (ValueError, TypeError):
            continue
    return found
