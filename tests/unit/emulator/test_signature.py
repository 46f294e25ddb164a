"""Signatures: the forms that AWS takes, the ones it does not, and what it says of each."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stsctl.credentials import Secret
from stsctl.emulator.protocol import signature
from stsctl.emulator.protocol.claim import Claim, read_claim
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request

SECRET = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET.reveal())
WITH_TOKEN = Credentials("ASIAIOSFODNN7EXAMPLE", SECRET.reveal(), "a/token+with==")
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def received(asked: AWSRequest) -> Request:
    """The request as a server gets it, after the client's own preparation."""
    sent = asked.prepare()
    url = urlsplit(sent.url)
    headers = {"host": url.netloc, **{name.lower(): _text(value) for name, value in sent.headers.items()}}
    body = sent.body or b""
    return Request(
        method=sent.method,
        path=url.path or "/",
        query=url.query,
        headers=tuple(headers.items()),
        body=body if isinstance(body, bytes) else body.encode(),
        source_ip="127.0.0.1",
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def signed(
    method: str = "POST",
    url: str = "http://127.0.0.1:1/",
    *,
    auth: Callable[..., Any] = SigV4Auth,
    service: str = "sts",
    keys: Credentials = KEYS,
    body: str | bytes = "Action=GetCallerIdentity",
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Request:
    """A request that botocore signed just now."""
    asked = AWSRequest(method, url, data=body, headers=FORM if headers is None else headers)
    auth(keys, service, "eu-central-1", **more).add_auth(asked)
    return received(asked)


def check(request: Request, *, secret: Secret = SECRET, now: datetime | None = None) -> Claim:
    """Reads and verifies the signature of a request."""
    claim = read_claim(request)
    assert claim is not None
    signature.verify(request, claim, secret, now or datetime.now(UTC))
    return claim


def refusal(request: Request, *, secret: Secret = SECRET, now: datetime | None = None) -> Refusal:
    """Why a request is refused."""
    with pytest.raises(Refusal) as refused:
        check(request, secret=secret, now=now)
    return refused.value


def with_header(request: Request, name: str, value: str | None) -> Request:
    """The request with another value of a header, or without it."""
    rest = tuple(item for item in request.headers if item[0] != name)
    return replace(request, headers=rest if value is None else (*rest, (name, value)))


def test_header() -> None:
    """The Authorization header says who signed, for which service and region."""
    claim = check(signed(keys=WITH_TOKEN))
    assert (claim.access_key_id, claim.service, claim.region) == ("ASIAIOSFODNN7EXAMPLE", "sts", "eu-central-1")
    assert claim.session_token == "a/token+with=="
    assert claim.lifetime is None


def test_presigned() -> None:
    """A presigned GetCallerIdentity, as EKS and Vault send it."""
    url = "http://127.0.0.1:1/?Action=GetCallerIdentity&Version=2011-06-15"
    claim = check(signed("GET", url, auth=SigV4QueryAuth, keys=WITH_TOKEN, body="", headers={}, expires=60))
    assert claim.session_token == "a/token+with=="
    assert claim.lifetime == timedelta(minutes=1)


PATHS = ["/b/key", "/b/a%20b", "/b/%C3%BC", "/b//double", "/b/./dot/../dots", "/b/plus%2Bplus", "/", "/b/~tilde/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("service", ["s3", "lambda"])
def test_paths(path: str, service: str) -> None:
    """Each service's canonical form of a path is the one that its clients sign."""
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    assert check(signed("PUT", f"http://127.0.0.1:1{path}", auth=auth, service=service, body=b"x", headers={}))


@pytest.mark.parametrize(
    "query",
    ["a=b", "b=2&a=1&a=0", "empty", "empty=", "x=%20%2F%C3%BC", "list-type=2&prefix=a%2Fb", "a=1&A=2", "k=v%3D"],
)
def test_queries(query: str) -> None:
    """Arguments are sorted and encoded as their clients sign them."""
    assert check(signed("GET", f"http://127.0.0.1:1/b?{query}", auth=S3SigV4Auth, service="s3", body="", headers={}))


def test_header_values_are_trimmed() -> None:
    """Blanks around and within a signed header do not count."""
    request = signed(headers={**FORM, "X-Amz-Meta-A": "a  b"})
    assert check(with_header(request, "x-amz-meta-a", "  a b "))


def test_unsigned_payload() -> None:
    """UNSIGNED-PAYLOAD leaves the body out of the signature."""
    stating = _stating("UNSIGNED-PAYLOAD")
    request = signed("PUT", "http://127.0.0.1:1/b/k", auth=stating, service="s3", body=b"one", headers={})
    assert check(replace(request, body=b"another"))


@pytest.mark.parametrize(
    "change",
    [
        lambda request: replace(request, method="GET"),
        lambda request: replace(request, path="/other"),
        lambda request: replace(request, query="a=b"),
        lambda request: replace(request, body=b"Action=AssumeRole"),
        lambda request: with_header(request, "host", "example.com"),
        lambda request: with_header(request, "x-amz-security-token", "another"),
        lambda request: with_header(request, "content-type", None),
        lambda request: with_header(request, "authorization", (request.header("authorization") or "")[:-1] + "x"),
    ],
)
def test_whatever_is_changed_breaks_it(change: Callable[[Request], Request]) -> None:
    """Method, path, query, body and every signed header are under the signature."""
    told = refusal(change(signed(keys=WITH_TOKEN)))
    assert (told.code, told.status) == ("SignatureDoesNotMatch", 403)


def test_another_secret() -> None:
    """Another secret's signature does not match, in AWS's words."""
    told = refusal(signed(), secret=Secret("another"))
    assert told.message == signature.MISMATCH


def test_s3_says_when_the_body_is_not_what_was_hashed() -> None:
    """S3 tells a changed body from a wrong signature."""
    request = signed("PUT", "http://127.0.0.1:1/b/k", auth=S3SigV4Auth, service="s3", body=b"one", headers={})
    assert refusal(replace(request, body=b"two")).code == "XAmzContentSHA256Mismatch"


def test_amz_headers_have_to_be_signed() -> None:
    """An x-amz- header that was added on the way is refused."""
    told = refusal(with_header(signed(), "x-amz-meta-added", "1"))
    assert told.message == "There were headers present in the request which were not signed: x-amz-meta-added"


def stamp(at: datetime) -> str:
    """An instant as SigV4 writes it."""
    return at.strftime("%Y%m%dT%H%M%SZ")


def test_too_old() -> None:
    """Five minutes, and the message has both times, from which a client learns the skew."""
    request = signed()
    then = datetime.strptime(request.header("x-amz-date") or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert check(request, now=then + timedelta(minutes=5))
    now = then + timedelta(minutes=5, seconds=1)
    told = refusal(request, now=now)
    assert told.message == (
        f"Signature expired: {stamp(then)} is now earlier than {stamp(now - timedelta(minutes=5))} "
        f"({stamp(now)} - 5 min.)"
    )


def test_too_new() -> None:
    """A clock that is ahead is told so."""
    request = signed()
    then = datetime.strptime(request.header("x-amz-date") or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert check(request, now=then - timedelta(minutes=5))
    now = then - timedelta(minutes=6)
    told = refusal(request, now=now)
    assert told.message == (
        f"Signature not yet current: {stamp(then)} is still later than {stamp(now + timedelta(minutes=5))} "
        f"({stamp(now)} + 5 min.)"
    )


def test_s3_allows_fifteen_minutes() -> None:
    """S3's clock difference is wider."""
    request = signed("GET", "http://127.0.0.1:1/b", auth=S3SigV4Auth, service="s3", body="", headers={})
    now = datetime.now(UTC)
    assert check(request, now=now + timedelta(minutes=14))
    assert refusal(request, now=now + timedelta(minutes=16)).code == "RequestTimeTooSkewed"


def test_presigned_lifetimes() -> None:
    """STS takes a presigned request for 15 minutes whatever it says; S3 as long as it says."""
    now = datetime.now(UTC)
    identity = "http://127.0.0.1:1/?Action=GetCallerIdentity"
    of_sts = signed("GET", identity, auth=SigV4QueryAuth, body="", headers={}, expires=60)
    assert check(of_sts, now=now + timedelta(minutes=14))
    assert refusal(of_sts, now=now + timedelta(minutes=16)).code == "RequestExpired"
    of_s3 = signed(
        "GET", "http://127.0.0.1:1/b/k", auth=S3SigV4QueryAuth, service="s3", body="", headers={}, expires=7200
    )
    assert check(of_s3, now=now + timedelta(minutes=119))
    assert refusal(of_s3, now=now + timedelta(minutes=121)).code == "RequestExpired"


GOOD = (
    "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
)


@pytest.mark.parametrize(
    ("header", "date", "code", "said"),
    [
        ("", "20260101T000000Z", "IncompleteSignature", "Unsupported AWS 'algorithm': ''"),
        ("AWS AKIA:abc", "20260101T000000Z", "InvalidRequest", "Please use AWS4-HMAC-SHA256."),
        ("Bearer abc", "20260101T000000Z", "IncompleteSignature", "Unsupported AWS 'algorithm': 'Bearer'"),
        (GOOD.replace("HMAC", "ECDSA-P256"), "20260101T000000Z", "IncompleteSignature", "SigV4A"),
        ("AWS4-HMAC-SHA256", "20260101T000000Z", "IncompleteSignature", "requires 'Credential' parameter."),
        (
            GOOD.replace("Signature=00", ""),
            "20260101T000000Z",
            "IncompleteSignature",
            "requires 'Signature' parameter.",
        ),
        (GOOD, None, "IncompleteSignature", "either a 'X-Amz-Date' or a 'Date' header."),
        (GOOD, "yesterday", "IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got 'yesterday'."),
        (GOOD.replace("20260101", "20260199"), "20260199T000000Z", "IncompleteSignature", "Date must be in ISO-8601"),
        (GOOD, "20260102T000000Z", "SignatureDoesNotMatch", "'20260101' != '20260102', from '20260102T000000Z'."),
        (GOOD.replace("/sts", ""), "20260101T000000Z", "IncompleteSignature", "exactly 5 slash-delimited elements"),
        (
            GOOD.replace("aws4_request", "aws"),
            "20260101T000000Z",
            "SignatureDoesNotMatch",
            "terminator: 'aws4_request', not 'aws'",
        ),
        (GOOD.replace("us-east-1", "nowhere"), "20260101T000000Z", "SignatureDoesNotMatch", "scoped to a valid region"),
        (GOOD.replace("sts", "STS"), "20260101T000000Z", "SignatureDoesNotMatch", "scoped to correct service"),
        (GOOD.replace("host;", ""), "20260101T000000Z", "SignatureDoesNotMatch", "'Host' or ':authority' must be"),
    ],
)
def test_mangled_headers(header: str, date: str | None, code: str, said: str) -> None:
    """A claim that cannot be read is refused with what is wrong in it."""
    headers = [("host", "127.0.0.1"), ("authorization", header), *([("x-amz-date", date)] if date else [])]
    request = Request(method="POST", path="/", query="", headers=tuple(headers), body=b"", source_ip="127.0.0.1")
    with pytest.raises(Refusal) as refused:
        read_claim(request)
    assert refused.value.code == code
    assert said in refused.value.message


PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fsts%2Faws4_request"
    "&X-Amz-Signature=b&X-Amz-SignedHeaders=host&X-Amz-Date=20260101T000000Z"
)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=a", "IncompleteSignature"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "IncompleteSignature"),
        (f"{PRESIGNED}&X-Amz-Expires=604801", "IncompleteSignature"),
        (f"{PRESIGNED}&X-Amz-Expires=soon", "IncompleteSignature"),
        ("AWSAccessKeyId=a&Signature=b&Expires=1", "InvalidRequest"),
    ],
)
def test_mangled_queries(query: str, code: str) -> None:
    """So is a presigned one."""
    request = Request(method="GET", path="/", query=query, headers=(("host", "x"),), body=b"", source_ip="127.0.0.1")
    with pytest.raises(Refusal) as refused:
        read_claim(request)
    assert refused.value.code == code


def test_two_claims() -> None:
    """A request is signed in one way, not in two."""
    request = replace(signed(), query="X-Amz-Algorithm=AWS4-HMAC-SHA256")
    with pytest.raises(Refusal, match="Only one auth mechanism allowed"):
        read_claim(request)


def test_unsigned() -> None:
    """A request without any claim is nobody's."""
    request = Request(method="GET", path="/", query="", headers=(("host", "x"),), body=b"", source_ip="127.0.0.1")
    assert read_claim(request) is None


def streamed(form: str, parts: list[bytes], trailer: bytes = b"x-amz-checksum-crc32:AAAAAA==") -> Request:
    """A body in chunks, each signed in turn, as S3's documentation describes it."""
    length = str(sum(len(part) for part in parts))
    headers = {"X-Amz-Decoded-Content-Length": length, "Content-Encoding": "aws-chunked"}
    request = signed("PUT", "http://127.0.0.1:1/b/k", auth=_stating(form), service="s3", body=b"", headers=headers)
    claim = read_claim(request)
    assert claim is not None
    key, previous, body = signature.signing_key(SECRET, claim), claim.signature, b""
    for part in [*parts, b""]:
        previous = _sign(key, "PAYLOAD", claim, previous, hashlib.sha256(b"").hexdigest() + "\n" + _hash(part))
        mark = f";chunk-signature={previous}" if "HMAC" in form else ""
        body += f"{len(part):x}{mark}\r\n".encode() + part + (b"\r\n" if part else b"")
    if form.endswith("TRAILER"):
        body += trailer + b"\r\n"
        if "HMAC" in form:
            previous = _sign(key, "TRAILER", claim, previous, _hash(trailer + b"\n"))
            body += f"x-amz-trailer-signature:{previous}\r\n".encode()
    return replace(request, body=body + b"\r\n")


def _stating(payload: str) -> type[S3SigV4Auth]:
    """A signer that states `payload` in place of the body's hash."""

    class Stating(S3SigV4Auth):
        def payload(self, request: AWSRequest) -> str:
            return payload

    return Stating


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sign(key: bytes, kind: str, claim: Claim, previous: str, rest: str) -> str:
    text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", claim.stamp, claim.scope, previous, rest])
    return hmac.digest(key, text.encode(), "sha256").hex()


SIGNED_STREAM = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
PARTS = [b"a" * 70000, b"b" * 1000, b"\r\n0;chunk-signature=\r\n"]


@pytest.mark.parametrize("form", [SIGNED_STREAM, f"{SIGNED_STREAM}-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
@pytest.mark.parametrize("parts", [PARTS, []])
def test_streams(form: str, parts: list[bytes]) -> None:
    """Bodies in chunks are followed from signature to signature, trailer included."""
    assert check(streamed(form, parts))


@pytest.mark.parametrize("form", [SIGNED_STREAM, f"{SIGNED_STREAM}-TRAILER"])
@pytest.mark.parametrize(
    ("old", "new"), [(b"aaaa", b"aaab"), (b"bbbb", b"bbbc"), (b"chunk-signature=", b"chunk-signature=0")]
)
def test_changed_streams(form: str, old: bytes, new: bytes) -> None:
    """A changed chunk, or a changed signature of one, is noticed."""
    request = streamed(form, PARTS)
    assert refusal(replace(request, body=request.body.replace(old, new, 1))).code in {
        "SignatureDoesNotMatch",
        "IncompleteBody",
    }


def test_changed_trailer() -> None:
    """The trailer is under a signature of its own."""
    request = streamed(f"{SIGNED_STREAM}-TRAILER", PARTS)
    assert (
        refusal(replace(request, body=request.body.replace(b"AAAAAA==", b"BAAAAA=="))).code == "SignatureDoesNotMatch"
    )


@pytest.mark.parametrize("cut", [0, 1, 10, 5000, 70500])
@pytest.mark.parametrize("form", [SIGNED_STREAM, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_cut_streams(cut: int, form: str) -> None:
    """A body that ends too early is incomplete."""
    request = streamed(form, PARTS)
    assert refusal(replace(request, body=request.body[:cut])).code == "IncompleteBody"


def test_dropped_chunk() -> None:
    """Chunks that were left out are missed, signed or not."""
    request = streamed("STREAMING-UNSIGNED-PAYLOAD-TRAILER", PARTS)
    assert refusal(replace(request, body=b"0\r\n\r\n")).code == "IncompleteBody"


def test_streams_signed_with_sigv4a() -> None:
    """Chunks signed with a key pair are refused as SigV4A."""
    request = streamed("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", [])
    told = refusal(request)
    assert told.code == "IncompleteSignature"
    assert "SigV4A" in told.message
