"""An HTTP request as it arrived: nothing decoded, nothing believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from stsctl.emulator.protocol.chunked import Chunked
from stsctl.emulator.protocol.refusal import Refusal

LARGEST_BODY = 256 * 1024 * 1024
"""The longest body that is read, in bytes; S3 takes longer ones, a machine's memory does not."""

HEADERS_KEY = "stsctl.headers"
"""Where the server leaves the header fields in the WSGI environment, spelled and ordered as they came."""
BODY_READ_KEY = "stsctl.body_read"
"""Set in the WSGI environment once the body has been read to its end, so that the connection can go on."""

_ABSOLUTE = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
"""What stands before the path where a request names its URL whole, as to a proxy (RFC 9112, section 3.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `path` and `query` are still percent-encoded; header names are in lower case, in order."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    _named: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named: dict[str, str] = {}
        for name, value in self.headers:
            named[name] = f"{named[name]},{value}" if name in named else value
        object.__setattr__(self, "_named", named)

    def header(self, name: str) -> str | None:
        """The value of a header field, those of several joined by commas; None where there is none."""
        return self._named.get(name)

    def argument(self, name: str) -> str | None:
        """The value of a query argument, decoded; None where there is none."""
        return next((value for key, value in query_pairs(self.query) if key == name), None)

    def is_form(self) -> bool:
        """Whether the body is a form, as AWS's query protocol sends."""
        return (self.header("content-type") or "").lower().startswith("application/x-www-form-urlencoded")


def query_pairs(query: str) -> list[tuple[str, str]]:
    """A query string's arguments, percent-decoded; a plus stays a plus, as in AWS's canonical form."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return [(_decode(key), _decode(value)) for key, _, value in pairs]


def text_of(body: bytes) -> str:
    """A form's bytes as text; raises Refusal for what is no UTF-8."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("MalformedQueryString", "The query string contains a syntax error", 400) from error


def form_pairs(text: str) -> list[tuple[str, str]]:
    """A form's fields, percent-decoded, pluses as spaces; raises Refusal for what is no form."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=2000)
    except ValueError as error:
        raise Refusal("MalformedQueryString", "The query string contains a syntax error", 400) from error


def from_environ(environ: dict[str, Any]) -> Request:
    """The request that a WSGI environment holds; raises Refusal for one too long to take."""
    path, _, query = _ABSOLUTE.sub("", _as_sent(environ["RAW_URI"])).partition("?")
    body = _body(environ)
    environ[BODY_READ_KEY] = True
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path or "/",
        query=query,
        headers=tuple((name.lower(), _as_sent(value).strip()) for name, value in environ[HEADERS_KEY]),
        body=body,
        source_ip=environ.get("REMOTE_ADDR", ""),
    )


def _body(environ: dict[str, Any]) -> bytes:
    """The body, as long as the header fields say (RFC 9112, section 6)."""
    stated = {value.strip() for name, value in environ[HEADERS_KEY] if name.lower() == "content-length"}
    stated |= {environ.get("CONTENT_LENGTH") or ""} - {""}
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    if coding is not None:
        return _chunked_body(environ, coding, stated)
    if not stated:
        return b""
    length = stated.pop()
    if stated or not (length.isascii() and length.isdigit()):
        raise Refusal("MalformedInput", "The Content-Length header is no number", 400)
    if int(length) > LARGEST_BODY:
        raise _too_large()
    try:
        body: bytes = environ["wsgi.input"].read(int(length))
    except OSError as error:
        raise _incomplete() from error
    if len(body) != int(length):
        raise _incomplete()
    return body


def _chunked_body(environ: dict[str, Any], coding: str, stated: set[str]) -> bytes:
    if coding.strip().lower() != "chunked":
        message = "A header you provided implies functionality that is not implemented"
        raise Refusal("NotImplemented", message, 501)
    if stated:
        raise Refusal("MalformedInput", "The request has both Content-Length and Transfer-Encoding", 400)
    try:
        body = Chunked(environ["wsgi.input"]).read(LARGEST_BODY + 1)
    except OSError as error:
        raise _incomplete() from error
    if len(body) > LARGEST_BODY:
        raise _too_large()
    return body


def _too_large() -> Refusal:
    return Refusal("RequestEntityTooLarge", "The emulator takes bodies of 256 MiB and less", 413)


def _incomplete() -> Refusal:
    return Refusal("IncompleteBody", "The request body terminated unexpectedly", 400)


def _decode(text: str) -> str:
    if "%" not in text:
        return text
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _as_sent(text: str) -> str:
    """What WSGI spells in Latin-1, as the UTF-8 that it was; bytes that are none are kept as surrogates."""
    if text.isascii():
        return text
    return text.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
