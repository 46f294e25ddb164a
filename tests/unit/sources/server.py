"""An HTTP server on loopback that answers what a test tells it to, in the place of STS."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from stsctl.credentials import Credentials, Secret
from stsctl.request import Endpoint

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
KEYS = Credentials(access_key_id="AKIACANARYKEYID00001", secret_access_key=Secret("canary-secret"))


@dataclass
class Told:
    """One answer: its status, its body, headers, and whether it is held back until the test has ended."""

    status: int = 200
    body: str | bytes = ""
    headers: dict[str, str] = field(default_factory=dict)
    stuck: bool = False


class Server(ThreadingHTTPServer):
    """Answers with `told`; `forms` are the requests so far as form fields, `seen` their headers, `tunnels` CONNECTs."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reset()

    def reset(self) -> None:
        """Nothing told, nothing seen."""
        self.told = Told()
        self.forms: list[dict[str, str]] = []
        self.seen: list[dict[str, str]] = []
        self.tunnels: list[str] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def endpoint(self) -> Endpoint:
        """It as the endpoint of a request."""
        return Endpoint(partition="aws", region="eu-west-1", url=self.url)

    def tell(self, status: int, body: str, **headers: str) -> None:
        """From now on it answers so."""
        self.told = Told(status=status, body=body, headers={key.replace("_", "-"): headers[key] for key in headers})

    def tell_bytes(self, status: int, body: bytes, **headers: str) -> None:
        """From now on it answers so, with what need be no text."""
        self.told = Told(status=status, body=body, headers={key.replace("_", "-"): headers[key] for key in headers})

    def refuse(self, status: int, code: str, message: str = "because", **headers: str) -> None:
        """From now on it refuses, in STS's form."""
        self.tell(
            status,
            f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
            f"<Message>{message}</Message></Error><RequestId>req-1</RequestId></ErrorResponse>",
            **headers,
        )


class Handler(BaseHTTPRequestHandler):
    """One connection to it."""

    server: Server

    def do_POST(self) -> None:
        """A call to STS."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.forms.append(dict(parse_qsl(body)))
        self._answer()

    def do_GET(self) -> None:
        """A question to a metadata service."""
        self._answer()

    def do_CONNECT(self) -> None:
        """As a proxy: says where it was to lead, and leads nowhere."""
        self.server.tunnels.append(self.path)
        self.send_response_only(503)
        self.end_headers()

    def _answer(self) -> None:
        told, released = self.server.told, self.server.released
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        if told.stuck:
            released.wait(20)
            return
        content = told.body if isinstance(told.body, bytes) else told.body.encode()
        self.send_response_only(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Nothing on stderr."""


def credentials_xml(
    *,
    key_id: str = "ASIAANSWERED00000001",
    secret: str = "answered-secret",
    token: str = "answered-token",
    expires_at: str | None = None,
) -> str:
    """The Credentials element of an answer."""
    ends = expires_at if expires_at is not None else f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    fields = {"AccessKeyId": key_id, "SecretAccessKey": secret, "SessionToken": token, "Expiration": ends}
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)
    return f"<Credentials>{inside}</Credentials>"


def answer_xml(operation: str, inside: str) -> str:
    """A whole answer of STS."""
    return (
        f'<{operation}Response xmlns="{NAMESPACE}"><{operation}Result>{inside}</{operation}Result>'
        f"<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></{operation}Response>"
    )


def role_xml(arn: str, *, more: str = "", **credentials: str) -> str:
    """What AssumeRole answers for the session `arn`."""
    user = f"<AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>AROAEXAMPLE0000001:name</AssumedRoleId></AssumedRoleUser>"
    return answer_xml("AssumeRole", credentials_xml(**credentials) + user + more)
