"""A door on the way to an emulator, which the test opens: so a call can be caught half way."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Gate:
    """Listens on loopback and passes on to `url`, byte for byte, what arrives while it is open.

    Closed, it takes requests (`arrived` counts them) and lets none through but the `first` ones; with `answers=True` it
    lets them through and keeps the answers.
    """

    def __init__(self, url: str, *, answers: bool = False, first: int = 0) -> None:
        goal = urlsplit(url)
        self._goal = (goal.hostname or "", goal.port or 0)
        self._holds_answers = answers
        self._first = first
        self._open = threading.Event()
        self._arrived = threading.Condition()
        self._count = 0
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=300)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.set()
        self._listener.close()
        for each in self._sockets:
            each.close()

    def open(self) -> None:
        """Lets everything through, from now on."""
        self._open.set()

    def wait(self, count: int = 1, *, timeout: float = 120) -> None:
        """Waits until `count` requests (with `answers`: answers) have stood before the closed gate."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._count >= count, timeout), f"{self._count} of {count} came"

    def _passes(self) -> bool:
        """Whether this is one of the first."""
        with self._arrived:
            self._first -= 1
            return self._first >= 0

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                goal = socket.create_connection(self._goal)
                self._sockets += [client, goal]
                for source, sink, held in (
                    (client, goal, not self._holds_answers),
                    (goal, client, self._holds_answers),
                ):
                    threading.Thread(target=self._pass, args=(source, sink, held), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, held: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if held and not self._open.is_set() and not self._passes():
                    with self._arrived:
                        self._count += 1
                        self._arrived.notify_all()
                    self._open.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
