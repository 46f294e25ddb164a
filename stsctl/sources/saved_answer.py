"""A saved answer of STS: the session in it, as the AWS CLI printed it into a file, or gives it on standard input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path

from stsctl.credentials import Credentials, Secret, Session
from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import ConfigurationError
from stsctl.host import files
from stsctl.request import Asker, AskerKind
from stsctl.sources.credentials_json import LONGEST, NoCredentialsError, saved


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAnswer:
    """The session that `read` finds at `place`, which is read once."""

    place: str
    read: Callable[[], Secret | None]
    now: Callable[[], datetime]
    _found: list[Session | None] = field(default_factory=list)

    def asker(self) -> Asker | None:
        """The access key id; see `Source`."""
        found = self.credentials()
        if found is None:
            return None
        temporary = found.session_token is not None
        return Asker(kind=AskerKind.KEYS, id=found.access_key_id, temporary=temporary)

    def credentials(self) -> Credentials | None:
        """The credentials; see `Source`. Raises ConfigurationError for what holds none, or none that are good still."""
        found = self.session()
        return None if found is None else found.credentials

    def session(self) -> Session | None:
        """The session; see `SessionSource`."""
        if not self._found:
            content = self.read()
            self._found.append(None if content is None else self._parse(content))
        return self._found[0]

    def _parse(self, content: Secret) -> Session:
        try:
            given = saved(content)
        except NoCredentialsError as error:
            raise ConfigurationError(f"what {self.place} holds {error.why}", hint=error.hint) from None
        now = self.now()
        ends = given.credentials.expires_at
        if ends is not None and ends <= now:
            ago = render_duration(timedelta(seconds=int((now - ends).total_seconds())))
            raise ConfigurationError(f"what {self.place} holds ended {ago} ago", hint="save a new session there")
        return Session(
            credentials=given.credentials,
            request_key=given.credentials.access_key_id,
            obtained_at=now,
            identity=given.identity,
            account_id=given.account_id,
            user_id=given.user_id,
            source_identity=given.source_identity,
        )


def read_file(path: Path, notice: Callable[[str], None]) -> Secret | None:
    """The content of a file, of which no more is read than an answer could have; None where there is none.

    Says through `notice` where others could read it. Raises FileError, ConfigurationError for what is no text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(4 * LONGEST + 1)
            mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise files.problem("read", path, error) from error
    if mode & 0o077:
        notice(f'others on this machine can read the session in "{path}": chmod 600 "{path}"')
    try:
        return Secret(content.decode())
    except UnicodeDecodeError:
        raise ConfigurationError(f'what "{path}" holds is no text') from None
