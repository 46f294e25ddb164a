"""What listens: one emulator after another, each from the same seed, of the same origin."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from stsctl.credentials import Secret
from stsctl.emulator.directory.directory import forget_everything
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.server import Emulator
from stsctl.emulator.state.levers import Levers
from stsctl.emulator.state.persistence import Persistence
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.web.visitors import Visitors
from stsctl.emulator.workloads.ports import Ports
from stsctl.emulator.world import chance
from stsctl.emulator.world.clock import Clock
from stsctl.emulator.world.faults import Faults
from stsctl.emulator.world.journal import Journal
from stsctl.emulator.world.origin import Origin


class Emulation:
    """The WSGI application that stays while emulators come and go.

    `published` is called whenever what others know of it changed: the instance, the clock. With `persistence`, what
    changes is kept, and what was kept is done again before the first request is answered.
    """

    def __init__(
        self,
        organisation: Organisation,
        *,
        url: str,
        token: Secret,
        journal: Journal,
        visitors: Visitors,
        persistence: Persistence | None = None,
    ) -> None:
        self.clock = persistence.clock if persistence else Clock()
        self.url = url
        self.published: Callable[[], None] = lambda: None
        self._organisation = organisation
        self.token = token
        self._visitors = visitors
        self._journal = journal
        self._faults = Faults()
        self.ports = Ports(lambda workload, *more: self._emulator.at(workload, *more))
        self._lock = threading.Lock()
        self._persistence = persistence
        self._origin = persistence.origin if persistence else Origin.new()
        self._emulator = self._begin()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request."""
        if self._persistence is None:
            return self._emulator(environ, start_response)
        return self._persistence.answer(self._emulator, environ, start_response)

    @property
    def instance(self) -> str:
        """The id of the emulator that answers now."""
        return self._origin.instance

    def reset(self) -> None:
        """Back to the seed: what was made since is gone, sessions and faults too; the clock is the machine's again.

        The seed's keys and devices stay as they are. The instance is another, so nothing held is taken for current.
        """
        with self._lock:
            self.clock.ahead = timedelta()
            self._faults.clear()
            forget_everything()
            self._origin = Origin.new(self._origin.secret)
            if self._persistence is not None:
                self._persistence.begin(self._origin)
            self._emulator = self._begin()
        self.published()

    def _moved(self) -> None:
        if self._persistence is not None:
            self._persistence.moved()
        self.published()

    def _begin(self) -> Emulator:
        sessions = Sessions(self._origin.sessions_key)
        began = self._persistence.as_it_began() if self._persistence else contextlib.nullcontext()
        with began, chance.drawn_from(self._origin.secret.reveal()):
            emulator = Emulator(
                self._organisation,
                instance=self._origin.instance,
                url=self.url,
                token=self.token,
                sessions=sessions,
                levers=Levers(
                    clock=self.clock,
                    faults=self._faults,
                    reset=self.reset,
                    moved=self._moved,
                    remarks=self._persistence.remarks if self._persistence else (),
                ),
                journal=self._journal,
                ports=self.ports,
                visitors=self._visitors,
            )
        if self._persistence is not None:
            self._journal.muted = True
            self._persistence.repeat(emulator, sessions)
            self._journal.muted = False
        return emulator
