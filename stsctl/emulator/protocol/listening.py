"""The HTTP server under the application: werkzeug's threaded one, on loopback, with connections that stay open.

A thread to a connection answers 16 clients no later than waitress or cheroot did, whose threads get each request from a
queue, and gives the header fields as they came, which signatures need. What werkzeug's handler does not do well, or for
development only, is done here: connections that stay open, bodies, errors.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from stsctl.emulator.protocol import wire
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import BODY_READ_KEY, HEADERS_KEY

HOST = "127.0.0.1"
_BACKLOG = 1024
"""So many may knock at once: hundreds of processes that start together do."""
_MOTO_NAMES_KEY = "moto.preserved_header_names"


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # or a request line that cannot be read gets an answer without a head
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # head and body leave together, so that the client wakes once
    timeout = 65  # an idle connection gives its thread back

    def make_environ(self) -> dict[str, Any]:
        """Adds the header fields as they came, for the signature, and leaves the body to whoever reads it.

        A name with an underscore is otherwise dropped, for it could pass for one with a dash; moto wants to see those
        of S3's metadata.
        """
        environ = super().make_environ()
        fields = list(self.headers.items())
        environ[HEADERS_KEY] = fields
        environ["wsgi.input"] = self.rfile
        named = environ[_MOTO_NAMES_KEY] = {}
        for name, value in fields:
            key = f"HTTP_{name.upper().replace('-', '_')}"
            if "_" in name and name.lower().startswith("x-amz-meta-") and key not in environ:
                environ[key], named[key] = value, name
        return environ

    def run_wsgi(self) -> None:
        """Answers one request. werkzeug's own closes every connection, since it may not have read all that was sent."""
        try:
            environ = self.make_environ()
        except ValueError:  # a URL that is none
            self.send_error(400)
            return
        begun: list[Any] = []
        chunks: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _error: object = None, /
        ) -> Callable[[bytes], object]:
            begun[:] = [status, headers]
            return chunks.append

        chunks += self.server.app(environ, start_response)
        status, headers = begun
        code, _, phrase = status.partition(" ")
        self._send(int(code), phrase, headers, b"".join(chunks), close=not environ.get(BODY_READ_KEY))

    def handle_expect_100(self) -> bool:
        """Says at once that the body may come."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuses what is no HTTP in AWS's form, where http.server would send a page."""
        phrase = HTTPStatus(code).phrase
        refusal = Refusal(phrase.title().replace(" ", ""), message or explain or phrase, code)
        answer = wire.refuse(refusal, wire.Dialect.QUERY)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        self._send(code, phrase, headers, answer.body, close=True)

    def _send(self, code: int, phrase: str, headers: list[tuple[str, str]], body: bytes, *, close: bool) -> None:
        self.send_response_only(code, phrase)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "date" for name, _ in headers):
            self.send_header("Date", self.date_time_string())
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the journal has its own line, without what a presigned URL carries."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's own name
        """Nothing: a client that hangs up is no event."""


def bind(port: int, address: str = HOST) -> socket.socket:
    """A port of this machine, 0 for a free one, where nobody listens until `serve` is called; raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows it would let two share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """Where an application answers that is served on `listener`."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = HOST
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(application: Callable[..., Any], listener: socket.socket) -> BaseWSGIServer:
    """A server that takes connections, and answers them once `serve_forever` is called; raises OSError."""
    with listener:
        listener.listen(_BACKLOG)
        host, port = listener.getsockname()[:2]
        return make_server(host, port, application, threaded=True, request_handler=_Handler, fd=listener.fileno())
