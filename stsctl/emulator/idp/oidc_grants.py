"""What people let an issuer's clients do: codes, device codes, and the tokens that go on from them.

Source: RFC 6749, RFC 8628, and RFC 9700 (section 2.2.2: a refresh token is used once; whoever uses one again ends all
that came of the same sign-in, for one of the two is a thief)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from stsctl.emulator.seeds.idp import OidcClient
from stsctl.emulator.web import pkce, user_codes
from stsctl.emulator.web.oauth import OAuthError, invalid_grant
from stsctl.emulator.web.tickets import Tickets

CODE_LASTS = timedelta(minutes=10)
ACCESS_LASTS = timedelta(hours=1)
INTERVAL = timedelta(seconds=1)
"""So long a device waits between two questions; each time that it does not, it has to wait longer by `_SLOWER`."""
_SLOWER = timedelta(seconds=5)
_REFRESH_LASTS = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a person lets a client do, from one sign-in on, which `family` names."""

    client: str
    person: str
    scopes: tuple[str, ...]
    signed_in_at: datetime
    nonce: str | None
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None


@dataclass(slots=True, kw_only=True)
class Device:
    """A device that waits for a person: `grant` is set when one allows it, `denied` when one does not."""

    client: str
    scopes: tuple[str, ...]
    user_code: str
    expires_at: datetime
    grant: Grant | None = None
    denied: bool = False
    interval: timedelta = INTERVAL
    asked_at: datetime | None = None

    def waits_at(self, now: datetime) -> bool:
        """Whether a person can still decide."""
        return self.grant is None and not self.denied and now < self.expires_at


class OidcGrants:
    """All grants of one issuer."""

    def __init__(self) -> None:
        self._families: Tickets[str] = Tickets()
        self._codes: Tickets[_Code] = Tickets()
        self._refresh_tokens: Tickets[Grant] = Tickets()
        self._access_tokens: Tickets[Grant] = Tickets()
        self._used: Tickets[str] = Tickets()
        self._devices: Tickets[Device] = Tickets()
        self._user_codes: Tickets[Device] = Tickets()

    def begin(
        self,
        client: str,
        person: str,
        scopes: tuple[str, ...],
        *,
        signed_in_at: datetime,
        now: datetime,
        nonce: str | None = None,
    ) -> Grant:
        """A grant, with a family of its own."""
        family = self._families.give(person, until=now + _REFRESH_LASTS)
        return Grant(client=client, person=person, scopes=scopes, signed_in_at=signed_in_at, nonce=nonce, family=family)

    def code(self, grant: Grant, redirect_uri: str, challenge: str | None, now: datetime) -> str:
        """The authorization code that the browser takes to the client."""
        code = _Code(grant=grant, redirect_uri=redirect_uri, challenge=challenge)
        return self._codes.give(code, until=now + CODE_LASTS)

    def redeem(
        self, code: str, client: OidcClient, *, redirect_uri: str | None, verifier: str | None, now: datetime
    ) -> Grant:
        """The grant behind a code, which is used up by the attempt; raises OAuthError."""
        found = self._codes.take(code, now)
        if found is None or found.grant.client != client.id:
            self._end_family_of(code, now)
            raise invalid_grant("The code is not valid, or no longer")
        self._used.give(found.grant.family, until=now + _REFRESH_LASTS, ticket=code)
        if found.redirect_uri != redirect_uri:
            raise invalid_grant("The redirect_uri is not the one that the code was asked for with")
        if (found.challenge is None) != (verifier is None) or (
            found.challenge is not None and not pkce.answers(found.challenge, verifier or "")
        ):
            raise invalid_grant("The code_verifier does not answer the code_challenge")
        return found.grant

    def refresh_token(self, grant: Grant, now: datetime) -> str:
        """A token that gets new ones, once."""
        self._families.give(grant.person, until=now + _REFRESH_LASTS, ticket=grant.family)
        return self._refresh_tokens.give(grant, until=now + _REFRESH_LASTS)

    def refresh(self, token: str, client: OidcClient, scopes: tuple[str, ...], now: datetime) -> Grant:
        """The grant behind a refresh token, which is used up; raises OAuthError, where it has not these scopes too."""
        found = self._refresh_tokens.find(token, now)
        if found is not None and found.client != client.id:
            raise invalid_grant("The refresh token is another client's")
        if found is not None and not set(scopes) <= set(found.scopes):
            raise OAuthError("invalid_scope", "The scope is more than was granted")
        if found is None or self._refresh_tokens.take(token, now) is None or self._is_over(found, now):
            self._end_family_of(token, now)
            raise invalid_grant("The refresh token is not valid, or no longer")
        self._used.give(found.family, until=now + _REFRESH_LASTS, ticket=token)
        return found

    def access_token(self, grant: Grant, now: datetime) -> str:
        """A token for the issuer's own userinfo."""
        return self._access_tokens.give(grant, until=now + ACCESS_LASTS)

    def bearer(self, token: str, now: datetime) -> Grant | None:
        """The grant behind an access token."""
        found = self._access_tokens.find(token, now)
        return None if found is None or self._is_over(found, now) else found

    def device(self, client: OidcClient, scopes: tuple[str, ...], now: datetime) -> tuple[str, Device]:
        """A new device code, and what it stands for."""
        device = Device(client=client.id, scopes=scopes, user_code=user_codes.new(), expires_at=now + CODE_LASTS)
        self._user_codes.give(device, until=device.expires_at, ticket=user_codes.bare(device.user_code))
        # Kept for longer, so that a code that is over is told from one that never was.
        return self._devices.give(device, until=device.expires_at + CODE_LASTS), device

    def waiting(self, user_code: str, now: datetime) -> Device | None:
        """The device that shows a user code and waits; None where there is none."""
        device = self._user_codes.find(user_codes.bare(user_code), now)
        return device if device is not None and device.waits_at(now) else None

    def poll(self, device_code: str, client: OidcClient, now: datetime) -> Grant:
        """What a person let a device do, once; raises OAuthError as long as nobody did."""
        device = self._devices.find(device_code, now)
        if device is None or device.client != client.id:
            raise invalid_grant("The device_code is not valid")
        before, device.asked_at = device.asked_at, now
        if device.denied:
            raise OAuthError("access_denied", "The person said no")
        if device.grant is None:
            if now >= device.expires_at:
                raise OAuthError("expired_token", "The device_code has expired")
            if before is not None and now - before < device.interval:
                device.interval += _SLOWER
                raise OAuthError("slow_down", f"Ask every {int(device.interval.total_seconds())} seconds at most")
            raise OAuthError("authorization_pending", "Nobody has decided yet")
        if self._devices.take(device_code, now) is None:  # another was faster
            raise invalid_grant("The device_code is not valid")
        return device.grant

    def _is_over(self, grant: Grant, now: datetime) -> bool:
        return self._families.find(grant.family, now) is None

    def _end_family_of(self, ticket: str, now: datetime) -> None:
        """Ends all that came of the sign-in for which this one was used already, if it was."""
        family = self._used.find(ticket, now)
        if family is not None:
            self._families.take(family, now)
