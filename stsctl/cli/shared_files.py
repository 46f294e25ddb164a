"""The files of others that count in a run: those that config.toml includes, and the one of the project around it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stsctl import settings
from stsctl.configuration import Configuration, Include
from stsctl.dataclass import dataclass
from stsctl.digest import sha256
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.host import shared_files
from stsctl.host.paths import Paths
from stsctl.origin import Shared
from stsctl.target import NamedFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stsctl.shared_file import SharedFile
    from stsctl.stores.trusted import TrustedFiles


_T = TypeVar("_T")
_SAID = 20
"""So much of what does not count is said in words; one file can have hundreds of thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFiles:
    """Finds and reads them. `say` tells what of them does not count; what need be said only once is told to `aside`
    each time, where that is there. `short` is a path as people write it, `profiles` gives the AWS profiles' names.
    """

    paths: Paths
    environ: Mapping[str, str]
    say: Callable[[str], None]
    short: Callable[[Path], str]
    profiles: Callable[[], Collection[str]]
    aside: Callable[[str], None] | None = None

    @property
    def trusted(self) -> TrustedFiles:
        """Those that the person trusted."""
        from stsctl.stores.trusted import TrustedFiles

        return TrustedFiles(folder=self.paths.trusted)

    def beside(self, own: Configuration) -> Configuration:
        """What the person's own files say, with what these say beside it; what does not count is said."""
        found = own
        if own.includes:
            from stsctl.sharing import merged
            from stsctl.stores.known_tables import KnownTables

            known = KnownTables(self.paths.known_shared_tables)
            found = merged(own, list(self._included(own.includes)), reader=known, right=known.keep)
        place = self.around
        if place is not None and settings.resolve(found, self.environ).project.value:
            found = self._with_project(found, place)
        for aside in found.asides:
            self._say_once(aside, aside)
        for trouble in found.troubles[:_SAID]:
            self.say(trouble)
        if len(found.troubles) > _SAID:
            self.say(f"{len(found.troubles) - _SAID} more of what others write does not count")
        return found

    def read(self, path: Path, shared: Shared) -> SharedFile | None:
        """A file with its standing; None where there is none. Raises ConfigurationError, FileError."""
        from stsctl.shared_file import SharedFile, Trust

        content = shared_files.read(path)
        if content is None:
            return None
        real = self.real(path)
        trusted = self.trusted.get(real)
        trust = Trust.NONE if trusted is None else Trust.LAPSED
        if trusted is not None and trusted.content == content:
            trust = Trust.GIVEN
        return SharedFile(content=content, path=real, place=self.short(path), trust=trust, shared=shared)

    def means(self, include: Include) -> list[Path]:
        """The files that one of `include` means; raises ConfigurationError, FileError."""
        path = self._home / include.path[2:] if include.path.startswith("~/") else Path(include.path)
        return shared_files.matching(self.paths.config_home / path)

    @property
    def around(self) -> Path | None:
        """The project's file of the working folder, trusted or not."""
        return shared_files.project(self._home)

    def real(self, path: Path) -> str:
        """Where a file really is, which is what is trusted."""
        return shared_files.real(path)

    def is_project(self, path: Path) -> bool:
        """Whether a file would be a project's."""
        return path.name == shared_files.PROJECT

    def here(self, includes: tuple[Include, ...]) -> Iterator[Path]:
        """The files that have a say here, trusted or not."""
        for include in includes:
            yield from self._tried(include, partial(self.means, include)) or ()
        if self.around is not None:
            yield self.around

    def content(self, file: NamedFile) -> bytes | None:
        """What a file holds that one of them names; raises ConfigurationError where it leads out of its folder."""
        try:
            return shared_files.read(Path(file.path), within=file.within)
        except ConfigurationError as error:
            raise ConfigurationError(f"{file.origin}: {error.message}", hint=error.hint) from error

    @property
    def _home(self) -> Path:
        return Path(self.environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - as `paths.find`

    def _included(self, includes: tuple[Include, ...]) -> Iterator[SharedFile]:
        from stsctl.shared_file import Trust

        seen: set[str] = set()
        for include in includes:
            for path in self._tried(include, partial(self.means, include)) or ():
                file = self._tried(include, partial(self.read, path, Shared.INCLUDED))
                if file is None or file.path in seen:
                    continue
                if len(seen) == shared_files.MOST:
                    self.say(f"{include.origin}: no more than {shared_files.MOST} files are read")
                    return
                seen.add(file.path)
                if file.trust is Trust.LAPSED:
                    self._tell_once(file, f"{file.place} has changed since you trusted it, and does not count")
                yield file

    def _tried(self, include: Include, read: Callable[[], _T | None]) -> _T | None:
        try:
            found = read()
        except StsctlError as error:
            self.say(f"{include.origin}: {error.message}")
            return None
        if found is None:
            self.say(f'{include.origin}: there is no file "{include.path}"')
        return found

    def _with_project(self, own: Configuration, place: Path) -> Configuration:
        """The names of a project beside the person's own, once it is trusted; before, it is not even opened."""
        from stsctl.shared_file import SharedFile, Trust
        from stsctl.sharing import merged

        kept = self.trusted.get(place.as_posix())
        short = self.short(place)
        if kept is None:
            file = SharedFile(content=b"", path=place.as_posix(), place=short, trust=Trust.NONE, shared=Shared.PROJECT)
            self._tell_once(file, f"{short} does not count before you trust it")
            return replace(own, to_trust=file.to_trust)
        try:
            found = self.read(place, Shared.PROJECT)
            if found is not None and found.path != place.as_posix():
                raise ConfigurationError(f'"{place}" is a link')
        except StsctlError as error:
            self.say(f"{error.message}: it does not count")
            return own
        if found is None:
            return own
        if found.trust is not Trust.GIVEN:
            self._tell_once(found, f"{short} has changed since you trusted it, and does not count")
            return replace(own, to_trust=found.to_trust)
        return merged(own, [found], profiles=self.profiles())

    def _tell_once(self, file: SharedFile, what: str) -> None:
        """Says that somebody has to look at a file, once for each state in which it is."""
        self._say_once(f'{what}: run "{file.to_trust}"', file.path, file.content)

    def _say_once(self, what: str, about: str, content: bytes = b"") -> None:
        if self.aside is not None:
            self.aside(what)
        elif self.trusted.first_time(about, sha256(content).hexdigest()):
            self.say(what)
