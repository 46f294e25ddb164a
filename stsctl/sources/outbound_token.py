"""sts:GetWebIdentityToken: a token by which services outside of AWS know who the caller is.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.errors import StsctlError
from stsctl.request import Endpoint
from stsctl.sources.answer import explained, text_of
from stsctl.sources.client import Clients

ALGORITHMS = ("RS256", "ES384")
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_MEANINGS = {
    "OutboundWebIdentityFederationDisabledException": (
        "outbound identity federation is not enabled in this account",
        "aws iam enable-outbound-web-identity-federation",
    ),
    "SessionDurationEscalationException": (
        "the token would outlast the session that asks for it",
        "ask for less with --duration 1m, or renew the session first: stsctl assume NAME --refresh",
    ),
    "JWTPayloadSizeExceededException": ("the token would be too long", "leave tags out"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundToken:
    """The token, and when it ends."""

    token: Secret
    expires_at: datetime


def outbound_token(
    clients: Clients,
    endpoint: Endpoint,
    credentials: Credentials,
    *,
    audiences: Sequence[str],
    algorithm: str,
    lasts: timedelta | None,
    tags: Sequence[tuple[str, str]],
) -> OutboundToken:
    """A token for `audiences`; it lasts for five minutes where `lasts` is None. Raises RefusedError, StsctlError."""
    duration = {"DurationSeconds": int(lasts.total_seconds())} if lasts else {}
    given = {"Tags": [{"Key": key, "Value": value} for key, value in tags]} if tags else {}
    with explained(_MEANINGS):
        answer = clients.call(
            "sts",
            "GetWebIdentityToken",
            endpoint,
            credentials,
            Audience=list(audiences),
            SigningAlgorithm=algorithm,
            **duration,
            **given,
        )
    token, expires_at = text_of(answer.body, "WebIdentityToken"), answer.body.get("Expiration")
    if not _JWT.fullmatch(token) or not isinstance(expires_at, datetime) or expires_at.tzinfo is None:
        raise StsctlError("STS's answer has no token that could be one: it is not used")
    return OutboundToken(token=Secret(token), expires_at=expires_at)
