"""What the agent could tell nobody: a line each, shown by the next command at a terminal."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stsctl.digest import sha256
from stsctl.errors import StsctlError
from stsctl.host import drafts, files
from stsctl.host.paths import Paths

if TYPE_CHECKING:
    from stsctl.cli.app import App

_LONGEST = 1000
_STILL_NEWS = timedelta(hours=12)


def leave(paths: Paths, key: str, text: str, now: datetime) -> None:
    """Leaves a notice about the session with that key; raises FileError."""
    name = sha256(key.encode()).hexdigest()[:32]
    files.replace(paths.agent / "notices" / name, f"{now.isoformat()} {text}"[:_LONGEST].encode())


def take(paths: Paths, now: datetime) -> list[str]:
    """The notices that are there, which are shown once; those of long ago are not shown at all."""
    folder = paths.agent / "notices"
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if drafts.is_draft(path.name):
            continue
        said, _, text = (files.read(path) or b"").decode(errors="replace").partition(" ")
        files.remove(path)
        try:
            if text and now < datetime.fromisoformat(said) + _STILL_NEWS:
                found.append(text)
        except (ValueError, TypeError):
            continue
    return found


def show(app: App) -> None:
    """Shows the notices that were left; where that cannot be done now, later will do."""
    with contextlib.suppress(StsctlError, OSError):
        for text in take(app.paths, app.wall()):
            app.report.notice(text)
