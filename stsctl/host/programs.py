"""Programs that stsctl looks for by name: in folders that are named in full, never where the person happens to be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping


def find(name: str, environ: Mapping[str, str]) -> str | None:
    """The file of the program in the PATH of `environ`; None where there is none.

    An empty or relative entry of the PATH is passed over: it would be a file of whatever folder is being looked at.
    """
    for folder in absolute_path(environ).split(os.pathsep):
        # With a folder before it, not even Windows looks into the current one.
        found = shutil.which(os.path.join(folder, name)) if folder else None  # noqa: PTH118 - a file is not meant yet
        if found is not None:
            return found
    return None


def absolute_path(environ: Mapping[str, str]) -> str:
    """The PATH of `environ` without entries that depend on where the person is.

    The system's own where no other is left: an empty one means the current folder.
    """
    for path in (environ.get("PATH", ""), os.defpath):
        entries = [entry for entry in path.split(os.pathsep) if os.path.isabs(entry)]  # noqa: PTH117 - a text
        if entries:
            break
    return os.pathsep.join(entries)


_SECRET = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What such a program gets of `environ`: not the person's AWS secrets, for which a window or a page has no use."""
    kept = {name: value for name, value in environ.items() if name not in _SECRET}
    return kept | {"PATH": absolute_path(environ)}
