"""What a signed request claims of its signer, read from its header or its URL: Signature Version 4.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html; the messages are
AWS's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request, query_pairs

ALGORITHM = "AWS4-HMAC-SHA256"
BY_CERTIFICATE = ("AWS4-X509-RSA-SHA256", "AWS4-X509-ECDSA-SHA256")
"""How IAM Roles Anywhere is signed for: by a certificate's key, in place of one that AWS gave."""
TERMINATOR = "aws4_request"
STAMP = "%Y%m%dT%H%M%SZ"
"""How a signed request writes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a request says of its signature, not yet believed.

    `stamp` is its time as it was written, `lifetime` the time a presigned request gives itself, None for a header.
    Where a certificate's key signed, its serial number stands in the place of `access_key_id`.
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
    algorithm: str = ALGORITHM

    @property
    def scope(self) -> str:
        """The credential scope."""
        return f"{self.day}/{self.region}/{self.service}/{TERMINATOR}"

    @property
    def signed_at(self) -> datetime:
        """`stamp` as an instant."""
        return datetime.fromisoformat(self.stamp)


def is_signed(request: Request) -> bool:
    """Whether `request` claims to be signed with keys that AWS gave, rightly or not."""
    header = request.header("authorization") or ""
    return (header.startswith("AWS") and not header.startswith("AWS4-X509-")) or "X-Amz-Algorithm=" in request.query


def read_claim(request: Request) -> Claim | None:
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
    return _from_header(request, header, (ALGORITHM,))


def read_claim_by_certificate(request: Request) -> Claim:
    """What `request` claims of the certificate whose key signed it; raises Refusal for a mangled claim."""
    return _from_header(request, request.header("authorization") or "", BY_CERTIFICATE)


def _from_header(request: Request, header: str, algorithms: tuple[str, ...]) -> Claim:
    algorithm, _, rest = header.partition(" ")
    if algorithm == "AWS":
        raise _version_two()
    if algorithm not in algorithms:
        raise unsupported(algorithm)
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
        algorithm=algorithm,
    )


def _from_query(arguments: dict[str, str]) -> Claim:
    if arguments["X-Amz-Algorithm"] != ALGORITHM:
        raise unsupported(arguments["X-Amz-Algorithm"])
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
    algorithm: str = ALGORITHM,
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
        raise mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    problem = ""
    if terminator != TERMINATOR:
        problem = f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator[:50]}'."
    elif not re.fullmatch(r"[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}|aws-global", region, re.ASCII):
        problem = "Credential should be scoped to a valid region. "
    elif not re.fullmatch(r"[a-z0-9-]{1,63}", service, re.ASCII):
        problem = "Credential should be scoped to correct service. "
    if problem:
        raise mismatch(problem)
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", stamp, re.ASCII):
        raise _not_iso(stamp)
    if day != stamp[:8]:
        raise mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{day[:20]}' != '{stamp[:8]}', from '{stamp}'."
        )
    try:
        datetime.fromisoformat(stamp)
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
        algorithm=algorithm,
    )


def _http_date(text: str | None) -> str | None:
    """A Date header as a stamp: it may be ISO 8601 already, or RFC 9110's form."""
    if text is None or re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", text, re.ASCII):
        return text
    try:
        return parsedate_to_datetime(text).astimezone(UTC).strftime(STAMP)
    except (ValueError, OverflowError):
        return text


def _incomplete(message: str) -> Refusal:
    return Refusal("IncompleteSignature", message, 400)


def mismatch(message: str) -> Refusal:
    """SignatureDoesNotMatch, 403."""
    return Refusal("SignatureDoesNotMatch", message, 403)


def _not_iso(stamp: str) -> Refusal:
    return _incomplete(
        f"Date must be in ISO-8601 'basic format'. Got '{stamp[:50]}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )


def unsupported(name: str) -> Refusal:
    """AWS's refusal of another algorithm; SigV4A is told that it is meant."""
    aside = " (SigV4A: the emulator verifies AWS4-HMAC-SHA256 only)" if "ECDSA" in name else ""
    return _incomplete(f"Unsupported AWS 'algorithm': '{name[:60]}'{aside}")


def _version_two() -> Refusal:
    message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    return Refusal("InvalidRequest", message, 400)
