"""Everything that is wrong with the files that stsctl and SDKs read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stsctl import group_table, ini, names, profile, settings
from stsctl.cli import asking
from stsctl.cli.picture import Camera
from stsctl.configuration import Configuration
from stsctl.doctor import profiles as doctor
from stsctl.doctor.finding import Finding
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.listing import listing
from stsctl.mending import Mended
from stsctl.severity import Severity
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.profile import Profiles

_T = TypeVar("_T")
_ROUND = "go round: "


class Checking:
    """The problems of `config`, in place of config.toml, and of the files beside it; nothing is called.

    `place` is where that is, if it is another file.
    """

    def __init__(self, app: App, config: bytes | None, place: Path | None = None) -> None:
        self._app = app
        self._config = config
        self._place = place
        self._shared: list[Path] = []

    def all(self) -> list[Finding]:
        """Those of the configuration, of the AWS files, and what SDKs make of the profiles there."""
        picture = Camera(self._app).picture(None, online=False, with_keyring=False)
        found = [*self.of_configuration(), *self._of_files(), *doctor.check(picture), *self._of_hooks()]
        once: dict[str, Finding] = {}
        for finding in found:
            once.setdefault(finding.what, finding)
        return sorted(once.values(), key=lambda finding: finding.severity.rank)

    def where(self, finding: Finding) -> tuple[str | None, int | None]:
        """The file and the line that a finding names first."""
        paths = self._app.paths
        files = (self._place or paths.config, paths.added, paths.aws_config, paths.aws_credentials, *self._shared)
        by_place = {self._app.short(file): str(file) for file in files}
        match = re.search(rf"({'|'.join(map(re.escape, by_place))}):([0-9]+)\b", finding.what)
        return (by_place[match[1]], int(match[2])) if match else (None, None)

    def of_configuration(self) -> list[Finding]:
        """Those of the configuration alone: what it says, and where its names lead."""
        mended = Mended()
        read = mended.load(lambda reader: self._app.read_configuration(self._config, reader, place=self._place))
        found = [_finding(problem) for problem in mended.problems]
        if read is not None:
            said: list[Finding] = []
            read = self._with_shared(read, said)
            found += [*said, *self._of_names(read, mended.lacking)]
        return sorted(found, key=self._order)

    def _with_shared(self, read: Configuration, said: list[Finding]) -> Configuration:
        """With what files of others say; that of them which does not count is `said`."""

        def say(what: str, severity: Severity, fix: str | None = None) -> None:
            said.append(Finding(check="files of others", severity=severity, what=what, fix=fix))

        files = replace(
            self._app.shared_files,
            say=lambda what: say(what, Severity.HIGH),
            aside=lambda what: say(what, Severity.LOW),
        )
        read = files.beside(read)
        for refused in read.refused.values():
            say(refused.what, Severity.LOW if refused.waits_for_trust else Severity.HIGH, refused.hint)
        self._shared = [*files.here(read.includes)]
        return read

    def _order(self, finding: Finding) -> tuple[str, int]:
        file, line = self.where(finding)
        return file or "", line or 0

    def _of_files(self) -> Iterator[Finding]:
        """What keeps SDKs from reading the AWS files."""
        files = self._app.aws_files()
        for content, place in ((files.config, files.config_place), (files.credentials, files.credentials_place)):
            if content.startswith(ini.BYTE_ORDER_MARK.encode()):
                what = f"{place}:1: there is a byte order mark before it, and botocore cannot read such a file"
                fix = "save it as UTF-8 without one (BOM)"
                yield Finding(check="byte order mark", severity=Severity.HIGH, what=what, fix=fix)
            yield from map(_finding, ini.problems(content, place))

    def _of_hooks(self) -> Iterator[Finding]:
        """Hooks for a name that means nothing (any more)."""
        known = _read(lambda: {each.name for each in self._app.listing()})
        for each in _read(lambda: [*asking.profiles(self._app)]) or ():
            if known is not None and each.target not in known and not each.target.startswith("arn:"):
                what = (
                    f'{each.origin}: SDKs that use profile "{each.profile}" ask for "{each.target}", which is no name'
                )
                fix = "correct the name, or take the line out"
                yield Finding(check="hooks", severity=Severity.HIGH, what=what, fix=fix)

    def _of_names(self, read: Configuration, lacking: set[str]) -> Iterator[Finding]:
        """Every name that leads nowhere, once; what leads to a table that is wrong is none of those."""
        app = self._app
        profiles = _read(lambda: app.profiles) or profile.load(None, None)
        said = _read(lambda: settings.resolve(read, app.environ)) or settings.resolve(Configuration(), {})
        seen: set[object] = set()
        for each in listing(read, profiles):
            try:
                names.resolve(Wanted(name=each.name), read, profiles, said, read_text=app.read_text)
            except StsctlError as error:
                if _about(error) not in seen and not any(f'"{name}"' in error.message for name in lacking):
                    yield _finding(error)
                seen.add(_about(error))
        yield from _idle_groups(read, profiles)


def _idle_groups(read: Configuration, profiles: Profiles) -> Iterator[Finding]:
    known = [each.name for each in listing(read, profiles)]
    for group in read.groups.values():
        for pattern in group_table.matching(group.roles, known)[1]:
            what = f'{group.origin}: "{pattern}" in the group "{group.name}" stands for no name'
            yield Finding(check="groups", severity=Severity.MEDIUM, what=what)


def _read(read: Callable[[], _T]) -> _T | None:
    """What can be read; what is wrong where it cannot be is said by another check."""
    try:
        return read()
    except ConfigurationError:
        return None


def _about(error: StsctlError) -> object:
    """What tells one problem from another: of a loop, its names, wherever it was entered."""
    _, is_loop, names_of_loop = error.message.partition(_ROUND)
    *path, last = names_of_loop.split(" → ")
    return frozenset(path[path.index(last) :]) if is_loop and last in path else error.message


def _finding(error: StsctlError) -> Finding:
    return Finding(check="configuration", severity=Severity.HIGH, what=error.message, fix=error.hint)
