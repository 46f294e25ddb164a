"""What `aws login` is good for: authorization codes, and refresh tokens that are bound to a key.

Source: https://docs.aws.amazon.com/signin/latest/APIReference/API_dataplane-signin_CreateOAuth2Token.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from stsctl.emulator.directory.principals import IssuedSession
from stsctl.emulator.web.pkce import answers
from stsctl.emulator.web.tickets import Tickets

CODE_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCode:
    """What somebody in the console allowed; `console` is their session in it, whose end is that of all tokens."""

    console: IssuedSession
    client_id: str
    redirect_uri: str
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refresh:
    console: IssuedSession
    client_id: str
    thumbprint: str


class LoginTokens:
    """Every code and every refresh token that is not over."""

    def __init__(self) -> None:
        self._codes: Tickets[LoginCode] = Tickets()
        self._refresh: Tickets[_Refresh] = Tickets()

    def code(self, found: LoginCode, now: datetime) -> str:
        """The authorization code for what was allowed."""
        return self._codes.give(found, until=now + CODE_LASTS)

    def redeem(
        self, code: str, client_id: str, *, redirect_uri: str, verifier: str, now: datetime
    ) -> IssuedSession | None:
        """Whose code it is; it is used up by the attempt. None for one that does not fit."""
        found = self._codes.take(code, now)
        if found is None or (found.client_id, found.redirect_uri) != (client_id, redirect_uri):
            return None
        return found.console if answers(found.challenge, verifier) else None

    def refresh_token(self, console: IssuedSession, client_id: str, thumbprint: str) -> str:
        """A new refresh token, for whoever has the key with this thumbprint."""
        held = _Refresh(console=console, client_id=client_id, thumbprint=thumbprint)
        return self._refresh.give(held, until=console.expires_at)

    def refreshed(self, token: str, client_id: str, thumbprint: str, now: datetime) -> IssuedSession | None:
        """Whose refresh token it is; None for one that is over, and with another's key."""
        found = self._refresh.find(token, now)
        fits = found is not None and (found.client_id, found.thumbprint) == (client_id, thumbprint)
        return found.console if found is not None and fits else None

    def use_up(self, token: str, now: datetime) -> bool:
        """Ends a refresh token; of several who do, one hears that it did."""
        return self._refresh.take(token, now) is not None
