"""Signature Version 4: what a request claims of its signer, and whether it is so.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html; the messages are
AWS's own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from posixpath import normpath
from urllib.parse import quote, unquote_to_bytes

from stsctl.credentials import Secret
from stsctl.emulator import streaming
from stsctl.emulator.refusal import Refusal
from stsctl.emulator.request import Request, query_pairs

ALGORITHM = "AWS4-HMAC-SHA256"
_ASYMMETRIC = "AWS4-ECDSA-P256-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
_TERMINATOR = "aws4_request"
_STAMP = "%Y%m%dT%H%M%SZ"

_SKEW = timedelta(minutes=5)
_SKEW_S3 = timedelta(minutes=15)
_PRESIGNED_STS = timedelta(minutes=15)
"""STS takes a presigned request for 15 minutes, whatever its X-Amz-Expires says (aws-iam-authenticator's README)."""

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a request says of its signature, not yet believed.

    `stamp` is its time as it was written, `lifetime` the time a presigned request gives itself, None for a header.
    """

    access_key_id: str
    session_token: str | None
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    stamp: str
    lifetime: timedelta | None = None

    @property
    def scope(self) -> str:
        """The credential scope."""
        return f"{self.day}/{self.region}/{self.service}/{_TERMINATOR}"

    @property
    def signed_at(self) -> datetime:
        """`stamp` as an instant."""
        return datetime.strptime(self.stamp, _STAMP).replace(tzinfo=UTC)


def read(request: Request) -> Claim | None:
    """What `request` claims of its signer; None when it is not signed at all. Raises Refusal for a mangled claim."""
    header = request.header("authorization")
    presigned = dict(query_pairs(request.query)) if "X-Amz-Algorithm=" in request.query else {}
    if header is None:
        if "Signature=" in request.query and "AWSAccessKeyId=" in request.query:
            raise _version_two()
        return _from_query(presigned) if presigned else None
    if presigned:
        raise Refusal(
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
            "parameter or the Authorization header should be specified",
            400,
        )
    return _from_header(request, header)


def verify(request: Request, claim: Claim, secret: Secret, now: datetime) -> None:
    """Raises Refusal unless `request` was signed with `secret`, just now, as `claim` says."""
    _check_time(claim, now)
    missing = _unsigned_headers(request, claim)
    if missing:
        raise _mismatch(f"There were headers present in the request which were not signed: {', '.join(missing)}")
    payload = _payload_hash(request, claim)
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
    key = signing_key(secret, claim)
    expected = _hmac(key, "\n".join([ALGORITHM, claim.stamp, claim.scope, digest])).hex()
    if not hmac.compare_digest(expected.encode(), claim.signature.encode("utf-8", "replace")):
        raise _mismatch(MISMATCH)
    streaming.verify(request, payload, seed=claim.signature, stamp=claim.stamp, scope=claim.scope, key=key)


def signing_key(secret: Secret, claim: Claim) -> bytes:
    """The key that signs everything within the claim's scope."""
    key = _hmac(b"AWS4" + secret.reveal().encode(), claim.day)
    return _hmac(_hmac(_hmac(key, claim.region), claim.service), _TERMINATOR)


def _from_header(request: Request, header: str) -> Claim:
    algorithm, _, rest = header.partition(" ")
    if algorithm == "AWS":
        raise _version_two()
    if algorithm != ALGORITHM:
        raise _algorithm(algorithm)
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    stamp = request.header("x-amz-date") or _http_date(request.header("date"))
    lacking = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not fields.get(name)
    ]
    if not stamp:
        lacking.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if lacking or not stamp:
        raise _incomplete(" ".join(lacking))
    return _claim(
        credential=fields["Credential"],
        signed_headers=fields["SignedHeaders"],
        signature=fields["Signature"],
        stamp=stamp,
        token=request.header("x-amz-security-token"),
    )


def _from_query(arguments: dict[str, str]) -> Claim:
    if arguments["X-Amz-Algorithm"] != ALGORITHM:
        raise _algorithm(arguments["X-Amz-Algorithm"])
    names = ("X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
    lacking = [f"AWS query-string parameters must include '{name}'." for name in names if not arguments.get(name)]
    if lacking:
        raise _incomplete(" ".join(lacking))
    expires = arguments.get("X-Amz-Expires", "3600")
    if not re.fullmatch(r"[0-9]{1,6}", expires, re.ASCII) or not 1 <= int(expires) <= 604800:
        raise _incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800")
    return _claim(
        credential=arguments["X-Amz-Credential"],
        signed_headers=arguments["X-Amz-SignedHeaders"],
        signature=arguments["X-Amz-Signature"],
        stamp=arguments["X-Amz-Date"],
        token=arguments.get("X-Amz-Security-Token"),
        lifetime=timedelta(seconds=int(expires)),
    )


def _claim(
    *,
    credential: str,
    signed_headers: str,
    signature: str,
    stamp: str,
    token: str | None,
    lifetime: timedelta | None = None,
) -> Claim:
    parts = credential.split("/")
    if len(parts) != 5:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential[:200]}'"
        )
    access_key_id, day, region, service, terminator = parts
    names = tuple(signed_headers.lower().split(";"))
    if "host" not in names:
        raise _mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    problem = ""
    if terminator != _TERMINATOR:
        problem = f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator[:50]}'."
    elif not re.fullmatch(r"[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}|aws-global", region, re.ASCII):
        problem = "Credential should be scoped to a valid region. "
    elif not re.fullmatch(r"[a-z0-9-]{1,63}", service, re.ASCII):
        problem = "Credential should be scoped to correct service. "
    if problem:
        raise _mismatch(problem)
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", stamp, re.ASCII):
        raise _not_iso(stamp)
    if day != stamp[:8]:
        raise _mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{day[:20]}' != '{stamp[:8]}', from '{stamp}'."
        )
    try:
        datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise _not_iso(stamp) from error
    return Claim(
        access_key_id=access_key_id,
        session_token=token,
        day=day,
        region=region,
        service=service,
        signed_headers=names,
        signature=signature,
        stamp=stamp,
        lifetime=lifetime,
    )


def _check_time(claim: Claim, now: datetime) -> None:
    """The clock difference that AWS allows; its message carries both times, from which clients learn the skew."""
    skew, minutes = (_SKEW_S3, 15) if claim.service == "s3" else (_SKEW, 5)
    lifetime = claim.lifetime
    if lifetime is not None:
        skew, minutes = (
            (_PRESIGNED_STS, 15) if claim.service == "sts" else (lifetime, int(lifetime.total_seconds() / 60))
        )
    signed, current = claim.signed_at, now.strftime(_STAMP)
    if signed < now - skew:
        bound = (now - skew).strftime(_STAMP)
        message = f"Signature expired: {claim.stamp} is now earlier than {bound} ({current} - {minutes} min.)"
        raise Refusal("RequestTimeTooSkewed" if lifetime is None else "RequestExpired", message, 403)
    ahead = _SKEW_S3 if claim.service == "s3" else _SKEW
    if signed > now + ahead:
        minutes = int(ahead.total_seconds() / 60)
        bound = (now + ahead).strftime(_STAMP)
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
        raise _algorithm(stated)
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


def _http_date(text: str | None) -> str | None:
    """A Date header as a stamp: it may be ISO 8601 already, or RFC 9110's form."""
    if text is None or re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", text, re.ASCII):
        return text
    try:
        return parsedate_to_datetime(text).astimezone(UTC).strftime(_STAMP)
    except (ValueError, OverflowError):
        return text


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha256")


def _incomplete(message: str) -> Refusal:
    return Refusal("IncompleteSignature", message, 400)


def _mismatch(message: str) -> Refusal:
    return Refusal("SignatureDoesNotMatch", message, 403)


def _not_iso(stamp: str) -> Refusal:
    return _incomplete(
        f"Date must be in ISO-8601 'basic format'. Got '{stamp[:50]}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )


def _algorithm(name: str) -> Refusal:
    aside = " (SigV4A: the emulator verifies AWS4-HMAC-SHA256 only)" if "ECDSA" in name else ""
    return _incomplete(f"Unsupported AWS 'algorithm': '{name[:60]}'{aside}")


def _version_two() -> Refusal:
    message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    return Refusal("InvalidRequest", message, 400)
