"""The federation endpoint: whose credentials it takes, and what its URLs are good for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from stsctl.credentials import Credentials
from stsctl.emulator import control
from stsctl.emulator.directory.principals import IssuedSession, Kind
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.running import Running
from stsctl.emulator.sign_in.console import ConsoleSessions
from stsctl.emulator.sign_in.federation_endpoint import FederationEndpoint
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.world import identifiers
from stsctl.emulator.world.journal import Entry
from tests.conftest import missing
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.federated import READER, Page, Visitor, started

try:
    import jinja2  # noqa: F401
except ImportError:
    missing("jinja2")

CONSOLE = "https://console.aws.amazon.com/s3/home?region=us-east-1"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder = tmp_path_factory.mktemp("org")
    running = started(folder)
    yield running
    control.stop(folder / "state", running)


@pytest.fixture(scope="module")
def dave(org: Running) -> Any:
    """STS, for a user with long-term keys."""
    return client(org, "sts", control.principal(org, "dave").credentials)


@pytest.fixture(scope="module")
def reader(org: Running) -> Credentials:
    """A role's session that began with long-term keys."""
    return control.principal(org, READER).credentials


def session(credentials: Credentials, **changed: object) -> str:
    """Credentials as the endpoint wants them."""
    token = credentials.session_token
    content = {
        "sessionId": credentials.access_key_id,
        "sessionKey": credentials.secret_access_key.reveal(),
        "sessionToken": token.reveal() if token else "",
    }
    return json.dumps({**content, **changed})


def ask(org: Running, credentials: Credentials | str, **more: str) -> Page:
    """Asks for a sign-in token."""
    stated = credentials if isinstance(credentials, str) else session(credentials)
    return Visitor(org).get("/federation", Action="getSigninToken", SessionType="json", Session=stated, **more)


def log_in(visitor: Visitor, token: str, **changed: str) -> Page:
    """Goes to the URL that a broker makes of a sign-in token."""
    query = {"Issuer": "https://broker.example/", "Destination": CONSOLE, "SigninToken": token, **changed}
    return visitor.get("/federation", Action="login", **query)


def test_a_federation_url(org: Running, reader: Credentials) -> None:
    """A role's credentials become a token, and that a session in the console that says who is there and how long."""
    token = ask(org, reader).json()["SigninToken"]
    page = log_in(Visitor(org), token)
    assert page.url == f"{org.url}/console"
    for fact in ("Role Reader", "federation URL", "111111111111 (work)", "assumed-role/Reader/", CONSOLE, "1 h 0 min"):
        assert fact in page.text
    assert 'href="https://broker.example/"' in page.text


def test_a_form_does_as_well(org: Running, reader: Credentials) -> None:
    """Credentials may be posted, so that they are in no log of URLs."""
    fields = {"Action": "getSigninToken", "Session": session(reader)}
    assert Visitor(org).post("/federation", fields).json()["SigninToken"]


def test_federated_users(org: Running, dave: Any) -> None:
    """GetFederationToken's credentials are taken, without a SessionDuration."""
    held = credentials_of(dave.get_federation_token(Name="guest"))
    assert ask(org, held, SessionDuration="3600").status == 400
    page = log_in(Visitor(org), ask(org, held).json()["SigninToken"])
    assert "Federated user" in page.text
    assert "federated-user/guest" in page.text


@pytest.mark.parametrize(("seconds", "left"), [("900", "15 min left"), ("43200", "12 h 0 min left")])
def test_session_duration(org: Running, reader: Credentials, seconds: str, left: str) -> None:
    """§2.7: a role's session in the console may last for 15 minutes to 12 hours, longer than its credentials."""
    token = ask(org, reader, SessionDuration=seconds).json()["SigninToken"]
    assert left in log_in(Visitor(org), token).text


@pytest.mark.parametrize("seconds", ["899", "43201", "x", "", "-1", "9" * 30, "900.0"])
def test_wrong_session_durations(org: Running, reader: Credentials, seconds: str) -> None:
    """§2.7: anything else is refused."""
    assert ask(org, reader, SessionDuration=seconds).status == 400


def test_chained_roles(org: Running, reader: Credentials, dave: Any) -> None:
    """§2.7: a role that was assumed with temporary credentials has no SessionDuration, only its credentials' end."""
    iam = client(org, "iam", control.principal(org, "111111111111:root").credentials)
    statement = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName="Chained", AssumeRolePolicyDocument=trust)
    arn = "arn:aws:iam::111111111111:role/Chained"
    chained = credentials_of(client(org, "sts", reader).assume_role(RoleArn=arn, RoleSessionName="me"))
    page = ask(org, chained, SessionDuration="3600")
    assert page.status == 400
    assert "Invalid credentials parameter" in page.text
    assert "Role Chained" in log_in(Visitor(org), ask(org, chained).json()["SigninToken"]).text
    direct = credentials_of(dave.assume_role(RoleArn=arn, RoleSessionName="me"))
    assert ask(org, direct, SessionDuration="3600").status == 200


def test_credentials_that_are_not_taken(org: Running, reader: Credentials, dave: Any) -> None:
    """Long-term keys, GetSessionToken's credentials, wrong ones and what is none: 400, and why is not said."""
    user = control.principal(org, "dave").credentials
    others = credentials_of(dave.get_session_token())
    wrong = [
        session(user),
        session(others),
        session(reader, sessionKey="x"),
        session(reader, sessionToken="x"),
        session(reader, sessionToken=7),
        session(reader, sessionId="ASIAQQQQQQQQQQQQQQQQ"),
        session(others, sessionId=reader.access_key_id),
        "",
        "[]",
        "null",
        "{}",
        "[" * 5000,
    ]
    for stated in wrong:
        page = ask(org, stated)
        assert page.status == 400
        assert "Invalid credentials parameter" in page.text
        assert reader.secret_access_key.reveal() not in page.text


@pytest.mark.parametrize(
    "changed",
    [
        {"SigninToken": "x"},
        {"SigninToken": ""},
        {"Destination": ""},
        {"Destination": "https://evil.example/"},
        {"Destination": "https://console.aws.amazon.com.evil.example/"},
        {"Destination": "https://console.aws.amazon.com@evil.example/"},
        {"Destination": "javascript:alert(1)"},
        {"Destination": "https://console.aws.amazon.com/\r\nSet-Cookie: a=b"},
        {"Destination": "//evil.example"},
        {"Issuer": "javascript:alert(1)"},
    ],
)
def test_urls_that_lead_nowhere(org: Running, reader: Credentials, changed: dict[str, str]) -> None:
    """A wrong token, a destination that is no page of AWS's console, an issuer that is no URL: nobody is signed in."""
    visitor = Visitor(org)
    assert log_in(visitor, **{"token": ask(org, reader).json()["SigninToken"], **changed}).status == 400
    assert visitor.get("/console").status == 403


def test_two_sessions(org: Running, reader: Credentials, dave: Any) -> None:
    """Who is signed in has to sign out first, as AWS says, and is led on to the URL by that."""
    visitor = Visitor(org)
    log_in(visitor, ask(org, reader).json()["SigninToken"])
    log_in(visitor, ask(org, reader).json()["SigninToken"])  # the same again is no other
    guest = credentials_of(dave.get_federation_token(Name="guest"))
    token = ask(org, guest).json()["SigninToken"]
    page = log_in(visitor, token)
    assert page.status == 400
    assert "You must first log out before logging into a different AWS account." in page.text
    assert "assumed-role/Reader" in visitor.get("/console").text
    again = f"/federation?Action=login&Destination={CONSOLE}&SigninToken={token}".replace("?region=us-east-1", "")
    page = visitor.get("/oauth", Action="logout", redirect_uri=again)
    assert "federated-user/guest" in page.text


@pytest.mark.parametrize("goal", ["https://evil.example/", "//evil.example", "/\\evil.example", "http:/evil", ""])
def test_signing_out_leads_nowhere_else(org: Running, goal: str) -> None:
    """The redirect of a sign-out stays in the emulator."""
    page = Visitor(org, follows=False).get("/oauth", Action="logout", redirect_uri=goal)
    assert page.headers["location"] == "/console"


@pytest.mark.parametrize("query", ["", "?Action=x", "?Action=getSigninToken&Action=login", "?Action=%ff"])
def test_actions_that_are_none(org: Running, query: str) -> None:
    """Whatever is asked, the answer is a page that says no."""
    page = Visitor(org).get(f"/federation{query}")
    assert page.status == 400
    assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_a_role_that_is_gone(org: Running, dave: Any) -> None:
    """The console forgets who was signed in as a role that was deleted."""
    iam = client(org, "iam", control.principal(org, "111111111111:root").credentials)
    statement = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="Gone", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    held = credentials_of(dave.assume_role(RoleArn="arn:aws:iam::111111111111:role/Gone", RoleSessionName="me"))
    visitor = Visitor(org)
    assert "Role Gone" in log_in(visitor, ask(org, held).json()["SigninToken"]).text
    iam.delete_role(RoleName="Gone")
    assert "Nobody is signed in" in visitor.get("/console").text


def test_tokens_last_for_a_quarter_of_an_hour() -> None:
    """§2.7: the URL is good for fifteen minutes by the emulator's clock; the console for as long as it was said."""
    now, sessions = datetime(2030, 1, 1, tzinfo=UTC), Sessions()
    issued = IssuedSession(
        access_key_id=identifiers.access_key_id("ASIA", "111111111111"),
        kind=Kind.SESSION_OF_ROLE,
        account="111111111111",
        principal="Reader",
        principal_id="AROA1",
        issued_at=now,
        expires_at=now + timedelta(hours=1),
    )
    held = sessions.keep(issued, now=now)
    endpoint = FederationEndpoint(sessions, ConsoleSessions(None, "x"), "http://127.0.0.1:1")  # type: ignore[arg-type]

    def asked(minutes: int, **query: str) -> Any:
        request = Request(method="GET", path="/federation", query=urlencode(query), headers=(), body=b"", source_ip="")
        at = now + timedelta(minutes=minutes)
        return endpoint.answer(request, Entry(at=at, wall_at=at))

    found = json.loads(asked(0, Action="getSigninToken", Session=session(held)).body)
    query = {"Action": "login", "Destination": CONSOLE, "SigninToken": found["SigninToken"]}
    assert asked(14, **query).status == 303
    assert asked(15, **query).status == 400
    assert asked(60, Action="getSigninToken", Session=session(held)).status == 400
