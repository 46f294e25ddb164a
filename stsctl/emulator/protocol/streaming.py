"""Bodies in signed chunks (aws-chunked), as S3's clients stream them.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
FORMS = frozenset({SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER})

_EMPTY = hashlib.sha256(b"").hexdigest()
_HEAD = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    data: bytes
    signature: str
    end: int


def verify(request: Request, form: str, *, seed: str, stamp: str, scope: str, key: bytes) -> None:
    """Raises Refusal unless each chunk of the body, and its trailer, is signed in turn from `seed` on.

    A body in none of the `FORMS` is left alone: its hash was part of the request's own signature.
    """
    if form not in FORMS:
        return
    previous, length, end = seed, 0, 0
    for chunk in _chunks(request.body):
        length, end = length + len(chunk.data), chunk.end
        if form == UNSIGNED_TRAILER:
            continue
        digest = hashlib.sha256(chunk.data).hexdigest()
        previous = _check(key, ["AWS4-HMAC-SHA256-PAYLOAD", stamp, scope, previous, _EMPTY, digest], chunk.signature)
    stated = request.header("x-amz-decoded-content-length")
    if stated is None or stated != str(length):
        raise _incomplete(
            "You did not provide the number of bytes specified by the x-amz-decoded-content-length header"
        )
    if form == SIGNED_TRAILER:
        _check_trailer(request.body[end:], stamp, scope, previous, key)


def _chunks(body: bytes) -> Iterator[_Chunk]:
    """The chunks of a body, the empty one that ends it included."""
    place = 0
    while True:
        head = _HEAD.match(body, place)
        if head is None:
            raise _incomplete("The request body terminated unexpectedly")
        start, size = head.end(), int(head[1], 16)
        data, signature = body[start : start + size], (head[2] or b"").decode()
        if len(data) != size:
            raise _incomplete("The request body terminated unexpectedly")
        if size == 0:
            yield _Chunk(data=data, signature=signature, end=start)
            return
        place = start + size + 2
        if body[place - 2 : place] != b"\r\n":
            raise _incomplete("The request body terminated unexpectedly")
        yield _Chunk(data=data, signature=signature, end=place)


def _check_trailer(trailer: bytes, stamp: str, scope: str, previous: str, key: bytes) -> None:
    lines = [line for line in re.split(rb"\r?\n", trailer) if line]
    fields = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    signature = next((value for name, value in fields if name == b"x-amz-trailer-signature"), b"").decode("latin-1")
    signed = b"".join(name + b":" + value + b"\n" for name, value in fields if name != b"x-amz-trailer-signature")
    digest = hashlib.sha256(signed).hexdigest()
    _check(key, ["AWS4-HMAC-SHA256-TRAILER", stamp, scope, previous, digest], signature)


def _check(key: bytes, lines: list[str], signature: str) -> str:
    expected = hmac.digest(key, "\n".join(lines).encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise Refusal(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
            403,
        )
    return expected


def _incomplete(message: str) -> Refusal:
    return Refusal("IncompleteBody", message, 400)
