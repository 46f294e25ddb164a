"""The broker: held and fresh, or obtained (once, however many ask) and held.

It follows a plan from the deepest session that is still held. Everything that it touches is handed to it: what is held,
the source, how each call is made, locks, what was learned, the person who can be asked, the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from shlex import quote
from typing import Protocol

from stsctl.credentials import LEAST_LEFT, Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import (
    AskerChangedError,
    ConfigurationError,
    PersonNeededError,
    RefusedError,
    StsctlError,
    UnavailableError,
)
from stsctl.locks import Locks
from stsctl.maxima import LearnedMaxima, Maxima
from stsctl.one_time_code import Codes, Device, Question, SpentCodes
from stsctl.plan import Asks, Plan, Step
from stsctl.refusal import locate
from stsctl.request import Operation
from stsctl.sources.interface import Exchange, SessionSource, Source


class Holdings(Protocol):
    """What is held; a session that cannot be read is none."""

    def session(self, request_key: str) -> Session | None:
        """The session that answered a request."""

    def hold(self, session: Session, plan: Plan, position: int) -> None:
        """Keeps the session that a step of `plan` has just obtained."""

    def drop(self, request_key: str) -> None:
        """Forgets a session."""


class Lessons(SpentCodes, LearnedMaxima, Protocol):
    """What the answers of AWS taught, shared by all processes; every part of it may be lost."""

    def failed(self, key: str, error: StsctlError, now: datetime) -> None:
        """Remembers that a request failed, for those who were waiting for it."""

    def failure(self, key: str, since: datetime) -> StsctlError | None:
        """How a request failed, if that was after `since`."""


class Watcher(Protocol):
    """Who is told what happens meanwhile."""

    def notice(self, text: str) -> None:
        """Something that the person should know."""

    def calling(self, plan: Plan, position: int) -> AbstractContextManager[object]:
        """The call of a step is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Want:
    """Which held sessions will do."""

    least: timedelta
    newer_than: datetime | None = None

    def accepts(self, session: Session, now: datetime) -> bool:
        # What was obtained after now is of before an emulator's clock was moved back.
        if self.newer_than is not None and not self.newer_than < session.obtained_at <= now:
            return False
        return session.fresh_at(now, self.least)


_FORGOTTEN = ("InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException")

_AS_PARENT = _Want(least=LEAST_LEFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Turns plans into sessions."""

    holdings: Holdings
    source: Source
    exchange: Callable[[Operation], Exchange]
    locks: Locks
    lessons: Lessons
    prompt: Callable[[Question], str]
    watcher: Watcher
    now: Callable[[], datetime]

    def obtain(self, plan: Plan, *, refresh: bool = False, least: timedelta | None = None) -> Session:
        """The session that `plan` leads to, with at least `least` of its life left.

        A held one that no person is needed to renew is renewed ahead of its end; one that needs a person is handed out
        to its last minute, with a notice. `refresh` takes none that is held already. Raises StsctlError.
        """
        started = self.now()
        if not plan.steps:
            return self._own_session(plan)
        if refresh:
            return self._climb(plan, _Want(least=least or LEAST_LEFT, newer_than=started))
        held = self._held(plan.steps[-1])
        if held is None:
            return self._climb(plan, _Want(least=least or LEAST_LEFT))
        margin = held.renewed_below()
        if held.fresh_at(started, max(margin, least or margin)):
            return held
        lasts = held.fresh_at(started, least or LEAST_LEFT)
        if lasts and self._person_needed(plan):
            self.watcher.notice(f'"{plan.name}" ends in {_minutes(held, started)}, and its renewal needs you')
            return held
        # A renewal that is due, not asked for, takes what another process has just renewed; with a whole life
        # below `least` only a new one will do, and it is as long as it gets.
        try:
            return self._climb(plan, _Want(least=LEAST_LEFT, newer_than=held.obtained_at))
        except (UnavailableError, PersonNeededError) as error:
            if not lasts:
                raise
            self.watcher.notice(f"{error.message}; the session held lasts another {_minutes(held, started)}")
            return held

    @property
    def _maxima(self) -> Maxima:
        return Maxima(learned=self.lessons, notice=self.watcher.notice)

    def renew(self, plan: Plan, *, least: timedelta) -> Session:
        """The session with at least `least` of its life left: the one held, or a new one for which nobody is asked.

        Raises PersonNeededError where a person would be, before anything is asked of AWS; StsctlError otherwise.
        """
        held = self._held(plan.steps[-1]) if plan.steps else None
        if held is not None and held.fresh_at(self.now(), least):
            return held
        if not plan.steps:
            return self._own_session(plan)
        if self._person_needed(plan):
            raise PersonNeededError(
                f'another session of "{plan.name}" needs you', hint=f"stsctl assume {quote(plan.name)}"
            )
        return self._climb(plan, _Want(least=LEAST_LEFT, newer_than=held.obtained_at if held else None))

    def _held(self, step: Step) -> Session | None:
        return self.holdings.session(step.request.cache_key())

    def _person_needed(self, plan: Plan) -> bool:
        """Whether the last step cannot be taken again without a code that a person reads."""
        now = self.now()
        for step in reversed(plan.steps):
            if step is not plan.steps[-1]:
                parent = self._held(step)
                if parent is not None and _AS_PARENT.accepts(parent, now):
                    return False
            if step.asks is not Asks.NOTHING:
                return not (step.asks is Asks.MFA and step.mfa_process)
        return False

    def _climb(self, plan: Plan, want: _Want) -> Session:
        """Takes every step that is missing, in order."""
        first, parent = self._deepest(plan)
        session = parent
        for position in range(first, len(plan.steps)):
            this = want if position == len(plan.steps) - 1 else _AS_PARENT
            try:
                plan, session = self._take(plan, position, session, this)
            except RefusedError as error:
                if parent is None or position != first or error.code not in _FORGOTTEN:
                    raise
                # AWS no longer knows the session that the chain was to start from (revoked, or its user is gone):
                # it is worth nothing, so the chain starts anew, further up. Another process may have been there first.
                if self._held(plan.steps[first - 1]) == parent:
                    self.holdings.drop(plan.steps[first - 1].request.cache_key())
                return self._climb(plan, want)
        assert session is not None
        return session

    def _deepest(self, plan: Plan) -> tuple[int, Session | None]:
        """The first step to take, and the session to take it with (None: the source)."""
        now = self.now()
        for position in range(len(plan.steps) - 1, 0, -1):
            parent = self._held(plan.steps[position - 1])
            if parent is not None and _AS_PARENT.accepts(parent, now):
                return position, parent
        return 0, None

    def _take(self, plan: Plan, position: int, parent: Session | None, want: _Want) -> tuple[Plan, Session]:
        """One step: what is held meanwhile, or one call by one of all the processes that want it."""
        key = plan.steps[position].request.cache_key()
        started = self.now()
        found: list[tuple[Plan, Session]] = []

        def settled() -> bool:
            within = self._maxima.within(plan, position)
            session = self._held(within.steps[position])
            if session is not None and want.accepts(session, self.now()):
                found.append((within, session))
            return bool(found)

        with self.locks.hold(key, f'"{plan.steps[position].name}"', settled=settled):
            if found or settled():
                return found[-1]
            failure = self.lessons.failure(key, started)
            if failure is not None:
                locate(plan, position, failure)
                raise failure
            try:
                plan, session = self._call(self._maxima.within(plan, position), position, parent)
            except (RefusedError, UnavailableError) as error:
                # Those who wait for it may want another role: each says for itself where it failed.
                self.lessons.failed(key, error, self.now())
                locate(plan, position, error)
                raise
            except PersonNeededError as error:
                if error.asked:
                    self.lessons.failed(key, error, self.now())
                raise
            self.holdings.hold(session, plan, position)
            return plan, session

    def _call(self, plan: Plan, position: int, parent: Session | None) -> tuple[Plan, Session]:
        step = plan.steps[position]
        credentials = None
        if step.request.operation.is_signed:
            credentials = parent.credentials if parent else self._source(plan)
        if step.asks is not Asks.MFA:
            return self._trade(plan, position, credentials, None)
        codes = Codes(prompt=self.prompt, spent=self.lessons, locks=self.locks, now=self.now)
        return codes.give(
            plan.name,
            Device(serial=step.request.mfa_serial or "", endpoint=step.request.endpoint, process=step.mfa_process),
            lambda code: self._trade(plan, position, credentials, code),
        )

    def _trade(
        self, plan: Plan, position: int, credentials: Credentials | None, code: str | None
    ) -> tuple[Plan, Session]:
        """One call, and a second one where AWS says only that the duration is too long."""
        step = plan.steps[position]
        exchange = self.exchange(step.request.operation)
        if step.capped_because and step.requested:
            lasts, wanted = render_duration(step.effective), render_duration(step.requested)
            self.watcher.notice(f'"{step.name}" lasts {lasts}, not {wanted}: {step.capped_because}')
        with self.watcher.calling(plan, position):
            try:
                session = exchange.obtain(step.request, credentials, code)
            except RefusedError as error:
                if step.request.duration is None or "exceeds the MaxSessionDuration" not in error.reason:
                    raise
                # A code is spent only where AWS validated it, and here it stopped before.
                plan = plan.with_step(position, self._maxima.shorter(step, step.request.duration, error))
                step = plan.steps[position]
                session = exchange.obtain(step.request, credentials, code)
        self._maxima.learn(step, session)
        return plan, session

    def _own_session(self, plan: Plan) -> Session:
        """The source's own credentials as a session, which some sources know more of."""
        credentials = self._source(plan)
        known = self.source.session() if isinstance(self.source, SessionSource) else None
        return known or Session(credentials=credentials, request_key=plan.request_key, obtained_at=self.now())

    def _source(self, plan: Plan) -> Credentials:
        """The first credentials, which must be those that the plan was made for."""
        credentials = self.source.credentials()
        if credentials is None:
            raise ConfigurationError(
                f'source "{plan.target.source.name}" has no credentials here', hint=f"stsctl plan {quote(plan.name)}"
            )
        if self.source.asker() != plan.asker:
            raise AskerChangedError(
                f'the keys of source "{plan.target.source.name}" changed meanwhile', hint="run the same command again"
            )
        return credentials


def _minutes(session: Session, now: datetime) -> str:
    return f"{max(int(session.left_at(now).total_seconds() // 60), 0)} min"
