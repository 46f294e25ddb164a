"""What a sign-in to the portal of Identity Center is good for: access tokens, and refresh tokens for new ones.

Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/configure-user-session.html; that a client with
refresh tokens has access tokens of an hour is what the AWS CLI's cache shows.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from stsctl.credentials import Secret
from stsctl.emulator.identity_center.sso_clients import Client
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.seeds.identity_center import DirectoryUser
from stsctl.emulator.web.tickets import Tickets

_HOUR = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class PortalSession:
    """A user's stay in the portal, as long as it was to last or until they sign out."""

    user: DirectoryUser
    ends_at: datetime
    signed_out: bool = False

    def lasts_at(self, now: datetime) -> bool:
        """Whether it is not over."""
        return not self.signed_out and now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What CreateToken gives; no refresh token to a client that has no use for it."""

    access: Secret
    refresh: Secret | None
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refresh:
    session: PortalSession
    client_id: str


class SsoTokens:
    """Every token that is not over."""

    def __init__(self) -> None:
        self._access: Tickets[PortalSession] = Tickets()
        self._refresh: Tickets[_Refresh] = Tickets()

    def issue(self, session: PortalSession, client: Client, now: datetime) -> Tokens:
        """The tokens of a session for a client."""
        left = session.ends_at - now
        lasts = min(left, _HOUR) if client.may_refresh else left
        # The beginnings are those of AWS's tokens.
        access, refresh = f"aoa{secrets.token_urlsafe(96)}", f"aor{secrets.token_urlsafe(96)}"
        self._access.give(session, until=now + lasts, ticket=access)
        if client.may_refresh:
            self._refresh.give(_Refresh(session=session, client_id=client.id), until=session.ends_at, ticket=refresh)
        return Tokens(access=Secret(access), refresh=Secret(refresh) if client.may_refresh else None, lasts=lasts)

    def refresh(self, token: str, client: Client, now: datetime) -> tuple[PortalSession, Tokens]:
        """New tokens for a refresh token, which is used up by that; raises Refusal, InvalidGrantException."""
        found = self._refresh.find(token, now)
        if found is None or found.client_id != client.id or not found.session.lasts_at(now):
            raise _invalid_refresh_token()
        if self._refresh.take(token, now) is None:  # another was faster
            raise _invalid_refresh_token()
        return found.session, self.issue(found.session, client, now)

    def bearer(self, token: str, now: datetime) -> PortalSession:
        """The session that an access token stands for; raises Refusal, UnauthorizedException."""
        session = self._access.find(token, now)
        if session is None or not session.lasts_at(now):
            raise Refusal("UnauthorizedException", "Session token not found or invalid", 401)
        return session


def _invalid_refresh_token() -> Refusal:
    return Refusal("InvalidGrantException", "Invalid refresh token provided", 400)
