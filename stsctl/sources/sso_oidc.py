"""Signing in at Identity Center: its OIDC service, in a browser or by a device code.

A client registers by itself, once for each flow, as the AWS CLI does. Sources:
https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/ and, for the page that a browser is sent to,
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from shlex import quote
from typing import Any, Protocol
from urllib.parse import urlencode

from stsctl import pkce
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.device_code import DeviceCode, oauth_error
from stsctl.errors import RefusedError, StsctlError
from stsctl.host import redirect
from stsctl.request import Endpoint
from stsctl.sign_in import Registration, SignIn, at_identity_center, new_id
from stsctl.sources import oauth
from stsctl.sources.address import address
from stsctl.sources.client import Clients
from stsctl.sources.oauth import SignInPrompt
from stsctl.url import is_web_page

_SERVICE = "sso-oidc"
_CLIENT_NAME = "stsctl"
"""What people read when they are asked to let it in."""
_LEAST_LEFT = timedelta(days=1)
"""A registration that ends sooner is not used: what is signed in by it could not be refreshed for long."""
_LONGEST = timedelta(days=91)
"""No session of Identity Center is longer than 90 days."""
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class _Flow(Enum):
    BROWSER = "browser"
    DEVICE = "device"


class Registrations(Protocol):
    """What Identity Centers know stsctl by."""

    def registration(self, authority: str) -> Registration | None:
        """The one that is held."""

    def hold_registration(self, registration: Registration, authority: str) -> None:
        """Keeps one."""


class Shared(Protocol):
    """Where other programs look for the token too."""

    def read(self) -> SignIn | None:
        """What is there; None for nothing that could be used."""

    def write(self, sign_in: SignIn) -> None:
        """Leaves it there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SsoOidc:
    """An Identity Center at which people sign in; see `sign_ins.Authority` and `oauth.Flows`.

    `endpoint` is in its region. `shared` is where its token is shared with other programs, where that is wanted.
    """

    name: str
    start_url: str
    scopes: tuple[str, ...]
    endpoint: Endpoint
    clients: Clients
    registrations: Registrations
    prompt: SignInPrompt
    sleep: Callable[[float], None]
    shared: Shared | None = None

    @property
    def key(self) -> str:
        """See `sign_ins.Authority`."""
        return at_identity_center(self.start_url, self.endpoint.region, self.scopes, self.endpoint.instance)

    @property
    def command(self) -> str:
        """See `sign_ins.Authority`."""
        return f"stsctl sso login {quote(self.name)}"

    def found(self, held: SignIn | None) -> SignIn | None:
        """What another program signed in or refreshed; the latter, of our own sign-in, is still the same one."""
        there = self.shared.read() if self.shared is not None else None
        if there is None:
            return None
        there = replace(there, authority=self.key)
        if held is not None and there.client and held.client and there.client.client_id == held.client.client_id:
            own = (self.registrations.registration(self._registered(flow)) for flow in _Flow)
            # SDKs refresh with the client that is in the file; whoever signs in does so with a client of their own.
            if any(one is not None and one.client_id == held.client.client_id for one in own):
                return replace(there, id=held.id, signed_in_at=held.signed_in_at)
        return there

    def refresh(self, held: SignIn) -> SignIn:
        """See `sign_ins.Authority`."""
        if held.client is None or held.refresh_token is None:
            raise RefusedError("the sign-in has no refresh token", code="invalid_grant", operation="sso-oauth:refresh")
        refreshed = self._create_token(
            held.client, {"grantType": "refresh_token", "refreshToken": held.refresh_token.reveal()}
        )
        # A refresh token that is not replaced goes on (RFC 6749, section 6).
        return self._share(
            replace(
                refreshed,
                id=held.id,
                signed_in_at=held.signed_in_at,
                refresh_token=refreshed.refresh_token or held.refresh_token,
                about=held.about,
            )
        )

    def sign_in(self) -> SignIn:
        """See `sign_ins.Authority`."""
        return self._share(oauth.sign_in(self, self.prompt, sleep=self.sleep, now=self.clients.now))

    def page(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        """See `oauth.Flows`."""
        query = {
            "response_type": "code",
            "client_id": self._client(_Flow.BROWSER).client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge_method": pkce.METHOD,
            "code_challenge": challenge,
            "scopes": " ".join(self.scopes),
        }
        url = self.clients.url(_SERVICE, self.endpoint)
        return f"{address(_SERVICE, replace(self.endpoint, url=url))}/authorize?{urlencode(query)}"

    def redeem(self, code: Secret, *, redirect_uri: str, verifier: Secret) -> SignIn:
        """See `oauth.Flows`."""
        return self._create_token(
            self._asking(_Flow.BROWSER),
            {
                "grantType": "authorization_code",
                "code": code.reveal(),
                "redirectUri": redirect_uri,
                "codeVerifier": verifier.reveal(),
            },
        )

    def start_device(self) -> DeviceCode:
        """See `oauth.Flows`."""
        try:
            return self._start_device(self._client(_Flow.DEVICE))
        except RefusedError as error:
            if oauth_error(error.code) not in ("invalid_client", "unauthorized_client"):
                raise
            # It was forgotten before its time.
            return self._start_device(self._register(_Flow.DEVICE))

    def poll(self, device: DeviceCode) -> SignIn:
        """See `oauth.Flows`."""
        return self._create_token(
            self._asking(_Flow.DEVICE), {"grantType": _DEVICE_CODE, "deviceCode": device.code.reveal()}
        )

    def _start_device(self, client: Registration) -> DeviceCode:
        body = self._call("StartDeviceAuthorization", client, {"startUrl": self.start_url})
        complete = body.get("verificationUriComplete")
        return DeviceCode(
            code=Secret(_text(body, "deviceCode")),
            user_code=_text(body, "userCode"),
            page=_page(body, "verificationUri"),
            complete_page=_page(body, "verificationUriComplete") if complete else None,
            ends_at=self.clients.now() + _length(body, "expiresIn"),
            interval=_length(body, "interval") if body.get("interval") else timedelta(seconds=5),
        )

    def _create_token(self, client: Registration, parameters: Mapping[str, object]) -> SignIn:
        now = self.clients.now()
        body = self._call("CreateToken", client, parameters)
        return SignIn(
            authority=self.key,
            id=new_id(),
            token=Secret(_text(body, "accessToken")),
            ends_at=now + _length(body, "expiresIn"),
            signed_in_at=now,
            refresh_token=Secret(_text(body, "refreshToken")) if body.get("refreshToken") else None,
            client=client,
        )

    def _call(self, operation: str, client: Registration, parameters: Mapping[str, object]) -> Mapping[str, Any]:
        assert client.secret is not None
        own = {"clientId": client.client_id, "clientSecret": client.secret.reveal()}
        return self.clients.call(_SERVICE, operation, self.endpoint, None, **own, **parameters).body

    def _client(self, flow: _Flow) -> Registration:
        held = self.registrations.registration(self._registered(flow))
        if held is not None and held.secret is not None and held.lasts_at(self.clients.now(), _LEAST_LEFT):
            return held
        return self._register(flow)

    def _asking(self, flow: _Flow) -> Registration:
        """The client that a sign-in was begun with, however little is left of it."""
        return self.registrations.registration(self._registered(flow)) or self._register(flow)

    def _register(self, flow: _Flow) -> Registration:
        browser = {
            "grantTypes": ["authorization_code", "refresh_token"],
            # Any port of this machine is one of it (RFC 8252, section 7.3).
            "redirectUris": [f"http://{redirect.HOST}{redirect.PATH}"],
            "issuerUrl": self.start_url,
        }
        body = self.clients.call(
            _SERVICE,
            "RegisterClient",
            self.endpoint,
            None,
            clientName=_CLIENT_NAME,
            clientType="public",
            scopes=list(self.scopes),
            **(browser if flow is _Flow.BROWSER else {}),
        ).body
        registration = Registration(
            client_id=_text(body, "clientId"),
            secret=Secret(_text(body, "clientSecret")),
            ends_at=_instant(body, "clientSecretExpiresAt"),
        )
        self.registrations.hold_registration(registration, self._registered(flow))
        return registration

    def _registered(self, flow: _Flow) -> str:
        return f"{self.key} {flow.value}"

    def _share(self, sign_in: SignIn) -> SignIn:
        if self.shared is not None:
            self.shared.write(sign_in)
        return sign_in


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise _unusable(name)
    return value


def _page(body: Mapping[str, Any], name: str) -> str:
    """An address that a person can be sent to."""
    text = _text(body, name)
    if not is_web_page(text):
        raise _unusable(name)
    return text


def _length(body: Mapping[str, Any], name: str) -> timedelta:
    value = body.get(name)
    if not isinstance(value, int) or not 0 < value <= _LONGEST.total_seconds():
        raise _unusable(name)
    return timedelta(seconds=value)


def _instant(body: Mapping[str, Any], name: str) -> datetime:
    value = body.get(name)
    if not isinstance(value, int) or not 0 < value < 2**36:
        raise _unusable(name)
    return datetime.fromtimestamp(value, UTC)


def _unusable(name: str) -> StsctlError:
    return StsctlError(f"the answer of Identity Center has no usable {name}: it is not used")
