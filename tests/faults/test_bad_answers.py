"""STS that fails, throttles, answers by halves, or says what it may not: an error, and never another session."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.crowd import Crowd
from tests.program import READ_ONLY, Me

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
SECRET = "SecretOfNobody/with+all=40characters0000"
NAME = "deploy"
ASSUMED = READ_ONLY.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")


def _session(
    *, arn: str = f"{ASSUMED}/{NAME}", key_id: str = "ASIAEXAMPLEEXAMPLE01", hours: float = 1, more: str = ""
) -> str:
    ends = datetime.now(UTC) + timedelta(hours=hours)
    return (
        f'<AssumeRoleResponse xmlns="{NAMESPACE}"><AssumeRoleResult><AssumedRoleUser><Arn>{arn}</Arn>'
        f"<AssumedRoleId>AROAEXAMPLE:{NAME}</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>{key_id}</AccessKeyId>"
        f"<SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>token</SessionToken>"
        f"<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>{more}</AssumeRoleResult>"
        "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>"
    )


def _answer(body: str | bytes, *, status: str = "200 OK", length: int | None = None, more: str = "") -> bytes:
    content = body.encode() if isinstance(body, str) else body
    size = len(content) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {size}\r\n{more}\r\n"
    return head.encode() + content


def _error(code: str) -> str:
    return f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>'


WHOLE = _session()
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {what} "{f"&{of};" * 10}">' for of, what in zip("abcdefgh", "bcdefghi", strict=True)
)
ANSWERS: dict[str, bytes] = {
    "an error of the server": _answer(_error("InternalFailure"), status="500 Internal Server Error"),
    "an error page": _answer("<html>bad gateway</html>", status="502 Bad Gateway"),
    "unavailable": _answer(_error("ServiceUnavailable"), status="503 Slow Down"),
    "throttled": _answer(_error("Throttling"), status="400 Bad Request"),
    "nothing at all": b"",
    "half a head": _answer(WHOLE)[:30],
    "half a body, the connection cut": _answer(WHOLE[: len(WHOLE) // 2], length=len(WHOLE)),
    "half a body, called whole": _answer(WHOLE[: WHOLE.index("<SessionToken>")]),
    "no end": _answer(WHOLE.replace("<Expiration>", "<Other>").replace("</Expiration>", "</Other>")),
    "no token": _answer(WHOLE.replace("<SessionToken>token</SessionToken>", "")),
    "an empty secret": _answer(WHOLE.replace(SECRET, "")),
    "an end that is over": _answer(_session(hours=-2)),
    "an end that is none": _answer(WHOLE.replace("<Expiration>", "<Expiration>soon")),
    "another role": _answer(_session(arn=f"{ASSUMED.replace('ReadOnly', 'Admin')}/{NAME}")),
    "another account": _answer(_session(arn=f"{ASSUMED.replace('111111111111', '999999999999')}/{NAME}")),
    "control characters": _answer(_session(key_id="ASIA\x7f\x80EXAMPLE")),
    "another operation's": _answer(WHOLE.replace("AssumeRole", "GetSessionToken")),
    "somewhere else": _answer("", status="302 Found", more="Location: http://127.0.0.1:1/\r\n"),
    "no text": _answer(b"\xff\xfe\x00<"),
    "a bomb": _answer(f"{BOMB}]>" + WHOLE.replace("token", "&i;")),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a head without an end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
}


class Answering:
    """Answers every request with the same bytes, and ends the connection."""

    def __init__(self, answer: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self._answer = answer
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(20)
                try:
                    _read_request(client.recv)
                    client.sendall(self._answer)
                except OSError:
                    continue

    def close(self) -> None:
        """Listens no more."""
        self._listener.close()


def _read_request(receive: Callable[[int], bytes]) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = receive(65536)
        if not more:
            return
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += receive(65536) or b" " * length


def test_no_bad_answer_becomes_a_session(me: Me, tmp_path: Path) -> None:
    """Each ends in an error that says what is wrong, without the answer in it; nothing of it is held afterwards."""
    emulator = me.environ.pop("STSCTL_EMULATOR")  # which would be asked for its name first
    me.config.write_text(
        me.config.read_text().replace("[role.read-only]", f'[role.read-only]\nsession_name = "{NAME}"')
    )
    servers = {what: Answering(answer) for what, answer in {**ANSWERS, "a good one": _answer(WHOLE)}.items()}
    with Crowd(me, tmp_path / "crowd") as crowd:
        for server in servers.values():
            crowd.fork("credential-process", "read-only", AWS_ENDPOINT_URL=server.url)
        ended = dict(zip(servers, crowd.done(), strict=True))
    for server in servers.values():
        server.close()
    good = ended.pop("a good one")
    assert (good.status, SECRET in good.out) == (0, True), good
    for what, done in ended.items():
        assert done.status in {1, 5, 6}, (what, done)
        assert done.out == "", what
        assert done.err.count("stsctl: error:") == 1, (what, done)
        assert SECRET not in done.err, what
    assert len(me.ok("list").splitlines()) == 1
    me.environ["STSCTL_EMULATOR"] = emulator
    assert SECRET not in str(me.session("read-only"))
