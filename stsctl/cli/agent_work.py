"""What the agent does, by the same parts as the commands: each renewal is a run of its own, which asks nobody."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from shlex import quote
from typing import TYPE_CHECKING

from stsctl.agent.held_keys import HeldKeys
from stsctl.agent.schedule import Listed, Outcome
from stsctl.cli import agent_profiles
from stsctl.cli.app import App
from stsctl.cli.options import Acting
from stsctl.cli.report import Report
from stsctl.credentials import Secret, Session
from stsctl.errors import PersonNeededError, RefusedError, StoreError, StsctlError, UnavailableError
from stsctl.host import desktop_notice, detached
from stsctl.standing import Standing
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.stores.index import Entry
    from stsctl.stores.sealing_key import KeyHolder

_REMEMBERED = timedelta(hours=12)
"""How long a session that has ended is still wanted, where nobody logged out."""
_ACTING = Acting(may_sign_in=False)
_AHEAD = timedelta(seconds=1)


class Log(Report):
    """What the agent says, each line with its time; `now` is the machine's."""

    def _write(self, text: str) -> None:
        if sys.stderr is not None:
            detached.shorten_log(sys.stderr.fileno())
        super()._write(f"{datetime.now().astimezone().isoformat(timespec='seconds')} {text}")


class AgentApp(App):
    """A run of the agent's: what it holds is at hand, and nobody is there."""

    def __init__(
        self, environ: Mapping[str, str], report: Report, flags: Mapping[str, str], key_holder: KeyHolder
    ) -> None:
        super().__init__(environ, report, flags)
        self._key_holder = key_holder

    @property
    def key_holder(self) -> KeyHolder:
        """The agent's own keys."""
        return self._key_holder

    def ask_passphrase(self, prompt: str) -> Secret:  # noqa: ARG002 - it is nobody's to answer
        """There is nobody to ask."""
        raise PersonNeededError("the passphrase of the store is not known to the agent", hint="stsctl agent unlock")

    def start_agent(self) -> None:
        """It runs."""


class Work:
    """Keeps sessions fresh; see `agent.Keeping`. `environ` is the agent's own, `flags` what was typed for all of it."""

    def __init__(self, environ: Mapping[str, str], flags: Mapping[str, str], keys: HeldKeys) -> None:
        self._environ = environ
        self._flags = flags
        self._keys = keys
        self._log = Log(environ)
        self._known: dict[str, Entry] = {}
        self._to_get: dict[str, Wanted] = {}
        self._logged_out: set[str] = set()

    def _app(self) -> App:
        """A run of its own: nothing that it has read once is taken for what is there now."""
        return AgentApp(self._environ, self._log, self._flags, self._keys)

    def now(self) -> datetime:
        """The time that sessions go by."""
        try:
            return self._app().now()
        except StsctlError:  # what is wrong with the files is said of what they list
            return datetime.now(UTC)

    def note(self, text: str) -> None:
        """Writes a line into the log."""
        self._log.lines([text])

    def listed(self) -> list[Listed]:
        """What somebody asked for, as long as nobody logs out; and what the configuration names."""
        app = self._app()
        now = app.now()
        listed = {entry.request_key: entry for entry in _wanted(app)}
        ended = {
            key: entry
            for key, entry in self._known.items()
            if key not in listed and key not in self._logged_out and _has_ended(entry, now)
        }
        # What ended is taken off the list when the next session is held, and is wanted all the same.
        self._known = {**ended, **listed}
        self._logged_out.clear()
        agent_profiles.follow(app, self._known.values(), now)
        self._to_get = {f"to get: {wanted}": wanted for wanted in self._unheld(app)}
        found = [_as_listed(entry) for entry in self._known.values()]
        return found + [
            Listed(key=key, name=wanted.name, obtained_at=_LONG_AGO, expires_at=_LONG_AGO)
            for key, wanted in self._to_get.items()
        ]

    def _unheld(self, app: App) -> Iterator[Wanted]:
        """What the configuration or a section of ~/.aws/credentials wants kept, and of which there is no session."""
        for kept in agent_profiles.unheld(app, self._known.values()):
            yield kept.wanted
        patterns = [app.configuration.called(pattern) for pattern in app.settings.agent_keep.value]
        if not patterns:
            return
        have = {entry.wanted.name for entry in self._known.values() if entry.wanted}
        for name, _ in app.names():
            if name not in have and any(fnmatchcase(name, pattern) for pattern in patterns):
                yield Wanted(name=name)

    def renew(self, session: Listed) -> Outcome:
        """Gets another in its place, without a person."""
        try:
            calls = self._renewed(session)
            if session.key in self._logged_out:  # somebody did while it was being renewed
                self._app().held.drop(session.key)
        except PersonNeededError as error:
            return Outcome(standing=Standing.NEEDS_PERSON, why=_why(error))
        except (UnavailableError, StoreError) as error:
            return Outcome(standing=Standing.RETRYING, calls=1, why=_why(error))
        except StsctlError as error:
            return Outcome(standing=Standing.REFUSED, calls=1, why=_why(error))
        except Exception as error:  # noqa: BLE001 - one session is in nobody's way
            return Outcome(standing=Standing.REFUSED, why=f"this is a bug in stsctl: {type(error).__name__}")
        return Outcome(standing=Standing.FRESH, calls=calls)

    def _renewed(self, session: Listed) -> int:
        """How many calls that may have been."""
        app = self._app()
        entry = self._known.get(session.key)
        wanted, key = (entry.wanted, session.key) if entry else (self._to_get[session.key], None)
        assert wanted is not None
        left = session.expires_at - app.now()
        return app.renew(wanted, key, least=max(left, timedelta(0)) + _AHEAD)

    def session(self, name: str) -> Session:
        """The session of a name, for who fetches it; asks nobody."""
        app = self._app()
        return app.obtain(Wanted(name=name), _ACTING).session

    def tell(self, session: Listed) -> None:
        """Tells the person: on their desktop, or else at their next command."""
        with contextlib.suppress(StsctlError):  # it is in the status as well
            self._tell(session)

    def _tell(self, session: Listed) -> None:
        app = self._app()
        ends = f"ends at {session.expires_at.astimezone():%H:%M}" if session.expires_at > app.now() else "has ended"
        text = f'"{session.name}" {ends}, and another session needs you'
        self.note(text)
        if not desktop_notice.show("stsctl", f"{text}: stsctl assume {quote(session.name)}", self._environ):
            from stsctl.cli import agent_notices

            agent_notices.leave(app.paths, session.key, text, app.wall())

    def logged_out(self, keys: set[str] | None) -> None:
        """Somebody logged out of these (None: of all)."""
        self._logged_out |= self._known.keys() if keys is None else keys


_LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _wanted(app: App) -> list[Entry]:
    """The sessions that are held because somebody asked for them, of AWS or of the emulator that there is now."""
    here = app.settings.emulator.value
    return [
        entry
        for entry in app.held.entries()
        if entry.wanted is not None and entry.expires_at is not None and entry.instance == here
    ]


def _has_ended(entry: Entry, now: datetime) -> bool:
    return entry.expires_at is not None and entry.expires_at <= now < entry.expires_at + _REMEMBERED


def _as_listed(entry: Entry) -> Listed:
    assert entry.expires_at is not None
    return Listed(key=entry.request_key, name=entry.name, obtained_at=entry.obtained_at, expires_at=entry.expires_at)


def _why(error: StsctlError) -> str:
    if isinstance(error, RefusedError) and not error.message:
        return f"{error.operation} refused: {error.code}"
    return error.message
