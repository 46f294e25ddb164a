"""The files of others that a person trusted: each as it was then, to the byte, under its path."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from stsctl.dataclass import dataclass
from stsctl.digest import sha256
from stsctl.host import drafts, files


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """A file at the time when it was trusted."""

    path: str
    content: bytes
    since: datetime | None

    @property
    def digest(self) -> str:
        """What `sha256sum` says of it."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedFiles:
    """One private file for each in `folder`: its path on the first line, then its text. Any of them may be lost."""

    folder: Path

    def get(self, path: str) -> Trusted | None:
        """The file as it was trusted; None where it never was."""
        return self._read(self._place(path))

    def put(self, path: str, content: bytes) -> None:
        """Trusts a file that has this content, and no other; raises FileError."""
        files.replace(self._place(path), json.dumps(path).encode() + b"\n" + content)

    def drop(self, path: str) -> bool:
        """Trusts it no more; False where it was not trusted. Raises FileError."""
        files.remove(self._told(path))
        return files.remove(self._place(path))

    def all(self) -> list[Trusted]:
        """All of them, by path."""
        return sorted(self._all(), key=lambda each: each.path)

    def first_time(self, path: str, digest: str) -> bool:
        """Whether nobody has asked before about this path with this digest."""
        told = self._told(path)
        if files.read(told) == digest.encode():
            return False
        with contextlib.suppress(files.FileError):
            files.replace(told, digest.encode(), lasting=False)
        return True

    def _all(self) -> Iterator[Trusted]:
        for place in self.folder.glob("*"):
            if place.is_file() and not drafts.is_draft(place.name):
                found = self._read(place)
                if found is not None:
                    yield found

    def _read(self, place: Path) -> Trusted | None:
        head, _, content = (files.read_private(place) or b"").partition(b"\n")
        try:
            said = json.loads(head)
        except ValueError:
            return None
        if not isinstance(said, str) or place != self._place(said):
            return None
        return Trusted(path=said, content=content, since=files.changed_at(place))

    def _place(self, path: str) -> Path:
        return self.folder / _name(path)

    def _told(self, path: str) -> Path:
        return self.folder / "told" / _name(path)


def _name(path: str) -> str:
    return sha256(path.encode(errors="surrogateescape")).hexdigest()
