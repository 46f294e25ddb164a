"""What is no HTTP, or hardly: the server answers it with a refusal or hangs up, and goes on."""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl.emulator.running import Running
from tests.unit.emulator.front import FORM

START = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n".encode()
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"


def exchange(running: Running, request: bytes) -> bytes:
    """All that comes back for these bytes, after which no more are sent, until the server hangs up."""
    received = b""
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        with suppress(OSError):  # it may have hung up already
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while part := connection.recv(65536):
                received += part
    return received


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (b"", {0}),
        (b"\r\n\r\n", {0, 400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 400, {0, 400, 414}),  # TLS where there is none
        (b"GET\r\n\r\n", {400}),
        (b"GET / HTTP/9.9\r\n\r\n", {400, 505}),
        (b"GET / HTTP/x\r\n\r\n", {400}),
        (b"GET /\r\n\r\n", {0, 400, 403}),
        (b"GET  /  HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 403}),
        (b"GET http://[::1/ HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 403}),
        (b"GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n", {403}),
        (b"GET /\xff\xfe\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 403}),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", {414}),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", {400, 431}),
        (b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 3000 + b"\r\n", {400, 431}),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", {400, 403}),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", {400, 403}),
        (b"GET / HTTP/1.1\r\nX\x00Y: \xff\r\n\r\n", {400, 403}),
        (b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", {403, 405, 501}),
        (START + b"Content-Length: 10\r\n\r\nshort", {400}),
        (START + b"Content-Length: -1\r\n\r\n", {400}),
        (START + b"Content-Length: 1e3\r\n\r\n", {400}),
        (START + b"Content-Length: 99999999999999999999\r\n\r\nx", {413}),
        (START + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\na=bc", {400}),
        (CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n", {400}),
        (CHUNKED + b"ffffffffffffffff\r\nabc", {400, 413}),
        (CHUNKED + b"-5\r\nabc\r\n0\r\n\r\n", {400}),
        (CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", {400}),
        (CHUNKED + b"3\r\nabc\r\n", {400}),
        (START + b"Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", {400, 403, 501}),
        (START + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\na=b\r\n0\r\n\r\n", {400, 403}),
        (START + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\na=b", {403}),
        (START + b"Expect: the worst\r\nContent-Length: 3\r\n\r\na=b", {403, 417}),
    ],
)
def test_garbage(shared_emulator: Running, request_bytes: bytes, statuses: set[int]) -> None:
    """Each kind of bytes gets one of the answers that fit it (0: none), never a failure of the server."""
    status, content = read(exchange(shared_emulator, request_bytes))
    assert status in statuses, content
    assert b"<Code>" in content or status == 0


@settings(max_examples=60, deadline=timedelta(seconds=20))
@given(garbage=st.binary(max_size=120), start=st.sampled_from([b"", b"GET / HTTP/1.1\r\n", START, CHUNKED]))
def test_any_bytes(shared_emulator: Running, garbage: bytes, start: bytes) -> None:
    """Whatever the bytes, if an answer comes then it is a refusal."""
    status, content = read(exchange(shared_emulator, start + garbage))
    assert status == 0 or 400 <= status < 500 or status in (501, 505), content


@pytest.mark.parametrize(
    "request_bytes",
    [
        START + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\na=b",
        START + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
        CHUNKED + b"x\r\n",
        CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
        START + b"Content-Length: +3\r\n\r\na=b",
    ],
)
def test_nothing_is_smuggled(shared_emulator: Running, request_bytes: bytes) -> None:
    """Where the end of a body is in doubt, what follows is not taken for a request."""
    received = exchange(shared_emulator, request_bytes + b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert read(received)[0] == 400
    assert received.count(b"HTTP/1.1 ") == 1


def read(received: bytes) -> tuple[int, bytes]:
    """Status (0: nothing came) and body of the last of what was received, which may begin with 100 Continue."""
    received = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, body = received.partition(b"\r\n\r\n")
    assert not head or head.startswith(b"HTTP/1."), head
    return int(head.split(b" ")[1]) if head else 0, body


def test_who_waits_to_be_told(shared_emulator: Running) -> None:
    """A client that asks whether to send its body is told to before it has sent any of it."""
    with socket.create_connection(("127.0.0.1", shared_emulator.port), timeout=20) as connection:
        connection.sendall(START + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"a=b")
        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")
