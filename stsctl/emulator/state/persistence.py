"""A state that outlives its emulator: what changed it is written down, and done again at the next start.

Everything is done again at its own instant and with its own draws, so that ids, keys and dates come out the same.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from stsctl.credentials import Secret
from stsctl.emulator.directory import moto_determinism
from stsctl.emulator.directory.principals import IssuedSession, Kind, PolicyText
from stsctl.emulator.state.change_log import Change, ChangeLog
from stsctl.emulator.state.recorded import ACTION_KEY, Recorder, can_change, changed, environ_of
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.world import chance
from stsctl.emulator.world.clock import Clock
from stsctl.emulator.world.origin import Origin

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_AT_ONCE = timedelta(seconds=30)
"""Nothing but a client that waits for messages is longer than this about one request."""

_log = logging.getLogger(__name__)


class Persistence:
    """The state in one folder, of the organisation that `seed` spells and that is called `name`."""

    def __init__(self, log: ChangeLog, seed: str, name: str) -> None:
        self.clock = Clock()
        self.remarks: list[str] = []
        self._file = log
        self._seed = {"seed": seed, "name": name}
        self._wall = self.clock.wall
        self._lock = threading.RLock()
        self._instant: tuple[datetime, float, int] | None = None
        self._changes = log.changes
        if log.unreadable:
            self._remark(f"{log.unreadable} lines of {log.path} cannot be read, and are passed over")
        begun = log.begun
        if begun is None:
            self.origin = Origin.new()
            self.begin(self.origin)
        else:
            self.origin = Origin(secret=Secret(str(begun["origin"])), instance=str(begun["instance"]))
            self._begun_at = datetime.fromisoformat(str(begun["at"]))
        moto_determinism.go_by(self._present)

    def begin(self, origin: Origin) -> None:
        """Begins a new state; what there was is gone."""
        with self._lock:
            self._changes = []
            self._begun_at = self._wall()
            facts = {"origin": origin.secret.reveal(), "instance": origin.instance, "at": self._begun_at.isoformat()}
            self._file.begin(facts | self._seed)

    def answer(
        self, application: Application, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """The application's answer to a request, which is written down first if it changed something."""
        if not can_change(environ):
            return self._answer(application, environ, start_response)
        with self._lock, self._at(self._wall()):
            return self._answer(application, environ, start_response)

    def as_it_began(self) -> AbstractContextManager[None]:
        """Meanwhile it is the instant at which the state began, in which the seed was planted."""
        return self._at(self._begun_at)

    def _present(self) -> datetime:
        """The instant of the request that this thread answers; it goes on for one that takes long, for it may wait."""
        if self._instant is None or threading.get_ident() != self._instant[2]:
            return self._wall()
        at, began, _ = self._instant
        taken = timedelta(seconds=time.monotonic() - began)
        return at + taken if taken > _AT_ONCE else at

    @contextlib.contextmanager
    def _at(self, instant: datetime) -> Iterator[None]:
        """Meanwhile it is this instant for what moto makes in this thread."""
        self._instant = (instant, time.monotonic(), threading.get_ident())
        try:
            yield
        finally:
            self._instant = None

    def _answer(
        self, application: Application, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> list[bytes]:
        recorder, origin, wall_at = Recorder(environ), secrets.token_hex(16), self._present()
        begun: list[Any] = []

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            begun[:] = [int(status.split()[0])]
            return start_response(status, headers, *more)

        with chance.drawn_from(origin):
            body = b"".join(application(environ, started))
        if changed(environ.get(ACTION_KEY, ""), begun[0], body):
            facts = {"at": wall_at.isoformat(), "ahead": self.clock.ahead.total_seconds(), "origin": origin}
            with self._lock:
                self._file.write("request", facts | recorder.facts())
        return [body]

    def moved(self) -> None:
        """The clock was moved."""
        self._file.write("clock", {"ahead": self.clock.ahead.total_seconds()})

    def _kept(self, session: IssuedSession) -> None:
        self._file.write("session", _facts(session))

    def _remark(self, text: str) -> None:
        self.remarks.append(text)
        _log.warning(text)

    def repeat(self, application: Application, sessions: Sessions) -> None:
        """Does everything again. What fails now, or cannot be understood, is said in the journal and passed over."""
        failed = 0
        self.clock.wall = self._present
        for change in self._changes:
            try:
                failed += not self._repeated(change, application, sessions)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
                failed += 1
        self.clock.wall = self._wall
        if failed:
            self._remark(f"{failed} of {len(self._changes)} changes could not be repeated")
        self._changes = []
        sessions.kept = self._kept

    def _repeated(self, change: Change, application: Application, sessions: Sessions) -> bool:
        ((kind, facts),) = change.items()
        match kind:
            case "session":
                session = _session(facts)
                sessions.keep(session, now=session.issued_at)
            case "clock":
                self.clock.ahead = timedelta(seconds=facts["ahead"])
            case "request":
                return self._repeat_request(facts, application)
        return True

    def _repeat_request(self, facts: Change, application: Application) -> bool:
        statuses: list[int] = []
        ahead, self.clock.ahead = self.clock.ahead, timedelta(seconds=facts["ahead"])
        with self._at(datetime.fromisoformat(facts["at"])), chance.drawn_from(facts["origin"]):
            application(environ_of(facts), lambda status, *_: statuses.append(int(status.split()[0])))
        self.clock.ahead = ahead
        return statuses[0] < 400


def _facts(session: IssuedSession) -> Change:
    facts: Change = {each.name: getattr(session, each.name) for each in fields(session)}
    facts["kind"] = session.kind.name
    facts["policies"] = [[policy.label, policy.text] for policy in session.policies]
    for name in ("issued_at", "expires_at", "mfa_at"):
        facts[name] = facts[name].isoformat() if facts[name] else None
    return facts


def _session(facts: Change) -> IssuedSession:
    values = dict(facts)
    values["kind"] = Kind[facts["kind"]]
    values["policies"] = tuple(PolicyText(label=label, text=text) for label, text in facts["policies"])
    for name in ("issued_at", "expires_at", "mfa_at"):
        values[name] = datetime.fromisoformat(facts[name]) if facts[name] else None
    for name in ("tags", "keys"):
        values[name] = tuple((key, value) for key, value in facts[name])
    values["transitive"] = tuple(facts["transitive"])
    return IssuedSession(**values)
