"""Which sessions are renewed when, and which will need a person: values in, decisions out.

A session is renewed a little before a client would have to wait for it (`Session.renewed_below`), each at a moment of
its own, so that those which began together do not end together. Failures are tried again later and later, and at most
`CALLS_A_SECOND` calls are made. What needs a person is never tried: it is told.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta

from stsctl.credentials import renewed_below
from stsctl.dataclass import dataclass
from stsctl.standing import Standing

CALLS_A_SECOND = 5
_LEAD = (0.02, 0.08)
"""How much sooner than it is due a session is renewed: between these parts of the time in which it is not."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
_FIRST_REFUSED, _LONGEST_REFUSED = timedelta(minutes=5), timedelta(hours=1)
"""What AWS refuses it will refuse again, until somebody changes something."""
_LOOK = timedelta(minutes=1)
"""How soon a session is looked at again that was due and is still the same."""
_PERSON = timedelta(minutes=10)
_NAP = timedelta(seconds=30)
"""The longest that nobody looks: the clock may jump, and so may what is listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A session that is to be kept fresh, as it is listed."""

    key: str
    name: str
    obtained_at: datetime
    expires_at: datetime

    @property
    def due_at(self) -> datetime:
        """From when on a client would have to wait for another one, or be told that a person is needed."""
        return self.expires_at - renewed_below(self._life)

    @property
    def renewed_at(self) -> datetime:
        """When it is renewed ahead of that: the same session at the same moment, others at others."""
        least, most = _LEAD
        usable = self._life - renewed_below(self._life)
        return self.due_at - usable * (least + (most - least) * _chance(self.key, self.obtained_at))

    @property
    def _life(self) -> timedelta:
        return self.expires_at - self.obtained_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a renewal went, after how many calls; `why` is what to say of it."""

    standing: Standing
    calls: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended:
    """A session, and how its renewal goes: since when it stands so, when it is next tried, whether they were told.

    `next_at` of what needs a person is when it is looked whether that is still so.
    """

    session: Listed
    next_at: datetime
    standing: Standing = Standing.FRESH
    why: str = ""
    since: datetime | None = None
    tried_at: datetime | None = None
    failures: int = 0
    told: bool = False

    def is_due(self, now: datetime) -> bool:
        """Whether its renewal is tried now; also where the clock was moved back behind the last time."""
        return self.next_at <= now or (self.tried_at is not None and self.tried_at > now)

    @property
    def is_untold(self) -> bool:
        """Whether the person is needed, and does not know."""
        return self.standing is Standing.NEEDS_PERSON and not self.told

    def after(self, outcome: Outcome, now: datetime) -> Tended:
        """What an attempt made of it. A session that was obtained is listed anew by itself."""
        failed = outcome.standing in (Standing.RETRYING, Standing.REFUSED)
        failures = self.failures + 1 if failed else 0
        return replace(
            self,
            next_at=now + _pause(self.session, outcome.standing, failures, now),
            standing=outcome.standing,
            why=outcome.why,
            since=self.since if outcome.standing is self.standing and self.since else now,
            tried_at=now,
            failures=failures,
        )

    def again(self) -> Tended:
        """The same, to be looked at at once where it needs a person: they may have been there."""
        if self.standing is not Standing.NEEDS_PERSON:
            return self
        return replace(self, next_at=self.session.renewed_at)


def _pause(session: Listed, standing: Standing, failures: int, now: datetime) -> timedelta:
    match standing:
        case Standing.FRESH:
            return _LOOK
        case Standing.NEEDS_PERSON:
            return _PERSON
        case Standing.REFUSED:
            return _longer(_FIRST_REFUSED, failures, _LONGEST_REFUSED)
        case Standing.RETRYING:
            pause = _longer(_FIRST_PAUSE, failures, _LONGEST_PAUSE)
            left = session.expires_at - now
            if left > timedelta(0):
                pause = min(pause, max(left / 3, _FIRST_PAUSE))
            return pause * (1 - _chance(session.key, now) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now: which session to renew (None: none), of which to tell, and when to look again at the latest."""

    renew: Listed | None
    tell: tuple[Listed, ...]
    wake_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Every session that is kept fresh, by its key; no call is made before `rests_until`."""

    tended: Mapping[str, Tended] = field(default_factory=dict)
    rests_until: datetime | None = None

    def listing(self, found: Iterable[Listed]) -> Schedule:
        """What is listed now: what is there no more is not renewed, and whoever was there may have been needed."""
        tended: dict[str, Tended] = {}
        for session in found:
            known = self.tended.get(session.key)
            if known is None or known.session != session:
                known = Tended(session=session, next_at=session.renewed_at)
            tended[session.key] = known
        if self.tended == tended:
            return self
        return replace(self, tended={key: each.again() for key, each in tended.items()})

    def decide(self, now: datetime) -> Decision:
        """What to do at `now`. Of those that are due, the one that ends first is renewed."""
        due, moments = [], [now + _NAP]
        for each in self.tended.values():
            if each.is_due(now):
                due.append(each.session)
            else:
                moments.append(each.next_at)
        untold = [each.session for each in self.tended.values() if each.is_untold]
        tell = tuple(session for session in untold if now >= session.due_at)
        moments += [session.due_at for session in untold if now < session.due_at]
        rest = self._rest(now)
        first = min(due, key=lambda session: (session.expires_at, session.key), default=None)
        return Decision(renew=None if rest else first, tell=tell, wake_at=now + rest if due else min(moments))

    def after(self, key: str, outcome: Outcome, now: datetime) -> Schedule:
        """How the renewal of a session went."""
        known = self.tended.get(key)
        rests_until = now + self._rest(now) + timedelta(seconds=outcome.calls / CALLS_A_SECOND)
        tended = {**self.tended, key: known.after(outcome, now)} if known else self.tended
        return replace(self, tended=tended, rests_until=rests_until)

    def told(self, keys: Iterable[str]) -> Schedule:
        """The person has been told of these."""
        told = {key: replace(self.tended[key], told=True) for key in keys if key in self.tended}
        return replace(self, tended={**self.tended, **told})

    def _rest(self, now: datetime) -> timedelta:
        """How long no call is made yet; no longer than it could have been said, wherever the clock went."""
        rest = (self.rests_until or now) - now
        return rest if timedelta(0) < rest <= _NAP else timedelta(0)


def _longer(first: timedelta, failures: int, longest: timedelta) -> timedelta:
    """Twice as long with every failure."""
    return min(first * (1 << min(failures - 1, 20)), longest)


def _chance(key: str, at: datetime) -> float:
    """A number from 0 to 1 that looks like any other: of this session at this moment always the same."""
    return zlib.crc32(f"{key} {at.timestamp()}".encode(errors="surrogatepass")) / 2**32
