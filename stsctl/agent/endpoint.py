"""An endpoint on loopback where SDKs fetch a session as in a container, and fetch the next when it is due.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html. Errors have the shape that
the SDKs show to the person: a code and a message.

Every connection has one request, a thread and little time; there are only so many at once, and those who knock beyond
that wait before the door. So whoever sends slowly, or nothing, is in nobody's way for long.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from stsctl.agent.endpoint_request import END, RejectedError, Request, read
from stsctl.credentials import Secret, Session
from stsctl.dataclass import dataclass
from stsctl.errors import PersonNeededError, RefusedError, StsctlError, UnavailableError
from stsctl.formats import json
from stsctl.host import peer

LOOPBACK = "127.0.0.1"
"""What older SDKs take by http, besides localhost, which may be the other loopback."""
LONGEST_HEAD = 16 * 1024
_AT_ONCE = 128
_KNOCKING = 1024
_PATIENCE = 5.0
"""Seconds that a request may take to arrive, and an answer to leave. SDKs wait two for it."""
_PENALTY = 1.0
"""Seconds after which a wrong token is answered: with so many connections at once, hardly a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is served at a path to who has its token.

    `session` is called by several threads at once. It asks nobody, and raises StsctlError where there is no session.
    """

    token: Secret
    session: Callable[[], Session]
    role_arn: str | None = None


class Endpoint:
    """Serves `grants`, each at its path; what that mapping says later counts from then on."""

    def __init__(self, grants: Mapping[str, Grant], *, host: str = LOOPBACK, port: int = 0) -> None:
        """Takes a port, 0 for a free one; requests wait until `serve` is called. Raises OSError."""
        self._grants = grants
        self._listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_KNOCKING
        )
        self._address: tuple[str, int] = self._listener.getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        self._hosts = frozenset(f"{each}:{self._address[1]}" for each in (name, "localhost"))
        self._base = f"http://{name}:{self._address[1]}"
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._closed = threading.Event()

    def url(self, path: str) -> str:
        """Where a path is fetched."""
        return self._base + path

    def serve(self) -> None:
        """Answers until `close` is called."""
        with self._listener:
            while not self._closed.is_set():
                self._room.acquire()
                try:
                    connection, _ = self._listener.accept()
                except OSError:  # whoever knocked has gone, or there are too many files open: for a while
                    self._room.release()
                    self._closed.wait(0.05)
                    continue
                threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Ends `serve`; the port is free afterwards."""
        self._closed.set()
        with contextlib.suppress(OSError), socket.create_connection(self._address, _PATIENCE):
            """One more who knocks: nothing else wakes it on every system."""

    def _attend(self, connection: socket.socket) -> None:
        """One connection, from its beginning to its end."""
        try:
            with connection, contextlib.suppress(OSError):
                if peer.is_stranger(connection):
                    return
                status, body = self._answer(connection)
                connection.settimeout(_PATIENCE)
                connection.sendall(_response(status, body))
                if status != HTTPStatus.OK:
                    _linger(connection)
        finally:
            self._room.release()

    def _answer(self, connection: socket.socket) -> tuple[int, str]:
        try:
            grant = self._granted(read(_head(connection), self._hosts))
            return HTTPStatus.OK, json.container(grant.session(), role_arn=grant.role_arn)
        except RejectedError as error:
            return error.status, json.failure(error.code, error.message)
        except StsctlError as error:
            status, code = _standing(error)
            return status, json.failure(code, _told(error))
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of this thread: nothing may reach the terminal
            return 500, json.failure("InternalError", f"this is a bug in stsctl: {type(error).__name__}")

    def _granted(self, request: Request) -> Grant:
        """What the token opens. A path that does not exist is refused like a wrong token, and no sooner."""
        grant = self._grants.get(request.path)
        expected = grant.token if grant is not None else Secret("")
        if expected != request.token or not request.token or grant is None:
            self._closed.wait(_PENALTY)
            raise RejectedError(401, "AccessDenied", "there is nothing here for that token")
        return grant


def _head(connection: socket.socket) -> bytes:
    """All that is sent up to the empty line; raises RejectedError, and OSError where that does not come in time."""
    ends = time.monotonic() + _PATIENCE
    received = bytearray()
    while END not in received and len(received) <= LONGEST_HEAD:
        connection.settimeout(max(ends - time.monotonic(), 0.001))
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionResetError
        received += piece
    head, _, more = bytes(received).partition(END)
    if len(head) > LONGEST_HEAD:
        raise RejectedError(431, "RequestTooLarge", "the request is too long")
    if more:
        raise RejectedError(400, "BadRequest", "a request for credentials has no body")
    return head


def _linger(connection: socket.socket) -> None:
    """Reads on a little: what is still under way would otherwise take the answer away from the client."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(0.5)
    for _ in range(16):
        if not connection.recv(64 * 1024):
            return


def _response(status: int, body: str) -> bytes:
    content = body.encode()
    allow = "Allow: GET\r\n" if status == HTTPStatus.METHOD_NOT_ALLOWED else ""
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"{allow}Connection: close\r\n\r\n"
    )
    return head.encode() + content


def _standing(error: StsctlError) -> tuple[int, str]:
    """The status and the code for a failure: SDKs try again only what may pass."""
    if isinstance(error, UnavailableError):
        return 503, "ServiceUnavailable"
    if isinstance(error, PersonNeededError):
        return 403, "PersonNeeded"
    if isinstance(error, RefusedError):
        return 403, error.code or "AccessDenied"
    return 500, "CredentialsUnavailable"


def _told(error: StsctlError) -> str:
    """A failure in one line: what happened, and what to type."""
    parts = [error.message]
    if isinstance(error, RefusedError):
        parts = [error.message or f"{error.operation} refused", error.reason]
    if error.hint:
        parts.append(error.hint)
    return "stsctl: " + "; ".join(part for part in parts if part)
