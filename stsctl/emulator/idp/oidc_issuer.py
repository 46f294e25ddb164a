"""An OIDC issuer, at the URL that its tokens name: discovery, keys, and the endpoints that applications ask.

Source: https://openid.net/specs/openid-connect-discovery-1_0.html, RFC 7517, RFC 8628 (section 3.1) and RFC 6750
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from stsctl.emulator.directory.served_idp import ServedIdp
from stsctl.emulator.idp.oidc_clients import METHODS, authenticated
from stsctl.emulator.idp.oidc_grants import CODE_LASTS, INTERVAL, OidcGrants
from stsctl.emulator.idp.oidc_pages import OidcPages
from stsctl.emulator.idp.oidc_tokens import OFFLINE, OidcTokens, about
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.sign_in.sign_in import SignIn
from stsctl.emulator.web import oauth, pages
from stsctl.emulator.web.oauth import OAuthError, invalid_request
from stsctl.emulator.web.pkce import METHOD
from stsctl.emulator.world.journal import Entry


class OidcIssuer:
    """All paths of one issuer; people come in by `sign_in`."""

    def __init__(self, served: ServedIdp, sign_in: SignIn) -> None:
        self._served = served
        self._grants = OidcGrants()
        self._tokens = OidcTokens(served, self._grants)
        shown = OidcPages(served, sign_in, self._grants)
        self._pages: dict[str, Callable[[Request, Entry], Answer]] = {
            "authorize": shown.authorize,
            "device": shown.device,
        }
        self._endpoints: dict[str, tuple[str, Callable[[Request, Entry], Answer]]] = {
            ".well-known/openid-configuration": ("GET", self._configuration),
            "jwks": ("GET", self._keys),
            "device_authorization": ("POST", self._device_authorization),
            "token": ("POST", self._token),
            "userinfo": ("GET, POST", self._userinfo),
        }

    def answer(self, path: str, asked: Request, entry: Entry) -> Answer | None:
        """The answer to what is asked below the issuer's URL, None where there is nothing; raises Refusal for pages."""
        if path in self._pages:
            return self._pages[path](asked, entry)
        methods, endpoint = self._endpoints.get(path, ("", None))
        if endpoint is None:
            return None
        try:
            if asked.method.replace("HEAD", "GET") not in methods.split(", "):
                return oauth.answer({"error": "invalid_request"}, status=405, headers=(("Allow", methods),))
            return endpoint(asked, entry)
        except OAuthError as error:
            entry.code, entry.message = error.error, error.description
            return error.answer()

    def _configuration(self, _asked: Request, _entry: Entry) -> Answer:
        issuer = self._served.issuer
        return oauth.answer(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "device_authorization_endpoint": f"{issuer}/device_authorization",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/jwks",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": self._tokens.grant_types,
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES384"],
                "token_endpoint_auth_methods_supported": list(METHODS),
                "code_challenge_methods_supported": [METHOD],
                "scopes_supported": ["openid", OFFLINE],
                "prompt_values_supported": ["none", "login"],
                "request_uri_parameter_supported": False,
                "authorization_response_iss_parameter_supported": True,
            }
        )

    def _keys(self, _asked: Request, _entry: Entry) -> Answer:
        return oauth.answer(self._served.keys.key_set())

    def _device_authorization(self, asked: Request, entry: Entry) -> Answer:
        fields = _fields(asked)
        client = authenticated(self._served.idp, asked, fields)
        scopes = tuple(dict.fromkeys(fields.get("scope", "openid").split()))
        device_code, device = self._grants.device(client, scopes, entry.at)
        page = f"{self._served.issuer}/device"
        return oauth.answer(
            {
                "device_code": device_code,
                "user_code": device.user_code,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code={device.user_code}",
                "expires_in": int(CODE_LASTS.total_seconds()),
                "interval": int(INTERVAL.total_seconds()),
            }
        )

    def _token(self, asked: Request, entry: Entry) -> Answer:
        fields = _fields(asked)
        client = authenticated(self._served.idp, asked, fields)
        entry.who = client.id
        return self._tokens.answer(fields, client, entry.at)

    def _userinfo(self, asked: Request, entry: Entry) -> Answer:
        return oauth.answer(about(self._served.idp.person(self._bearer(asked, entry.at))))

    def _bearer(self, asked: Request, now: datetime) -> str:
        """The name of the person whose access token a request bears; raises OAuthError (RFC 6750, section 3)."""
        kind, _, token = (asked.header("authorization") or "").partition(" ")
        if kind.lower() != "bearer":
            raise OAuthError("invalid_request", "An access token is wanted", 401, challenge="Bearer")
        grant = self._grants.bearer(token.strip(), now)
        if grant is None:
            challenge = 'Bearer error="invalid_token"'
            raise OAuthError("invalid_token", "The access token is not valid, or no longer", 401, challenge=challenge)
        return grant.person


def _fields(asked: Request) -> dict[str, str]:
    try:
        return pages.form(asked, from_anywhere=True)
    except Refusal as refusal:
        raise invalid_request(refusal.message) from refusal
