"""What may be asked of the endpoint: a plain GET by a program of this machine, and nothing that a browser would send.

A page that is open in a browser can reach loopback, under a name of its own too (DNS rebinding). It can neither leave
its marks out nor choose the Host that is sent, so either is enough to refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass

END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(r"([A-Z]{1,20}) (/[\x21-\x7e]*) HTTP/1\.[01]")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*")
"""RFC 9112, 5: no blank before the colon, and no line that goes on in the next."""
_OF_BROWSERS = re.compile(r"origin|referer|cookie|sec-.+|access-control-.+|upgrade-insecure-requests|service-worker.*")
_OF_PROXIES = re.compile(r"via|forwarded|x-forwarded-.+|proxy-.+")


class RejectedError(Exception):
    """A request that gets no credentials: the status, AWS's kind of code, and what is wrong with it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GET of `path`, with what opens it."""

    path: str
    token: Secret


def read(head: bytes, hosts: Collection[str]) -> Request:
    """The request in a head without its empty line, at an endpoint that is called `hosts`; raises RejectedError."""
    line, *lines = head.decode("latin-1").split("\r\n")
    started = _REQUEST_LINE.fullmatch(line)
    if started is None:
        raise RejectedError(400, "BadRequest", "this is no request of HTTP/1.1")
    fields = _fields(lines)
    if fields.get("host", "").lower() not in hosts:
        raise RejectedError(403, "WrongHost", "the Host is not this endpoint's own")
    _refuse_strangers(fields)
    method, path = started[1], started[2]
    if method != "GET":
        raise RejectedError(405, "MethodNotAllowed", "there is nothing here but to GET")
    if fields.get("content-length", "0") != "0" or "transfer-encoding" in fields:
        raise RejectedError(400, "BadRequest", "a request for credentials has no body")
    return Request(path=path, token=Secret(fields.get("authorization", "")))


def _fields(lines: list[str]) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise RejectedError(400, "BadRequest", "a header field cannot be read")
        name = found[1].lower()
        if name in ("host", "authorization", "content-length") and name in fields:
            raise RejectedError(400, "BadRequest", f"there are two of {name}")
        fields[name] = found[2]
    return fields


def _refuse_strangers(fields: Mapping[str, str]) -> None:
    if any(_OF_BROWSERS.fullmatch(name) for name in fields):
        raise RejectedError(403, "FromBrowser", "browsers get no credentials")
    if any(_OF_PROXIES.fullmatch(name) for name in fields):
        raise RejectedError(403, "ByProxy", "this came by a proxy: have NO_PROXY name 127.0.0.1")
