"""Requests that web pages of strangers can make a browser send."""

from __future__ import annotations

import pytest

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.running import PREFIX, TOKEN_HEADER, Running
from stsctl.emulator.web.visitors import Visitors
from tests.unit.emulator.test_server import FORM, IDENTITY, alice, send, sign


def _asked(method: str = "POST", **headers: str) -> Request:
    return Request(method=method, path="/", query="", headers=tuple(headers.items()), body=b"", source_ip="127.0.0.1")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566",
        "localhost",
        "LOCALHOST:80",
        "bucket.localhost:4566",
        "[::1]:80",
        "10.0.0.7",
        "169.254.169.254",
        "sts.eu-west-1.amazonaws.com",
        "sts.cn-north-1.amazonaws.com.cn",
        "signin.aws.amazon.com",
        "d-1234.awsapps.com",
    ],
)
def test_hosts_that_no_stranger_has(host: str) -> None:
    """Addresses, this machine's names, and AWS's."""
    Visitors(from_elsewhere=False).check(_asked(host=host))


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example:4566", "localhost.evil.example", "amazonaws.com.evil.example", "[::1", ""],
)
def test_a_name_that_was_bound_to_this_machine(host: str) -> None:
    """A page whose own name leads here is turned away, unless the emulator is there for others too."""
    with pytest.raises(Refusal) as refused:
        Visitors(from_elsewhere=False).check(_asked(host=host))
    assert refused.value.status == 421
    Visitors(from_elsewhere=True).check(_asked(host=host))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "file://"])
def test_a_form_of_a_stranger(origin: str) -> None:
    """What a stranger's page sends is refused where it could change something."""
    with pytest.raises(Refusal) as refused:
        Visitors(from_elsewhere=False).check(_asked(host="127.0.0.1", origin=origin))
    assert refused.value.status == 403
    Visitors(from_elsewhere=False).check(_asked("GET", host="127.0.0.1", origin=origin))
    Visitors(from_elsewhere=False).check(_asked(host="127.0.0.1", origin="http://localhost:3000"))


def test_the_emulator_asks_every_visitor(shared_emulator: Running) -> None:
    """The control plane and what nobody signs are closed to strangers; a signature covers the name that was called."""
    stranger = {"Host": "evil.example"}
    token = {TOKEN_HEADER: shared_emulator.control_token.reveal()}
    assert send(shared_emulator, "GET", f"{PREFIX}status", headers=token)[0] == 200
    assert send(shared_emulator, "GET", f"{PREFIX}status", headers=token | stranger)[0] == 421
    signed = "AWS4-HMAC-SHA256 Credential=x"
    more = token | stranger | {"Authorization": signed}
    assert send(shared_emulator, "GET", f"{PREFIX}status", headers=more)[0] == 421
    assert send(shared_emulator, body=IDENTITY, headers=FORM | stranger)[0] == 421
    headers = sign(shared_emulator, alice(shared_emulator), body=IDENTITY)
    assert send(shared_emulator, body=IDENTITY, headers=headers)[0] == 200
    assert send(shared_emulator, body=IDENTITY, headers=headers | stranger)[0] == 403
