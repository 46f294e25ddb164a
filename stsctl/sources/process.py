"""Credentials from another tool's credential_process.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

from collections.abc import Callable

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.request import Asker, AskerKind
from stsctl.sources.credentials_json import NoCredentialsError, of_process
from stsctl.sources.interface import Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a program prints as `credential_process` JSON. `run` runs `command_line` and gives its output."""

    name: str
    command_line: str
    run: Callable[[], Secret]

    def asker(self) -> Asker:
        """The command line: the keys may be others each time; see `Giver`."""
        return Asker(kind=AskerKind.PROCESS, id=self.command_line)

    def give(self) -> Given:
        """What it prints; raises ConfigurationError for what is no answer, which is never repeated."""
        try:
            return of_process(self.run())
        except NoCredentialsError as error:
            raise ConfigurationError(
                f'what the credential_process of "{self.name}" answered {error.why}',
                hint="run it by hand: it should print one JSON object with Version 1",
            ) from None
