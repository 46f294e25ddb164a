"""Two contracts: a source, where a chain of calls begins, and an exchange, which takes one hop of it."""

from __future__ import annotations

from typing import Protocol

from stsctl.credentials import Credentials, Session
from stsctl.request import Asker, SessionRequest


class Source(Protocol):
    """Where first credentials come from. None says "not mine"; an error says "mine, but it cannot deliver"."""

    def asker(self) -> Asker | None:
        """Who would ask, found without reading a secret wherever that can be done."""

    def credentials(self) -> Credentials | None:
        """The credentials themselves."""


class Exchange(Protocol):
    """Trades credentials for a session by one call to STS."""

    def obtain(self, request: SessionRequest, credentials: Credentials | None, code: str | None) -> Session:
        """What STS answers, checked; raises RefusedError or UnavailableError.

        Where no credentials sign the operation there are none, and the exchange has the proof that goes with it.
        `code` is the one-time code that goes with the request's `mfa_serial`, where one is needed.
        """
