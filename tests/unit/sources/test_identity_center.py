"""GetRoleCredentials: who asks, what of the answer is believed, and a sign-in that is not the one of the plan."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from stsctl import federation
from stsctl.credentials import Secret, Session
from stsctl.errors import AskerChangedError, ConfigurationError, RefusedError, StsctlError
from stsctl.permission_sets import Account
from stsctl.request import Endpoint, Operation, SessionRequest
from stsctl.sign_in import SignIn
from stsctl.sources import client as client_module
from stsctl.sources.client import Clients
from stsctl.sources.identity_center import GetRoleCredentials, IdentityCenterSource
from stsctl.sources.sso_portal import Portal
from tests.unit.sources.server import NOW

ACCOUNT = "222222222222"
IDENTITY = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/dora"
KEYS = {
    "accessKeyId": "ASIAEXAMPLE000000001",
    "secretAccessKey": "canary-secret",
    "sessionToken": "canary-token",
    "expiration": int((NOW + timedelta(hours=1)).timestamp() * 1000),
}


@dataclass
class Aws:
    """The portal and STS of one test: what they answer, and what they were asked."""

    keys: Any = field(default_factory=lambda: dict(KEYS))
    identity: str = IDENTITY
    good: set[str] = field(default_factory=lambda: {"token-1"})
    accounts: int = 0
    throttled: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    at_once: list[int] = field(default_factory=lambda: [0, 0])
    url: str = ""

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.company = threading.Event()

    def answer(self, path: str, token: str | None) -> tuple[int, str]:
        """The status and the body."""
        if token is None:
            return 200, (
                '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
                f"<Arn>{self.identity}</Arn><UserId>AROAX:dora</UserId><Account>{ACCOUNT}</Account>"
                "</GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
        self.asked.append(f"{token} {path}")
        if token not in self.good:
            return 401, json.dumps({"__type": "UnauthorizedException", "message": "no"})
        if path.startswith("/federation"):
            return 200, json.dumps({"roleCredentials": self.keys})
        return self._listing(path)

    def _listing(self, path: str) -> tuple[int, str]:
        with self.lock:
            if path in self.throttled:
                self.throttled.discard(path)
                return 429, json.dumps({"__type": "TooManyRequestsException", "message": "slow"})
        if "accounts" in path:
            first = int(path.partition("next_token=")[2] or 0)
            numbers = range(first, min(first + 100, self.accounts))
            found = [{"accountId": f"{n:012}", "accountName": f"account {n:04}"} for n in numbers]
            following = {"nextToken": str(first + 100)} if first + 100 < self.accounts else {}
            return 200, json.dumps({"accountList": found, **following})
        number = path.partition("account_id=")[2].partition("&")[0]
        return 200, json.dumps({"roleList": [{"roleName": f"Role{number}", "accountId": number}]})


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Servers that say what a test wants."""
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)
    found = Aws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with found.lock:
                found.at_once[0] += 1
                found.at_once[1] = max(found.at_once)
                if found.at_once[0] > 1:
                    found.company.set()
            if "account_id=000000000001" in self.path:
                found.company.wait(20)  # the first is answered when there is another beside it
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = found.answer(self.path, self.headers.get("x-amz-sso_bearer_token"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with found.lock:
                found.at_once[0] -= 1
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815 - http.server's own name

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()


def sign_in(number: int, who: str = "first") -> SignIn:
    """A sign-in with the token of that number."""
    return SignIn(
        authority="a", id=who, token=Secret(f"token-{number}"), ends_at=NOW + timedelta(hours=1), signed_in_at=NOW
    )


def clients(aws: Aws) -> Clients:
    """Clients whose clock stands still, and that ask the servers of this test."""
    return Clients(now=lambda: NOW, wall=lambda: NOW, urls={"sso": aws.url})


def obtain(aws: Aws, *sign_ins: SignIn, asked_by: str = "first") -> Session:
    """What comes of a request, where one after another of these is signed in."""
    left = list(sign_ins or (sign_in(1),))
    source = IdentityCenterSource(
        name="acme",
        start_url="https://acme.awsapps.com/start",
        region="eu-central-1",
        known=lambda: None,
        sign_in=lambda rejected: left.pop(0) if rejected is None or rejected is not left[0] else left[1],
    )
    request = SessionRequest(
        operation=Operation.GET_ROLE_CREDENTIALS,
        endpoint=Endpoint(partition="aws", region="eu-central-1", url=aws.url),
        asker=source.asker_of(asked_by),
        account_id=ACCOUNT,
        role_name="Admin",
    )
    return GetRoleCredentials(clients=clients(aws), source=source).obtain(request, None, None)


def test_a_session(aws: Aws) -> None:
    """It is that of the permission set's role, named after who signed in, until the portal says."""
    session = obtain(aws)
    assert str(session.identity) == IDENTITY
    assert (session.account_id, session.user_id) == (ACCOUNT, "AROAX:dora")
    assert session.credentials.secret_access_key == Secret("canary-secret")
    assert session.expires_at == NOW + timedelta(hours=1)
    assert aws.asked == [f"token-1 /federation/credentials?account_id={ACCOUNT}&role_name=Admin"]


@pytest.mark.parametrize(
    "identity",
    [
        IDENTITY.replace(ACCOUNT, "333333333333"),
        IDENTITY.replace("_Admin_", "_Admin_x_"),
        IDENTITY.replace("_Admin_", "_Reader_"),
        IDENTITY.replace("AWSReservedSSO_Admin_0123456789abcdef", "Admin"),
        IDENTITY.replace("0123456789abcdef", "0123"),
        f"arn:aws:iam::{ACCOUNT}:user/dora",
        "nobody",
    ],
)
def test_never_the_wrong_session(aws: Aws, identity: str) -> None:
    """Credentials of another account, or of another permission set's role, are not used."""
    aws.identity = identity
    with pytest.raises(StsctlError, match="not used") as error:
        obtain(aws)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    "keys",
    [
        None,
        {},
        KEYS | {"accessKeyId": "x"},
        KEYS | {"secretAccessKey": ""},
        KEYS | {"sessionToken": None},
        KEYS | {"expiration": 0},
        KEYS | {"expiration": -1},
        KEYS | {"expiration": 2**60},
        KEYS | {"expiration": int((NOW - timedelta(hours=1)).timestamp() * 1000)},
        {name: value for name, value in KEYS.items() if name != "expiration"},
    ],
    ids=str,
)
def test_answers_that_are_none(aws: Aws, keys: Any) -> None:
    """What cannot be a session's credentials is no session, and is repeated nowhere."""
    aws.keys = keys
    with pytest.raises(StsctlError, match=r"not used|cannot be") as error:
        obtain(aws)
    assert "canary" not in str(error.value)


def test_a_token_that_is_not_taken_any_more(aws: Aws) -> None:
    """It is tried once more with what the same sign-in becomes; a second refusal is final."""
    aws.good = {"token-2"}
    assert obtain(aws, sign_in(1), sign_in(2)).account_id == ACCOUNT
    assert [one.partition(" ")[0] for one in aws.asked] == ["token-1", "token-2"]
    with pytest.raises(RefusedError):
        obtain(aws, sign_in(1), sign_in(3))


def test_another_who_is_signed_in(aws: Aws) -> None:
    """A plan that was made for the former one is not carried out for the next: another plan is needed."""
    with pytest.raises(AskerChangedError):
        obtain(aws, sign_in(1, "second"))
    aws.good = {"token-2"}
    with pytest.raises(AskerChangedError):
        obtain(aws, sign_in(1), sign_in(2, "second"))
    assert [one.partition(" ")[0] for one in aws.asked] == ["token-1"]


def test_who_asks() -> None:
    """The id of the sign-in tells one from another, and is known without signing in where one is held."""
    made: list[str] = []

    def signs_in(_rejected: SignIn | None) -> SignIn:
        made.append("in")
        return sign_in(1)

    def source(known: str | None) -> IdentityCenterSource:
        return IdentityCenterSource(
            name="acme", start_url="https://acme", region="r", known=lambda: known, sign_in=signs_in
        )

    held = source("x").asker()
    assert held is not None
    assert made == []
    assert federation.sign_in_of(held) == "x"
    fresh = source(None).asker()
    assert fresh is not None
    assert federation.sign_in_of(fresh) == "first"
    assert held != fresh
    with pytest.raises(ConfigurationError, match="an account and a role are wanted"):
        source("x").credentials()


def test_a_wide_organization(aws: Aws) -> None:
    """All pages are read, several accounts asked at a time, and what AWS throttles is asked again."""
    aws.accounts = 230
    aws.throttled = {f"/assignment/roles?max_result=100&account_id={n:012}" for n in range(0, 230, 50)}
    pauses: list[float] = []
    portal = Portal(clients(aws), Endpoint(partition="aws", region="eu-central-1"), Secret("token-1"), pauses.append)
    accounts = portal.accounts()
    assert [one.id for one in accounts] == [f"{n:012}" for n in range(230)]
    done: list[None] = []
    found = portal.all_roles(accounts, lambda: done.append(None))
    assert [(account.id, roles) for account, roles in found] == [(one.id, [f"Role{one.id}"]) for one in accounts]
    assert len(done) == 230
    assert aws.throttled == set()
    assert pauses == [1.0] * 5
    assert 1 < aws.at_once[1] <= 8


def test_an_end_in_the_middle(aws: Aws) -> None:
    """A refusal ends it, and the calls that had not begun are not made."""
    aws.good = set()
    portal = Portal(clients(aws), Endpoint(partition="aws", region="eu-central-1"), Secret("token-1"), lambda _s: None)
    with pytest.raises(RefusedError):
        portal.all_roles([Account(id=f"{n:012}", name="x") for n in range(200)], lambda: None)
    assert len(aws.asked) < 100
