"""What this machine gives again and again (another tool, its own role), held like any session while it is fresh."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Protocol

from stsctl.credentials import LEAST_LEFT, Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import AskerChangedError, ConfigurationError, StsctlError
from stsctl.request import Asker
from stsctl.sources.interface import Giver

_LONGEST = timedelta(hours=36, minutes=10)
"""No session of AWS's lasts longer; what claims to is not held on its word."""


class Holdings(Protocol):
    """What is held; a session that cannot be read is none."""

    def session(self, request_key: str) -> Session | None:
        """The session with that key."""

    def hold(self, session: Session) -> None:
        """Keeps a session."""


class Lessons(Protocol):
    """What was seen before, shared by all processes; every part of it may be lost."""

    def gives_sessions(self, key: str) -> bool | None:
        """Whether the credentials with that key were temporary; None where that is not known."""

    def learn_gives_sessions(self, key: str, *, temporary: bool) -> None:
        """Remembers it."""

    def failed(self, key: str, error: StsctlError, now: datetime) -> None:
        """Remembers that asking failed, for those who were waiting for it."""

    def failure(self, key: str, since: datetime) -> StsctlError | None:
        """How asking failed, if that was after `since`."""


class Locks(Protocol):
    """Locks between processes; see `broker.Locks`."""

    def hold(self, name: str, label: str, *, settled: Callable[[], bool] | None = None) -> AbstractContextManager[bool]:
        """Waits for a lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The source `name`: what `giver` gives, asked by one process at a time and for no sooner than it is due.

    `renew` asks it at once. Credentials without an end are given and not held. `instance` is the emulator that this
    shell is set up for, whose sessions are no other's.
    """

    name: str
    giver: Giver
    holdings: Holdings
    lessons: Lessons
    locks: Locks
    now: Callable[[], datetime]
    notice: Callable[[str], None]
    renew: bool = False
    instance: str | None = None
    _said: list[Asker] = field(default_factory=list)
    _found: list[Session] = field(default_factory=list)

    def asker(self) -> Asker | None:
        """Who asks. Whether the keys are temporary is known from the last time, or seen by asking for them."""
        if not self._said:
            who = self.giver.asker()
            if who is None:
                return None
            self._said.append(who)
            if not who.temporary:
                self._said[0] = replace(who, temporary=self._gives_sessions())
        return self._said[0]

    def credentials(self) -> Credentials | None:
        """Those of the session; see `Source`."""
        found = self.session()
        return None if found is None else found.credentials

    def session(self) -> Session | None:
        """The one held while it is not due for renewal, else a new one; see `SessionSource`."""
        who = self.asker()
        if who is None:
            return None
        session = self._session()
        if _is_temporary(session) != who.temporary:
            self._said.clear()
            raise AskerChangedError(f'source "{self.name}" gives another kind of credentials than the last time')
        return session

    def _gives_sessions(self) -> bool:
        known = self.lessons.gives_sessions(self._key)
        return _is_temporary(self._session()) if known is None else known

    @property
    def _key(self) -> str:
        return self._said[0].session_key(self.instance)

    def _session(self) -> Session:
        if not self._found:
            self._found.append(self._held_or_new())
        return self._found[0]

    def _held_or_new(self) -> Session:
        started = self.now()
        held = self.holdings.session(self._key)
        if held is not None and not self.renew and held.fresh_at(started, held.renewed_below()):
            return held
        if held is None and self.lessons.gives_sessions(self._key) is False:
            return self._new()  # nothing that another process could leave for this one
        lasts = held is not None and held.fresh_at(started, LEAST_LEFT)
        since = started if self.renew or held is None else held.obtained_at
        try:
            return self._once(started, newer_than=None if held is None else since)
        except AskerChangedError:
            raise
        except StsctlError as error:
            if held is None or not lasts or self.renew:
                raise
            left = render_duration(timedelta(seconds=int(held.left_at(started).total_seconds())))
            self.notice(f"{error.message}; the session held lasts another {left}")
            return held

    def _once(self, started: datetime, *, newer_than: datetime | None) -> Session:
        """A new session, or the one that another process gets meanwhile."""
        found: list[Session] = []

        def settled() -> bool:
            session = self.holdings.session(self._key)
            now = self.now()
            if session is None or not session.fresh_at(now, LEAST_LEFT):
                return False
            if newer_than is None or newer_than < session.obtained_at <= now:
                found.append(session)
            return bool(found)

        with self.locks.hold(self._key, f'"{self.name}"', settled=settled):
            if found or settled():
                return found[-1]
            failure = self.lessons.failure(self._key, started)
            if failure is not None:
                raise failure
            try:
                return self._new()
            except AskerChangedError:
                raise
            except StsctlError as error:
                self.lessons.failed(self._key, error, self.now())
                raise

    def _new(self) -> Session:
        """Asks, and holds what has an end."""
        given = self.giver.give()
        now = self.now()
        who = self.giver.asker()
        if given is None or who is None:
            raise ConfigurationError(f'source "{self.name}" has no credentials here any more')
        if (who.kind, who.id) != (self._said[0].kind, self._said[0].id):
            self._said.clear()
            raise AskerChangedError(f'source "{self.name}" gives somebody else\'s credentials than before')
        session = Session(
            credentials=given.credentials,
            request_key=self._key,
            obtained_at=now,
            identity=given.identity,
            account_id=given.account_id,
            user_id=given.user_id,
            source_identity=given.source_identity,
        )
        left = session.left_at(now)
        if left <= timedelta(0):
            ago = render_duration(timedelta(seconds=int(-left.total_seconds())))
            raise ConfigurationError(
                f'source "{self.name}" gave credentials that ended {ago} ago', hint="compare the clocks: date -u"
            )
        self.lessons.learn_gives_sessions(self._key, temporary=_is_temporary(session))
        if left < _LONGEST:
            self.holdings.hold(session)
        return session


def _is_temporary(session: Session) -> bool:
    return session.credentials.session_token is not None
