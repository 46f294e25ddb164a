"""An OIDC token as the beginning of a chain: who it is about, and sts:AssumeRoleWithWebIdentity, which makes it a role.

Sources: RFC 7519 (JSON Web Token), https://openid.net/specs/openid-connect-core-1_0.html (its claims),
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html (the claims that AWS reads)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stsctl import federation
from stsctl.credentials import Credentials, Secret, Session
from stsctl.duration import render_duration
from stsctl.errors import ConfigurationError
from stsctl.request import Asker, SessionRequest
from stsctl.sources.answer import role_session
from stsctl.sources.client import Clients

LONGEST = 20_000
"""Characters that AWS takes."""
_AWS = "https://aws.amazon.com/"
_EACH_TIME_ANOTHER = frozenset({"jti", "nonce", "at_hash", "c_hash", "s_hash", "sid", "uti", "rh", "aio"})
"""Claims that say nothing of the subject: ids of the token and of the sign-in (the last three are Microsoft's)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it was read, not verified: that is for STS."""

    content: Secret
    claims: Mapping[str, object] = field(repr=False)

    @property
    def asker(self) -> Asker:
        """Issuer, subject and whatever a trust policy could go by: the texts that are the same in the next token.

        Numbers are left out, most of them times; of structured claims only AWS's own (tags) shape a session.
        """
        about = {name: value for name, value in self.claims.items() if _tells(name, value)}
        return federation.web_identity(about)

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whom it is for: `azp`, which counts first with AWS, and `aud`."""
        said = self.claims.get("aud")
        every = (self.claims.get("azp"), *(said if isinstance(said, list) else [said]))
        return tuple(dict.fromkeys(one for one in every if isinstance(one, str)))

    @property
    def ends_at(self) -> datetime | None:
        """When it expires; None where it does not say."""
        return _instant(self.claims.get("exp"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentity:
    """The token of source `name`, read anew at each call; `read` gives None where there is none."""

    name: str
    read: Callable[[], Secret | None]
    audience: str | None = None

    def asker(self) -> Asker | None:
        """Who the token is about; see `Source`."""
        found = self.token()
        return None if found is None else found.asker

    def credentials(self) -> Credentials | None:
        """A token is none; see `Source`."""
        raise ConfigurationError(
            f'source "{self.name}" has a token, which becomes a role and signs nothing by itself',
            hint=f"stsctl assume ROLE_ARN --from {self.name}",
        )

    def token(self) -> Token | None:
        """The token as it is now; raises ConfigurationError for what is none."""
        content = self.read()
        return None if content is None else _parse(content, self.name)

    def token_for(self, asker: Asker, now: datetime) -> Token:
        """The token to send for `asker`; raises ConfigurationError for what STS would refuse."""
        token = self.token()
        if token is None or token.asker != asker:
            raise ConfigurationError(
                f'the token of source "{self.name}" is about somebody else meanwhile', hint="run the same command again"
            )
        if token.ends_at is not None and token.ends_at <= now:
            ago = render_duration(timedelta(seconds=int((now - token.ends_at).total_seconds())))
            raise ConfigurationError(f'the token of source "{self.name}" expired {ago} ago', hint="get a new one")
        if self.audience is not None and self.audience not in token.audiences:
            meant = ", ".join(f'"{audience}"' for audience in token.audiences) or "nobody"
            raise ConfigurationError(
                f'the token of source "{self.name}" is for {meant}, not for "{self.audience}"',
                hint="ask the issuer for that audience, or change the audience of the source",
            )
        return token


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumeRoleWithWebIdentity:
    """The exchange of a token for a role's session."""

    clients: Clients
    source: WebIdentity

    def obtain(
        self,
        request: SessionRequest,
        credentials: Credentials | None,  # noqa: ARG002 - nobody signs it
        code: str | None,  # noqa: ARG002 - and whose device would it be?
    ) -> Session:
        """The role's session; see `Exchange`."""
        token = self.source.token_for(request.asker, self.clients.now())
        said: dict[str, object] = {
            "RoleArn": str(request.role_arn),
            "RoleSessionName": request.session_name,
            "WebIdentityToken": token.content.reveal(),
            "DurationSeconds": int(request.duration.total_seconds()) if request.duration else None,
            "Policy": request.policy,
            "PolicyArns": [{"arn": arn} for arn in request.policy_arns],
        }
        said = {name: value for name, value in said.items() if value not in (None, [])}
        answer = self.clients.call("sts", "AssumeRoleWithWebIdentity", request.endpoint, None, **said)
        return role_session(request, answer.body, self.clients.now(), name=request.session_name)


def _parse(content: Secret, name: str) -> Token:
    """The token in a text; no error repeats anything of it."""
    text = content.reveal().strip()
    if len(text) > LONGEST:
        raise ConfigurationError(
            f'the token of source "{name}" has {len(text)} characters, AWS takes {LONGEST}',
            hint="have the issuer put fewer claims into it",
        )
    parts = text.split(".")
    try:
        if len(parts) != 3 or not text.isascii():
            raise ValueError("parts")
        claims = json.loads(
            base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), object_pairs_hook=_without_doubles
        )
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise ConfigurationError(
            f'what source "{name}" gives is no ID token (JWT)',
            hint="an access token is often none: ask for the id_token",
        ) from None
    for claim in ("iss", "sub"):
        if not isinstance(claims.get(claim), str) or not claims[claim]:
            raise ConfigurationError(f'the token of source "{name}" does not say its "{claim}", and AWS wants it')
    return Token(content=Secret(text), claims=claims)


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A claim that is there twice says one thing here, and perhaps another to STS."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("doubles")
    return found


def _tells(name: str, value: object) -> bool:
    if name in _EACH_TIME_ANOTHER:
        return False
    if name.startswith(_AWS):
        return True
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
