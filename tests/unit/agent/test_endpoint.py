"""The endpoint as those who mean well and those who do not would ask it: by sockets, byte for byte."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stsctl.agent import endpoint
from stsctl.agent.endpoint import Endpoint, Grant
from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import ConfigurationError, PersonNeededError, RefusedError, StsctlError, UnavailableError

TOKEN = "t" * 43
PATH = "/role/prod-admin"
ENDS = datetime(2030, 1, 1, 12, tzinfo=UTC)
SESSION = Session(
    credentials=Credentials(
        access_key_id="ASIAEXAMPLE",
        secret_access_key=Secret("the-secret"),
        session_token=Secret("the-session-token"),
        expires_at=ENDS,
    ),
    request_key="k",
    obtained_at=ENDS - timedelta(hours=1),
    account_id="222222222222",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: dict[str, Any]


@dataclass(slots=True)
class Served:
    """An endpoint that runs, and how it is asked."""

    endpoint: Endpoint
    grants: dict[str, Grant]
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port = int(self.endpoint.url("").rpartition(":")[2])

    def head(self, *more: str, line: str = f"GET {PATH} HTTP/1.1", host: str = "", token: str | None = TOKEN) -> bytes:
        """A request as SDKs send it, and what differs."""
        fields = [line, f"Host: {host or f'127.0.0.1:{self.port}'}", *more]
        if token is not None:
            fields.append(f"Authorization: {token}")
        return "\r\n".join(fields).encode() + b"\r\n\r\n"

    def connect(self) -> socket.socket:
        """A connection on which nothing was said yet."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def exchange(self, sent: bytes) -> Answer:
        """What is answered to those bytes."""
        with self.connect() as connection:
            connection.sendall(sent)
            return answer_on(connection)

    def ask(self, *more: str, **differs: Any) -> Answer:
        """What is answered to a request with what differs."""
        return self.exchange(self.head(*more, **differs))


def answer_on(connection: socket.socket) -> Answer:
    """The one answer that a connection has."""
    received = b""
    while piece := connection.recv(4096):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = dict(each.split(": ", 1) for each in fields)
    assert int(headers["Content-Length"]) == len(body)
    return Answer(status=int(line.split()[1]), headers=headers, content=json.loads(body))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """An endpoint with one session, that lets guesses wait for a moment only."""
    monkeypatch.setattr(endpoint, "_PENALTY", 0.05)
    grants = {
        PATH: Grant(token=Secret(TOKEN), session=lambda: SESSION, role_arn="arn:aws:iam::222222222222:role/Admin")
    }
    running = Endpoint(grants)
    thread = threading.Thread(target=running.serve)
    thread.start()
    yield Served(running, grants)
    running.close()
    thread.join(60)
    assert not thread.is_alive()


def test_the_answer_is_what_sdks_read(served: Served) -> None:
    """The keys as AWS names them, the end in UTC, and nothing that a cache would keep or that says who answers."""
    answer = served.ask()
    assert answer.status == 200
    assert answer.content == {
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "the-secret",
        "Token": "the-session-token",
        "Expiration": "2030-01-01T12:00:00Z",
        "AccountId": "222222222222",
        "RoleArn": "arn:aws:iam::222222222222:role/Admin",
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"
    assert not {"Server", "Date", "Access-Control-Allow-Origin"} & answer.headers.keys()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_its_own_names(served: Served, host: str) -> None:
    """It is called by its address and by localhost, with its port."""
    assert served.ask(host=f"{host}:{served.port}").status == 200


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.0.0.1:1", "evil.example:{port}", "127.0.0.1.evil.example:{port}",
        "localhost.:{port}", "[::1]:{port}", "0.0.0.0:{port}", "127.1:{port}", "127.0.0.1:{port}, localhost:{port}", "",
    ],
)  # fmt: skip
def test_any_other_host_is_refused(served: Served, host: str) -> None:
    """A page whose name was made to lead here sends its own name: it gets nothing, whatever else it sends."""
    said = host.format(port=served.port)
    answer = served.exchange(f"GET {PATH} HTTP/1.1\r\nHost: {said}\r\nAuthorization: {TOKEN}\r\n\r\n".encode())
    assert (answer.status, answer.content["code"]) == (403, "WrongHost")


def test_a_request_without_a_host_is_refused(served: Served) -> None:
    """HTTP/1.0 knows requests without one."""
    answer = served.exchange(f"GET {PATH} HTTP/1.0\r\nAuthorization: {TOKEN}\r\n\r\n".encode())
    assert answer.content["code"] == "WrongHost"


@pytest.mark.parametrize(
    "header",
    [
        "Origin: null", "origin: https://evil.example", "Referer: http://localhost/", "Cookie: a=b",
        "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: no-cors", 'Sec-CH-UA: "Chromium"',
        "Access-Control-Request-Method: GET", "Upgrade-Insecure-Requests: 1", "Sec-WebSocket-Key: AAAA",
    ],
)  # fmt: skip
def test_what_only_browsers_send_is_refused(served: Served, header: str) -> None:
    """Even with the right token and Host: no SDK sends it."""
    answer = served.ask(header)
    assert (answer.status, answer.content["code"]) == (403, "FromBrowser")


@pytest.mark.parametrize("header", ["Via: 1.1 proxy", "Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4"])
def test_what_a_proxy_passes_on_is_refused(served: Served, header: str) -> None:
    """The credentials would go through other hands; it is said what keeps them out."""
    answer = served.ask(header)
    assert (answer.status, answer.content["code"]) == (403, "ByProxy")
    assert "NO_PROXY" in answer.content["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS", "DELETE"])
def test_other_methods_are_refused(served: Served, method: str) -> None:
    """There is nothing to do but to read."""
    with served.connect() as connection:
        connection.sendall(served.head(line=f"{method} {PATH} HTTP/1.1"))
        assert b"405 Method Not Allowed" in connection.recv(4096)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET role/prod-admin HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET http://{host}/role/prod-admin HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n",
        b"GET /role/prod-admin HTTP/2.0\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\nHost: {host}\r\nAuthorization: {token}\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nAuthorization: {token}\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\r\nHost : {host}\r\nAuthorization: {token}\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\r\nHost: {host}\r\n evil.example\r\nAuthorization: {token}\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\r\nHost: {host}\r\nAuthorization: x\r\nAuthorization: {token}\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nContent-Length: 1\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: x\r\nAuthorization: {token}\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"GET /role/prod-admin HTTP/1.1\r\nHost: {host}\r\nX: \x00\r\nAuthorization: {token}\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_plain_request_is_refused(served: Served, sent: bytes) -> None:
    """Two readings of one request are how one gets past a check: there is none to be had."""
    host = f"127.0.0.1:{served.port}".encode()
    answer = served.exchange(sent.replace(b"{host}", host).replace(b"{token}", TOKEN.encode()))
    assert (answer.status, answer.content["code"]) == (400, "BadRequest")


@pytest.mark.parametrize("token", [None, "", TOKEN[:-1], TOKEN + "t", TOKEN.upper(), f"Bearer {TOKEN}", "é"])
def test_without_the_token_there_is_nothing(served: Served, token: str | None) -> None:
    """Whatever is like it is not it."""
    answer = served.ask(token=token)
    assert (answer.status, answer.content["code"]) == (401, "AccessDenied")


@pytest.mark.parametrize("path", ["/", "/role", "/role/other", f"{PATH}/", f"{PATH}?a", "/role/../role/prod-admin"])
def test_a_path_that_is_none_cannot_be_told_from_a_wrong_token(served: Served, path: str) -> None:
    """Nobody learns which roles there are."""
    wrong, none = served.ask(token="wrong"), served.ask(line=f"GET {path} HTTP/1.1")
    assert (none.status, none.content) == (wrong.status, wrong.content)


def test_a_token_opens_its_own_path_only(served: Served) -> None:
    """What is granted later is served too, each role by its own token."""
    served.grants["/role/other"] = Grant(token=Secret("o" * 43), session=lambda: SESSION)
    assert served.ask(line="GET /role/other HTTP/1.1", token="o" * 43).status == 200
    assert served.ask(line="GET /role/other HTTP/1.1").status == 401
    assert served.ask(token="o" * 43).status == 401


def test_guesses_wait_and_keep_nobody_else_waiting(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong token is not answered at once; meanwhile the right one is."""
    monkeypatch.setattr(endpoint, "_PENALTY", 2.0)
    with served.connect() as guess:
        started = time.monotonic()
        guess.sendall(served.head(token="wrong"))
        assert served.ask().status == 200
        guess.setblocking(False)
        with pytest.raises(BlockingIOError):
            guess.recv(1)
        guess.settimeout(60)
        assert answer_on(guess).status == 401
        assert time.monotonic() - started >= 2.0


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_a_request_that_is_too_long_is_refused(served: Served, end: bytes) -> None:
    """It is cut off, and answered all the same, whether it has an end or none."""
    answer = served.exchange(served.head()[:-4] + b"\r\nX: " + b"x" * endpoint.LONGEST_HEAD + end)
    assert (answer.status, answer.content["code"]) == (431, "RequestTooLarge")


def test_who_says_nothing_is_in_nobodys_way(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many silent connections as there can be at once keep the next for no longer than their time."""
    monkeypatch.setattr(endpoint, "_PATIENCE", 1.5)
    silent = [served.connect() for _ in range(128)]
    for each in silent:
        each.sendall(b"GET /")
    assert served.ask().status == 200
    for each in silent:
        assert each.recv(1) == b""
        each.close()


def test_who_sends_a_byte_now_and_then_has_no_more_time(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is for the whole request, not for each wait."""
    monkeypatch.setattr(endpoint, "_PATIENCE", 1.0)
    with served.connect() as slow:
        deadline = time.monotonic() + 60
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < deadline:
                slow.sendall(b"G")
                time.sleep(0.05)
    assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (PersonNeededError("a code is needed", hint="stsctl assume x"), 403, "PersonNeeded",
         "stsctl: a code is needed; stsctl assume x"),
        (UnavailableError("AWS gives no answer"), 503, "ServiceUnavailable", "stsctl: AWS gives no answer"),
        (RefusedError("", code="AccessDenied", reason="not you", operation="sts:AssumeRole"), 403, "AccessDenied",
         "stsctl: sts:AssumeRole refused; not you"),
        (ConfigurationError("no such role"), 500, "CredentialsUnavailable", "stsctl: no such role"),
        (ZeroDivisionError("hush"), 500, "InternalError", "this is a bug in stsctl: ZeroDivisionError"),
    ],
)  # fmt: skip
def test_failures_are_said_to_the_sdk(
    served: Served, error: Exception, status: int, code: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A code and one line, which the SDK shows to the person; nothing of it is written to their terminal."""

    def fail() -> Session:
        raise error

    served.grants[PATH] = Grant(token=Secret(TOKEN), session=fail)
    answer = served.ask()
    assert (answer.status, answer.content) == (status, {"code": code, "message": message})
    assert capfd.readouterr() == ("", "")


def test_keys_that_never_end_are_not_served(served: Served) -> None:
    """SDKs want an end; and long-term keys stay where they are."""
    keys = Credentials(access_key_id="AKIAEXAMPLE", secret_access_key=Secret("hush"))
    forever = Session(credentials=keys, request_key="k", obtained_at=ENDS)
    served.grants[PATH] = Grant(token=Secret(TOKEN), session=lambda: forever)
    answer = served.ask()
    assert answer.status == 500
    assert "hush" not in json.dumps(answer.content)


def test_a_hundred_at_once(served: Served) -> None:
    """All of them are answered, while every one waits for the same session."""
    began = threading.Barrier(101)
    statuses: list[int] = []

    def fetch() -> None:
        began.wait(60)
        statuses.append(served.ask().status)

    def slow() -> Session:
        time.sleep(0.3)
        return SESSION

    served.grants[PATH] = Grant(token=Secret(TOKEN), session=slow)
    threads = [threading.Thread(target=fetch) for _ in range(100)]
    for each in threads:
        each.start()
    began.wait(60)
    for each in threads:
        each.join(60)
    assert statuses == [200] * 100


def test_on_the_other_loopback() -> None:
    """Bound to ::1 it is called by that address, and no longer by the other."""
    running = Endpoint({PATH: Grant(token=Secret(TOKEN), session=lambda: SESSION)}, host="::1")
    thread = threading.Thread(target=running.serve)
    thread.start()
    served = Served(running, {})
    try:
        for host, status in ((f"[::1]:{served.port}", 200), (f"127.0.0.1:{served.port}", 403)):
            with socket.create_connection(("::1", served.port), timeout=60) as connection:
                connection.sendall(served.head(host=host))
                assert answer_on(connection).status == status
    finally:
        running.close()
        thread.join(60)


# ── whose program it is that asks ──

_FETCH = """
import os, socket, sys
port, uid, family = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if uid:
    os.setgroups([])
    os.setresuid(uid, uid, uid)
connection = socket.socket(getattr(socket, family))
connection.settimeout(60)
connection.connect(("127.0.0.1" if family == "AF_INET" else "::ffff:127.0.0.1", port))
connection.sendall(sys.stdin.buffer.read())
try:
    print(connection.recv(4096).decode()[:12])
except ConnectionResetError:
    print("cut off")
"""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says whose a connection is")
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root, to be others")


def _fetch(served: Served, *, uid: int = 0, family: str = "AF_INET") -> str:
    done = subprocess.run(
        [sys.executable, "-c", _FETCH, str(served.port), str(uid), family],
        input=served.head(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    return done.stdout.decode().strip()


@linux_only
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_a_program_of_ones_own(served: Served, family: str) -> None:
    """By either kind of socket: programs in Java use the newer one for both."""
    assert _fetch(served, family=family) == "HTTP/1.1 200"


@linux_only
@as_root
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_another_users_program_gets_no_answer(served: Served, family: str) -> None:
    """With the right token and Host, it is cut off."""
    assert _fetch(served, uid=65534, family=family) in ("", "cut off")


@linux_only
@as_root
def test_roots_program_may_ask(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without user ids of its own runs as root, and root can read the token anyway."""
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert _fetch(served) == "HTTP/1.1 200"
    assert _fetch(served, uid=1) in ("", "cut off")


def test_it_needs_no_heavy_module() -> None:
    """It starts beside every program that is served."""
    script = "import sys, stsctl.agent.endpoint; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert not {"http.server", "email", "ssl", "asyncio", "botocore", "click"} & set(loaded.stdout.split())


def test_every_error_is_told() -> None:
    """No class of failure has a status that would make an SDK think that it has credentials."""
    kinds: list[Callable[[str], StsctlError]] = [StsctlError, *StsctlError.__subclasses__()]
    assert all(endpoint._standing(kind("x"))[0] >= 400 for kind in kinds)
