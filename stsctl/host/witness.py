"""What a run looks at before it answers: the files that it reads, the rights that it checks, the variables it asks for.

It is noticed where the looking happens (`files`, `ownership`, the mapping of the variables), so nobody keeps a list of
what has a say. Who finds all of it unchanged need not run the whole program to know what that would answer.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from stsctl import hook

_TICK = 20_000_000
"""Nanoseconds within which a second change need not show in the time of a file's last change."""
_SECOND = 1_000_000_000

_watching: list[Witness] = []


class Witness:
    """What was looked at, as the hook's stamps. It is `sure` as long as that can be told from any other state."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ: Mapping[str, str] = _Asked(environ, self)
        self.variables: set[str] = set()
        self.files: dict[bytes, bytes] = {}
        self.rights: dict[bytes, bytes] = {}
        self.sure = True

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Meanwhile this witness sees the files that are looked at."""
        _watching.append(self)
        try:
            yield
        finally:
            _watching.remove(self)

    def holds(self) -> bool:
        """Whether all that was looked at is still as it was."""
        return (
            self.sure
            and all(hook.stamp_at(path) == each for path, each in self.files.items())
            and all(hook.rights_at(path) == each for path, each in self.rights.items())
        )

    def see(self, path: Path, found: os.stat_result | None) -> None:
        """A file was read, or was not there."""
        stamp = hook.stamp(found)
        self.sure &= self.files.setdefault(os.fsencode(path), stamp) == stamp
        # One that was changed this moment may be changed once more and look the same (some systems count in seconds).
        if found is not None:
            grain = _TICK if found.st_ctime_ns % _SECOND else 2 * _SECOND
            self.sure &= found.st_ctime_ns + grain < time.time_ns()

    def see_rights(self, path: Path) -> None:
        """It was looked at whose a file is, and who may do what with it."""
        place = os.fsencode(path)
        rights = hook.rights_at(place)
        self.sure &= self.rights.setdefault(place, rights) == rights


class _Asked(Mapping[str, str]):
    """Variables, each of which is noted when somebody asks for it; whoever wants all of them leaves nothing sure."""

    def __init__(self, environ: Mapping[str, str], witness: Witness) -> None:
        self.environ = environ
        self._witness = witness

    def __getitem__(self, name: str) -> str:
        self._witness.variables.add(name)
        return self.environ[name]

    def __iter__(self) -> Iterator[str]:
        self._witness.sure = False
        return iter(self.environ)

    def __len__(self) -> int:
        self._witness.sure = False
        return len(self.environ)


def saw(path: Path, found: os.stat_result | None) -> None:
    """Tells whoever watches that a file was read; None: that it was not there."""
    for each in _watching:
        each.see(path, found)


def saw_rights(path: Path) -> None:
    """Tells whoever watches that the rights of a file were looked at."""
    for each in _watching:
        each.see_rights(path)


def unnoticed(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The same variables, for somebody who asks for what has no say in any answer."""
    return environ.environ if isinstance(environ, _Asked) else environ
