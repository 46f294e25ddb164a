"""The names that can be typed, as they were when the files that say them were last read.

Thousands of roles take half a second to read. Where none of the files has changed, neither have the names.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from stsctl import hook
from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.host.files import FileError
from stsctl.host.witness import Witness
from stsctl.listing import Named

_MANY = 200
"""From how many names on it is worth a file."""
_FORM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """One file; it may be lost. `said_in` are the files that have a say in the names."""

    file: Path
    said_in: tuple[Path, ...]

    def read(self) -> tuple[Named, ...] | None:
        """The names; None where they have to be looked for."""
        try:
            form, stamps, rights, rows = json.loads(files.read(self.file) or b"null")
            if form != _FORM or not self._names(stamps):
                return None
            if any(hook.stamp_at(os.fsencode(path)).decode() != stamp for path, stamp in stamps.items()):
                return None
            if any(hook.rights_at(os.fsencode(path)).decode() != each for path, each in rights.items()):
                return None
            return tuple(itertools.starmap(Named, rows))
        except (FileError, OSError, ValueError, TypeError, AttributeError):
            return None

    def _names(self, stamps: Mapping[str, str]) -> bool:
        """Whether the files that have a say were looked at; and perhaps others, which they name."""
        return stamps.keys() >= {str(path) for path in self.said_in}

    def keep(self, names: Sequence[Named], witness: Witness) -> None:
        """Keeps what was found while `witness` was watching, where that is sure and much."""
        stamps = {os.fsdecode(path): stamp.decode() for path, stamp in witness.files.items()}
        if len(names) < _MANY or not witness.sure or not self._names(stamps):
            return
        rights = {os.fsdecode(path): each.decode() for path, each in witness.rights.items()}
        with contextlib.suppress(FileError):
            files.replace(self.file, json.dumps((_FORM, stamps, rights, names)).encode(), lasting=False)
