"""Where a browser comes back to after a sign-in: an address of this machine that answers once (RFC 8252, 7.3)."""

from __future__ import annotations

import http.server
import secrets
import socketserver
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from stsctl.errors import PersonNeededError, RefusedError, StsctlError
from stsctl.host import peer

PATH = "/oauth/callback"
HOST = "127.0.0.1"
_FIELDS = 20
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>stsctl</title>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem">
<h1 style="font-size: 1.4rem">{title}</h1><p>{text}</p></body></html>
"""
_SIGNED_IN = _PAGE.format(title="You can close this page", text="stsctl goes on in your terminal.")
_NOT_SIGNED_IN = _PAGE.format(title="You are not signed in", text="Your terminal says why.")
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


class RedirectError(StsctlError):
    """The address that a browser should come back to cannot be had."""


class Redirect:
    """An address on loopback, while it is entered; a browser that knows `state` is heard there, once.

    `port` is for authorities that take no other; None is any that is free. `answered` is set when the browser has its
    page.
    """

    def __init__(self, *, port: int | None = None) -> None:
        self.state = secrets.token_urlsafe(32)
        self.answered = threading.Event()
        self._found: dict[str, str] = {}
        try:
            self._server = _Server((HOST, port or 0), _Handler)
        except OSError as error:
            raise RedirectError(
                f"the port {port} of this machine, which the sign-in leads back to, is taken",
                hint="end the program that has it, or try again with --device",
            ) from error
        self._server.redirect = self
        self.authority = f"{HOST}:{self._server.server_address[1]}"
        self.uri = f"http://{self.authority}{PATH}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, limit: timedelta) -> str:
        """The authorization code that a browser brings.

        Raises RefusedError where it brings an error instead, and PersonNeededError where none comes within `limit`.
        """
        if not self.answered.wait(limit.total_seconds()):
            raise PersonNeededError(
                f"nobody signed in within {limit.total_seconds():g} seconds",
                hint="run the same command again",
                asked=True,
            )
        if "code" in self._found:
            return self._found["code"]
        code = self._found.get("error", "")
        raise RefusedError(
            "the sign-in was denied" if code == "access_denied" else "the sign-in was refused",
            code=code,
            reason=self._found.get("error_description", ""),
            operation="the sign-in",
        )

    def hear(self, target: str) -> str | None:
        """The page for a request; None for one that is not the browser's return, or not its first."""
        asked = urlsplit(target)
        try:
            pairs = parse_qsl(asked.query, max_num_fields=_FIELDS, errors="strict")
        except ValueError:
            return None
        given = dict(pairs)
        if asked.path != PATH or len(given) != len(pairs) or not ("code" in given or "error" in given):
            return None
        if not secrets.compare_digest(given.get("state", "").encode(), self.state.encode()):
            return None
        return self._take(given)

    def _take(self, given: Mapping[str, str]) -> str | None:
        with self._server.taking:
            if self._found:
                return None
            self._found.update((name, value) for name, value in given.items() if value.isprintable())
        return _SIGNED_IN if "code" in self._found else _NOT_SIGNED_IN


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """One thread a connection: browsers open some ahead, and send nothing by them."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = sys.platform != "win32"  # there it would let another program share the port
    redirect: Redirect

    def __init__(self, address: tuple[str, int], handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        self.taking = threading.Lock()
        super().__init__(address, handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - socketserver's signature
        """Nobody else on the machine is heard, who could have read the `state` on the browser's command line."""
        return not peer.is_stranger(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a browser that goes away is no news, and a traceback would show what it brought."""


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        """Hears the browser's return."""
        redirect = self.server.redirect
        page = redirect.hear(self.path) if self.headers.get("Host") == redirect.authority else None
        if page is None:
            self.send_error(404)
            return
        content = page.encode()
        try:
            self.send_response(200)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        finally:
            # Not before: whoever waits for this may end the process, and the page with it.
            redirect.answered.set()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - http.server's own name
        """Nothing."""
