"""An Identity Center without a server: requests go to its sites directly, at any instant that a test likes."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from stsctl.emulator.identity_center.portal_sign_in import PortalSignIn
from stsctl.emulator.identity_center.sso_clients import Clients
from stsctl.emulator.identity_center.sso_grants import SsoGrants
from stsctl.emulator.identity_center.sso_oidc import SsoOidc
from stsctl.emulator.identity_center.sso_pages import SsoPages
from stsctl.emulator.identity_center.sso_tokens import SsoTokens
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.seeds import seed
from stsctl.emulator.world.faults import Faults
from stsctl.emulator.world.journal import Entry
from tests.unit.emulator.center import START_URL, TOML

URL = "http://127.0.0.1:1"
CALLBACK = "http://127.0.0.1/oauth/callback"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PASSWORDS = {"dora": "correct horse", "eve": ""}

JSON = dict[str, Any]


@dataclass
class Portal:
    """An Identity Center and one browser, at `now`."""

    now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)
    cookies: dict[str, str] = field(default_factory=dict)
    entry: Entry | None = None

    def __post_init__(self) -> None:
        center = seed.parse(TOML.encode(), "x").identity_center
        assert center is not None
        clients, grants = Clients(center), SsoGrants()
        self.tokens = SsoTokens()
        self.oidc = SsoOidc(center, clients, grants, self.tokens, faults=Faults(), url=URL)
        self.pages = SsoPages(center, clients, grants, PortalSignIn(center, URL))

    def later(self, **length: float) -> None:
        """Lets time pass."""
        self.now += timedelta(**length)

    def ask(self, method: str, url: str, body: bytes = b"", **headers: str) -> Answer | None:
        """The answer of one of the sites, None where none of them has the path."""
        parts = urlsplit(url)
        sent = ((name.replace("_", "-"), value) for name, value in headers.items())
        asked = Request(
            method=method,
            path=parts.path,
            query=parts.query,
            headers=(("host", URL.removeprefix("http://")), *sent),
            body=body,
            source_ip="127.0.0.1",
        )
        self.entry = Entry(at=self.now, wall_at=self.now)
        return self.oidc.answer(asked, self.entry) or self.pages.answer(asked, self.entry)

    def call(self, path: str, **body: object) -> tuple[int, JSON]:
        """The status and the JSON of an operation."""
        answer = self.ask("POST", path, json.dumps(body).encode(), content_type="application/json")
        assert answer is not None
        return answer.status, json.loads(answer.body)

    def register(self, **more: object) -> JSON:
        """The id and the secret of a new client, as every later call wants them."""
        given = {"clientName": "tests", "clientType": "public", "scopes": ["sso:account:access"]} | more
        status, found = self.call("/client/register", **given)
        assert status == 200, found
        return {"clientId": found["clientId"], "clientSecret": found["clientSecret"]}

    def register_for_browser(self, **more: object) -> JSON:
        """A client for authorization codes, as the AWS CLI registers."""
        grants = ["authorization_code", "refresh_token"]
        return self.register(**{"grantTypes": grants, "redirectUris": [CALLBACK], "issuerUrl": START_URL} | more)

    def start(self, client: JSON) -> JSON:
        """The codes for a device."""
        status, found = self.call("/device_authorization", **client, startUrl=START_URL)
        assert status == 200, found
        return found

    def token(self, client: JSON, **given: object) -> tuple[int, JSON]:
        """What CreateToken says."""
        return self.call("/token", **client, **given)

    def browse(self, url: str, **form: str) -> Answer:
        """What the browser gets, which keeps cookies; a form is posted."""
        body = urlencode(form).encode()
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form:
            headers["content_type"] = "application/x-www-form-urlencoded"
        answer = self.ask("POST" if form else "GET", url, body, **headers)
        assert answer is not None
        for name, value in answer.headers:
            if name == "Set-Cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self.cookies[cookie] = content
        return answer

    def sign_in(self, url: str, user: str = "dora") -> None:
        """Signs in on the page of `url`."""
        answer = self.browse(url, username=user, password=PASSWORDS[user])
        assert answer.status == 303, answer.body

    def approve(self, codes: JSON, decision: str = "allow", user: str = "dora") -> Answer:
        """A user signs in and decides about a device."""
        url = codes["verificationUriComplete"]
        self.sign_in(url, user)
        return self.browse(url, decision=decision)

    def device_tokens(self, client: JSON) -> JSON:
        """The tokens of a device that a user approved."""
        codes = self.start(client)
        self.approve(codes)
        status, tokens = self.token(client, grantType=DEVICE_CODE, deviceCode=codes["deviceCode"])
        assert status == 200, tokens
        return tokens


def location(answer: Answer) -> str:
    """Where a redirect leads."""
    assert answer.status == 303, answer.body
    return dict(answer.headers)["Location"]
