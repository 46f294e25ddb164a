"""Tokens that STS gives and takes: answers as the documentation has them, and as nobody should."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stsctl.credentials import Secret
from stsctl.errors import RefusedError, StsctlError
from stsctl.sources.client import Clients
from stsctl.sources.delegated_token import delegated
from stsctl.sources.outbound_token import OutboundToken, outbound_token
from tests.unit.sources.server import KEYS, NAMESPACE, NOW, Server

ENDS = "2026-05-01T12:05:00Z"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln-_"
CREDENTIALS = (
    "<Credentials><AccessKeyId>ASIADELEGATED0000001</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    f"<SessionToken>t</SessionToken><Expiration>{ENDS}</Expiration></Credentials>"
)


def answer(sts: Server, operation: str, body: str) -> None:
    """Lets the server answer as STS does."""
    result = f"<{operation}Result>{body}</{operation}Result>"
    sts.tell(200, f'<{operation}Response xmlns="{NAMESPACE}">{result}</{operation}Response>')


def asked(clients: Clients, sts: Server, **changes: Any) -> OutboundToken:
    """A token from that server."""
    wanted = {"audiences": ("a", "b"), "algorithm": "RS256", "lasts": None, "tags": ()} | changes
    return outbound_token(clients, sts.endpoint, KEYS, **wanted)


class TestOutboundToken:
    """GetWebIdentityToken."""

    def test_what_is_asked(self, clients: Clients, sts: Server) -> None:
        """Every input that was given, and none that was not."""
        answer(
            sts,
            "GetWebIdentityToken",
            f"<WebIdentityToken>{TOKEN}</WebIdentityToken><Expiration>{ENDS}</Expiration>",
        )
        found = asked(clients, sts, lasts=timedelta(minutes=5), tags=(("team", "blue"),))
        assert (found.token, found.expires_at) == (Secret(TOKEN), NOW + timedelta(minutes=5))
        assert TOKEN not in repr(found)
        form = sts.forms[-1]
        assert (form["Audience.member.1"], form["Audience.member.2"]) == ("a", "b")
        assert (form["SigningAlgorithm"], form["DurationSeconds"]) == ("RS256", "300")
        assert (form["Tags.member.1.Key"], form["Tags.member.1.Value"]) == ("team", "blue")
        asked(clients, sts)
        assert not {"DurationSeconds", "Tags.member.1.Key"} & sts.forms[-1].keys()

    @pytest.mark.parametrize(
        "body",
        [
            "",
            f"<WebIdentityToken>{TOKEN}</WebIdentityToken>",
            f"<WebIdentityToken>{TOKEN}.x</WebIdentityToken><Expiration>{ENDS}</Expiration>",
            f"<WebIdentityToken>{TOKEN} </WebIdentityToken><Expiration>{ENDS}</Expiration>",
            f"<WebIdentityToken>a.b&#10;.c</WebIdentityToken><Expiration>{ENDS}</Expiration>",
            f"<WebIdentityToken>\u00e9.b.c</WebIdentityToken><Expiration>{ENDS}</Expiration>",
        ],
    )
    def test_what_is_no_token_is_not_printed(self, clients: Clients, sts: Server, body: str) -> None:
        """The answer is not used, and not repeated."""
        answer(sts, "GetWebIdentityToken", body)
        with pytest.raises(StsctlError) as caught:
            asked(clients, sts)
        assert "is not used" in caught.value.message
        assert TOKEN not in str(caught.value)


class TestDelegatedToken:
    """GetDelegatedAccessToken."""

    def test_credentials_for_a_token(self, clients: Clients, sts: Server) -> None:
        """Whose they are, and when they end; the token goes in the body."""
        principal = "arn:aws:iam::222222222222:role/Partner"
        body = f"{CREDENTIALS}<AssumedPrincipal>{principal}</AssumedPrincipal><PackedPolicySize>7</PackedPolicySize>"
        answer(sts, "GetDelegatedAccessToken", body)
        found = delegated(clients, sts.endpoint, KEYS, Secret("trade-in"))
        assert (found.principal, found.packed_policy_size) == (principal, 7)
        assert found.credentials.expires_at == NOW + timedelta(minutes=5)
        assert sts.forms[-1]["TradeInToken"] == "trade-in"

    @pytest.mark.parametrize("body", ["", CREDENTIALS, "<AssumedPrincipal>x</AssumedPrincipal>"])
    def test_half_an_answer_is_none(self, clients: Clients, sts: Server, body: str) -> None:
        """Credentials of nobody, and nobody's credentials."""
        answer(sts, "GetDelegatedAccessToken", body)
        with pytest.raises(StsctlError, match="is not used"):
            delegated(clients, sts.endpoint, KEYS, Secret("trade-in"))

    def test_a_token_that_has_ended(self, clients: Clients, sts: Server) -> None:
        """AWS's refusal is explained, and its words kept."""
        error = "<Error><Code>ExpiredTradeInTokenException</Code><Message>expired</Message></Error>"
        sts.tell(400, f'<ErrorResponse xmlns="{NAMESPACE}">{error}</ErrorResponse>')
        with pytest.raises(RefusedError) as caught:
            delegated(clients, sts.endpoint, KEYS, Secret("trade-in"))
        assert caught.value.message.startswith("the trade-in token has ended")
        assert caught.value.reason == "expired"
