"""Signing in at an OIDC issuer, which gives an ID token about who did.

Sources: https://openid.net/specs/openid-connect-core-1_0.html (sections 3.1 and 12), RFC 6749, RFC 7636, RFC 8628
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from shlex import quote
from typing import Any
from urllib.parse import urlencode, urlsplit

from stsctl import pkce
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.device_code import DeviceCode
from stsctl.errors import ConfigurationError, RefusedError, StsctlError
from stsctl.sign_in import SignIn, new_id
from stsctl.source import Issuer
from stsctl.sources import oauth
from stsctl.sources.discovery import Discovered
from stsctl.sources.http import Fields, Http
from stsctl.sources.id_token import Token, claims_of
from stsctl.sources.oauth import SignInPrompt
from stsctl.url import is_web_page

_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_BY = "issuer"
_LONGEST = timedelta(days=1)
"""Nobody waits longer for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcIssuer:
    """The issuer of source `name`; see `sign_ins.Authority`. `discovered` says where it is asked."""

    key: str
    name: str
    issuer: Issuer
    discovered: Callable[[], Discovered]
    http: Http
    prompt: SignInPrompt
    sleep: Callable[[float], None]
    now: Callable[[], datetime]

    @property
    def command(self) -> str:
        """See `sign_ins.Authority`."""
        return f"stsctl sso login {quote(self.name)}"

    def found(self, held: SignIn | None) -> SignIn | None:  # noqa: ARG002 - nobody else leaves one
        """See `sign_ins.Authority`."""
        return None

    def refresh(self, held: SignIn) -> SignIn:
        """See `sign_ins.Authority`; raises RefusedError where no ID token comes (the issuer may leave it out)."""
        assert held.refresh_token is not None
        refreshed = self.tokens({"grant_type": "refresh_token", "refresh_token": held.refresh_token}, nonce=None)
        before, after = claims_of(held.token.reveal()) or {}, claims_of(refreshed.token.reveal()) or {}
        if before.get("sub") != after.get("sub"):
            raise _refused("invalid_grant", "the refreshed token is about somebody else")
        # A refresh token that is not replaced goes on (RFC 6749, section 6).
        return replace(
            refreshed,
            id=held.id,
            signed_in_at=held.signed_in_at,
            refresh_token=refreshed.refresh_token or held.refresh_token,
        )

    def sign_in(self) -> SignIn:
        """See `sign_ins.Authority`."""
        flows = _Flows(at=self, nonce=secrets.token_urlsafe(32))
        try:
            return oauth.sign_in(flows, self.prompt, sleep=self.sleep, now=self.now, port=self.issuer.redirect_port)
        except RefusedError as error:
            error.by = _BY
            raise

    def post(self, url: str, fields: Fields) -> Mapping[str, Any]:
        """What an endpoint answers to this client; raises RefusedError, UnavailableError."""
        reply = self.http.post(f'the issuer "{self.issuer.url}"', url, {"client_id": self.issuer.client_id, **fields})
        if reply.status != 200:
            error, description = (reply.json.get(name) for name in ("error", "error_description"))
            code = error if isinstance(error, str) and error.isprintable() else f"HTTP status {reply.status}"
            reason = description if isinstance(description, str) and description.isprintable() else ""
            raise _refused(code[:100], reason[:300])
        return reply.json

    def tokens(self, grant: Fields, *, nonce: str | None) -> SignIn:
        """The sign-in that the issuer gives for a grant; raises RefusedError, UnavailableError, StsctlError."""
        body = self.post(self.discovered().token, grant)
        refresh = body.get("refresh_token")
        token = self._checked(body.get("id_token"), nonce)
        ends_at = token.ends_at
        assert ends_at is not None
        return SignIn(
            authority=self.key,
            id=new_id(),
            token=token.content,
            ends_at=ends_at,
            signed_in_at=self.now(),
            refresh_token=Secret(refresh) if isinstance(refresh, str) and refresh else None,
            about=token.asker.id,
        )

    def _checked(self, text: object, nonce: str | None) -> Token:
        """The ID token in an answer, if it is this issuer's, for this client and of this sign-in (section 3.1.3.7).

        It comes from the issuer itself by TLS, so that its signature is left for STS to verify (number 6 there).
        """
        claims = claims_of(text) if isinstance(text, str) else None
        if not isinstance(text, str) or claims is None:
            raise _refused("no id_token", 'it gives none: the scopes have to have "openid" among them')
        token = Token(content=Secret(text), claims=claims)
        if claims.get("iss") != self.issuer.url or not isinstance(claims.get("sub"), str):
            raise self._unusable("is another issuer's, or about nobody")
        audience = claims.get("aud")
        if self.issuer.client_id not in (audience if isinstance(audience, list) else [audience]):
            raise self._unusable(f'is not for the client "{self.issuer.client_id}"')
        if claims.get("azp", self.issuer.client_id) != self.issuer.client_id:
            raise self._unusable("was given to another client")
        if nonce is not None and claims.get("nonce") != nonce:
            raise self._unusable("is not of this sign-in (its nonce is another)")
        if token.ends_at is None or token.ends_at <= self.now():
            raise self._unusable("has expired already, by this machine's clock")
        return token

    def _unusable(self, why: str) -> StsctlError:
        return StsctlError(f'the ID token that "{self.issuer.url}" gives {why}: it is not used')


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flows:
    """One sign-in; see `oauth.Flows`."""

    at: OidcIssuer
    nonce: str

    def page(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": self.at.issuer.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.at.issuer.scopes),
            "state": state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": pkce.METHOD,
        }
        page = self.at.discovered().authorization
        return f"{page}{'&' if urlsplit(page).query else '?'}{urlencode(asked)}"

    def redeem(self, code: Secret, *, redirect_uri: str, verifier: Secret) -> SignIn:
        grant: Fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return self.at.tokens(grant, nonce=self.nonce)

    def start_device(self) -> DeviceCode:
        url = self.at.discovered().device
        if url is None:
            raise ConfigurationError(
                f'the issuer "{self.at.issuer.url}" has no sign-in by a code, and there is no browser here',
                hint=f"{self.at.command}, where there is a browser",
            )
        body = self.at.post(url, {"scope": " ".join(self.at.issuer.scopes)})
        complete = body.get("verification_uri_complete")
        return DeviceCode(
            code=Secret(_text(body, "device_code")),
            user_code=_text(body, "user_code"),
            page=_page(body.get("verification_uri")),
            complete_page=None if complete is None else _page(complete),
            ends_at=self.at.now() + _length(body, "expires_in"),
            interval=_length(body, "interval") if "interval" in body else timedelta(seconds=5),
        )

    def poll(self, device: DeviceCode) -> SignIn:
        # Nothing of the question comes back with this answer: there is no nonce.
        return self.at.tokens({"grant_type": _DEVICE_CODE, "device_code": device.code}, nonce=None)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 4096 or not value.isprintable():
        raise _no(name)
    return value


def _page(value: object) -> str:
    """An address that a person is sent to."""
    if not isinstance(value, str) or not is_web_page(value):
        raise _no("verification_uri")
    return value


def _length(body: Mapping[str, Any], name: str) -> timedelta:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LONGEST.total_seconds():
        raise _no(name)
    return timedelta(seconds=value)


def _no(name: str) -> StsctlError:
    return StsctlError(f"the issuer's answer has no usable {name}: it is not used")


def _refused(code: str, reason: str) -> RefusedError:
    return RefusedError("the sign-in was refused", code=code, reason=reason, operation="the sign-in", by=_BY)
