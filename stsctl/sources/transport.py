"""Forms posted over TLS, and the answers to them, with nothing but sockets: what one call to STS needs of HTTP.

Source: https://www.rfc-editor.org/rfc/rfc9112 (HTTP/1.1)
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from stsctl.dataclass import dataclass

if TYPE_CHECKING:
    import socket
    import ssl

LARGEST = 256 * 1024
"""Bytes of an answer that are read: more than any of STS's has."""

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_LENGTH = re.compile(rb"[0-9]{1,7}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,6})(?:[ \t]*;[^\r\n]*)?")
_IDLE = 5.0
"""Seconds after which a connection is not used again: the other side may just be closing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class NoReplyError(Exception):
    """There was no answer, or none of HTTP's: whether the request arrived, nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A server: by TLS, with these certificates, or without."""

    name: str
    port: int
    tls: ssl.SSLContext | None

    @property
    def header(self) -> str:
        """As the Host header has it."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"


class Connections:
    """Connections to one host, from any thread; each has one request at a time, and is kept a moment for the next."""

    def __init__(self, host: Host, *, connecting: float, reading: float) -> None:
        self.host = host
        self._connecting = connecting
        self._reading = reading
        self._idle: list[tuple[socket.socket, float]] = []

    def __del__(self) -> None:
        for connection, _ in self._idle:
            connection.close()

    def post(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Posts a form to the root of the host; raises NoReplyError, also where the answer is not there in time."""
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
        try:
            connection = self._connection()
            try:
                connection.settimeout(self._reading)
                connection.sendall(request)
                reading = _Reading(connection, time.monotonic() + self._reading)
                reply = reading.reply()
            except BaseException:
                connection.close()
                raise
        except (OSError, ValueError) as error:
            raise NoReplyError from error
        if reading.may_go_on:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()
        return reply

    def _connection(self) -> socket.socket:
        while True:
            try:
                connection, since = self._idle.pop()  # at once: others may be looking too
            except IndexError:
                return self._connect()
            if time.monotonic() - since < _IDLE:
                return connection
            connection.close()

    def _connect(self) -> socket.socket:
        import socket

        # As bytes: a text is encoded by the rules for names in every language, whose tables take a while to load.
        name: Any = self.host.name.encode("ascii")
        plain = socket.create_connection((name, self.host.port), self._connecting)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self.host.tls.wrap_socket(plain, server_hostname=name) if self.host.tls else plain
        except BaseException:
            plain.close()
            raise


class _Reading:
    """Reads one answer. Raises OSError where there is no whole one in time, ValueError for what is none of HTTP's."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until
        self._came = b""
        self._total = 0
        self.may_go_on = False

    def reply(self) -> Reply:
        """The answer that follows the interim ones."""
        status, headers = self._head()
        while 100 <= status < 200:
            status, headers = self._head()
        content = self._content(headers)
        self.may_go_on = self.may_go_on and not self._came
        return Reply(status=status, headers=headers, content=content)

    def _head(self) -> tuple[int, dict[str, str]]:
        first = _STATUS.fullmatch(self._line())
        if first is None:
            raise ValueError("no status line")
        headers: dict[str, str] = {}
        while line := self._line():
            found = _FIELD.fullmatch(line)
            if found is None:
                raise ValueError("no header")
            name, value = found[1].decode().lower(), found[2].decode("latin-1").strip()
            if name in ("content-length", "transfer-encoding") and headers.get(name, value) != value:
                raise ValueError("two lengths")
            headers[name] = value
        self.may_go_on = first[1] == b"1" and headers.get("connection", "").lower() != "close"
        return int(first[2]), headers

    def _content(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("content-encoding", "identity") != "identity":
            raise ValueError("nobody asked for that encoding")
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise ValueError("a transfer coding of another kind")
            return self._chunks()
        if length is None:
            self.may_go_on = False
            return self._rest()
        if not _LENGTH.fullmatch(length.encode("latin-1")):
            raise ValueError("no length")
        return self._take(int(length))

    def _chunks(self) -> bytes:
        found = b""
        while True:
            size = _CHUNK.fullmatch(self._line())
            if size is None:
                raise ValueError("no chunk")
            if not int(size[1], 16):
                break
            found += self._take(int(size[1], 16))
            if self._line():
                raise ValueError("no end of a chunk")
        while self._line():
            pass  # trailers
        return found

    def _line(self) -> bytes:
        while b"\r\n" not in self._came:
            self._more()
        line, _, self._came = self._came.partition(b"\r\n")
        return line

    def _take(self, length: int) -> bytes:
        if length > LARGEST:
            raise ValueError("too large")
        while len(self._came) < length:
            self._more()
        taken, self._came = self._came[:length], self._came[length:]
        return taken

    def _rest(self) -> bytes:
        while self._receive():
            pass
        taken, self._came = self._came, b""
        return taken

    def _more(self) -> None:
        if not self._receive():
            raise ConnectionResetError("the answer ends in the middle")

    def _receive(self) -> bool:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._connection.settimeout(left)
        came = self._connection.recv(65536)
        self._total += len(came)
        if self._total > 2 * LARGEST:
            raise ValueError("too large")
        self._came += came
        return bool(came)
