"""Identity Center as the beginning of a chain: a sign-in that becomes the permission sets that it has in accounts.

Source: https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from shlex import quote
from typing import Any

from stsctl import federation
from stsctl.credentials import Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.errors import AskerChangedError, ConfigurationError, RefusedError
from stsctl.request import Asker, SessionRequest
from stsctl.sign_in import SignIn
from stsctl.sources import answer
from stsctl.sources.client import Clients

_SIGNED_OUT = "UnauthorizedException"
_LATEST = 2**46
"""Milliseconds: an instant that datetime can still say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCenterSource:
    """Who is signed in at `start_url`. `known` is the id of the sign-in that is held, for which no store is opened;
    `sign_in` gives one that is good now, and not the one that it is told was rejected.
    """

    name: str
    start_url: str
    region: str
    known: Callable[[], str | None]
    sign_in: Callable[[SignIn | None], SignIn]

    def asker(self) -> Asker | None:
        """The sign-in; see `Source`."""
        return self.asker_of(self.known() or self.sign_in(None).id)

    def credentials(self) -> Credentials | None:
        """None by itself: it has permission sets, of which one has to be named."""
        raise ConfigurationError(
            f'source "{self.name}" is a sign-in, and not yet credentials: an account and a role are wanted',
            hint=f"stsctl sso roles {quote(self.name)}",
        )

    def asker_of(self, sign_in_id: str) -> Asker:
        """Who asks by the sign-in of that id."""
        return federation.identity_center(self.start_url, self.region, sign_in_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRoleCredentials:
    """The exchange of a sign-in for the session of a permission set in an account."""

    clients: Clients
    source: IdentityCenterSource

    def obtain(
        self,
        request: SessionRequest,
        credentials: Credentials | None,  # noqa: ARG002 - the token is shown instead
        code: str | None,  # noqa: ARG002 - it was asked for when they signed in
    ) -> Session:
        """The session; see `Exchange`. Raises AskerChangedError where another is signed in by now."""
        signed_in = self._sign_in(request, None)
        try:
            body = self._ask(request, signed_in)
        except RefusedError as error:
            if error.code != _SIGNED_OUT:
                raise
            # Signed out elsewhere, or by an administrator: the token looks good, and is not.
            body = self._ask(request, self._sign_in(request, signed_in))
        found = answer.session_credentials(_as_sts_says(body), self.clients.now())
        return self._checked(request, found)

    def _sign_in(self, request: SessionRequest, rejected: SignIn | None) -> SignIn:
        signed_in = self.source.sign_in(rejected)
        if self.source.asker_of(signed_in.id) != request.asker:
            raise AskerChangedError(
                f'another sign-in took the place of that of source "{self.source.name}"',
                hint="run the same command again",
            )
        return signed_in

    def _ask(self, request: SessionRequest, signed_in: SignIn) -> Mapping[str, Any]:
        return self.clients.call(
            "sso",
            "GetRoleCredentials",
            request.endpoint,
            None,
            accessToken=signed_in.token.reveal(),
            accountId=request.account_id,
            roleName=request.role_name,
        ).body

    def _checked(self, request: SessionRequest, credentials: Credentials) -> Session:
        """The session with whose it is, which only STS tells; raises StsctlError unless it is what was asked for."""
        body = self.clients.call("sts", "GetCallerIdentity", request.endpoint, credentials).body
        identity = answer.identity_of(answer.text_of(body, "Arn"))
        # AWS adds 16 digits, so that the role of one permission set is not taken for another's whose name goes on.
        role = rf"AWSReservedSSO_{re.escape(request.role_name or '')}_[0-9a-f]{{16}}"
        fits = re.fullmatch(role, identity.session_role or "") is not None
        answer.refuse_another(
            f"{request.role_name} in {request.account_id}",
            identity,
            is_it=fits and identity.account == request.account_id,
        )
        return Session(
            credentials=credentials,
            request_key=request.cache_key(),
            obtained_at=self.clients.now(),
            identity=identity,
            account_id=identity.account,
            user_id=answer.text_of(body, "UserId"),
        )


def _as_sts_says(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The portal's role credentials as STS spells credentials, with an instant instead of milliseconds."""
    given = body.get("roleCredentials") or {}
    milliseconds = given.get("expiration")
    expires_at = None
    if isinstance(milliseconds, int) and 0 < milliseconds < _LATEST:
        expires_at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return {
        "Credentials": {
            "AccessKeyId": given.get("accessKeyId"),
            "SecretAccessKey": given.get("secretAccessKey"),
            "SessionToken": given.get("sessionToken"),
            "Expiration": expires_at,
        }
    }
