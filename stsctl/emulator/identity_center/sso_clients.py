"""The clients that register with Identity Center: who they say they are, and what they may ask for.

Source: https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html; what AWS's
error_description says is not known, so those here are the emulator's own.
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from stsctl.credentials import Secret
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.seeds.identity_center import IdentityCenter
from stsctl.emulator.web import redirects
from stsctl.emulator.web.rest_json import Fields
from stsctl.emulator.web.tickets import Tickets

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant

LASTS = timedelta(days=90)
_GRANTS = (AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN)
_SCOPE = re.compile(r"[a-z0-9_-]+(:[a-z0-9_*-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client; without `grant_types` it may use every one, as those of the device flow do."""

    id: str
    secret: Secret
    name: str
    scopes: tuple[str, ...]
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    issued_at: datetime

    @property
    def expires_at(self) -> datetime:
        """When it has to register again."""
        return self.issued_at + LASTS

    @property
    def may_refresh(self) -> bool:
        """Whether it gets refresh tokens: a client without scopes is one of the time before there were any."""
        return bool(self.scopes) and self.may_use(REFRESH_TOKEN)

    def may_use(self, grant_type: str) -> bool:
        """Whether it registered for a grant type."""
        return not self.grant_types or grant_type in self.grant_types

    def takes(self, redirect_uri: str) -> bool:
        """Whether a browser may be sent there: to what is registered, on any port of this machine (RFC 8252, 7.3)."""
        return any(redirects.fits(redirect_uri, one) for one in self.redirect_uris)


class Clients:
    """Every registered client, as long as it lasts."""

    def __init__(self, center: IdentityCenter) -> None:
        self._center = center
        self._held: Tickets[Client] = Tickets()

    def register(self, given: Fields, now: datetime) -> Client:
        """A new client; raises Refusal."""
        name, kind, issuer = given.text("clientName"), given.text("clientType"), given.optional("issuerUrl")
        scopes, grants, uris = (given.texts(key) for key in ("scopes", "grantTypes", "redirectUris"))
        if kind != "public":
            raise Refusal("InvalidClientMetadataException", f'The client type "{kind[:50]}" is not public', 400)
        if issuer is not None and not self._center.is_at(issuer) and issuer != self._center.issuer_url:
            raise given.problem("There is no instance of Identity Center with this issuerUrl")
        for grant in grants:
            if grant not in _GRANTS:
                raise Refusal("UnsupportedGrantTypeException", f"Unsupported grant type: {grant[:100]}", 400)
        if not all(map(_SCOPE.fullmatch, scopes)):
            raise Refusal("InvalidScopeException", "Invalid scope", 400)
        if not all(redirects.is_redirect_uri(uri) and uri.startswith("http:") for uri in uris):
            raise Refusal("InvalidRedirectUriException", "A redirect URI must lead to this machine, by HTTP", 400)
        if AUTHORIZATION_CODE in grants and (not uris or issuer is None):
            raise given.problem(f"{AUTHORIZATION_CODE} needs redirectUris and issuerUrl")
        client = Client(
            # The region is in AWS's ids, too.
            id=secrets.token_urlsafe(16) + base64.urlsafe_b64encode(self._center.region.encode()).decode().rstrip("="),
            secret=Secret(secrets.token_urlsafe(96)),
            name=name,
            scopes=scopes,
            grant_types=grants,
            redirect_uris=uris,
            issued_at=now.replace(microsecond=0),
        )
        self._held.give(client, until=client.expires_at, ticket=client.id)
        return client

    def find(self, client_id: str, now: datetime) -> Client | None:
        """The client of this id; None where there is none any more."""
        return self._held.find(client_id, now)

    def authenticate(self, given: Fields, now: datetime) -> Client:
        """The client whose id and secret a request has; raises Refusal, InvalidClientException."""
        client = self.find(given.text("clientId"), now)
        secret = Secret(given.text("clientSecret"))
        if client is None or client.secret != secret:
            raise Refusal("InvalidClientException", "The client id or its secret is wrong, or its time is over", 401)
        return client
