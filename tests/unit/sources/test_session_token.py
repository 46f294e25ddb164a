"""sts:GetSessionToken over the wire."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stsctl.errors import StsctlError
from stsctl.request import Asker, Operation, SessionRequest
from stsctl.sources.client import Clients
from stsctl.sources.session_token import SessionToken
from tests.unit.sources.server import KEYS, NOW, Server, answer_xml, credentials_xml


def request_to(sts: Server, *, serial: str | None, duration: timedelta | None = None) -> SessionRequest:
    """A request for the user's own session."""
    return SessionRequest(
        operation=Operation.GET_SESSION_TOKEN,
        endpoint=sts.endpoint,
        asker=Asker.of_keys(KEYS.access_key_id),
        mfa_serial=serial,
        duration=duration,
    )


def test_the_code_goes_with_the_serial(sts: Server, clients: Clients) -> None:
    """Serial, code and duration are sent; the session is the answer's, and tells no identity."""
    sts.tell(200, answer_xml("GetSessionToken", credentials_xml()))
    request = request_to(sts, serial="arn:aws:iam::111111111111:mfa/alice", duration=timedelta(hours=2))
    session = SessionToken(clients=clients).obtain(request, KEYS, "654321")
    assert sts.forms == [
        {
            "Action": "GetSessionToken",
            "Version": "2011-06-15",
            "SerialNumber": "arn:aws:iam::111111111111:mfa/alice",
            "TokenCode": "654321",
            "DurationSeconds": "7200",
        }
    ]
    assert session.request_key == request.cache_key()
    assert session.expires_at == NOW + timedelta(hours=1)
    assert session.identity is None


def test_without_a_device_nothing_is_sent(sts: Server, clients: Clients) -> None:
    """A request without a serial sends no parameter at all."""
    sts.tell(200, answer_xml("GetSessionToken", credentials_xml()))
    SessionToken(clients=clients).obtain(request_to(sts, serial=None), KEYS, None)
    assert set(sts.forms[0]) == {"Action", "Version"}


def test_an_empty_answer_is_not_used(sts: Server, clients: Clients) -> None:
    """An answer without credentials is refused."""
    sts.tell(200, answer_xml("GetSessionToken", ""))
    with pytest.raises(StsctlError, match="AccessKeyId"):
        SessionToken(clients=clients).obtain(request_to(sts, serial=None), KEYS, None)
