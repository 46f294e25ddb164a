"""Who asked the emulator for what, allowed or refused, and by which statement: one line of JSON a request."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from stsctl.emulator.protocol.refusal import Refusal


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is noted of one request while it is answered. No secret is among it."""

    at: datetime
    """The emulator's present."""
    wall_at: datetime
    """The machine's."""
    service: str = ""
    who: str = ""
    action: str = ""
    resource: str = ""
    code: str = ""
    message: str = ""
    because: str = ""

    def refuse(self, refusal: Refusal) -> None:
        """The request was refused."""
        self.code, self.message, self.because = refusal.code, refusal.message, refusal.because


class _Answering(threading.local):
    entry: Entry | None = None


_answering = _Answering()


@contextlib.contextmanager
def noting(entry: Entry) -> Iterator[None]:
    """Meanwhile this thread answers the request of `entry`."""
    _answering.entry = entry
    try:
        yield
    finally:
        _answering.entry = None


def granted(reasons: Iterable[str]) -> None:
    """What this thread answers was allowed, in part or whole, for these reasons."""
    entry = _answering.entry
    if entry is not None:
        entry.because = "\n".join(filter(None, [entry.because, *reasons]))


class Journal:
    """Writes entries to a file, or to nothing; none while it is `muted`."""

    def __init__(self, file: IO[str] | None = None) -> None:
        self._file = file
        self.muted = False
        self._lock = threading.Lock()

    def write(self, entry: Entry) -> None:
        """One line, whole, among those of other threads."""
        if self._file is None or self.muted:
            return
        facts = {
            "at": entry.at.isoformat(timespec="milliseconds"),
            "outcome": "refused" if entry.code else "answered",
            "action": entry.action or entry.service,
            "who": entry.who,
            "resource": entry.resource,
            "code": entry.code,
            "message": entry.message,
            "because": entry.because,
        }
        line = json.dumps({name: value for name, value in facts.items() if value}, ensure_ascii=True)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()
