"""How answers and refusals are spelled in each of AWS's protocols, so that every client can read them."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from xml.sax.saxutils import escape

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request

STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
IAM_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"

_ENCODED = "EncodedAuthorizationMessage"
"""Where a denial carries its encoded message: beside AWS's own words, which clients and tests compare."""

_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Entries(dict[str, str]):
    """A map within a result: its names are data, not members that a model knows."""


Result = Mapping[str, object]
"""What an operation answers: texts, numbers, instants, lists of those, and results within results; None is left out."""


class Dialect(Enum):
    """The protocol that a client speaks, as far as its errors differ."""

    QUERY = "query"
    QUERY_JSON = "query-json"
    EC2 = "ec2"
    S3 = "s3"
    JSON = "json"
    REST_JSON = "rest-json"
    CBOR = "cbor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer, whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def dialect(request: Request, service: str | None) -> Dialect:
    """What `request` speaks: told by its service and its content, the way a client's own parser is chosen."""
    content = (request.header("content-type") or "").lower()
    if "cbor" in content or request.header("smithy-protocol") == "rpc-v2-cbor":
        return Dialect.CBOR
    if service == "s3":
        return Dialect.S3
    if service == "ec2":
        return Dialect.EC2
    if request.header("x-amz-target"):
        return Dialect.JSON
    if "json" in content:
        return Dialect.REST_JSON
    if service in ("sts", "iam") or request.is_form() or "Action=" in request.query:
        wants_json = "application/json" in (request.header("accept") or "")
        return Dialect.QUERY_JSON if wants_json else Dialect.QUERY
    if service in ("route53", "cloudfront", "sdb"):
        return Dialect.QUERY
    return Dialect.S3 if service is None else Dialect.REST_JSON


def succeed(operation: str, result: Result, speech: Dialect, namespace: str = STS_NAMESPACE) -> Answer:
    """The result of an operation of the query protocol."""
    request_id = str(uuid.uuid4())
    if speech is Dialect.QUERY_JSON:
        content = {
            f"{operation}Response": {
                f"{operation}Result": _plain(result),
                "ResponseMetadata": {"RequestId": request_id},
            }
        }
        return _answer(200, "application/json", json.dumps(content), request_id)
    body = (
        f'<{operation}Response xmlns="{namespace}">\n  <{operation}Result>\n'
        f"{_elements(result, '    ')}  </{operation}Result>\n  <ResponseMetadata>\n"
        f"    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</{operation}Response>\n"
    )
    return _answer(200, "text/xml", body, request_id)


def refuse(refusal: Refusal, speech: Dialect) -> Answer:
    """A refusal, with the code, the status and the message that the client's protocol has for it."""
    request_id = str(uuid.uuid4())
    code, status, message = _translated(refusal, speech)
    fault = "Sender" if status < 500 else "Receiver"
    match speech:
        case Dialect.QUERY:
            encoded = f"    <{_ENCODED}>{refusal.encoded}</{_ENCODED}>\n" if refusal.encoded else ""
            body = (
                f'<ErrorResponse xmlns="{STS_NAMESPACE}">\n  <Error>\n    <Type>{fault}</Type>\n'
                f"    <Code>{_text(code)}</Code>\n    <Message>{_text(message)}</Message>\n{encoded}  </Error>\n"
                f"  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
            )
            return _answer(status, "text/xml", body, request_id)
        case Dialect.QUERY_JSON:
            error = {"Code": code, "Message": message, "Type": fault}
            if refusal.encoded:
                error[_ENCODED] = refusal.encoded
            return _answer(
                status, "application/json", json.dumps({"Error": error, "RequestId": request_id}), request_id
            )
        case Dialect.EC2:
            body = (
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                f"<Response><Errors><Error><Code>{_text(code)}</Code><Message>{_text(message)}</Message></Error></Errors>"
                f"<RequestID>{request_id}</RequestID></Response>"
            )
            return _answer(status, "text/xml;charset=UTF-8", body, request_id)
        case Dialect.S3:
            body = (
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                f"<Error><Code>{_text(code)}</Code><Message>{_text(message)}</Message>"
                f"<RequestId>{request_id}</RequestId><HostId>{secrets.token_hex(16)}</HostId></Error>"
            )
            return _answer(status, "application/xml", body, request_id)
        case Dialect.JSON | Dialect.REST_JSON:
            more = (("x-amzn-query-error", f"{refusal.query_code};{fault}"),) if refusal.query_code else ()
            return _answer(
                status,
                "application/x-amz-json-1.0",
                json.dumps({"__type": code, "message": message}),
                request_id,
                ("x-amzn-ErrorType", code),
                *more,
            )
        case Dialect.CBOR:
            body_bytes = b"\xa2" + b"".join(_cbor(text) for text in ("__type", code, "message", message))
            return _answer(status, "application/cbor", body_bytes, request_id, ("smithy-protocol", "rpc-v2-cbor"))


_S3 = {
    "Throttling": ("SlowDown", 503, "Please reduce your request rate."),
    "ServiceUnavailable": ("ServiceUnavailable", 503, "Service is unable to handle request."),
    "InvalidClientTokenId": (
        "InvalidAccessKeyId",
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    "ExpiredToken": ("ExpiredToken", 400, "The provided token has expired."),
    "MissingAuthenticationToken": ("AccessDenied", 403, "Access Denied"),
    "RequestTimeTooSkewed": (
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
    ),
    "RequestExpired": ("AccessDenied", 403, "Request has expired"),
    "SignatureDoesNotMatch": ("SignatureDoesNotMatch", 403, None),
    "IncompleteSignature": ("AuthorizationHeaderMalformed", 400, None),
}
_JSON = {
    "Throttling": ("ThrottlingException", 400, None),
    "InvalidClientTokenId": ("UnrecognizedClientException", 400, None),
    "ExpiredToken": ("ExpiredTokenException", 400, None),
    "MissingAuthenticationToken": ("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
    "SignatureDoesNotMatch": ("InvalidSignatureException", 400, None),
    "RequestTimeTooSkewed": ("InvalidSignatureException", 400, None),
    "RequestExpired": ("InvalidSignatureException", 400, None),
    "IncompleteSignature": ("IncompleteSignatureException", 400, None),
    "AccessDenied": ("AccessDeniedException", 400, None),
}
_EC2 = {
    "Throttling": ("RequestLimitExceeded", 503, "Request limit exceeded."),
    "InvalidClientTokenId": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
    "SignatureDoesNotMatch": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
    "ExpiredToken": ("RequestExpired", 400, "Request has expired."),
    "RequestTimeTooSkewed": ("RequestExpired", 400, "Request has expired."),
}
_QUERY = {
    "RequestTimeTooSkewed": ("SignatureDoesNotMatch", 403, None),
    "RequestExpired": ("SignatureDoesNotMatch", 403, None),
}
_TRANSLATIONS: dict[Dialect, Mapping[str, tuple[str, int, str | None]]] = {
    Dialect.S3: _S3,
    Dialect.JSON: _JSON,
    Dialect.REST_JSON: {**_JSON, "AccessDenied": ("AccessDeniedException", 403, None)},
    Dialect.CBOR: _JSON,
    Dialect.EC2: _EC2,
    Dialect.QUERY: _QUERY,
    Dialect.QUERY_JSON: _QUERY,
}


def _translated(refusal: Refusal, speech: Dialect) -> tuple[str, int, str]:
    code, status, message = _TRANSLATIONS[speech].get(refusal.code, (refusal.code, refusal.status, None))
    return code, status, message or refusal.message


def _answer(status: int, content: str, body: str | bytes, request_id: str, *more: tuple[str, str]) -> Answer:
    data = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    headers = (("Content-Type", content), ("x-amzn-RequestId", request_id), *more)
    return Answer(status=status, headers=headers, body=data)


def _elements(result: Result, indent: str) -> str:
    lines = []
    for name, value in result.items():
        if isinstance(value, Entries):
            pairs = value.items()
            entries = "".join(
                f"<entry><key>{_text(key)}</key><value>{_text(item)}</value></entry>" for key, item in pairs
            )
            lines.append(f"{indent}<{name}>{entries}</{name}>\n")
        elif isinstance(value, Mapping):
            lines.append(f"{indent}<{name}>\n{_elements(value, indent + '  ')}{indent}</{name}>\n")
        elif isinstance(value, list):
            members = "".join(f"<member>{_member(item)}</member>" for item in value)
            lines.append(f"{indent}<{name}>{members}</{name}>\n")
        elif value is not None:
            lines.append(f"{indent}<{name}>{_spelled(value)}</{name}>\n")
    return "".join(lines)


def _member(value: object) -> str:
    return _elements(value, "") if isinstance(value, Mapping) else _spelled(value)


def _spelled(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _text(str(value))


def _plain(result: Result) -> dict[str, object]:
    plain: dict[str, object] = {}
    for name, value in result.items():
        if isinstance(value, Mapping):
            plain[name] = _plain(value)
        elif isinstance(value, datetime):
            plain[name] = value.timestamp()
        elif value is not None:
            plain[name] = value
    return plain


def _text(text: str) -> str:
    """`text` within XML: escaped, and without the characters that XML 1.0 cannot hold."""
    return escape(_NOT_IN_XML.sub("\ufffd", text).encode("utf-8", "replace").decode())


def _cbor(text: str) -> bytes:
    """A text string (RFC 8949, major type 3)."""
    data = text.encode("utf-8", "replace")
    head = bytes([0x60 + len(data)]) if len(data) < 24 else b"\x79" + len(data).to_bytes(2, "big")
    return head + data
