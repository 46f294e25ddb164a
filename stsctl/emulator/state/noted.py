"""The journal, read back: what was asked of the emulator, line by line, to its end or as it comes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path

CONTROL = "stsctl:control"
"""The action of what the owner of the emulator asks by its control token."""
_PAUSE = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One request as the journal has it; texts are empty where there is nothing to say."""

    at: datetime
    outcome: str
    action: str = ""
    who: str = ""
    resource: str = ""
    code: str = ""
    message: str = ""
    because: str = ""

    @property
    def denied(self) -> bool:
        """Whether the request was refused, for whatever reason."""
        return bool(self.code)

    @property
    def service(self) -> str:
        """The service that was asked, as `sts`."""
        return self.action.partition(":")[0].partition(" ")[0]


def parse(line: str) -> Noted | None:
    """What a line of the journal says; None for one that is no request, or asks for the emulator itself."""
    try:
        facts = json.loads(line)
        at = datetime.fromisoformat(facts["at"])
        texts = {each.name: str(facts.get(each.name, "")) for each in fields(Noted) if each.name != "at"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    noted = Noted(at=at, **texts)
    return None if noted.action == CONTROL else noted


def read(path: Path) -> Iterator[Noted]:
    """What is in the journal now."""
    return _parsed(_lines(path))


def follow(path: Path, sleep: Callable[[float], None] = time.sleep) -> Iterator[Noted | None]:
    """What is in the journal, and then what comes, without end; None each time that nothing has come.

    An emulator that starts again begins a new journal, which is read from its start.
    """
    while True:
        begun = _identity(path)
        for line in _lines(path, lasts=lambda: _identity(path) == begun):  # noqa: B023 - used up in this very turn
            noted = parse(line) if line else None
            if noted is not None or not line:
                yield noted
            if not line:
                sleep(_PAUSE.total_seconds())
        if begun is None:
            yield None
            sleep(_PAUSE.total_seconds())


def _parsed(lines: Iterator[str]) -> Iterator[Noted]:
    return (noted for line in lines if (noted := parse(line)) is not None)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _lines(path: Path, lasts: Callable[[], bool] | None = None) -> Iterator[str]:
    """The whole lines of a file; while `lasts` says so, also those that are still to come (empty: none yet)."""
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    with file:
        part = ""
        while True:
            part += file.readline()
            if part.endswith("\n"):
                yield part
                part = ""
            elif lasts is None or not lasts():
                return
            else:
                yield ""
