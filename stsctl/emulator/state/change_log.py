"""The file that a state lives in: one line of JSON for each thing that changed the emulator, in their order.

It is private, for it holds what clients sent. A line is there once its request is answered, so a kill loses at most
what nobody has an answer to. Lines that cannot be read, a last one that was cut off for one, are passed over.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from stsctl.host import files

Change = dict[str, Any]
"""One line: its only key says which kind it is."""


class ChangeLog:
    """Appends changes to a file; safe among threads."""

    def __init__(self, folder: Path) -> None:
        files.private_folder(folder)
        self.path = folder / "changes.jsonl"
        self._lock = threading.Lock()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self.path, flags, 0o600)
        content = files.read(self.path) or b""
        if content and not content.endswith(b"\n"):
            os.write(self._descriptor, b"\n")  # what comes next begins a line
        lines = [_parsed(line) for line in content.split(b"\n") if line]
        self.changes: list[Change] = [change for change in lines if change is not None]
        self.unreadable = lines.count(None)
        if self.changes and self.begun is None:
            # Nothing is known of the keys that the rest was made with.
            files.replace(self.path.with_suffix(".damaged"), content)
            self.changes, self.unreadable = [], len(lines)

    @property
    def begun(self) -> Change | None:
        """What the state began with; None for a new one."""
        first: Change | None = self.changes[0].get("begun") if self.changes else None
        return (
            first if isinstance(first, dict) and {"origin", "instance", "at", "seed", "name"} <= first.keys() else None
        )

    def write(self, kind: str, facts: Change) -> None:
        """Adds one; it outlives this process from here on."""
        line = json.dumps({kind: facts}, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            os.write(self._descriptor, line)

    def begin(self, facts: Change) -> None:
        """Forgets everything, and begins with `facts`."""
        with self._lock:
            os.ftruncate(self._descriptor, 0)
        self.write("begun", facts)


def _parsed(line: bytes) -> Change | None:
    try:
        change = json.loads(line)
    except ValueError:
        return None
    return change if isinstance(change, dict) and len(change) == 1 else None
