"""An OIDC issuer on loopback that a test can have misbehave."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

from stsctl import pkce
from stsctl.device_code import DeviceCode
from tests.unit.sources.server import NOW

CLIENT = "app"


class Issuer(ThreadingHTTPServer):
    """Signs alice in. `document` and `claims` are changes to what it publishes and to its tokens (None: not there),
    `refusal` what its token endpoint answers instead, `asked` the forms that came to it.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/tenant"
        self.document: dict[str, object] = {}
        self.claims: dict[str, object] = {}
        self.refusal: Mapping[str, object] | None = None
        self.answer: dict[str, object] = {}
        self.nonce: str | None = None
        self.challenge = ""
        self.pending = 1
        self.asked: list[dict[str, str]] = []

    def published(self) -> dict[str, object]:
        """Its document."""
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "device_authorization_endpoint": f"{self.url}/device",
            "code_challenge_methods_supported": ["S256"],
        }
        return _without_none(said | self.document)

    def device(self) -> dict[str, object]:
        """What it answers to a device."""
        said = {
            "device_code": "dev1ce",
            "user_code": "WDJB-MJHT",
            "verification_uri": f"{self.url}/type",
            "verification_uri_complete": f"{self.url}/type?user_code=WDJB-MJHT",
            "expires_in": 600,
            "interval": 1,
        }
        return _without_none(said | self.answer)

    def token(self, form: Mapping[str, str]) -> tuple[int, Mapping[str, object]]:
        """What its token endpoint answers."""
        if self.refusal is not None:
            return 400, self.refusal
        if form.get("code_verifier") and pkce.challenge_of(form["code_verifier"]) != self.challenge:
            return 400, {"error": "invalid_grant"}
        if "device_code" in form and self.pending > 0:
            self.pending -= 1
            return 400, {"error": "authorization_pending"}
        nonce = self.nonce if form["grant_type"] == "authorization_code" else None
        ends = int((NOW + timedelta(hours=1)).timestamp())
        claims = {"iss": self.url, "sub": "alice", "aud": CLIENT, "exp": ends, "nonce": nonce, "email": "a@b.example"}
        said = {
            "id_token": jwt(_without_none(claims | self.claims)),
            "refresh_token": "r3fresh",
            "token_type": "Bearer",
        }
        return 200, _without_none(said | self.answer)


def _without_none(said: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in said.items() if value is not None}


def jwt(claims: Mapping[str, object]) -> str:
    """A token that nobody signed."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


class _Handler(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        """Discovery."""
        if self.path == "/tenant/.well-known/openid-configuration":
            self._answer(200, self.server.published())
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        """Tokens and device codes."""
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.server.asked.append(form)
        if self.path == "/tenant/device":
            self._answer(200, self.server.device())
        else:
            self._answer(*self.server.token(form))

    def _answer(self, status: int, said: Mapping[str, object]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@dataclass
class Alice:
    """Somebody who signs in at once, by a browser or by typing a code."""

    issuer: Issuer
    has_browser: bool = True
    limit: timedelta = timedelta(seconds=10)
    page: dict[str, str] = field(default_factory=dict)
    shown: list[DeviceCode] = field(default_factory=list)

    def open(self, page: str) -> bool:
        """The browser goes there, and comes back."""
        if not self.has_browser:
            return False
        self.page = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
        self.issuer.nonce, self.issuer.challenge = self.page["nonce"], self.page["code_challenge"]
        back = urlencode({"code": "c0de", "state": self.page["state"]})
        with urlopen(f"{self.page['redirect_uri']}?{back}", timeout=10) as answer:
            assert answer.status == 200
        return True

    def show(self, device: DeviceCode) -> None:
        """Sees a code."""
        self.shown.append(device)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Nothing to see."""
        yield


@contextmanager
def running() -> Iterator[Issuer]:
    """One that answers."""
    issuer = Issuer()
    threading.Thread(target=issuer.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield issuer
    finally:
        issuer.shutdown()
        issuer.server_close()


def about(text: str | None) -> Any:
    """What a sign-in says of who signed in."""
    return json.loads(text or "")
