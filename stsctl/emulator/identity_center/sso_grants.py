"""What users allow clients of Identity Center to do, between their approval and the token for it.

Source: RFC 8628 (device codes), RFC 7636 (PKCE) and
https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from stsctl.emulator.identity_center.sso_clients import Client
from stsctl.emulator.identity_center.sso_tokens import PortalSession
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.web import pkce, user_codes
from stsctl.emulator.web.tickets import Tickets

LASTS = timedelta(minutes=10)
"""So long a code waits: the device's for its user, the browser's for its client."""
INTERVAL = timedelta(seconds=1)
"""So long a device waits between two questions."""

_REMEMBERED = timedelta(hours=1)
"""So long after its end a device code is told from one that never was."""


@dataclass(slots=True, kw_only=True)
class DeviceGrant:
    """A device that waits for a user: `session` is set when one approves, `denied` when one does not."""

    client: Client
    user_code: str
    expires_at: datetime
    session: PortalSession | None = None
    denied: bool = False
    asked_at: datetime | None = None

    @property
    def undecided(self) -> bool:
        """Whether no user has decided yet."""
        return self.session is None and not self.denied


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGrant:
    """What a user approved in a browser that a client sent there."""

    client: Client
    redirect_uri: str
    challenge: str
    session: PortalSession


class SsoGrants:
    """Every grant that is not yet a token."""

    def __init__(self) -> None:
        self._devices: Tickets[DeviceGrant] = Tickets()
        self._user_codes: Tickets[DeviceGrant] = Tickets()
        self._codes: Tickets[CodeGrant] = Tickets()

    def device(self, client: Client, now: datetime) -> tuple[str, DeviceGrant]:
        """A new device code, and what it stands for."""
        grant = DeviceGrant(client=client, user_code=user_codes.new(), expires_at=now + LASTS)
        self._user_codes.give(grant, until=grant.expires_at, ticket=user_codes.bare(grant.user_code))
        return self._devices.give(grant, until=grant.expires_at + _REMEMBERED), grant

    def waiting(self, user_code: str, now: datetime) -> DeviceGrant | None:
        """The device that shows a user code and waits; None where there is none."""
        grant = self._user_codes.find(user_codes.bare(user_code), now)
        return grant if grant is not None and grant.undecided else None

    def poll(self, device_code: str, client: Client, now: datetime) -> PortalSession:
        """The session that a user gave a device, once; raises Refusal as long as there is none."""
        grant = self._devices.find(device_code, now)
        if grant is None or grant.client.id != client.id:
            raise _invalid("Invalid device code")
        before, grant.asked_at = grant.asked_at, now
        if grant.denied:
            raise Refusal("AccessDeniedException", "The user denied the request", 400)
        if grant.session is None:
            if now >= grant.expires_at:
                raise Refusal("ExpiredTokenException", "The device code has expired", 400)
            if before is not None and now - before < INTERVAL:
                raise Refusal("SlowDownException", "The client asks too often", 400)
            raise Refusal("AuthorizationPendingException", "The user has not decided yet", 400)
        if self._devices.take(device_code, now) is None:  # another was faster
            raise _invalid("Invalid device code")
        return grant.session

    def code(self, grant: CodeGrant, now: datetime) -> str:
        """The authorization code for what a user approved."""
        return self._codes.give(grant, until=now + LASTS)

    def redeem(
        self, code: str, client: Client, *, redirect_uri: str | None, verifier: str | None, now: datetime
    ) -> PortalSession:
        """The session behind an authorization code, which is used up by the attempt; raises Refusal."""
        grant = self._codes.take(code, now)
        if grant is None or grant.client.id != client.id:
            raise _invalid("Invalid authorization code")
        if grant.redirect_uri != redirect_uri:
            raise _invalid("The redirect URI is not the one that the code was asked for with")
        if not pkce.answers(grant.challenge, verifier or ""):
            raise _invalid("The code verifier does not answer the code challenge")
        return grant.session


def _invalid(description: str) -> Refusal:
    return Refusal("InvalidGrantException", description, 400)
