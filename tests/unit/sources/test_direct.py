"""STS without the SDK: what goes that way, what does not, and that both ways end alike."""

from __future__ import annotations

import ssl
import traceback
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import create_loader
from botocore.retries import standard
from botocore.session import get_session

from stsctl.credentials import Credentials, Secret
from stsctl.endpoint import sts_url
from stsctl.errors import RefusedError, StsctlError, UnavailableError
from stsctl.request import Endpoint
from stsctl.sources import client, direct, query
from stsctl.sources.client import Clients
from stsctl.sources.outcome import EMULATOR_HEADER, Answer
from tests.unit.sources.server import KEYS, NAMESPACE, Server, Told, answer_xml, credentials_xml, role_xml

SESSION = "arn:aws:sts::111111111111:assumed-role/Reader/name"
ROLE = {"RoleArn": "arn:aws:iam::111111111111:role/Reader", "RoleSessionName": "name"}
AWS = Endpoint(partition="aws", region="eu-west-1")


def _by_sdk(sts: Server) -> list[bool]:
    """Of each request so far, whether the SDK sent it."""
    return ["Botocore" in seen["user-agent"] for seen in sts.seen]


def _through_sdk(clients: Clients, endpoint: Endpoint) -> Clients:
    """Clients that know no other way than the SDK's."""
    found = replace(clients)
    found._ways[endpoint] = None
    return found


def _ending(clients: Clients, endpoint: Endpoint, operation: str, parameters: dict[str, Any]) -> object:
    """How a call ended, as a value that can be compared."""
    try:
        answer = clients.call("sts", operation, endpoint, KEYS, **parameters)
    except StsctlError as error:
        shown = "".join(traceback.format_exception(error))
        return type(error), error.message, error.hint, vars(error), "canary" in shown
    return {name: value for name, value in answer.body.items() if name != "Unheard"}, answer.instance


def _error_xml(inside: str, request_id: str = "<RequestId>req-1</RequestId>") -> str:
    return f'<ErrorResponse xmlns="{NAMESPACE}"><Error>{inside}</Error>{request_id}</ErrorResponse>'


def _coded(code: str, message: str = "because") -> str:
    return _error_xml(f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>")


_ANSWERS = [
    (200, role_xml(SESSION)),
    (200, role_xml(SESSION, more="<PackedPolicySize>6</PackedPolicySize><SourceIdentity>alice</SourceIdentity>")),
    (200, role_xml(SESSION, expires_at="2026-05-01T13:00:00.000Z")),
    (200, role_xml(SESSION, expires_at="2026-05-01T15:00:00+02:00")),
    (200, role_xml(SESSION, more="<Unheard><member><Of>1</Of></member><member/></Unheard>")),
    (200, "<!-- -->" + role_xml(SESSION, token="a&amp;b&#x43;<![CDATA[<d>]]>")),
    (200, answer_xml("GetSessionToken", credentials_xml())),
    (200, role_xml(SESSION, expires_at="yesterday")),
    (200, role_xml(SESSION, more="<PackedPolicySize>canary</PackedPolicySize>")),
    (200, f'<!DOCTYPE a [<!ENTITY e "canary">]><AssumeRoleResponse xmlns="{NAMESPACE}"/>'),
    (200, "canary"),
    (302, ""),
    (404, "<html><body>canary</body></html>"),
    *((status, _coded(code)) for status in (400, 403) for code in ("AccessDenied", "ExpiredToken", "ValidationError")),
    (403, _coded("InvalidClientTokenId")),
    (403, _coded("SignatureDoesNotMatch", "Signature expired: a &lt; b")),
    (403, _coded("PackedPolicyTooLarge", "")),
    (403, _error_xml("<Code>AccessDenied</Code>", "")),
    (403, _error_xml("<Message>no code</Message>")),
    (403, _error_xml("<Code>AccessDenied</Code><EncodedAuthorizationMessage>x</EncodedAuthorizationMessage>")),
    (400, _coded("Throttling")),
    (400, _coded("IDPCommunicationError")),
    (429, _coded("AccessDenied")),
    (500, _coded("InternalFailure")),
    (503, "canary"),
]


@pytest.mark.parametrize(("status", "body"), _ANSWERS)
@pytest.mark.parametrize("header", [None, "one"])
def test_both_ways_end_alike(sts: Server, clients: Clients, status: int, body: str, header: str | None) -> None:
    """Whatever is answered: the same session, or the same error with the same words, as through the SDK."""
    headers = {"Date": "Fri, 01 May 2026 11:00:00 GMT"} | ({EMULATOR_HEADER: header} if header else {})
    sts.told = Told(status=status, body=body, headers=headers)
    endpoint = replace(sts.endpoint, instance=header)
    ours = _ending(clients, endpoint, "AssumeRole", ROLE)
    assert not _by_sdk(sts)[0]
    theirs = _ending(_through_sdk(clients, endpoint), endpoint, "AssumeRole", ROLE)
    assert _by_sdk(sts)[-1]
    assert ours == theirs


_BOMB = "<!DOCTYPE a [<!ENTITY a 'canary'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in pairwise("abcdefghij")
)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<!DOCTYPE a>" + role_xml(SESSION)),
        (200, f"{_BOMB}]>" + role_xml(SESSION, token="&j;")),
        (403, '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + _coded("AccessDenied", "&a;")),
    ],
)
def test_what_could_define_entities_is_no_answer(sts: Server, clients: Clients, status: int, body: str) -> None:
    """A document type, which AWS never sends, makes an answer none, whatever else is in it."""
    sts.tell(status, body)
    with pytest.raises(UnavailableError, match="is not AWS"):
        clients.call("sts", "AssumeRole", sts.endpoint, KEYS, **ROLE)
    assert _by_sdk(sts) == [False]


def test_what_is_refused_is_asked_once_and_by_nobody_else(sts: Server, clients: Clients) -> None:
    """A refusal, and an answer that is none, end the call: a code that went with it may be spent."""
    for status, body in ((403, _coded("AccessDenied")), (200, "canary"), (400, "canary"), (200, role_xml(SESSION))):
        sts.tell(status, body)
        _ending(clients, sts.endpoint, "AssumeRole", ROLE)
    assert _by_sdk(sts) == [False] * 4


@pytest.mark.parametrize("told", [Told(status=503), Told(status=400, body=_coded("Throttling")), Told(stuck=True)])
def test_what_may_pass_is_taken_up_by_the_sdk(
    sts: Server, clients: Clients, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a first try the SDK makes those that are left, and no more than it would have made alone."""
    monkeypatch.setattr(client, "ATTEMPTS", 3)
    monkeypatch.setattr(client, "READ_TIMEOUT", 0.2)
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
    sts.told = told
    with pytest.raises(UnavailableError):
        clients.call("sts", "AssumeRole", sts.endpoint, KEYS, **ROLE)
    assert _by_sdk(sts) == [False, True, True]


def test_the_codes_after_which_it_is_tried_again_are_the_sdks() -> None:
    """None is missing that botocore would try again after."""
    theirs = standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES
    theirs += standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES
    assert {*theirs, "IDPCommunicationError"} == direct.MAY_PASS


@pytest.mark.parametrize(
    "parameters",
    [
        {**ROLE, "RoleSessionName": "x"},
        {**ROLE, "DurationSeconds": 899},
        {**ROLE, "DurationSeconds": "900"},
        {**ROLE, "DurationSeconds": True},
        {**ROLE, "PolicyArns": []},
        {**ROLE, "Tags": [{"Key": "", "Value": ""}]},
        {**ROLE, "Unheard": "of"},
        {**ROLE, "ExternalId": "\ud800\ud800"},
        {"RoleArn": ROLE["RoleArn"]},
    ],
)
def test_what_an_sdk_may_not_send_is_for_the_sdk_to_say(parameters: dict[str, Any]) -> None:
    """A parameter that is too short, of another type, unknown or missing makes no form."""
    assert query.form("AssumeRole", parameters) is None


def test_the_parameters_are_those_of_the_model() -> None:
    """Each operation's parameters have the least lengths of botocore's model, and the required ones are required."""
    model = get_session().get_service_model("sts")
    for operation, least in query.LEAST.items():
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        assert query.REQUIRED.intersection(least) == set(shape.required_members)
        for name, shortest in least.items():
            outer, _, inner = name.partition(".")
            member = shape.members[outer]
            if member.type_name == "list":
                member = member.member  # type: ignore[attr-defined]
                assert not member.serialization
            if inner:
                assert set(member.required_members) <= {each.partition(".")[2] for each in least}
                member = member.members[inner]
            assert member.metadata.get("min", 0) == shortest, name
            assert (member.type_name == "integer") is (name == "DurationSeconds")
        unsigned = model.operation_model(operation).auth_type == "none"
        assert unsigned is (operation in direct._UNSIGNED)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_variables_of_the_way_are_for_the_sdk(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A proxy, or certificates that a variable names, are the SDK's to read."""
    assert _way(AWS) is not None
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert _way(AWS) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        replace(AWS, use_fips=True),
        replace(AWS, use_dualstack=True),
        replace(AWS, region="aws-global"),
        replace(AWS, url="https://vpce.example/sts"),
        replace(AWS, url="https://name:password@sts.example"),
    ],
)
def test_what_is_not_plain_is_for_the_sdk(endpoint: Endpoint) -> None:
    """Other kinds of endpoints, and URLs with more than a host in them, go through the SDK."""
    assert _way(endpoint) is None


@pytest.mark.parametrize(
    ("names", "is_taken"), [(["4042bcee.0", "ISRG.pem"], True), (["ISRG.pem"], False), ([], False)]
)
def test_the_usual_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], is_taken: bool
) -> None:
    """The system's folder is taken where OpenSSL could find something in it; else the file that the SDK has."""
    for name in names:
        (tmp_path / name).touch()
    paths = ssl.get_default_verify_paths()._replace(openssl_capath=str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    found = direct._usual.__wrapped__()
    assert (found == tmp_path) is is_taken
    assert is_taken or "BEGIN CERTIFICATE" in found.read_text()


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_certificates_that_cannot_be_read_are_for_the_sdk(tmp_path: Path, content: bytes | None) -> None:
    """A bundle that is absent, or none, is not passed over."""
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    assert direct.Direct.to(AWS, ca_bundle=str(bundle), connecting=1, reading=1) is None


@pytest.mark.parametrize(
    "keys", [replace(KEYS, session_token=Secret("two\r\nlines")), replace(KEYS, access_key_id="é")]
)
def test_what_does_not_go_into_a_header_is_for_the_sdk(sts: Server, keys: Credentials) -> None:
    """A token or an id that is no plain text is not sent."""
    way = _way(sts.endpoint)
    assert way is not None
    assert way.request("GetCallerIdentity", keys, {}, datetime(2026, 1, 1)) is None  # noqa: DTZ001 - not looked at


def test_one_connection_serves_a_chain(sts: Server, clients: Clients) -> None:
    """Calls one after the other go to the same place, each with its own keys."""
    sts.tell(200, role_xml(SESSION))
    other = replace(KEYS, session_token=Secret("of-the-hop-before"))
    answers = [clients.call("sts", "AssumeRole", sts.endpoint, keys, **ROLE) for keys in (KEYS, other)]
    assert all(isinstance(answer, Answer) for answer in answers)
    assert [seen.get("x-amz-security-token") for seen in sts.seen] == [None, "of-the-hop-before"]


def test_awss_hosts_are_the_sdks() -> None:
    """For every region that AWS lists: the host that botocore's rules lead to."""
    from botocore.endpoint_provider import EndpointProvider

    loader = create_loader()
    partitions = loader.load_data("partitions")
    rules = EndpointProvider(loader.load_service_model("sts", "endpoint-rule-set-1"), partitions)
    regions = [region for partition in partitions["partitions"] for region in partition["regions"]]
    assert len(regions) > 40
    for region in (*regions, "eu-north-99", "us-isob-west-9", "xx-new-1"):
        found = sts_url(Endpoint(partition="aws", region=region))
        if region.endswith("-global"):
            assert found is None
        else:
            assert found == rules.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False).url


def test_a_clock_that_is_wrong_is_said(sts: Server, clients: Clients) -> None:
    """A refusal that is due to this machine's clock says so without the SDK too."""
    sts.refuse(403, "SignatureDoesNotMatch", Date="Fri, 01 May 2026 11:00:00 GMT")
    with pytest.raises(RefusedError, match="1h ahead of AWS's"):
        clients.call("sts", "GetCallerIdentity", sts.endpoint, KEYS)
    assert _by_sdk(sts) == [False]


def _way(endpoint: Endpoint) -> direct.Direct | None:
    return direct.Direct.to(endpoint, ca_bundle=None, connecting=1, reading=1)
