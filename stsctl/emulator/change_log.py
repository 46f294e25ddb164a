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
        self.path = folder / "changes.jsonl"
        files.private_folder(folder)
        self._lock = threading.Lock()
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)

    def read(self) -> tuple[list[Change], int]:
        """The changes so far, and how many lines could not be read."""
        lines = (files.read(self.path) or b"").split(b"\n")
        if lines[-1]:
            os.write(self._descriptor, b"\n")  # what comes next begins a line
        changes = [_parsed(line) for line in lines if line]
        return [change for change in changes if change], changes.count(None)

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
