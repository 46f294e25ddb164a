"""Signature Version 4: whether a request was signed as it claims, body and all.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html; the messages are
AWS's own.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from posixpath import normpath
from urllib.parse import quote, unquote_to_bytes

from stsctl.credentials import Secret
from stsctl.emulator.protocol import streaming
from stsctl.emulator.protocol.claim import STAMP, TERMINATOR, Claim, mismatch, unsupported
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request, query_pairs

UNSIGNED = "UNSIGNED-PAYLOAD"
"""What stands for the body of a request whose body is not signed."""

_SKEW = timedelta(minutes=5)
_SKEW_S3 = timedelta(minutes=15)
_PRESIGNED_STS = timedelta(minutes=15)
"""STS takes a presigned request for 15 minutes, whatever its X-Amz-Expires says (aws-iam-authenticator's README)."""

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


def verify(request: Request, claim: Claim, secret: Secret, now: datetime) -> None:
    """Raises Refusal unless `request` was signed with `secret`, just now, as `claim` says."""
    payload = payload_hash(request, claim, now)
    key = signing_key(secret, claim)
    expected = _hmac(key, string_to_sign(request, claim, payload)).hex()
    if not hmac.compare_digest(expected.encode(), claim.signature.encode("utf-8", "replace")):
        raise mismatch(MISMATCH)
    streaming.verify(request, payload, seed=claim.signature, stamp=claim.stamp, scope=claim.scope, key=key)


def payload_hash(request: Request, claim: Claim, now: datetime) -> str:
    """What stands for the body in the signature; raises Refusal for a claim that no signature could make good."""
    _check_time(claim, now)
    missing = _unsigned_headers(request, claim)
    if missing:
        raise mismatch(f"There were headers present in the request which were not signed: {', '.join(missing)}")
    return _payload_hash(request, claim)


def string_to_sign(request: Request, claim: Claim, payload: str) -> str:
    """What the signature of `request` signs, with `payload` in the place of its body."""
    canonical = "\n".join(
        [
            request.method,
            _canonical_path(request.path, claim.service),
            _canonical_query(request.query, presigned=claim.lifetime is not None),
            *(f"{name}:{_canonical_value(request, name)}" for name in claim.signed_headers),
            "",
            ";".join(claim.signed_headers),
            payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return "\n".join([claim.algorithm, claim.stamp, claim.scope, digest])


def signing_key(secret: Secret, claim: Claim) -> bytes:
    """The key that signs everything within the claim's scope."""
    key = _hmac(b"AWS4" + secret.reveal().encode(), claim.day)
    return _hmac(_hmac(_hmac(key, claim.region), claim.service), TERMINATOR)


def _check_time(claim: Claim, now: datetime) -> None:
    """The clock difference that AWS allows; its message carries both times, from which clients learn the skew."""
    skew, minutes = (_SKEW_S3, 15) if claim.service == "s3" else (_SKEW, 5)
    lifetime = claim.lifetime
    if lifetime is not None:
        skew, minutes = (
            (_PRESIGNED_STS, 15) if claim.service == "sts" else (lifetime, int(lifetime.total_seconds() / 60))
        )
    signed, current = claim.signed_at, now.strftime(STAMP)
    if signed < now - skew:
        bound = (now - skew).strftime(STAMP)
        message = f"Signature expired: {claim.stamp} is now earlier than {bound} ({current} - {minutes} min.)"
        raise Refusal("RequestTimeTooSkewed" if lifetime is None else "RequestExpired", message, 403)
    ahead = _SKEW_S3 if claim.service == "s3" else _SKEW
    if signed > now + ahead:
        minutes = int(ahead.total_seconds() / 60)
        bound = (now + ahead).strftime(STAMP)
        message = f"Signature not yet current: {claim.stamp} is still later than {bound} ({current} + {minutes} min.)"
        raise Refusal("RequestTimeTooSkewed", message, 403)


def _unsigned_headers(request: Request, claim: Claim) -> list[str]:
    """The header fields that had to be signed and were not: AWS wants every x-amz- one."""
    needed = sorted({name for name, _ in request.headers if name.startswith("x-amz-")})
    return [name for name in needed if name not in claim.signed_headers]


def _payload_hash(request: Request, claim: Claim) -> str:
    """What stands for the body in the canonical request."""
    stated = request.header("x-amz-content-sha256")
    if stated is None:
        if claim.lifetime is not None and claim.service == "s3":
            return UNSIGNED
        return hashlib.sha256(request.body).hexdigest()
    if stated == UNSIGNED or stated in streaming.FORMS:
        return stated
    if stated.startswith("STREAMING-"):
        raise unsupported(stated)
    actual = hashlib.sha256(request.body).hexdigest()
    if claim.service == "s3" and stated != actual:
        raise Refusal(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            400,
        )
    return actual


def _canonical_path(path: str, service: str) -> str:
    """S3 signs the path as it is, encoded once; every other service its normal form, encoded again."""
    if service == "s3":
        return quote(unquote_to_bytes(path.encode("utf-8", "surrogateescape")), safe="/-_.~")
    normal = normpath(path) if path else "/"
    if normal.startswith("//"):  # POSIX keeps two leading slashes
        normal = normal[1:]
    if path.endswith("/") and normal != "/":
        normal += "/"
    return quote(normal.encode("utf-8", "surrogateescape"), safe="/-_.~")


def _canonical_query(query: str, *, presigned: bool) -> str:
    pairs = [
        (_encode(key), _encode(value))
        for key, value in query_pairs(query)
        if not (presigned and key == "X-Amz-Signature")
    ]
    return "&".join(f"{key}={value}" for key, value in sorted(pairs))


def _canonical_value(request: Request, name: str) -> str:
    values = (" ".join(value.split()) for key, value in request.headers if key == name)
    return ",".join(values)


def _encode(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe="-_.~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha256")
