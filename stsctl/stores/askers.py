"""Who asked last, by programs and pages that only say so when they are asked: what an identity provider says of them.

One private file each, and no secret in it. Each may be lost: then the program is run again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from stsctl.dataclass import dataclass
from stsctl.digest import sha256
from stsctl.host import files
from stsctl.request import Asker
from stsctl.stores import records

_LASTS = timedelta(hours=12)
"""No session that a token or an assertion becomes lasts longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    key: str
    asker: Asker
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Askers:
    """Those who are remembered in `folder`; see `proofs.Memory`."""

    folder: Path
    now: Callable[[], datetime]

    def asker(self, key: str) -> Asker | None:
        """Who it was by that key."""
        entry = self._read(self._file(key))
        return entry.asker if entry is not None and entry.key == key and self._lasts(entry) else None

    def note(self, key: str, asker: Asker) -> None:
        """Remembers them, and nobody any more whose sessions have ended."""
        with contextlib.suppress(files.FileError):
            files.replace(self._file(key), records.render(_Entry(key=key, asker=asker, noted_at=self.now())).encode())
            for path in self.folder.glob("*.json"):
                entry = self._read(path)
                if entry is None or not self._lasts(entry):
                    files.remove(path)

    def forget(self) -> None:
        """Remembers nobody any more."""
        with contextlib.suppress(files.FileError):
            for path in self.folder.glob("*.json"):
                files.remove(path)

    def _lasts(self, entry: _Entry) -> bool:
        # What was noted after now is of before an emulator's clock was moved back.
        return timedelta() <= self.now() - entry.noted_at < _LASTS

    def _read(self, path: Path) -> _Entry | None:
        with contextlib.suppress(files.FileError):
            text = files.read(path)
            return None if text is None else records.parse(_Entry, text)
        return None

    def _file(self, key: str) -> Path:
        return self.folder / f"{sha256(key.encode(errors='surrogatepass')).hexdigest()}.json"
