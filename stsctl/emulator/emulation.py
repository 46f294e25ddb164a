"""What listens: one emulator after another, each from the same seed, of the same origin."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from stsctl.credentials import Secret
from stsctl.emulator import chance
from stsctl.emulator.clock import Clock
from stsctl.emulator.directory import forget_everything
from stsctl.emulator.faults import Faults
from stsctl.emulator.journal import Journal
from stsctl.emulator.levers import Levers
from stsctl.emulator.organisation import Organisation
from stsctl.emulator.ports import Ports
from stsctl.emulator.server import Emulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the random parts of a seed are drawn from: keys, ids and MFA devices are the same after a reset."""

    secret: Secret

    @classmethod
    def new(cls) -> Origin:
        """One that nobody can guess."""
        return cls(secret=Secret(secrets.token_hex(32)))


class Emulation:
    """The WSGI application that stays while emulators come and go.

    `published` is called whenever what others know of it changed: the instance, the clock.
    """

    def __init__(
        self,
        organisation: Organisation,
        *,
        url: str,
        token: Secret,
        journal: Journal,
        origin: Origin | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._organisation = organisation
        self.url = url
        self._token = token
        self._journal = journal
        self.published: Callable[[], None] = lambda: None
        self._origin = origin or Origin.new()
        self._faults = Faults()
        self.ports = Ports(lambda workload, *more: self._emulator.at(workload, *more))
        self._lock = threading.Lock()
        self._emulator = self._begin()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request."""
        return self._emulator(environ, start_response)

    @property
    def instance(self) -> str:
        """The id of the emulator that answers now."""
        return self._emulator.instance

    def reset(self) -> None:
        """Back to the seed: what was made since is gone, sessions and faults too; the clock is the machine's again.

        The seed's keys and devices stay as they are. The instance is another, so nothing held is taken for current.
        """
        with self._lock:
            self.clock.ahead = timedelta()
            self._faults.clear()
            forget_everything()
            self._emulator = self._begin()
        self.published()

    def _begin(self) -> Emulator:
        levers = Levers(clock=self.clock, faults=self._faults, reset=self.reset, moved=lambda: self.published())
        with chance.drawn_from(self._origin.secret.reveal()):
            return Emulator(
                self._organisation,
                url=self.url,
                token=self._token,
                levers=levers,
                journal=self._journal,
                ports=self.ports,
            )
