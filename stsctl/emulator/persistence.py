"""A state that outlives its emulator: what changed it is written down, and done again at the next start.

Everything is done again at its own instant and with its own draws, so that ids, keys and dates come out the same.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from stsctl.emulator import chance, moto_determinism
from stsctl.emulator.change_log import Change, ChangeLog
from stsctl.emulator.clock import Clock
from stsctl.emulator.principals import IssuedSession, Kind, PolicyText
from stsctl.emulator.recorded import ACTION_KEY, Recorder, can_change, changed, environ_of
from stsctl.emulator.sessions import Sessions

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_log = logging.getLogger(__name__)


class Persistence:
    """The state in one folder, written while requests are answered."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._file = ChangeLog(folder)
        self._clock = clock
        self._lock = threading.RLock()
        self._repeating = False
        self._changes, unreadable = self._file.read()
        if unreadable:
            _log.warning("%d lines of %s cannot be read, and are passed over", unreadable, self._file.path)
        moto_determinism.go_by(lambda: self._clock.wall())

    @property
    def begun(self) -> Change | None:
        """What the state began with; None for a new one, and where that line cannot be read."""
        first: Change | None = self._changes[0].get("begun") if self._changes else None
        return first

    def begin(self, facts: Change) -> None:
        """Begins a new state; what there was is gone."""
        with self._lock:
            self._changes = []
            self._file.begin(facts)

    def answer(self, application: Application, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """The application's answer to a request, which is written down first if it changed something."""
        if not can_change(environ):
            return self._answer(application, environ, start_response)
        with self._lock:
            return self._answer(application, environ, start_response)

    def _answer(self, application: Application, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        recorder, origin, wall_at = Recorder(environ), secrets.token_hex(16), self._clock.wall()
        begun: list[Any] = []

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            begun[:] = [int(status.split()[0])]
            return start_response(status, headers, *more)

        with chance.drawn_from(origin):
            body = b"".join(application(environ, started))
        if changed(environ.get(ACTION_KEY, ""), begun[0], body):
            facts = {"at": wall_at.isoformat(), "ahead": self._clock.ahead.total_seconds(), "origin": origin}
            with self._lock:
                self._file.write("request", facts | recorder.facts())
        return [body]

    def moved(self) -> None:
        """The clock was moved."""
        self._file.write("clock", {"ahead": self._clock.ahead.total_seconds()})

    def kept(self, session: IssuedSession) -> None:
        """A session was issued."""
        if not self._repeating:
            self._file.write("session", _facts(session))

    def repeat(self, application: Application, sessions: Sessions) -> None:
        """Does everything again. What fails now, or cannot be understood, is said in the journal and passed over."""
        wall, failed = self._clock.wall, 0
        self._repeating = True
        for change in self._changes:
            try:
                failed += not self._repeated(change, application, sessions)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
                failed += 1
        self._repeating = False
        self._clock.wall = wall
        if failed:
            _log.warning("%d of %d changes could not be repeated", failed, len(self._changes))
        self._changes = []

    def _repeated(self, change: Change, application: Application, sessions: Sessions) -> bool:
        ((kind, facts),) = change.items()
        match kind:
            case "session":
                session = _session(facts)
                sessions.keep(session, now=session.issued_at)
            case "clock":
                self._clock.ahead = timedelta(seconds=facts["ahead"])
            case "request":
                return self._repeat_request(facts, application)
        return True

    def _repeat_request(self, facts: Change, application: Application) -> bool:
        at, began, statuses = datetime.fromisoformat(facts["at"]), time.monotonic(), []
        # It goes on, or whatever waits would wait for ever.
        self._clock.wall = lambda: at + timedelta(seconds=time.monotonic() - began)
        ahead, self._clock.ahead = self._clock.ahead, timedelta(seconds=facts["ahead"])
        with chance.drawn_from(facts["origin"]):
            application(environ_of(facts), lambda status, *_: statuses.append(int(status.split()[0])))
        self._clock.ahead = ahead
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
