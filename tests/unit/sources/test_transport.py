"""HTTP as STS's answers need it, over real sockets: what is an answer, what is none, and whom TLS lets in."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from stsctl.request import Endpoint
from stsctl.sources import transport
from stsctl.sources.direct import Direct
from stsctl.sources.transport import LARGEST, Connections, Host, NoReplyError, Reply
from tests.certificates import Holder, key_of, name
from tests.conftest import missing

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Script:
    """A server that plays `answers`, one a request, and then hangs up; `connections` counts those made to it."""

    def __init__(self, *answers: bytes, tls: ssl.SSLContext | None = None) -> None:
        self._answers = list(answers)
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.connections = 0
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Nobody listens any more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(30)

    def _play(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                try:
                    self._serve(self._tls.wrap_socket(connection, server_side=True) if self._tls else connection)
                except OSError:
                    continue

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while self._answers:
                request = b""
                while not request.endswith(b"body"):
                    came = connection.recv(65536)
                    if not came:
                        return
                    request += came
                self.requests.append(request)
                connection.sendall(self._answers.pop(0))


@pytest.fixture
def ended() -> Iterator[list[Script]]:
    """Servers that end with the test."""
    found: list[Script] = []
    yield found
    for script in found:
        script.end()


def _ask(script: Script, ended: list[Script], times: int = 1) -> list[Reply]:
    ended.append(script)
    connections = Connections(Host(name="127.0.0.1", port=script.port, tls=None), connecting=30, reading=30)
    return [connections.post({"Host": "127.0.0.1"}, b"body") for _ in range(times)]


def _whole(content: bytes, *more: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in ("HTTP/1.1 200 OK", f"Content-Length: {len(content)}", *more))
    return head.encode() + b"\r\n" + content


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (_whole(b"all"), b"all"),
        (_whole(b""), b""),
        (_whole(b"all") + b"and what nobody asked for", b"all"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + _whole(b"all"), b"all"),
        (b"HTTP/1.1 200\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.0 200 OK\r\nX-Odd:\t \xe4 \r\n\r\nold", b"old"),
        (_CHUNKED + b"2\r\nal\r\n1;note=x\r\nl\r\n0\r\nTrailer: x\r\n\r\n", b"all"),
        (_whole(b"all", "Content-Length: 3"), b"all"),
    ],
)
def test_what_is_an_answer(ended: list[Script], answer: bytes, content: bytes) -> None:
    """Answers of every form that HTTP/1.1 has are read whole, and no further."""
    (reply,) = _ask(Script(answer), ended)
    assert (reply.status, reply.content) == (200, content)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nall",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 3\n\nall\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nall",
        b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nall",
        _whole(b"all", "Content-Length: 4"),
        _whole(b"all", "Transfer-Encoding: chunked"),
        _whole(b"all", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        _CHUNKED + b"-1\r\n\r\n",
        _CHUNKED + b"0x3\r\nall\r\n0\r\n\r\n",
        _CHUNKED + b"3\r\nall?\r\n0\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Length: {LARGEST + 1}\r\n\r\n".encode(),
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * (2 * LARGEST),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2 * LARGEST),
        _CHUNKED + b"10000\r\n%b\r\n" % (b"x" * 0x10000) * 9,
    ],
)
def test_what_is_none(ended: list[Script], answer: bytes) -> None:
    """What is cut off, of another protocol, ambiguous about its length or too large is no answer."""
    with pytest.raises(NoReplyError):
        _ask(Script(answer), ended)


def test_one_connection_serves_several_requests(ended: list[Script]) -> None:
    """A connection is used again, unless the answer says that it ends, or something is left over on it."""
    script = Script(_whole(b"1"), _whole(b"2", "Connection: close"), _whole(b"3") + b"left", _whole(b"4"))
    assert [reply.content for reply in _ask(script, ended, 2)] == [b"1", b"2"]
    assert script.connections == 1
    assert script.requests[0] == b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\nbody"


def test_an_old_connection_is_not_used_again(ended: list[Script], monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while another connection is made: the server may just be closing the old one."""
    monkeypatch.setattr(transport, "_IDLE", 0.0)
    script = Script(_whole(b"1"), _whole(b"2"))
    assert [reply.content for reply in _ask(script, ended, 2)] == [b"1", b"2"]
    assert script.connections == 2


def test_what_is_left_over_is_nobodys_answer(ended: list[Script]) -> None:
    """An answer that comes before it was asked for is not taken for that to the next request."""
    script = Script(_whole(b"1") + _whole(b"planted"), _whole(b"2"))
    ended.append(script)
    connections = Connections(Host(name="127.0.0.1", port=script.port, tls=None), connecting=30, reading=30)
    assert connections.post({}, b"body").content == b"1"
    assert not connections._idle


def test_one_who_says_nothing_is_given_up(ended: list[Script]) -> None:
    """The limit is on the whole answer, not on each part of it."""
    listening = socket.create_server(("127.0.0.1", 0))
    with listening, pytest.raises(NoReplyError):
        Connections(Host(name="127.0.0.1", port=listening.getsockname()[1], tls=None), connecting=30, reading=0.2).post(
            {}, b"body"
        )
    assert not ended


def test_a_folder_of_certificates_is_looked_into(tmp_path: Path, ended: list[Script]) -> None:
    """Of a folder those certificates count that have OpenSSL's names, as in the system's own."""
    if shutil.which("openssl") is None:
        missing("openssl")
    context, bundle = _served(tmp_path, "127.0.0.1")
    folder = tmp_path / "certificates"
    folder.mkdir()
    bundle.rename(folder / "server.pem")
    for is_hashed in (False, True):
        if is_hashed:
            subprocess.run(["openssl", "rehash", str(folder)], check=True)
        script = Script(_whole(b"all"), tls=context)
        ended.append(script)
        where = Endpoint(partition="aws", region="eu-west-1", url=f"https://127.0.0.1:{script.port}")
        way = Direct.to(where, ca_bundle=str(folder), connecting=30, reading=30)
        assert way is not None
        if is_hashed:
            assert way.connections.post({}, b"body").content == b"all"
        else:
            with pytest.raises(NoReplyError):
                way.connections.post({}, b"body")


def _served(folder: Path, *addresses: str) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS, with a certificate of its own for these addresses, and the file that vouches for it."""
    key, now = key_of(), dt.datetime.now(dt.UTC)
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(each)) for each in addresses])
    certificate = (
        x509.CertificateBuilder(name("server"), name("server"), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    both, alone = folder / "both.pem", folder / "alone.pem"
    alone.write_bytes(certificate.public_bytes(Encoding.PEM))
    both.write_bytes(Holder(certificate=certificate, key=key).key_pem + alone.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, alone


@pytest.mark.parametrize(
    ("address", "vouched", "version", "is_let_in"),
    [
        ("127.0.0.1", True, None, True),
        ("127.0.0.2", True, None, False),
        ("127.0.0.1", False, None, False),
        ("127.0.0.1", True, ssl.TLSVersion.TLSv1_2, True),
        ("127.0.0.1", True, ssl.TLSVersion.TLSv1_1, False),
    ],
    ids=["as it should be", "another's name", "nobody vouches for it", "TLS 1.2", "TLS 1.1"],
)
def test_whom_tls_lets_in(
    tmp_path: Path, ended: list[Script], address: str, vouched: bool, version: ssl.TLSVersion | None, is_let_in: bool
) -> None:
    """A server is who its certificate says, by those who were named to vouch for it, by TLS 1.2 or later; else none."""
    context, bundle = _served(tmp_path, address)
    if version is not None:
        with warnings.catch_warnings(action="ignore"):  # that it is an old one
            context.minimum_version = context.maximum_version = version
            context.set_ciphers("ALL:@SECLEVEL=0")
    script = Script(_whole(b"all"), tls=context)
    ended.append(script)
    url = f"https://127.0.0.1:{script.port}"
    way = Direct.to(
        Endpoint(partition="aws", region="eu-west-1", url=url),
        ca_bundle=str(bundle) if vouched else None,
        connecting=30,
        reading=30,
    )
    assert way is not None
    if is_let_in:
        assert way.connections.post({}, b"body").content == b"all"
    else:
        with pytest.raises(NoReplyError):
            way.connections.post({}, b"body")
        assert script.requests == []
