"""What an issuer's tokens say, and the endpoint where its clients get them.

Source: https://openid.net/specs/openid-connect-core-1_0.html, RFC 6749, RFC 8628, RFC 9068 (JWT access
tokens) and https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html (the claims that AWS reads)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from stsctl.emulator.directory.served_idp import ServedIdp
from stsctl.emulator.idp.oidc_clients import may_use
from stsctl.emulator.idp.oidc_grants import ACCESS_LASTS, Grant, OidcGrants
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.seeds.idp import OidcClient, Person
from stsctl.emulator.sts.web_identity import SOURCE_IDENTITY, TAGS
from stsctl.emulator.web import oauth
from stsctl.emulator.web.oauth import OAuthError, invalid_request

OFFLINE = "offline_access"
"""The scope for which there are refresh tokens."""

Fields = Mapping[str, str]


class OidcTokens:
    """The token endpoint of one issuer."""

    def __init__(self, served: ServedIdp, grants: OidcGrants) -> None:
        self._served = served
        self._grants = grants
        self._kinds: dict[str, Callable[[Fields, OidcClient, datetime], Answer]] = {
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh_token,
            "client_credentials": self._by_client_credentials,
            "urn:ietf:params:oauth:grant-type:device_code": self._by_device_code,
        }

    @property
    def grant_types(self) -> list[str]:
        """What a client can have tokens for."""
        return list(self._kinds)

    def answer(self, fields: Fields, client: OidcClient, now: datetime) -> Answer:
        """The tokens that a client asks for; raises OAuthError."""
        kind = _needed(fields, "grant_type")
        if kind not in self._kinds:
            raise OAuthError("unsupported_grant_type", f"There is no grant_type {kind[:100]}")
        if not may_use(client, kind):
            raise OAuthError("unauthorized_client", f"This client has no tokens for {kind}")
        return self._kinds[kind](fields, client, now)

    def _by_code(self, fields: Fields, client: OidcClient, now: datetime) -> Answer:
        grant = self._grants.redeem(
            _needed(fields, "code"),
            client,
            redirect_uri=_needed(fields, "redirect_uri"),
            verifier=fields.get("code_verifier"),
            now=now,
        )
        return self._tokens(grant, client, grant.scopes, now)

    def _by_device_code(self, fields: Fields, client: OidcClient, now: datetime) -> Answer:
        grant = self._grants.poll(_needed(fields, "device_code"), client, now)
        return self._tokens(grant, client, grant.scopes, now)

    def _by_refresh_token(self, fields: Fields, client: OidcClient, now: datetime) -> Answer:
        wanted = tuple(fields.get("scope", "").split())
        grant = self._grants.refresh(_needed(fields, "refresh_token"), client, wanted, now)
        return self._tokens(grant, client, wanted or grant.scopes, now)

    def _by_client_credentials(self, fields: Fields, client: OidcClient, now: datetime) -> Answer:
        """A token about the client itself, for whom it says in the seed: this is what workloads show to AWS."""
        claims = {
            **client.claims,
            **self._frame(client, client.subject or client.id, now),
            "client_id": client.id,
            "jti": secrets.token_urlsafe(16),
        }
        return oauth.answer(
            {
                "access_token": self._served.keys.sign_token(claims, client.algorithm, "at+jwt"),
                "token_type": "Bearer",
                "expires_in": int(ACCESS_LASTS.total_seconds()),
                "scope": fields.get("scope"),
            }
        )

    def _tokens(self, grant: Grant, client: OidcClient, scopes: tuple[str, ...], now: datetime) -> Answer:
        person = self._served.idp.person(grant.person)
        claims = {
            **about(person),
            **self._frame(client, person.name, now),
            "auth_time": int(grant.signed_in_at.timestamp()),
            "nonce": grant.nonce,
            TAGS: _tags(person),
            SOURCE_IDENTITY: person.source_identity,
        }
        stated = {name: value for name, value in claims.items() if value is not None}
        return oauth.answer(
            {
                "access_token": self._grants.access_token(grant, now),
                "token_type": "Bearer",
                "expires_in": int(ACCESS_LASTS.total_seconds()),
                "scope": " ".join(scopes),
                "id_token": self._served.keys.sign_token(stated, client.algorithm),
                "refresh_token": self._grants.refresh_token(grant, now) if OFFLINE in scopes else None,
            }
        )

    def _frame(self, client: OidcClient, subject: str, now: datetime) -> dict[str, Any]:
        """The claims that every token has."""
        return {
            "iss": self._served.issuer,
            "sub": subject,
            "aud": [client.id, *client.audience] if client.audience else client.id,
            "azp": client.id,
            "iat": int(now.timestamp()),
            "exp": int((now + ACCESS_LASTS).timestamp()),
        }


def about(person: Person) -> dict[str, Any]:
    """What the seed says of somebody, all of it whatever the scope."""
    return {
        **person.claims,
        "sub": person.name,
        "preferred_username": person.name,
        "email": person.email,
        "groups": list(person.groups) or None,
    }


def _tags(person: Person) -> dict[str, Any] | None:
    if not person.tags:
        return None
    return {
        "principal_tags": {key: [value] for key, value in person.tags},
        "transitive_tag_keys": list(person.transitive),
    }


def _needed(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not value:
        raise invalid_request(f"{name} is missing")
    return value
