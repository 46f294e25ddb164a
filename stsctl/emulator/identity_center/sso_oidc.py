"""Identity Center's OIDC service (sso-oidc): clients register, and get tokens for users who signed in.

Source: https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stsctl.emulator.identity_center import sso_grants
from stsctl.emulator.identity_center.sso_clients import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN, Client, Clients
from stsctl.emulator.identity_center.sso_grants import SsoGrants
from stsctl.emulator.identity_center.sso_tokens import SsoTokens, Tokens
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer, Result
from stsctl.emulator.seeds.identity_center import IdentityCenter
from stsctl.emulator.web import rest_json
from stsctl.emulator.web.rest_json import Fields
from stsctl.emulator.world.faults import Faults
from stsctl.emulator.world.journal import Entry

DEVICE_PAGE = "/_signin/device"
"""Where a user types the code that a device shows."""

_OPERATIONS = {
    "/client/register": "RegisterClient",
    "/device_authorization": "StartDeviceAuthorization",
    "/token": "CreateToken",
}


class SsoOidc:
    """Answers the operations; what users allow is in `grants`, what clients get in `tokens`; pages are at `url`."""

    def __init__(
        self,
        center: IdentityCenter,
        clients: Clients,
        grants: SsoGrants,
        tokens: SsoTokens,
        *,
        faults: Faults,
        url: str,
    ) -> None:
        self._center = center
        self._clients = clients
        self._grants = grants
        self._tokens = tokens
        self._faults = faults
        self._url = url

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer, None for what is no operation of the service."""
        operation = _OPERATIONS.get(asked.path) if asked.method == "POST" else None
        if operation is None:
            return None
        entry.service, entry.action = "sso-oidc", f"sso-oauth:{operation}"
        try:
            rest_json.meet(self._faults, entry.action, "SlowDownException", 400)
            return rest_json.succeed(self._result(operation, asked, entry))
        except Refusal as refusal:
            entry.refuse(refusal)
            content = {"error": _error(refusal.code), "error_description": refusal.message}
            return rest_json.refuse(refusal, content)

    def _result(self, operation: str, asked: Request, entry: Entry) -> Result:
        given = rest_json.fields(asked, "InvalidRequestException")
        if operation == "RegisterClient":
            return self._register(given, entry)
        client = self._clients.authenticate(given, entry.at)
        if operation == "StartDeviceAuthorization":
            return self._start_device_authorization(given, client, entry)
        return self._create_token(given, client, entry)

    def _register(self, given: Fields, entry: Entry) -> Result:
        client = self._clients.register(given, entry.at)
        return {
            "clientId": client.id,
            "clientSecret": client.secret.reveal(),
            "clientIdIssuedAt": int(client.issued_at.timestamp()),
            "clientSecretExpiresAt": int(client.expires_at.timestamp()),
        }

    def _start_device_authorization(self, given: Fields, client: Client, entry: Entry) -> Result:
        if not self._center.is_at(given.text("startUrl")):
            raise given.problem("There is no instance of Identity Center with this startUrl")
        if not client.may_use(DEVICE_CODE):
            raise _unauthorized_client()
        device_code, grant = self._grants.device(client, entry.at)
        page = f"{self._url}{DEVICE_PAGE}"
        return {
            "deviceCode": device_code,
            "userCode": grant.user_code,
            "verificationUri": page,
            "verificationUriComplete": f"{page}?user_code={grant.user_code}",
            "expiresIn": int(sso_grants.LASTS.total_seconds()),
            "interval": int(sso_grants.INTERVAL.total_seconds()),
        }

    def _create_token(self, given: Fields, client: Client, entry: Entry) -> Result:
        ways: dict[str, Callable[[Fields, Client, Entry], Tokens]] = {
            AUTHORIZATION_CODE: self._by_authorization_code,
            DEVICE_CODE: self._by_device_code,
            REFRESH_TOKEN: self._by_refresh_token,
        }
        grant_type = given.text("grantType")
        if grant_type not in ways:
            raise Refusal("UnsupportedGrantTypeException", "Unsupported grant type", 400)
        if not client.may_use(grant_type):
            raise _unauthorized_client()
        tokens = ways[grant_type](given, client, entry)
        return {
            "accessToken": tokens.access.reveal(),
            "tokenType": "Bearer",
            "expiresIn": int(tokens.lasts.total_seconds()),
            "refreshToken": tokens.refresh.reveal() if tokens.refresh else None,
        }

    def _by_device_code(self, given: Fields, client: Client, entry: Entry) -> Tokens:
        session = self._grants.poll(given.text("deviceCode"), client, entry.at)
        entry.who = session.user.name
        return self._tokens.issue(session, client, entry.at)

    def _by_authorization_code(self, given: Fields, client: Client, entry: Entry) -> Tokens:
        session = self._grants.redeem(
            given.text("code"),
            client,
            redirect_uri=given.optional("redirectUri"),
            verifier=given.optional("codeVerifier"),
            now=entry.at,
        )
        entry.who = session.user.name
        return self._tokens.issue(session, client, entry.at)

    def _by_refresh_token(self, given: Fields, client: Client, entry: Entry) -> Tokens:
        session, tokens = self._tokens.refresh(given.text("refreshToken"), client, entry.at)
        entry.who = session.user.name
        return tokens


def _unauthorized_client() -> Refusal:
    return Refusal("UnauthorizedClientException", "The client is not registered for this grant type", 400)


def _error(code: str) -> str:
    """An exception's name as OAuth spells its error: InvalidGrantException is invalid_grant (RFC 6749, 5.2)."""
    words: str = re.sub(r"(?<!^)(?=[A-Z])", "_", code.removesuffix("Exception"))
    return words.lower()
