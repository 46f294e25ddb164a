"""The agent: it sleeps until a session is due, renews it, tells what needs a person, and answers questions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from stsctl.agent.held_keys import HeldKeys
from stsctl.agent.messages import EVERY, Ask, Request
from stsctl.agent.schedule import Listed, Outcome, Schedule, Tended
from stsctl.agent.serving import Serving
from stsctl.credentials import Secret
from stsctl.errors import StsctlError
from stsctl.formats.interface import rfc3339
from stsctl.standing import Standing

_NAP = timedelta(seconds=30)
_ASLEEP = timedelta(minutes=3)
"""Where the clock went on for so much longer than this process did, the machine was suspended meanwhile."""


Answer = Mapping[str, Any]


class Keeping(Protocol):
    """What is kept fresh, and how: handed in by whoever knows the stores and the sources."""

    def now(self) -> datetime:
        """The time that sessions go by."""

    def listed(self) -> list[Listed]:
        """The sessions that are wanted; raises StsctlError where that cannot be told."""

    def renew(self, session: Listed) -> Outcome:
        """Gets another in its place, without a person."""

    def tell(self, session: Listed) -> None:
        """Tells the person that they will be needed for it."""

    def logged_out(self, keys: set[str] | None) -> None:
        """Somebody logged out of these (None: of all): they are wanted no more, also where they have ended."""

    def note(self, text: str) -> None:
        """Writes a line into the log."""


class Agent:
    """One agent. `facts` is what its status says of the process, `serving` where it serves sessions."""

    def __init__(
        self,
        keeping: Keeping,
        serving: Serving,
        keys: HeldKeys,
        facts: Mapping[str, Any],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._keeping = keeping
        self._serving = serving
        self._keys = keys
        self._facts = facts
        self._clocks = (monotonic, wall)
        self._schedule = Schedule()
        self._asked = threading.Event()
        self._stopped = False
        self._trouble: str | None = None
        self._renewing: Listed | None = None
        self._answers: Mapping[Ask, Callable[[Request], Answer]] = {
            Ask.STATUS: self._status,
            Ask.STOP: self._stop,
            Ask.LOCK: self._lock,
            Ask.UNLOCK: self._unlock,
            Ask.GET_KEY: self._get_key,
            Ask.PUT_KEY: self._put_key,
            Ask.SERVE: self._serve,
            Ask.FORGET: self._forget,
        }

    # ── what it does by itself ──

    def run(self, reachable: Callable[[], bool] = lambda: True) -> None:
        """Works until it is stopped, or nobody can reach it any more: as when its person has signed out."""
        while not self._stopped and reachable():
            self.sleep(self.step())

    def step(self) -> datetime:
        """Does what there is to do now; gives when there may be more."""
        self.look()
        decision = self._schedule.decide(self._keeping.now())
        for session in decision.tell:
            self._keeping.tell(session)
        self._schedule = self._schedule.told(session.key for session in decision.tell)
        if self._keys.locked:
            return self._keeping.now() + _NAP
        if decision.renew is not None:
            self._renewing = decision.renew
            outcome = self._keeping.renew(decision.renew)
            self._renewing = None
            if outcome.standing is not Standing.FRESH:
                self._keeping.note(f'"{decision.renew.name}": {outcome.why}')
            self._schedule = self._schedule.after(decision.renew.key, outcome, self._keeping.now())
        return decision.wake_at

    def look(self) -> None:
        """Reads what is listed."""
        try:
            self._schedule = self._schedule.listing(self._keeping.listed())
            self._trouble = None
        except StsctlError as error:
            if error.message != self._trouble:
                self._keeping.note(error.message)
            self._trouble = error.message

    def sleep(self, until: datetime) -> None:
        """Until then, or until somebody asks for something."""
        before = self._wall_beside_monotonic()
        self._asked.wait(max((until - self._keeping.now()).total_seconds(), 0))
        self._asked.clear()
        if self._wall_beside_monotonic() - before > _ASLEEP.total_seconds():
            self.forget_keys("the machine was suspended")

    def _wall_beside_monotonic(self) -> float:
        """What grows where the machine is suspended: one of the clocks stands still then."""
        monotonic, wall = self._clocks
        return wall() - monotonic()

    def forget_keys(self, why: str) -> None:
        """Forgets the keys that it holds: somebody else may sit there now."""
        if self._keys.forget():
            self._keeping.note(f"{why}: the keys are forgotten")

    # ── what it is asked ──

    def answer(self, request: Request) -> Answer:
        """Answers a question, and looks for what there is to do, unless it is glanced at; raises StsctlError."""
        found = self._answers[request.ask](request)
        if request.ask is not Ask.STATUS or "glance" not in request.given:
            self._asked.set()
        return found

    def _status(self, _request: Request) -> Answer:
        renewing = self._renewing
        return {
            **self._facts,
            "locked": self._keys.locked,
            "keys_held": len(self._keys),
            "trouble": self._trouble,
            "renewing": renewing.name if renewing else None,
            "sessions": [_described(each) for each in self._schedule.tended.values()],
            "served": self._serving.names,
        }

    def stop(self) -> None:
        """Ends `run`, soon."""
        self._stopped = True
        self._asked.set()

    def _stop(self, _request: Request) -> Answer:
        self.stop()
        return {}

    def _lock(self, _request: Request) -> Answer:
        self._keys.lock()
        self._keeping.note("locked")
        return {}

    def _unlock(self, _request: Request) -> Answer:
        self._keys.unlock()
        self._keeping.note("unlocked")
        return {}

    def _get_key(self, request: Request) -> Answer:
        key = self._keys.get(request.text("of"))
        return {"key": None if key is None else key.reveal()}

    def _put_key(self, request: Request) -> Answer:
        return {"held": self._keys.put(request.text("of"), Secret(request.text("key")))}

    def _serve(self, request: Request) -> Answer:
        return self._serving.grant(request.text("name"))

    def _forget(self, request: Request) -> Answer:
        keys = request.text("keys")
        self._keeping.logged_out(None if keys == EVERY else set(keys.split()))
        if keys == EVERY:
            self._keys.forget()
        return {}


def _described(tended: Tended) -> Answer:
    session = tended.session
    person = tended.standing is Standing.NEEDS_PERSON
    return {
        "name": session.name,
        "expires_at": rfc3339(session.expires_at),
        "renewed_at": None if person else rfc3339(tended.next_at),
        "standing": tended.standing.value,
        "why": tended.why,
        "since": rfc3339(tended.since) if tended.since else None,
    }
