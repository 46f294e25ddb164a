"""Hostile input: whatever STS and its HTTP front are sent, the answer is one that AWS's own clients can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from botocore.model import Shape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stsctl.credentials import Credentials, Secret
from stsctl.emulator.sts.shapes import operations
from tests.conftest import missing
from tests.unit.emulator.front import FORM, HOST, Front, Received, Signer, model

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Open"
FUZZED = settings(
    max_examples=100,
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
KEY_ID, SECRET = "AKIAFUZZFUZZFUZZFUZZ", "x" * 40
ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"}]}'
SEED = f"""
[account.{ACCOUNT}]
outbound_web_identity_federation = true
[account.{ACCOUNT}.user.alice]
key.main = {{ id = "{KEY_ID}", secret = "{SECRET}" }}
mfa = {{}}
policies.all = '{ALL}'
[account.{ACCOUNT}.role.Open]
trust = '{TRUST}'
policies.all = '{ALL}'
"""

VALID: dict[str, dict[str, str]] = {
    "AssumeRole": {"RoleArn": ROLE, "RoleSessionName": "me"},
    "AssumeRoleWithSAML": {
        "RoleArn": ROLE,
        "PrincipalArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/idp",
        "SAMLAssertion": "PHg+PC94Pg==",
    },
    "AssumeRoleWithWebIdentity": {"RoleArn": ROLE, "RoleSessionName": "me", "WebIdentityToken": "a.b.c"},
    "AssumeRoot": {
        "TargetPrincipal": "222222222222",
        "TaskPolicyArn.arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
    },
    "DecodeAuthorizationMessage": {"EncodedMessage": "bm9uZQ=="},
    "GetAccessKeyInfo": {"AccessKeyId": KEY_ID},
    "GetCallerIdentity": {},
    "GetDelegatedAccessToken": {"TradeInToken": "token"},
    "GetFederationToken": {"Name": "bob"},
    "GetSessionToken": {},
    "GetWebIdentityToken": {"Audience.member.1": "x", "SigningAlgorithm": "RS256"},
}
NOT_EMULATED = {"GetScopedCredentials"}
"""What the emulator says that it does not have."""
PAST_PARAMETERS = {
    "AccessDenied",
    "ExpiredTradeInTokenException",
    "InvalidAuthorizationMessageException",
    "InvalidIdentityToken",
    "NotImplemented",
}
LONE = "surrogatepass"

COMMON = frozenset(
    {
        "AccessDenied",
        "ExpiredToken",
        "IncompleteSignature",
        "InvalidAction",
        "InvalidArgument",
        "InvalidClientTokenId",
        "InvalidParameterValue",
        "InvalidRequest",
        "MalformedInput",
        "MalformedQueryString",
        "MissingAction",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "ValidationError",
    }
)
"""The errors that every operation of STS can have; each has its modelled ones besides."""


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    """An emulator in this process."""
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")
    return Front(SEED)


ALICE = Signer(credentials=Credentials(access_key_id=KEY_ID, secret_access_key=Secret(SECRET)))


def texts(shape: Shape) -> st.SearchStrategy[str]:
    """Values of a text: valid, at its limits and one beyond, and whatever else."""
    least, most = shape.metadata.get("min", 1), min(shape.metadata.get("max", 2049), 20_001)
    lengths = st.sampled_from([max(0, least - 1), least, least + 1, most, most + 1])
    letters = st.sampled_from(["a", "1", "ü", "-", "A"])
    sized = st.builds(lambda letter, length: letter * length, letters, lengths)
    known = st.sampled_from([ROLE, "me", ALL, "{}", "123456", "a.b.c", "RS256", "PHg+"])
    return st.one_of(
        known, known, sized, st.text(max_size=30), st.text("\x00\x1f\x7f\ud800\uffff<&>\r\n\"'", max_size=9)
    )


def numbers(shape: Shape) -> st.SearchStrategy[str]:
    """Values of a number, some of which are none."""
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 10_000)
    edges = st.sampled_from([least - 1, least, most, most + 1, -1, 2**31, 10**30]).map(str)
    return (
        edges | st.integers(least, most).map(str) | st.sampled_from(["", "x", "1e3", "9 00", "９００", "+900", "0x9"])
    )


def members(shape: Any, path: str) -> st.SearchStrategy[dict[str, str]]:
    """The fields that spell a value of `shape` under `path`."""
    match shape.type_name:
        case "structure":
            parts = [
                st.just({}) | members(member, f"{path}{'.' if path else ''}{name}")
                for name, member in shape.members.items()
            ]
            return st.tuples(*parts).map(lambda found: {name: value for part in found for name, value in part.items()})
        case "list":
            return st.sampled_from([0, 1, 1, 2, 3, 51]).flatmap(
                lambda count: st.tuples(
                    *(members(shape.member, f"{path}.member.{n}") for n in range(1, min(count, 4) + 1))
                ).map(lambda found: {name: value for part in found for name, value in part.items()} or {path: ""})
            )
        case "integer":
            return numbers(shape).map(lambda value: {path: value})
        case _:
            return texts(shape).map(lambda value: {path: value})


UNKNOWN = st.dictionaries(
    st.text(max_size=10) | st.sampled_from(["Tags.member.0.Key", "Policy.x", ".", "Tags.", "Action.member.1"]),
    st.text(max_size=9),
    max_size=2,
)


@st.composite
def fields_of(draw: st.DrawFn, operation: str) -> dict[str, str]:
    """The fields of a call that would do, but for a few that are anything."""
    shape = model().operation_model(operation).input_shape
    fields = {**draw(UNKNOWN), "Action": operation, "Version": "2011-06-15", **VALID.get(operation, {})}
    for name in draw(st.sets(st.sampled_from(sorted(shape.members)), max_size=3)) if shape and shape.members else ():
        kept = {key: value for key, value in fields.items() if key.partition(".")[0] != name}
        fields = kept | (draw(members(shape.members[name], name) | st.just({})))
    return fields


def form(fields: dict[str, str]) -> bytes:
    """The fields as a form, lone surrogates and all."""
    pairs = [(quote_plus(key, errors=LONE), quote_plus(value, errors=LONE)) for key, value in fields.items()]
    return "&".join(f"{key}={value}" for key, value in pairs).encode()


def check(received: Received, operation: str) -> None:
    """The answer is a success, or an error of AWS's that the operation can have, and parses as such."""
    content = received.parsed(operation)
    assert received.headers["x-amzn-requestid"] == content["ResponseMetadata"]["RequestId"]
    described = model().operation_model(operation)
    if received.status == 200:
        assert "Error" not in content
        assert set(content) - {"ResponseMetadata"} <= set(described.output_shape.members)
        assert len(content) > 1
        return
    modelled = {error.metadata.get("error", {}).get("code", error.name) for error in described.error_shapes}
    missing = {"NotImplemented"} if operation in NOT_EMULATED else set()
    assert content["Error"]["Code"] in COMMON | modelled | missing
    assert 400 <= received.status < 500 or missing
    assert content["Error"]["Message"]


@pytest.mark.parametrize("operation", sorted(operations()))
@FUZZED
@given(data=st.data())
def test_parameters(front: Front, operation: str, data: st.DataObject) -> None:
    """Every operation answers every parameter: valid, at a limit, beyond it, unknown, broken."""
    body = form(data.draw(fields_of(operation)))
    check(front.send("POST", "/", ALICE.header(body), body), operation)


@pytest.mark.parametrize("operation", sorted(VALID))
def test_what_is_varied_is_valid(front: Front, operation: str) -> None:
    """The calls that are varied above get past the check of their parameters."""
    body = form({"Action": operation, "Version": "2011-06-15", **VALID[operation]})
    received = front.send("POST", "/", ALICE.header(body), body)
    check(received, operation)
    assert received.status == 200 or received.parsed(operation)["Error"]["Code"] in PAST_PARAMETERS


@FUZZED
@given(operation=st.sampled_from(sorted(VALID)), data=st.data())
def test_presigned(front: Front, operation: str, data: st.DataObject) -> None:
    """So does a presigned request, whatever became of its arguments on the way."""
    target = ALICE.presigned(form(data.draw(fields_of(operation))).decode(), expires=data.draw(st.integers(1, 604800)))
    path, _, query = target.partition("?")
    arguments = query.split("&")
    for change in data.draw(st.lists(st.sampled_from(["drop", "double", "cut", "change", "swap"]), max_size=2)):
        at = data.draw(st.integers(0, len(arguments) - 1))
        match change:
            case "drop":
                arguments[at : at + 1] = []
            case "double":
                arguments.append(arguments[at])
            case "cut":
                arguments[at] = arguments[at][: len(arguments[at]) // 2]
            case "change":
                arguments[at] = arguments[at].partition("=")[0] + "=" + quote(data.draw(st.text(max_size=12)))
            case "swap":
                arguments.insert(0, arguments.pop(at))
        arguments = arguments or [""]
    headers = data.draw(st.sampled_from([(), (("Authorization", "AWS4-HMAC-SHA256 x"),), (("X-Amz-Date", "now"),)]))
    received = front.send("GET", f"{path}?{'&'.join(arguments)}", [("Host", HOST), *headers])
    assert received.status < 500 or operation in NOT_EMULATED
    if "x-amzn-errortype" not in received.headers and b"Action=" in "&".join(arguments).encode():
        check(received, operation)


BYTES = st.binary(max_size=80) | st.sampled_from(
    [
        b"Action=AssumeRole",
        b"Action=%ff",
        b"Action=\xff",
        b"a=b;c=d",
        b"&&&",
        b"=",
        b"{}",
        b"%",
        b"\xef\xbb\xbfAction=x",
    ]
)
CONTENTS = [
    "",
    FORM,
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "text/xml",
]


@FUZZED
@given(body=BYTES, content=st.sampled_from(CONTENTS), accept=st.sampled_from(["", "application/json", "*/*", "é"]))
def test_bodies(front: Front, body: bytes, content: str, accept: str) -> None:
    """A signed body of garbage is refused as what it is, in the protocol of whoever sent it."""
    received = front.send("POST", "/", [*ALICE.header(body, content=content), ("Accept", accept)], body)
    assert 400 <= received.status < 500
    code = json.loads(received.body)["Error"]["Code"] if accept == "application/json" else error_of(received)
    assert code in {"MalformedQueryString", "MissingAction", "InvalidAction"}


NAMES = st.sampled_from(
    [
        "Authorization",
        "X-Amz-Date",
        "X-Amz-Security-Token",
        "X-Amz-Content-Sha256",
        "Host",
        "Content-Type",
        "Date",
        "X-Amz-Target",
        "Accept",
        "Smithy-Protocol",
        "X-Moto-Account-Id",
        "X-Forwarded-For",
        "Content-Encoding",
        "Cookie",
    ]
)
LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
SIGNATURES = st.lists(
    st.sampled_from(
        ["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "AWS", " ", "Credential=", "a/b/c/d/e", ",", "=", ";"]
    )
    | st.sampled_from([f"{KEY_ID}/20260101/us-east-1/sts/aws4_request", "Signature=", "SignedHeaders=host", "x" * 64]),
    max_size=9,
).map("".join)


@FUZZED
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"]),
    path=LATIN,
    headers=st.lists(st.tuples(NAMES, LATIN | SIGNATURES), max_size=5),
    body=BYTES,
)
def test_headers(front: Front, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> None:
    """Hostile header fields and paths get a refusal, with a request id."""
    received = front.send(method, f"/{path}", [("Host", HOST), *headers], body)
    assert 400 <= received.status < 500
    assert received.headers["x-stsctl-emulator"]


@FUZZED
@given(data=st.data())
def test_changed_after_signing(front: Front, data: st.DataObject) -> None:
    """One byte that differs from what was signed, anywhere, and it is not signed."""
    body = form({"Action": "GetCallerIdentity", "Version": "2011-06-15"})
    headers = dict(ALICE.header(body))
    name = data.draw(st.sampled_from(["body", *(key for key in headers if key != "Authorization"), "Authorization"]))
    if name == "body":
        body = changed(data, body.decode()).encode()
    elif name == "Authorization":
        head, found, signature = headers[name].partition("Signature=")
        headers[name] = head + found + changed(data, signature)
    else:
        headers[name] = changed(data, headers[name])
    received = front.send("POST", "/", headers.items(), body)
    assert received.status in (400, 403)
    assert error_of(received) in {"SignatureDoesNotMatch", "IncompleteSignature"}


def changed(data: st.DataObject, text: str) -> str:
    """The text with one character replaced by another that is not just its other case, nor a space."""
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from([letter for letter in "abcxyz0189" if letter.lower() != text[at].lower()]))
    return text[:at] + letter + text[at + 1 :]


def error_of(received: Received) -> str:
    """The error's code, by botocore's parser."""
    code: str = received.parsed("GetCallerIdentity")["Error"]["Code"]
    return code
