"""CreateSession over the wire: who asks, what is sent, and what of the answer is believed."""

from __future__ import annotations

import json
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stsctl.arn import Arn
from stsctl.errors import AskerChangedError, ConfigurationError, RefusedError, StsctlError, UnavailableError
from stsctl.request import AskerKind, Operation, SessionRequest
from stsctl.sources import client, x509_certificate
from stsctl.sources.client import Clients
from stsctl.sources.roles_anywhere import CreateSession, RolesAnywhere
from tests.certificates import Holder, authority, issue, name
from tests.unit.sources.server import NOW, Server

ROLE = Arn.parse_role("arn:aws:iam::111111111111:role/web/Server")
SESSION_ARN = "arn:aws:sts::111111111111:assumed-role/Server/"
ANCHOR = Arn.parse("arn:aws:rolesanywhere:eu-west-1:111111111111:trust-anchor/a")
PROFILE = Arn.parse("arn:aws:rolesanywhere:eu-west-1:111111111111:profile/p")
ROOT = authority("Root", begins=NOW - timedelta(days=1))
SERIAL = 0xABC123


def holder(**more: Any) -> Holder:
    """A certificate that is good at NOW."""
    more = {"begins": NOW - timedelta(days=1), "ends": NOW + timedelta(days=1), "serial": SERIAL} | more
    return issue(name(more.pop("text", "web-1")), by=ROOT, **more)


def source(*holders: Holder, **more: Any) -> RolesAnywhere:
    """A source whose certificate is each of these in turn."""
    left = list(holders or [holder()])

    def certificate() -> x509_certificate.SigningCertificate:
        one = left.pop(0) if len(left) > 1 else left[0]
        return x509_certificate.read(one.pem.encode(), None, 'the certificate of source "web"')

    said = {"name": "web", "trust_anchor_arn": ANCHOR, "profile_arn": PROFILE, "certificate": certificate}
    return RolesAnywhere(**{**said, "open_key": lambda: left[0].sign, **more})


def request_of(sts: Server, found: RolesAnywhere) -> SessionRequest:
    """A bare request for ROLE."""
    asker = found.asker()
    assert asker is not None
    return SessionRequest(operation=Operation.CREATE_SESSION, endpoint=sts.endpoint, asker=asker, role_arn=ROLE)


def content(called: str = f"{SERIAL:x}", **more: Any) -> dict[str, Any]:
    """What Roles Anywhere answers."""
    return {
        "assumedRoleUser": {"arn": SESSION_ARN + called, "assumedRoleId": f"AROAEXAMPLE0000001:{called}"},
        "credentials": {
            "accessKeyId": "ASIAANSWERED00000001",
            "secretAccessKey": "answered-secret",
            "sessionToken": "answered-token",
            "expiration": f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        },
        "packedPolicySize": 9,
        "roleArn": str(ROLE),
        "sourceIdentity": "CN=web-1",
        **more,
    }


def tell(sts: Server, *sets: object, status: int = 201) -> None:
    """From now on the server answers with these sets of credentials."""
    sts.tell(status, json.dumps({"credentialSet": list(sets), "subjectArn": "arn:…"}))


def test_a_certificate_becomes_a_session(sts: Server, clients: Clients) -> None:
    """The request is the certificate's own, and the answer is a session of the role, called by its serial number."""
    found = source()
    tell(sts, content())
    session = CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)
    assert str(session.identity) == f"{SESSION_ARN}{SERIAL:x}"
    assert session.credentials.expires_at == NOW + timedelta(hours=1)
    assert (session.source_identity, session.packed_policy_size) == ("CN=web-1", 9)
    (seen,) = sts.seen
    assert seen["authorization"].startswith(
        f"AWS4-X509-ECDSA-SHA256 Credential={SERIAL}/20260501/eu-west-1/rolesanywhere/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-x509, Signature="
    )
    assert "answered-secret" not in repr(session)


@pytest.mark.parametrize("called", [f"{SERIAL:x}", f"{SERIAL:X}", f"00{SERIAL:x}"])
def test_however_the_serial_number_is_padded(sts: Server, clients: Clients, called: str) -> None:
    """Which of the ways to write it AWS takes is not known: it is the number that counts."""
    found = source()
    tell(sts, content(called))
    session = CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)
    assert str(session.identity) == SESSION_ARN + called


@pytest.mark.parametrize(
    "sets",
    [
        [],
        [content(), content()],
        ["text"],
        [content("abc124")],
        [content("by-hand")],
        [
            content(
                assumedRoleUser={
                    "arn": f"arn:aws:sts::111111111111:assumed-role/Other/{SERIAL:x}",
                    "assumedRoleId": "x:y",
                }
            )
        ],
        [
            content(
                assumedRoleUser={
                    "arn": f"arn:aws:sts::222222222222:assumed-role/Server/{SERIAL:x}",
                    "assumedRoleId": "x:y",
                }
            )
        ],
        [content(assumedRoleUser=None)],
        [content(credentials=[])],
        [content(credentials={**content()["credentials"], "sessionToken": ""})],
        [content(credentials={**content()["credentials"], "sessionToken": 7})],
        [content(credentials={**content()["credentials"], "secretAccessKey": "a\nb"})],
        [content(credentials={**content()["credentials"], "accessKeyId": "short"})],
        [content(credentials={**content()["credentials"], "expiration": "2026-05-01T13:00:00"})],
        [content(credentials={**content()["credentials"], "expiration": "2026-05-01T11:00:00Z"})],
        [content(credentials={**content()["credentials"], "expiration": 7})],
    ],
)
def test_wrong_answers(sts: Server, clients: Clients, sets: list[object]) -> None:
    """Another role's session, another certificate's, none, several, half of one: nothing of it is used or repeated."""
    found = source()
    tell(sts, *sets)
    with pytest.raises(StsctlError) as raised:
        CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)
    assert "answered-" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("body", ["", "[]", "<html>", "{", '{"credentialSet": {}}', "[" * 100_000])
def test_what_is_no_answer(sts: Server, clients: Clients, body: str) -> None:
    """A page of a proxy, or JSON of another form, is no session."""
    found = source()
    sts.tell(200, body)
    with pytest.raises(StsctlError, match="it is not used"):
        CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)


def test_a_name_of_ones_own(sts: Server, clients: Clients) -> None:
    """Where a session name was said, the answer has to have it."""
    found = source()
    exchange, request = CreateSession(clients=clients, source=found), request_of(sts, found)
    tell(sts, content("by-hand"))
    assert exchange.obtain(replace(request, session_name="by-hand"), None, None).identity
    with pytest.raises(StsctlError, match="was answered as"):
        exchange.obtain(replace(request, session_name="another"), None, None)


def test_who_asks() -> None:
    """Another certificate, a renewed one, another trust anchor and another profile are somebody else."""
    one = holder()
    usual = source(one).asker()
    assert usual is not None
    assert usual.kind is AskerKind.CERTIFICATE
    assert not usual.temporary
    assert usual == source(one).asker()
    others = [
        source(holder(serial=SERIAL + 1)),
        source(holder(text="web-2")),
        source(one, trust_anchor_arn=replace(ANCHOR, resource="trust-anchor/b")),
        source(one, profile_arn=replace(PROFILE, resource="profile/q")),
    ]
    assert usual not in [other.asker() for other in others]


def test_another_certificate_meanwhile(sts: Server, clients: Clients) -> None:
    """One that was renewed between planning and asking is planned for anew, and nothing is sent."""
    found = source(holder(), holder(serial=SERIAL + 1))
    request = request_of(sts, found)
    with pytest.raises(AskerChangedError, match="is another meanwhile"):
        CreateSession(clients=clients, source=found).obtain(request, None, None)
    assert sts.seen == []


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (holder(ends=NOW - timedelta(seconds=1)), "expired"),
        (holder(begins=NOW + timedelta(seconds=1)), "is not good before"),
    ],
)
def test_a_certificate_out_of_its_time_is_not_sent(sts: Server, clients: Clients, one: Holder, said: str) -> None:
    """AWS would say no more of it than that it is not trusted; nor is its key opened."""
    found = source(one, open_key=lambda: pytest.fail("the key is not needed"))
    with pytest.raises(ConfigurationError, match=said):
        CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)
    assert sts.seen == []


def test_a_key_of_another_certificate_is_not_sent(sts: Server, clients: Clients) -> None:
    """It is told before anything is."""
    found = source(open_key=lambda: ROOT.sign)
    with pytest.raises(ConfigurationError, match="another key"):
        CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)
    assert sts.seen == []


def test_a_certificate_alone_is_no_credentials() -> None:
    """It says what it takes."""
    with pytest.raises(ConfigurationError, match="becomes a role") as raised:
        source().credentials()
    assert raised.value.hint == "stsctl assume ROLE_ARN --from web"


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("AccessDeniedException", "Untrusted signing certificate", "certificate_chain"),
        ("AccessDeniedException:http://x", "Untrusted certificate. Insufficient certificate", "Digital Signature"),
        ("com.amazonaws.rolesanywhere#AccessDeniedException", "Unable to assume role for x", "sts:SetSourceIdentity"),
        ("AccessDeniedException", "Not authorized to set roleSessionName.", "session_name"),
        ("AccessDeniedException", "Invalid signature", "the clock is right"),
    ],
)
def test_refusals(sts: Server, clients: Clients, code: str, message: str, hint: str) -> None:
    """AWS's words come through, however it spells its code, with what most likely helps."""
    found = source()
    sts.tell(403, json.dumps({"message": message}), x_amzn_ErrorType=code, x_amzn_RequestId="req-1")
    with pytest.raises(RefusedError) as raised:
        CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)
    error = raised.value
    assert (error.code, error.reason, error.request_id) == ("AccessDeniedException", message, "req-1")
    assert error.operation == "rolesanywhere:CreateSession"
    assert hint in (error.hint or "")


def test_a_refusal_for_the_length_has_no_hint_of_its_own(sts: Server, clients: Clients) -> None:
    """The broker knows what to do about that: it asks for less."""
    found = source()
    message = (
        "Unable to assume role for x The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )
    sts.tell(403, json.dumps({"message": message, "__type": "AccessDeniedException"}))
    with pytest.raises(RefusedError) as raised:
        CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)
    assert raised.value.hint is None


def test_a_clock_that_is_wrong(sts: Server, clients: Clients) -> None:
    """An invalid signature from a server whose time is another is the clock's fault, and that is said."""
    found = source()
    date = "Fri, 01 May 2026 11:30:00 GMT"
    sts.tell(403, '{"message": "Invalid signature"}', x_amzn_ErrorType="AccessDeniedException", Date=date)
    with pytest.raises(RefusedError, match="this machine's clock is 30m ahead of AWS's"):
        CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (429, "", "AWS throttles rolesanywhere:CreateSession"),
        (400, '{"__type": "ThrottlingException"}', "AWS throttles rolesanywhere:CreateSession"),
        (503, "<html>", "failed at AWS"),
        (302, "", "is not AWS"),
        (403, "<html>", "is not AWS"),
    ],
)
def test_not_there(sts: Server, clients: Clients, status: int, body: str, said: str) -> None:
    """Throttled, broken, or a proxy's page: the session may be had later, and it is said so."""
    found = source()
    sts.tell(status, body)
    with pytest.raises(UnavailableError, match=said):
        CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)


def test_a_passing_fault_is_asked_through(sts: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where AWS is out of order it is asked again, a few times and ever later; another refusal is final at once."""
    monkeypatch.setattr(client, "ATTEMPTS", 3)
    pauses: list[float] = []

    def mended(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            tell(sts, content())

    found = source()
    sts.tell(503, "")
    exchange = CreateSession(clients=clients, source=found, sleep=mended)
    assert exchange.obtain(request_of(sts, found), None, None).identity
    assert pauses == sorted(pauses)
    assert len(sts.seen) == 3
    sts.tell(403, '{"message": "Untrusted signing certificate"}', x_amzn_ErrorType="AccessDeniedException")
    with pytest.raises(RefusedError):
        exchange.obtain(request_of(sts, found), None, None)
    assert len(sts.seen) == 4


def test_an_emulators_answer_is_never_taken_for_awss(sts: Server, clients: Clients) -> None:
    """Nor one of AWS's for an emulator's."""
    found = source()
    request = request_of(sts, found)
    sts.tell(201, json.dumps({"credentialSet": [content()]}), x_stsctl_emulator="another")
    for instance in (None, "mine"):
        asked = replace(request, endpoint=replace(sts.endpoint, instance=instance))
        with pytest.raises(StsctlError, match="emulator"):
            CreateSession(clients=clients, source=found).obtain(asked, None, None)


def test_the_session_may_outlive_the_certificate(sts: Server, clients: Clients) -> None:
    """What AWS gives is given, whenever the certificate ends."""
    found = source(holder(ends=NOW + timedelta(minutes=1)))
    tell(sts, content())
    session = CreateSession(clients=clients, source=found).obtain(request_of(sts, found), None, None)
    assert session.credentials.expires_at == datetime(2026, 5, 1, 13, 0, tzinfo=UTC)
