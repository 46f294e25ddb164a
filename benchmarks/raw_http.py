"""A client that costs next to nothing: ready bytes go out, an answer comes back whole, and only that is timed."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterator
from typing import Self

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)
_EXPECTED = b"HTTP/1.1 200 "


class Connection:
    """One connection to a port of this machine, opened again where the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes it; the next request opens it again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, request: bytes) -> socket.socket:
        """Sends a request; its answer is to be received from what is returned."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._socket.sendall(request)
        return self._socket

    def receive(self) -> bool:
        """Takes what has come; whether the answer is whole. Raises OSError for one that is no success."""
        assert self._socket is not None
        came = self._socket.recv(65536)
        self._received += came
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not came and not found:
            raise ConnectionResetError("the server hung up")
        head += b"\r\n"
        length = _LENGTH.search(head)
        if not found or (came and length and len(body) < int(length[1])):
            return False
        if not head.startswith(_EXPECTED):
            raise OSError(self._received[:1000].decode("utf-8", "replace"))
        if _CLOSE.search(head):
            self.close()
        return True

    def ask(self, request: bytes) -> None:
        """Sends a request and waits for its answer."""
        self.send(request)
        while not self.receive():
            pass


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
        return number


def first_answer(port: int, request: bytes, limit: float) -> None:
    """Asks again and again until there is an answer; raises OSError where there is none for `limit` seconds."""
    ends = time.monotonic() + limit
    while True:
        try:
            with Connection(port) as connection:
                return connection.ask(request)
        except ConnectionError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.005)


def busy(connection: Connection, requests: Iterator[bytes], seconds: float) -> tuple[int, float]:
    """Asks one request after another for so long: how many were answered, in how many seconds."""
    connection.ask(next(requests))
    began, calls = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds:
        connection.ask(next(requests))
        calls += 1
    return calls, took


def crowd(port: int, requests: Iterator[bytes], clients: int, seconds: float) -> list[float]:
    """So many clients ask at once, each again as soon as it is answered: the seconds that each answer took."""
    latencies: list[float] = []
    with selectors.DefaultSelector() as waiting:
        connections = [Connection(port) for _ in range(clients)]

        def ask(connection: Connection) -> None:
            sent_at = time.perf_counter()
            waiting.register(connection.send(next(requests)), selectors.EVENT_READ, (connection, sent_at))

        ends = time.perf_counter() + seconds
        for connection in connections:
            ask(connection)
        while waiting.get_map():
            for key, _ in waiting.select():
                connection, sent_at = key.data
                open_socket = key.fileobj
                if not connection.receive():
                    continue
                latencies.append(time.perf_counter() - sent_at)
                waiting.unregister(open_socket)
                if time.perf_counter() < ends:
                    ask(connection)
        for connection in connections:
            connection.close()
    return latencies
