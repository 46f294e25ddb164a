"""Where a run of stsctl is: its variables, clock, files and settings, each looked at on first use."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from stsctl import configuration, settings
from stsctl.cli.report import Report
from stsctl.cli.shared_files import SharedFiles
from stsctl.configuration import Configuration
from stsctl.errors import ConfigurationError, StsctlError, UsageError
from stsctl.host import files, ownership, paths
from stsctl.host.witness import Witness
from stsctl.target import NamedFile
from stsctl.url import is_loopback

if TYPE_CHECKING:
    from stsctl import profile
    from stsctl.emulator.running import Running
    from stsctl.formats.credentials_file import AwsFiles
    from stsctl.listing import Listing
    from stsctl.toml_text import Reader


class Surroundings:
    """The environment of one run."""

    def __init__(self, environ: Mapping[str, str], report: Report, flags: Mapping[str, str] | None = None) -> None:
        self.witness = Witness(environ)
        self.environ = self.witness.environ
        self._says_names = Witness(environ)
        self.report = report
        self._flags = dict(flags or {})
        self._says = self._says_once = True

    @classmethod
    def of_process(cls) -> Self:
        """For this process, with nothing typed yet: nothing is said in the middle of a line."""
        found = cls(os.environ, Report(os.environ))
        found._says = found._says_once = False
        return found

    def asked_by_a_program(self) -> None:
        """What need be said only once is left for a person to read."""
        self._says_once = False

    @property
    def flagged(self) -> bool:
        """Whether a setting was typed."""
        return bool(self._flags)

    def wall(self) -> datetime:
        """This machine's time, aware, in UTC."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """The time that what is held goes by: this machine's, or that of the emulator that this shell is set up for."""
        return self.wall() + self._ahead

    @cached_property
    def _ahead(self) -> timedelta:
        """How far the clock of this shell's emulator is ahead of this machine's."""
        found = self._running
        if found is None:
            return timedelta()
        from stsctl.formats import environment

        return found.ahead if found.instance == self.environ[environment.EMULATOR] else timedelta()

    @cached_property
    def _running(self) -> Running | None:
        """The emulator of this user, where this shell is set up for one; nobody is asked for it."""
        if not self._emulated:
            return None
        from stsctl.emulator import running

        return running.read(self.paths.emulator)

    @property
    def emulates(self) -> bool:
        """Whether this shell is set up for the emulator of this user, so that its policies are what counts here."""
        return self._running is not None and self._running.instance == self.settings.emulator.value

    def _refuse_former(self) -> None:
        """Raises UsageError where this shell is set up for an emulator whose place another one took."""
        from stsctl.formats import environment

        found = self._running
        if (
            found is not None
            and found.url == self.settings.endpoint_url.value
            and found.instance != self.environ[environment.EMULATOR]
        ):
            raise UsageError(
                "the emulator that this shell was set up for is gone, another answers in its place",
                hint="eval $(stsctl emulator env)",
            )

    @property
    def emulator(self) -> Running:
        """The emulator that runs; raises StsctlError where none does."""
        from stsctl.emulator import control

        found = control.find(self.paths.emulator)
        if found is None:
            raise StsctlError("no emulator is running", hint="stsctl emulator start")
        return found

    @cached_property
    def _emulated(self) -> bool:
        """Whether this shell was set up for an emulator; what that issues rests apart from what AWS issues."""
        said = settings.resolve(Configuration(), self.environ)  # by its variables, which no file has a say in
        url = None if said.ignores_endpoint_urls.value else said.endpoint_url.value
        return said.emulator.value is not None and url is not None and is_loopback(url)

    @cached_property
    def paths(self) -> paths.Paths:
        """Where the files are; raises ConfigurationError where others could change what is kept there."""
        found = paths.find(self.environ, emulated=self._emulated)
        # What is there says which session is current, and whose locks are waited for.
        ownership.check(found.state_home)
        return found

    @cached_property
    def configuration(self) -> Configuration:
        """What config.toml and added.toml say; raises ConfigurationError where others could have said it."""
        self.report.debug(f"reading {self.paths.config} and {self.paths.added}")
        with self._says_names.watching():
            return self._configuration()

    def _configuration(self) -> Configuration:
        from stsctl.stores.known_tables import KnownTables

        # They name programs that are run, and whom a session is got for.
        for path in (self.paths.config_home, self.paths.config, self.paths.added.parent, self.paths.added):
            ownership.check(path)
        known = KnownTables(self.paths.known_tables)
        found = self.read_configuration(self.config_text(), known)
        known.keep()
        return self.shared_files.beside(found)

    @property
    def shared_files(self) -> SharedFiles:
        """The files that others write."""
        return SharedFiles(
            paths=self.paths,
            environ=self.environ,
            say=self.report.notice if self._says else _unsaid,
            aside=None if self._says_once else _unsaid,
            short=self.short,
            profiles=lambda: self.profiles.by_name.keys(),
        )

    def config_text(self, place: Path | None = None) -> bytes | None:
        """What is in config.toml, or in the file that stands in its place; None where there is none."""
        return files.read(place or self.paths.config)

    def read_configuration(self, config: bytes | None, reader: Reader, *, place: Path | None = None) -> Configuration:
        """What `config` says in place of config.toml (or of what is at `place`); raises ConfigurationError."""
        return configuration.load(
            config,
            files.read(self.paths.added),
            config_place=self.short(place or self.paths.config),
            added_place=self.short(self.paths.added),
            reader=reader,
        )

    @cached_property
    def profiles(self) -> profile.Profiles:
        """What the AWS files say."""
        from stsctl import profile

        self.report.debug(f"reading {self.paths.aws_config} and {self.paths.aws_credentials}")
        with self._says_names.watching():
            return profile.load(
                files.read(self.paths.aws_config),
                files.read(self.paths.aws_credentials),
                config_place=self.short(self.paths.aws_config),
                credentials_place=self.short(self.paths.aws_credentials),
            )

    @cached_property
    def settings(self) -> settings.Settings:
        """What holds, of flags, variables, files and defaults."""
        return settings.resolve(self.configuration, self.environ, self._flags)

    def short(self, path: Path) -> str:
        """A path as people write it."""
        home = self.environ.get("HOME")
        return f"~/{path.relative_to(home)}" if home and path.is_relative_to(home) else str(path)

    def names(self) -> list[tuple[str, str]]:
        """Every name that can be typed, with what it is; for completions."""
        listing = self.listing()
        aliases = [(alias, f"alias of {name}") for alias, name in listing.aliases.items()]
        return [*((one.name, one.description) for one in listing), *aliases]

    def listing(self) -> Listing:
        """Every name that can be typed, with its origin."""
        from stsctl.listing import listing
        from stsctl.stores.known_names import KnownNames

        place = self.paths
        said_in = (place.config, place.added, place.aws_config, place.aws_credentials)
        known = KnownNames(file=place.known_names, said_in=said_in)
        # What is called so in a project is not elsewhere.
        everywhere = self.shared_files.around is None
        found = known.read() if everywhere else None
        if found is None:
            found = listing(self.configuration, self.profiles)
            if everywhere:
                known.keep(found, self._says_names)
        return found

    def read_text(self, file: NamedFile) -> str:
        """What a file holds that a configuration names; raises ConfigurationError, which repeats nothing of it."""
        path, origin = file.path, file.origin
        of_aws = origin.place == self.short(self.paths.aws_config)
        beside = self.paths.aws_config.parent if of_aws else self.paths.config_home
        content = self.shared_files.content(file) if file.within else files.read(beside / Path(path).expanduser())
        if content is None:
            raise ConfigurationError(f'{origin}: there is no file "{path}"')
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise ConfigurationError(f'{origin}: what is in "{path}" is no text') from None

    def aws_files(self, credentials: bytes | None = None) -> AwsFiles:
        """The AWS files as they are now; `credentials` where that one is already at hand."""
        from stsctl.formats.credentials_file import AwsFiles

        return AwsFiles(
            credentials=(files.read(self.paths.aws_credentials) or b"") if credentials is None else credentials,
            config=files.read(self.paths.aws_config) or b"",
            credentials_place=self.short(self.paths.aws_credentials),
            config_place=self.short(self.paths.aws_config),
        )

    def change_added(self, edit: Callable[[bytes], bytes]) -> None:
        """Changes added.toml, while no other stsctl does; nothing is written that could not be read again."""
        from stsctl.host import aws_files

        def checked(text: bytes) -> bytes:
            new = edit(text)
            config, added = self.short(self.paths.config), self.short(self.paths.added)
            configuration.load(self.config_text(), new, config_place=config, added_place=added)
            return new

        aws_files.change(self.paths.added, checked, locks=self.paths.locks)

    def change_credentials(self, edit: Callable[[bytes], bytes]) -> None:
        """Changes ~/.aws/credentials, while no other stsctl does."""
        from stsctl.host import aws_files

        aws_files.change(self.paths.aws_credentials, edit, locks=self.paths.locks)

    def change_config(self, edit: Callable[[bytes], bytes]) -> bool:
        """Changes ~/.aws/config, while no other stsctl does; False where it stays as it is."""
        from stsctl.host import aws_files

        return aws_files.change(self.paths.aws_config, edit, locks=self.paths.locks)

    def change_file(self, path: Path, edit: Callable[[bytes], bytes]) -> None:
        """Changes a file of the person's, while no other stsctl does; whoever could read it still can."""
        from stsctl.host import aws_files

        aws_files.change(path, edit, locks=self.paths.locks, private=False)

    def hook_command(self) -> tuple[str, ...]:
        """What runs the hook, without the name that it is asked for."""
        from stsctl.host import hook_file

        return hook_file.command_in(self.paths.data_home)

    def install_hook(self) -> None:
        """Makes the hook's byte code, where it is not there or not of this version."""
        from stsctl.host import hook_file

        hook_file.install(self.paths.data_home)

    def keep_report(self, at: datetime, text: str) -> Path:
        """Writes the report of a bug; gives its place."""
        place = self.paths.reports / f"{at:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
        files.replace(place, text.encode())
        return place


def _unsaid(_what: str) -> None:
    """In place of saying it."""
