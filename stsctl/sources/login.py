"""Sessions of `aws login`: who signed in to AWS's console, and lets programs on this machine be them.

Signing in is what the AWS CLI does: an authorization code with PKCE, by a browser that comes back to this machine or by
a code that is typed back, for a token that is bound to a key (DPoP). Sources:
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html,
https://docs.aws.amazon.com/signin/latest/APIReference/API_dataplane-signin_CreateOAuth2Token.html
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from shlex import quote
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode

from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, PersonNeededError, RefusedError, UnavailableError
from stsctl.host.redirect import Redirect
from stsctl.pkce import Pkce
from stsctl.request import Asker, AskerKind, Endpoint
from stsctl.sources import login_cache, login_provider
from stsctl.sources.address import address
from stsctl.sources.client import Clients
from stsctl.sources.dpop import ProofKey
from stsctl.sources.id_token import claims_of
from stsctl.sources.interface import Given
from stsctl.sources.login_cache import LoginCache

_SAME_DEVICE = "arn:aws:signin:::devtools/same-device"
_CROSS_DEVICE = "arn:aws:signin:::devtools/cross-device"
"""What AWS calls the AWS CLI, and what does as it does."""
_CONFIRMATION = "/v1/sessions/confirmation"
_RENEWED_BELOW = timedelta(minutes=5)
"""A third of the keys' quarter of an hour, and what botocore's provider renews below."""


class LoginPrompt(Protocol):
    """How a person is asked to sign in."""

    @property
    def limit(self) -> timedelta:
        """How long they have for it."""

    def open(self, page: str) -> bool:
        """Shows a page that comes back to this machine in a browser; False where none is to be had."""

    def typed_back(self, page: str) -> Secret:
        """The code that a page shows in any browser, typed here; raises PersonNeededError."""

    def waiting(self) -> AbstractContextManager[object]:
        """The person is waited for meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The session of `login_session`, the ARN of who signed in, in the files that SDKs share.

    `may_ask` says whether a person may be asked to sign in, `port` is the one that their browser comes back to.
    """

    name: str
    login_session: Arn
    cache: LoginCache
    clients: Clients
    endpoint: Endpoint
    prompt: LoginPrompt
    may_ask: Callable[[], bool]
    notice: Callable[[str], None]

    def asker(self) -> Asker:
        """The ARN: the keys are others every quarter of an hour; see `Giver`."""
        return Asker(kind=AskerKind.LOGIN, id=str(self.login_session), temporary=True)

    def give(self) -> Given:
        """The keys of now: those in the file, else renewed, else of another sign-in.

        Raises PersonNeededError where nobody may be asked, RefusedError, UnavailableError, ConfigurationError.
        """
        held = self._held()
        if held is None or self._ends_soon(held):
            if held is None or not self._renewed():
                self.ask_to_sign_in()
            held = self._held()
        if held is None:
            raise UnavailableError(f'what came for source "{self.name}" is no session')
        # SDKs go by this machine's clock, and what is held here by the emulator's, where that was moved.
        ends_at, ahead = held.credentials.expires_at, self.clients.now() - self.clients.wall()
        assert ends_at is not None
        return replace(held, credentials=replace(held.credentials, expires_at=ends_at + ahead))

    @property
    def key(self) -> str:
        """What tells the session from others, here and among locks."""
        return self.asker().session_key(self.endpoint.instance)

    def ask_to_sign_in(self) -> None:
        """Signs a person in, and leaves the session for all; raises as `give` does."""
        login_provider.need_awscrt()
        if not self.may_ask():
            raise PersonNeededError(
                f'"{self.name}" needs you to sign in, and nobody may be asked here',
                hint=f"stsctl sso login {quote(self.name)}",
            )
        key = ProofKey.new()
        answer, client_id = self._answer(key)
        claims = claims_of(str(answer.get("idToken"))) or {}
        if claims.get("sub") != str(self.login_session):
            who = claims.get("sub")
            told = f'"{who}"' if isinstance(who, str) and who.isprintable() and len(who) <= 2048 else "somebody else"
            raise ConfigurationError(
                f'you signed in as {told}, and source "{self.name}" is the session of "{self.login_session}"',
                hint="sign out of the console in your browser, or change login_session",
            )
        try:
            token = login_cache.token_of(
                answer,
                login_session=self.login_session,
                client_id=client_id,
                key=key.pem,
                at=self.clients.wall(),
            )
        except (KeyError, TypeError, ValueError):
            raise UnavailableError("what AWS Sign-In answered is no session: it is not used") from None
        token["signInRegion"] = self.endpoint.region
        self.cache[login_cache.key_of(self.login_session)] = token

    def is_there(self) -> bool:
        """Whether there is a session, which may have ended."""
        return self._held() is not None

    def sign_out(self) -> bool:
        """Takes the session away from this machine; False where there was none."""
        return self.cache.remove(login_cache.key_of(self.login_session))

    def _held(self) -> Given | None:
        key = login_cache.key_of(self.login_session)
        return login_cache.given(self.cache[key], self.login_session) if key in self.cache else None

    def _ends_soon(self, held: Given) -> bool:
        ends_at = held.credentials.expires_at
        assert ends_at is not None
        return ends_at - self.clients.wall() <= _RENEWED_BELOW

    def _renewed(self) -> bool:
        """Renews the keys; False where only a person can."""
        try:
            login_provider.renew(self.login_session, self.cache, self.clients, self.endpoint)
        except RefusedError as error:
            if error.code != login_provider.ENDED:
                raise
            self.notice(f'the session "{self.name}" of "aws login" has ended')
            return False
        return True

    def _answer(self, key: ProofKey) -> tuple[dict[str, Any], str]:
        """What AWS Sign-In answers for a code, and as which client it was asked."""
        with Redirect() as redirect:
            pkce = Pkce.new()
            if self.prompt.open(self._page(_SAME_DEVICE, redirect.uri, redirect.state, pkce)):
                with self.prompt.waiting():
                    code = Secret(redirect.wait(self.prompt.limit))
                return self._redeem(key, _SAME_DEVICE, code, redirect.uri, pkce), _SAME_DEVICE
        state, uri = secrets.token_urlsafe(32), address("signin", self._where, control_plane=False) + _CONFIRMATION
        typed = self.prompt.typed_back(self._page(_CROSS_DEVICE, uri, state, pkce))
        return self._redeem(key, _CROSS_DEVICE, _code_in(typed, state), uri, pkce), _CROSS_DEVICE

    @property
    def _where(self) -> Endpoint:
        return replace(self.endpoint, url=self.clients.url("signin", self.endpoint))

    def _page(self, client_id: str, redirect_uri: str, state: str, pkce: Pkce) -> str:
        """Where a browser is sent to. The method is not called as in RFC 7636."""
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "state": state,
            "code_challenge_method": "SHA-256",
            "scope": "openid",
            "redirect_uri": redirect_uri,
            "code_challenge": pkce.challenge,
        }
        return f"{address('signin', self._where, control_plane=False)}/v1/authorize?{urlencode(asked)}"

    def _redeem(self, key: ProofKey, client_id: str, code: Secret, redirect_uri: str, pkce: Pkce) -> dict[str, Any]:
        proving = replace(self.clients, headers=lambda url: {"DPoP": key.proof("POST", url, self.clients.wall())})
        answer = proving.call(
            "signin",
            "CreateOAuth2Token",
            self.endpoint,
            None,
            tokenInput={
                "clientId": client_id,
                "grantType": "authorization_code",
                "code": code.reveal(),
                "codeVerifier": pkce.verifier.reveal(),
                "redirectUri": redirect_uri,
            },
        )
        found: dict[str, Any] = answer.body.get("tokenOutput") or {}
        return found


def _code_in(typed: Secret, state: str) -> Secret:
    """The authorization code in what a page showed: `state` and `code` as a query, in base64."""
    try:
        text = base64.b64decode("".join(typed.reveal().split()), validate=True).decode()
        given = parse_qs(text, strict_parsing=True, max_num_fields=10)
    except ValueError:
        given = {}
    (said, *_), (code, *_) = given.get("state", [""]), given.get("code", [""])
    if not code or not secrets.compare_digest(said.encode(), state.encode()):
        raise ConfigurationError(
            "that is not the code of this sign-in", hint="copy all of the code that the page shows, and try again"
        ) from None
    return Secret(code)
