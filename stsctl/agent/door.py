"""Where the agent is asked: a socket of this user's, on which every question has little time and little room."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stsctl.agent import messages
from stsctl.agent.messages import Ask, Request
from stsctl.credentials import Secret
from stsctl.errors import StsctlError
from stsctl.host import private_socket

_PATIENCE = 3.0
"""Seconds that a question may take to arrive, and an answer to leave."""
_FAREWELL = 1.0
"""Seconds that whoever was let in has left when the door is closed."""
_AT_ONCE = 32
_ANSWERED_WITHIN = 20.0

Answer = Mapping[str, Any]


class Door:
    """Answers questions by `answer`, which several threads call at once, from programs of this very user."""

    def __init__(self, path: Path, answer: Callable[[Request], Answer], *, owner: int | None = None) -> None:
        """Listens at `path`; whoever opens it holds the lock by which there is one agent. `owner` is who may ask."""
        self._path = path
        self._answer = answer
        self._owner = os.geteuid() if owner is None else owner
        self._listener = private_socket.listen(path)
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._closed = threading.Event()

    def serve(self) -> None:
        """Lets them in until `close` is called."""
        while not self._closed.is_set():
            self._room.acquire()
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed, or whoever knocked has gone, or too many files are open: for a while
                self._room.release()
                self._closed.wait(0.05)
                continue
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Nobody is let in any more, and whoever is in has a moment to hear the answer: the program may end now."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        ends = time.monotonic() + _FAREWELL
        for _ in range(_AT_ONCE):
            if not self._room.acquire(timeout=max(ends - time.monotonic(), 0)):
                break
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _attend(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                if private_socket.user(connection) != self._owner:
                    return
                line = self._answered(connection)
                connection.settimeout(_PATIENCE)
                connection.sendall(line)
        finally:
            self._room.release()

    def _answered(self, connection: socket.socket) -> bytes:
        try:
            return messages.answer_line(self._answer(messages.parse_request(_line(connection))))
        except StsctlError as error:
            return messages.failure_line(error)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of this thread
            return messages.failure_line(StsctlError(f"this is a bug in stsctl's agent: {type(error).__name__}"))


def _line(connection: socket.socket) -> bytes:
    """All up to the end of the line; raises OSError where that does not come in time, or is too much."""
    return _received(connection, messages.LONGEST_REQUEST, _PATIENCE)


def _received(connection: socket.socket, longest: int, seconds: float) -> bytes:
    ends = time.monotonic() + seconds
    found = bytearray()
    while b"\n" not in found:
        connection.settimeout(max(ends - time.monotonic(), 0.001))
        piece = connection.recv(64 * 1024)
        found += piece
        if not piece or len(found) > longest:
            raise ConnectionAbortedError
    return bytes(found.partition(b"\n")[0])


def ask(path: Path, what: Ask, within: float = _ANSWERED_WITHIN, /, **given: str | Secret) -> dict[str, Any] | None:
    """What the agent at `path` answers; None where there is none. Raises StsctlError for its failures."""
    connection = private_socket.connect(path, min(_PATIENCE, within))
    if connection is None:
        return None
    with connection:
        try:
            connection.sendall(messages.request_line(what, given))  # to this very user, as the system says
            line = _received(connection, messages.LONGEST_ANSWER, within)
        except OSError:
            raise messages.AgentError("the agent does not answer", hint="stsctl agent stop") from None
    return messages.parse_answer(line)
