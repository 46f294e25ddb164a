"""The names that can be typed, as they were when the files that say them were last read.

Thousands of roles take half a second to read. Where none of the files has changed, neither have the names.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from stsctl import __version__, hook
from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.host.files import FileError
from stsctl.host.witness import Witness
from stsctl.listing import Listing

_MANY = 200
"""From how many names on it is worth a file."""
_FORM = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """One file; it may be lost. `said_in` are the files that have a say in the names."""

    file: Path
    said_in: tuple[Path, ...]

    def read(self) -> Listing | None:
        """The names; None where they have to be looked for."""
        try:
            head, _, rest = (files.read(self.file) or b"").partition(b"\n")
            form, version, digest, stamps, rights, aliases = json.loads(head)
            if (form, version, digest) != (_FORM, __version__, hook.digest(rest).decode()) or not self._names(stamps):
                return None
            if any(hook.stamp_at(os.fsencode(path)).decode() != stamp for path, stamp in stamps.items()):
                return None
            if any(hook.rights_at(os.fsencode(path)).decode() != each for path, each in rights.items()):
                return None
            names, texts, *rows = rest.decode().split("\n")
            return Listing(json.loads(names), rows, lambda: json.loads(texts), aliases)
        except (FileError, OSError, ValueError, TypeError, AttributeError):
            return None

    def _names(self, stamps: Mapping[str, str]) -> bool:
        """Whether the files that have a say were looked at; and perhaps others, which they name."""
        return stamps.keys() >= {str(path) for path in self.said_in}

    def keep(self, listing: Listing, witness: Witness) -> None:
        """Keeps what was found while `witness` was watching, where that is sure and much."""
        stamps = {os.fsdecode(path): stamp.decode() for path, stamp in witness.files.items()}
        if len(listing) < _MANY or not witness.sure or not self._names(stamps):
            return
        rights = {os.fsdecode(path): each.decode() for path, each in witness.rights.items()}
        # Each on its line: what nobody asks for is not even parsed.
        rest = "\n".join((json.dumps(listing.names), json.dumps(listing.texts()), *listing.rows)).encode()
        head = (_FORM, __version__, hook.digest(rest).decode(), stamps, rights, listing.aliases)
        with contextlib.suppress(FileError):
            files.replace(self.file, json.dumps(head).encode() + b"\n" + rest, lasting=False)
