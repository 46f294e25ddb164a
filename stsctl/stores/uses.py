"""How often and how lately each name was used: what people mean comes first where they choose. It may all be lost."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.host.files import FileError
from stsctl.stores import records

_HALVED_AFTER = timedelta(days=14)
"""After how long a use counts half."""
_MOST = 200
"""Names that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    name: str
    thousandths: int
    at: datetime

    def worth(self, now: datetime) -> float:
        return self.thousandths / 1000 * math.exp2(-(max(now - self.at, timedelta()) / _HALVED_AFTER))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    uses: tuple[_Use, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """One small file; two that write it at a time lose a use at worst."""

    file: Path

    def worth(self, now: datetime) -> Mapping[str, float]:
        """What each name is worth now: one for a use of this moment, half of that for one of two weeks ago."""
        return {use.name: use.worth(now) for use in self._read()}

    def add(self, name: str, now: datetime) -> None:
        """Remembers a use; where the file cannot be written, nothing."""
        known = {use.name: replace(use, thousandths=round(use.worth(now) * 1000), at=now) for use in self._read()}
        before = known.pop(name, None)
        used = _Use(name=name, thousandths=1000 + (before.thousandths if before else 0), at=now)
        kept = sorted(known.values(), key=lambda use: -use.thousandths)[: _MOST - 1]
        with contextlib.suppress(FileError):
            files.replace(self.file, records.render(_Record(uses=(used, *kept))).encode(), lasting=False)

    def _read(self) -> tuple[_Use, ...]:
        try:
            record = records.parse(_Record, files.read(self.file) or b"")
        except FileError:
            return ()
        return record.uses if record is not None else ()
