"""An OIDC token as the beginning of a chain: sts:AssumeRoleWithWebIdentity, which makes it a role.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

from stsctl.credentials import Credentials, Secret, Session
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.request import SessionRequest
from stsctl.sources.answer import role_session
from stsctl.sources.client import Clients
from stsctl.sources.id_token import Token, claims_of
from stsctl.sources.proof import ProofSource


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentity(ProofSource[Token]):
    """A source whose proofs are tokens, for `audience` where it is said."""

    what = "a token"
    longest = 20_000

    audience: str | None = None

    def _parse(self, content: Secret) -> Token:
        """The token in a text."""
        text = self.sized(content.reveal().strip())
        claims = claims_of(text)
        if claims is None:
            raise ConfigurationError(
                f'what source "{self.name}" gives is no ID token (JWT)',
                hint="an access token is often none: ask for the id_token",
            )
        for claim in ("iss", "sub"):
            if not isinstance(claims.get(claim), str) or not claims[claim]:
                raise ConfigurationError(f'{self.whose} does not say its "{claim}", and AWS wants it')
        return Token(content=Secret(text), claims=claims)

    def _check(self, found: Token) -> None:
        if self.audience is not None and self.audience not in found.audiences:
            hint = "ask the issuer for that audience, or change the audience of the source"
            raise self.not_for(found, f'"{self.audience}"', hint=hint)


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
        token = self.source.proof_for(request.asker, self.clients.now())
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
