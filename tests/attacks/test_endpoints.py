"""Whatever listens: each listener has its attacks tested, and the ones for a browser hear this user's alone."""

from __future__ import annotations

import http.client
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

import stsctl
from stsctl.host import browser, peer
from stsctl.host.redirect import Redirect
from tests.attacks.test_other_users import NEIGHBOUR, acting_as
from tests.traced import ROOT

LISTENERS = {
    "agent/door.py": "tests/unit/agent/test_door.py",
    "agent/endpoint.py": "tests/unit/agent/test_endpoint.py",
    "emulator/protocol/listening.py": "tests/unit/emulator/test_visitors.py",
    "host/browser.py": "tests/attacks/test_endpoints.py",
    "host/private_socket.py": "tests/unit/agent/test_door.py",
    "host/redirect.py": "tests/unit/host/test_redirect.py",
}
"""What listens, and where others' names (DNS rebinding), others' pages, guesses, slow and long requests are tried."""
LISTENS = re.compile(r"create_server\(|TCPServer|HTTPServer\(|\.listen\(")


def test_every_listener_has_its_attacks_tested() -> None:
    """A new one fails here before it is forgotten."""
    package = Path(stsctl.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if LISTENS.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(LISTENERS)
    assert [test for test in LISTENERS.values() if not (ROOT / test).is_file()] == []


def _asked(url: str, **headers: str) -> int:
    """The status of the answer to a GET, 0 where there is none."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 0, timeout=30)
    try:
        connection.request("GET", f"{where.path}?{where.query}".removesuffix("?"), headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _asked_and_half_closed(url: str) -> bytes:
    """The answer to a GET that ends with the end of what is sent: the connection is half closed when it is taken."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port or 0), timeout=30) as connection:
        connection.sendall(
            f"GET {where.path}{where.query and '?'}{where.query} HTTP/1.0\r\nHost: {where.netloc}\r\n".encode()
        )
        connection.shutdown(socket.SHUT_WR)
        try:
            return connection.recv(4096)
        except OSError:
            return b""


def _with_loopback(me: Callable[[], int]) -> object:
    http.client.HTTPConnection("127.0.0.1").close()  # loads what another user may not find
    return acting_as(NEIGHBOUR, me)


def test_another_user_does_not_take_the_page_that_was_meant_for_the_browser() -> None:
    """They can read its address on the browser's command line; it is not used up by them, and the browser has it."""
    with browser._Leading("https://console.example/?SigninToken=secret") as leading:
        assert _with_loopback(lambda: _asked(leading.url)) == 404
        assert _asked(f"{leading.url}x") == 404
        assert not leading.fetched.is_set()
        assert _asked(leading.url) == 303
        assert _asked(leading.url) == 404


def test_another_user_who_half_closes_the_connection_is_no_less_a_stranger() -> None:
    """The system's list does not have it as an established one any more."""
    with browser._Leading("https://console.example/?SigninToken=secret") as leading:
        assert _with_loopback(lambda: b"SigninToken" in _asked_and_half_closed(leading.url)) is False
        assert _asked(leading.url) == 303


def test_another_user_does_not_come_back_from_a_sign_in() -> None:
    """With the state, which stands on the browser's command line: a code of theirs would sign in somebody else."""
    with Redirect() as redirect:
        query = {"state": redirect.state, "code": "theirs"}
        assert _with_loopback(lambda: _asked(f"{redirect.uri}?{urlencode(query)}")) == 0
        assert _asked(f"{redirect.uri}?{urlencode(query | {'code': 'ours'})}") == 200
        assert redirect.wait(timedelta(seconds=30)) == "ours"


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 70_000, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5_000, b"\0" * 1000])
def test_requests_that_are_too_long_or_none(head: bytes) -> None:
    """They are cut off, and the browser is heard all the same."""
    with Redirect() as redirect:
        host, _, port = redirect.authority.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(head + b"\r\n\r\n")
            assert b"200" not in connection.recv(100)
        assert _asked(f"{redirect.uri}?{urlencode({'state': redirect.state, 'code': 'c'})}") == 200


def test_silent_connections_are_in_nobodys_way() -> None:
    """As many as a browser opens ahead, and more: the one that asks is answered at once by either page."""
    with Redirect() as redirect, browser._Leading("https://console.example/") as leading:
        places = [redirect.authority, urlsplit(leading.url).netloc]
        silent = [socket.create_connection(("127.0.0.1", int(place.rpartition(":")[2]))) for place in places * 20]
        began = time.monotonic()
        assert _asked(leading.url) == 303
        assert _asked(f"{redirect.uri}?{urlencode({'state': redirect.state, 'code': 'c'})}") == 200
        assert time.monotonic() - began < 4  # the silent ones have five seconds and ten
        for each in silent:
            each.close()


def test_a_stranger_is_known() -> None:
    """By the system's own list; one's own program is none, nor is root's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        strangers: list[bool] = []

        def hear() -> None:
            for _ in range(2):
                connection, _address = listener.accept()
                with connection:
                    strangers.append(peer.is_stranger(connection))

        thread = threading.Thread(target=hear)
        thread.start()

        def knock() -> int:
            with socket.create_connection(address) as connection:
                return len(connection.recv(1))

        assert acting_as(NEIGHBOUR, knock) == 0
        knock()
        thread.join(30)
    assert strangers == [os.name == "posix" and Path("/proc/net/tcp").exists(), False]
