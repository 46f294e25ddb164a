"""sts:GetDelegatedAccessToken: credentials for a trade-in token that somebody who delegates access handed over.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html
"""

from __future__ import annotations

from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.request import Endpoint
from stsctl.sources.answer import explained, packed_policy_size, session_credentials, text_of
from stsctl.sources.client import Clients

_MEANINGS = {
    "ExpiredTradeInTokenException": (
        "the trade-in token has ended, or was traded in already",
        "ask for another one where it came from",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated:
    """What a trade-in token was good for: credentials of a principal."""

    credentials: Credentials
    principal: str
    packed_policy_size: int | None = None


def delegated(clients: Clients, endpoint: Endpoint, credentials: Credentials, trade_in: Secret) -> Delegated:
    """Trades a token in, as the holder of `credentials`; raises RefusedError, StsctlError."""
    with explained(_MEANINGS):
        answer = clients.call("sts", "GetDelegatedAccessToken", endpoint, credentials, TradeInToken=trade_in.reveal())
    return Delegated(
        credentials=session_credentials(answer.body, clients.now()),
        principal=text_of(answer.body, "AssumedPrincipal"),
        packed_policy_size=packed_policy_size(answer.body),
    )
