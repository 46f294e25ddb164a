"""AWS Sign-In's token endpoint (signin), which `aws login` and botocore's login provider get credentials from.

Source: https://docs.aws.amazon.com/signin/latest/APIReference/API_dataplane-signin_CreateOAuth2Token.html and
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html; what AWS's messages say is not known.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from datetime import timedelta

from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.directory.principals import Caller, IssuedSession
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request, query_pairs
from stsctl.emulator.protocol.wire import Answer, Result
from stsctl.emulator.sign_in.login_tokens import LoginTokens
from stsctl.emulator.sts.authentication import Authentication
from stsctl.emulator.sts.call import Call
from stsctl.emulator.sts.issuing import Issuing
from stsctl.emulator.sts.sessions import instant
from stsctl.emulator.web import rest_json
from stsctl.emulator.web.dpop import Proofs
from stsctl.emulator.web.rest_json import Fields
from stsctl.emulator.world import identifiers
from stsctl.emulator.world.faults import Faults
from stsctl.emulator.world.journal import Entry
from stsctl.emulator.world.regions import FIRST

SAME_DEVICE = "arn:aws:signin:::devtools/same-device"
CROSS_DEVICE = "arn:aws:signin:::devtools/cross-device"
_CLIENTS = {SAME_DEVICE: "localhost", CROSS_DEVICE: "remote"}
"""The AWS CLI as a client, with the last part of its ARN as a resource."""

_TOKEN = "/v1/token"  # noqa: S105 - a path
_LASTS = timedelta(minutes=15)
_ERRORS = {"TooManyRequestsError": "rate_exceeded", "ServiceUnavailableException": "service_unavailable"}
_OTHERS = {
    ("x-amz-client-auth-method", "iam"): "CreateOAuth2TokenWithIAM",
    ("x-amz-oauth-token-method", "token-exchange"): "CreateOAuth2TokenWithTokenExchange",
    ("x-amz-token-request-type", "bearer"): "CreateBearerToken",
}
"""Operations that only the query tells apart."""


class LoginRefusal(Refusal):
    """A refusal with the OAuth error that clients act on."""

    def __init__(self, code: str, error: str, message: str, *, because: str = "") -> None:
        super().__init__(code, message, 400, because=because)
        self.error = error


class Login:
    """Answers CreateOAuth2Token; codes and refresh tokens are in `tokens`."""

    def __init__(
        self,
        tokens: LoginTokens,
        authentication: Authentication,
        authorization: Authorization,
        issuing: Issuing,
        faults: Faults,
    ) -> None:
        self._tokens = tokens
        self._authentication = authentication
        self._authorization = authorization
        self._issuing = issuing
        self._faults = faults
        self._proofs = Proofs()
        self._secret = secrets.token_bytes(32)

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer, None for what is not the token endpoint."""
        if (asked.method, asked.path) != ("POST", _TOKEN):
            return None
        other = next((_OTHERS[pair] for pair in query_pairs(asked.query) if pair in _OTHERS), None)
        entry.service, entry.action = "signin", f"signin:{other or 'CreateOAuth2Token'}"
        try:
            rest_json.meet(self._faults, entry.action, "TooManyRequestsError", 429)
            if other:
                raise Refusal("NotImplemented", f"The emulator does not have signin:{other}", 501)
            return rest_json.succeed(self._create_token(asked, entry))
        except Refusal as refusal:
            entry.refuse(refusal)
            error = refusal.error if isinstance(refusal, LoginRefusal) else _ERRORS.get(refusal.code, "INVALID_REQUEST")
            return rest_json.refuse(refusal, {"error": error, "message": refusal.message})

    def _caller(self, console: IssuedSession) -> Caller:
        """Who is in the console; raises Refusal for somebody who is gone."""
        try:
            return self._authentication.behind(console)
        except Refusal as refusal:
            message = "The user's credentials have changed"
            raise LoginRefusal("AccessDeniedException", "USER_CREDENTIALS_CHANGED", message) from refusal

    def allow(self, action: str, console: IssuedSession, client_id: str, asked: Request, entry: Entry) -> Call:
        """The call of who is in the console, where they may do `action` with the client; raises Refusal."""
        caller = self._caller(console)
        entry.who = caller.arn
        client, region = _CLIENTS[client_id], FIRST[caller.partition]
        entry.resource = f"arn:{caller.partition}:signin:{region}:{caller.account}:oauth2/public-client/{client}"
        call = Call(
            operation=action,
            parameters={},
            caller=caller,
            now=entry.at,
            wall_at=entry.wall_at,
            source_ip=asked.source_ip,
            region=region,
        )
        try:
            self._authorization.allow(call, f"signin:{action}", entry.resource)
        except Refusal as refusal:
            error, because = "INSUFFICIENT_PERMISSIONS", refusal.because
            raise LoginRefusal("AccessDeniedException", error, refusal.message, because=because) from refusal
        return call

    def _create_token(self, asked: Request, entry: Entry) -> Result:
        given = rest_json.fields(asked, "ValidationException")
        client_id, grant_type = given.text("clientId"), given.text("grantType")
        if client_id not in _CLIENTS:
            raise given.problem("clientId is none of AWS's development tools")
        thumbprint = self._thumbprint(asked, entry, given)
        if grant_type == "authorization_code":
            console = self._by_code(given, client_id, entry)
        elif grant_type == "refresh_token":
            console = self._by_refresh_token(given, client_id, thumbprint, entry)
        else:
            raise given.problem("grantType is authorization_code or refresh_token")
        call = self.allow("CreateOAuth2Token", console, client_id, asked, entry)
        # Not before: who was only lacking a permission can ask again.
        if grant_type == "refresh_token" and not self._tokens.use_up(given.text("refreshToken"), entry.at):
            raise _token_expired()
        return {
            **self._credentials(console, call),
            "tokenType": "aws_sigv4",
            "refreshToken": self._tokens.refresh_token(console, client_id, thumbprint),
            "idToken": self._id_token(call, client_id) if grant_type == "authorization_code" else None,
        }

    def _thumbprint(self, asked: Request, entry: Entry, given: Fields) -> str:
        proof, host = asked.header("dpop"), asked.header("host") or ""
        if not proof:
            raise given.problem("The DPoP header is missing")
        try:
            return self._proofs.verify(proof, method="POST", host=host, path=_TOKEN, wall_at=entry.wall_at)
        except ValueError as error:
            raise given.problem(f"Invalid DPoP proof: {error}") from error

    def _by_code(self, given: Fields, client_id: str, entry: Entry) -> IssuedSession:
        code, redirect_uri, verifier = (given.text(name) for name in ("code", "redirectUri", "codeVerifier"))
        if not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier, re.ASCII):
            raise given.problem("codeVerifier is of 43 to 128 letters, digits and -._~")
        console = self._tokens.redeem(code, client_id, redirect_uri=redirect_uri, verifier=verifier, now=entry.at)
        if console is None:
            message = "The authorization code is invalid or expired"
            raise LoginRefusal("AccessDeniedException", "AUTHCODE_EXPIRED", message)
        return console

    def _by_refresh_token(self, given: Fields, client_id: str, thumbprint: str, entry: Entry) -> IssuedSession:
        console = self._tokens.refreshed(given.text("refreshToken"), client_id, thumbprint, entry.at)
        if console is None:
            raise _token_expired()
        return console

    def _credentials(self, console: IssuedSession, call: Call) -> Result:
        """Credentials of whoever is in the console, for a quarter of an hour, and for no longer than they are."""
        session = replace(
            console,
            access_key_id=identifiers.access_key_id("ASIA", console.account),
            issued_at=instant(call.now),
            expires_at=min(instant(call.now) + _LASTS, console.expires_at),
        )
        found = self._issuing.credentials(session, call)
        return {
            "accessToken": {
                "accessKeyId": found["AccessKeyId"],
                "secretAccessKey": found["SecretAccessKey"],
                "sessionToken": found["SessionToken"],
            },
            "expiresIn": max(1, int((session.expires_at - call.now).total_seconds())),
        }

    def _id_token(self, call: Call, client_id: str) -> str:
        """Who it is, for the client to read: the AWS CLI names the login after its subject, and checks no signature."""
        from joserfc import jws
        from joserfc.jwk import OctKey

        now = int(call.now.timestamp())
        claims = {
            "iss": "https://signin.aws.amazon.com/signin",
            "sub": call.caller.arn,
            "aud": client_id,
            "iat": now,
            "exp": now + int(_LASTS.total_seconds()),
        }
        header = {"alg": "HS256", "typ": "JWT"}
        return jws.serialize_compact(header, json.dumps(claims), OctKey.import_key(self._secret))


def _token_expired() -> LoginRefusal:
    return LoginRefusal("AccessDeniedException", "TOKEN_EXPIRED", "The refresh token is invalid or expired")
