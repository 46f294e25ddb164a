"""The contracts of a source, where a chain of calls begins, and of an exchange, which takes one hop of it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.request import Asker, SessionRequest


class Source(Protocol):
    """Where first credentials come from. None says "not mine"; an error says "mine, but it cannot deliver"."""

    def asker(self) -> Asker | None:
        """Who would ask, found without reading a secret wherever that can be done."""

    def credentials(self) -> Credentials | None:
        """The credentials themselves."""


@runtime_checkable
class SessionSource(Source, Protocol):
    """A source whose credentials are a session that others began, as far as it can tell."""

    def session(self) -> Session | None:
        """The session: whose it is, and since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Credentials as somebody gave them, and what was said with them of whose they are."""

    credentials: Credentials
    identity: Arn | None = None
    account_id: str | None = None
    user_id: str | None = None
    source_identity: str | None = None


class Giver(Protocol):
    """Something on this machine that gives credentials whenever it is asked. None says "not mine"."""

    def asker(self) -> Asker | None:
        """Who would ask with what was last given, or would be. It need not know whether that is temporary."""

    def give(self) -> Given | None:
        """Credentials, anew."""


class Exchange(Protocol):
    """Trades credentials for a session by one call to STS."""

    def obtain(self, request: SessionRequest, credentials: Credentials | None, code: str | None) -> Session:
        """What STS answers, checked; raises RefusedError or UnavailableError.

        Where no credentials sign the operation there are none, and the exchange has the proof that goes with it.
        `code` is the one-time code that goes with the request's `mfa_serial`, where one is needed.
        """
