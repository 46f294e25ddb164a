"""IAM's answers about MFA devices, as the documentation has them and as nobody should."""

from __future__ import annotations

import base64
from dataclasses import replace
from xml.sax.saxutils import escape

import pytest

from stsctl.errors import RefusedError, StsctlError
from stsctl.sources.client import Clients
from stsctl.sources.mfa_devices import MfaDevices
from tests.unit.sources.server import KEYS, Server

NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
SERIAL = "arn:aws:iam::111111111111:mfa/phone"


@pytest.fixture
def devices(sts: Server, clients: Clients) -> MfaDevices:
    """The devices at a server that answers as it is told."""
    return MfaDevices(clients=replace(clients, urls={"iam": sts.url}), endpoint=sts.endpoint, credentials=KEYS)


def refuse(sts: Server, status: int, code: str, message: str) -> None:
    """Lets the server refuse as IAM does."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    sts.tell(status, f'<ErrorResponse xmlns="{NAMESPACE}">{error}<RequestId>r-1</RequestId></ErrorResponse>')


def answer(sts: Server, operation: str, body: str) -> None:
    """Lets the server answer as IAM does."""
    result = f"<{operation}Result>{body}</{operation}Result>"
    sts.tell(200, f'<{operation}Response xmlns="{NAMESPACE}">{result}</{operation}Response>')


@pytest.mark.parametrize(
    ("status", "code", "says", "hint"),
    [
        (403, "InvalidAuthenticationCode", "no two codes that the device showed", "next code"),
        (409, "EntityTemporarilyUnmodifiable", "busy with an earlier change", "in a few minutes"),
        (409, "LimitExceeded", "eight for a user", "deactivate-mfa-device"),
        (409, "EntityAlreadyExists", "there already", "--device"),
        (404, "NoSuchEntity", "no such device", "stsctl mfa add"),
    ],
)
def test_refusals_are_explained(devices: MfaDevices, sts: Server, status: int, code: str, says: str, hint: str) -> None:
    """What each of EnableMFADevice's errors means, with AWS's own words beside it."""
    refuse(sts, status, code, "as AWS says it")
    with pytest.raises(RefusedError) as caught:
        devices.enable("alice", SERIAL, "111111", "222222")
    error = caught.value
    assert (says in error.message, hint in (error.hint or "")) == (True, True)
    assert (error.code, error.reason) == (code, "as AWS says it")


def test_other_refusals_stay_as_they_are(devices: MfaDevices, sts: Server) -> None:
    """A permission that is missing is AWS's to explain."""
    refuse(sts, 403, "AccessDenied", "User is not authorized to perform: iam:EnableMFADevice")
    with pytest.raises(RefusedError) as caught:
        devices.enable("alice", SERIAL, "111111", "222222")
    assert caught.value.message == ""


def test_devices_that_are_nobodys(devices: MfaDevices, sts: Server) -> None:
    """Only those are asked for, by their serials."""
    answer(
        sts,
        "ListVirtualMFADevices",
        f"<IsTruncated>false</IsTruncated><VirtualMFADevices><member><SerialNumber>{SERIAL}</SerialNumber></member>"
        "</VirtualMFADevices>",
    )
    assert devices.nobodys() == {SERIAL}
    assert sts.forms[-1]["AssignmentStatus"] == "Unassigned"


def test_a_list_that_never_ends_is_refused(devices: MfaDevices, sts: Server) -> None:
    """An answer that says there is more, not where or for ever, is no reason to ask on and on."""
    for marker, says in (("", "no usable Marker"), ("<Marker>m</Marker>", "does not end")):
        answer(sts, "ListVirtualMFADevices", f"<IsTruncated>true</IsTruncated><VirtualMFADevices/>{marker}")
        with pytest.raises(StsctlError, match=says):
            devices.nobodys()


@pytest.mark.parametrize("seed", ["", "not base 32 !", "QUJD", "\u00e9" * 40])
def test_a_seed_that_is_none(devices: MfaDevices, sts: Server, seed: str) -> None:
    """No QR code is made of it."""
    text = base64.b64encode(seed.encode()).decode()
    answer(
        sts,
        "CreateVirtualMFADevice",
        f"<VirtualMFADevice><SerialNumber>{SERIAL}</SerialNumber><Base32StringSeed>{text}</Base32StringSeed>"
        "</VirtualMFADevice>",
    )
    with pytest.raises(StsctlError, match="no seed that could be one"):
        devices.create("phone")
