"""Signing in at Identity Center: both flows, refreshing and registering, against the emulator's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from stsctl.credentials import Secret
from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from stsctl.errors import RefusedError, ThrottledError, UsageError
from stsctl.request import Endpoint
from stsctl.sign_in import Registration, SignIn
from stsctl.sources import client
from stsctl.sources.client import Clients
from stsctl.sources.sso_cache import SharedToken
from stsctl.sources.sso_oidc import SsoOidc
from stsctl.sources.sso_portal import Portal
from stsctl.stores.held import Held
from stsctl.stores.index import Index
from stsctl.stores.memory import MemoryStore
from tests.emulator_fixture import _need_moto
from tests.signing_in import Somebody
from tests.unit.emulator.center import PRODUCTION, START_URL, TOML, WORK

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An organisation with an Identity Center."""
    _need_moto()
    folder: Path = tmp_path_factory.mktemp("center")
    (folder / "org.toml").write_text(TOML)
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


@pytest.fixture
def endpoint(center: Running) -> Endpoint:
    """Where the Identity Center is asked."""
    return Endpoint(partition="aws", region=REGION, url=center.url, instance=center.instance)


@pytest.fixture
def held() -> Held:
    """What one person holds."""
    return Held(MemoryStore(), Index(None), None)


@pytest.fixture
def sso(endpoint: Endpoint, held: Held) -> SsoOidc:
    """The Identity Center, and dora, who signs in with a browser."""
    return SsoOidc(
        name="acme",
        start_url=START_URL,
        scopes=("sso:account:access",),
        endpoint=endpoint,
        clients=clients(),
        registrations=held,
        prompt=Somebody(),
        sleep=lambda _seconds: None,
    )


def clients(ahead: timedelta = timedelta(0)) -> Clients:
    """Clients whose clock is ahead of the machine's."""
    return Clients(now=lambda: datetime.now(UTC) + ahead, wall=lambda: datetime.now(UTC))


def accounts_of(sso: SsoOidc, signed_in: SignIn) -> list[str]:
    """The accounts that a sign-in is good for."""
    portal = Portal(clients=sso.clients, endpoint=sso.endpoint, token=signed_in.token, sleep=lambda _seconds: None)
    return [account.id for account in portal.accounts()]


def test_by_browser(sso: SsoOidc) -> None:
    """A person allows it on the page, and the token is theirs: of an hour, with one to refresh it."""
    signed_in = sso.sign_in()
    assert accounts_of(sso, signed_in) == [PRODUCTION, WORK]
    left = signed_in.ends_at - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert signed_in.refresh_token is not None
    assert signed_in.client is not None
    assert signed_in.authority == sso.key


def test_the_page_that_a_browser_is_sent_to(sso: SsoOidc) -> None:
    """It has all that the AWS CLI sends, and no secret."""
    prompt = Somebody()
    replace(sso, prompt=prompt).sign_in()
    page = urlsplit(prompt.pages[0])
    said = {name: values[0] for name, values in parse_qs(page.query).items()}
    assert page.path == "/authorize"
    assert said["scopes"] == "sso:account:access"
    assert said["code_challenge_method"] == "S256"
    assert said["redirect_uri"].startswith("http://127.0.0.1:")
    client = sso.registrations.registration(f"{sso.key} browser")
    assert client is not None
    assert client.secret is not None
    assert client.secret.reveal() not in prompt.pages[0]


def test_at_aws_the_page_is_aws_own(sso: SsoOidc) -> None:
    """Without an emulator it is in the region of the Identity Center, wherever STS is asked."""
    own = Registration(client_id="c", secret=Secret("s"), ends_at=datetime.now(UTC) + timedelta(days=80))
    sso.registrations.hold_registration(own, f"identity-center {START_URL} {REGION} sso:account:access browser")
    at_aws = replace(sso, endpoint=Endpoint(partition="aws", region=REGION, url="https://sts.example"))
    page = at_aws.page(redirect_uri="http://127.0.0.1:1/oauth/callback", state="s", challenge="c")
    assert page.startswith("https://oidc.eu-central-1.amazonaws.com/authorize?")
    said = replace(at_aws, clients=replace(sso.clients, urls={"sso-oidc": "https://oidc.example"}))
    assert said.page(redirect_uri="x", state="s", challenge="c").startswith("https://oidc.example/authorize?")


def test_by_device(sso: SsoOidc) -> None:
    """Without a browser there is a code to type, and the token is as good."""
    prompt = Somebody(user="eve", has_browser=False)
    signed_in = replace(sso, prompt=prompt).sign_in()
    assert accounts_of(sso, signed_in) == [WORK]
    assert len(prompt.devices) == 1
    assert prompt.devices[0].code.reveal() not in str(prompt.devices[0])
    assert signed_in.refresh_token is not None


@pytest.mark.parametrize("has_browser", [True, False])
def test_denied(sso: SsoOidc, has_browser: bool) -> None:
    """A person who does not allow it is told so in both flows."""
    with pytest.raises(RefusedError, match="denied"):
        replace(sso, prompt=Somebody(decision="deny", has_browser=has_browser)).sign_in()


def test_refreshing(sso: SsoOidc) -> None:
    """It is the same sign-in with new tokens; the old refresh token is used up."""
    first = sso.sign_in()
    second = sso.refresh(first)
    assert (second.id, second.signed_in_at, second.client) == (first.id, first.signed_in_at, first.client)
    assert second.token != first.token
    assert second.refresh_token != first.refresh_token
    assert accounts_of(sso, second) == [PRODUCTION, WORK]
    with pytest.raises(RefusedError) as error:
        sso.refresh(first)
    assert error.value.code == "InvalidGrantException"


def test_what_cannot_be_refreshed(sso: SsoOidc) -> None:
    """Without a refresh token, or a client that it was given to, the sign-in has ended."""
    signed_in = sso.sign_in()
    for lacking in (replace(signed_in, refresh_token=None), replace(signed_in, client=None)):
        with pytest.raises(RefusedError):
            sso.refresh(lacking)


def test_it_registers_once_for_each_flow(sso: SsoOidc, held: Held) -> None:
    """The client is kept and used again until it ends; the flows have one each, as at AWS."""
    by_browser = [sso.sign_in().client for _ in range(2)]
    device = replace(sso, prompt=Somebody(has_browser=False))
    by_device = [device.sign_in().client for _ in range(2)]
    assert by_browser[0] == by_browser[1] == held.registration(f"{sso.key} browser")
    assert by_device[0] == by_device[1] == held.registration(f"{sso.key} device")
    assert by_browser[0] != by_device[0]
    much_later = replace(sso, clients=clients(timedelta(days=89, hours=1)))
    assert much_later.sign_in().client != by_browser[0]


@pytest.mark.parametrize("flow", ["device", "browser"])
def test_a_registration_that_is_forgotten(sso: SsoOidc, held: Held, flow: str) -> None:
    """A client that is not known any more, before its time, registers anew for a device code."""
    client = Registration(client_id="gone", secret=Secret("x"), ends_at=datetime.now(UTC) + timedelta(days=80))
    held.hold_registration(client, f"{sso.key} {flow}")
    signed_in = replace(sso, prompt=Somebody(has_browser=False)).sign_in()
    assert signed_in.client != client


def test_authorities_differ_by_all_that_shapes_a_token(sso: SsoOidc) -> None:
    """Another start URL, region, scope or emulator is another authority; the order of scopes is none."""
    keys = {
        sso.key,
        replace(sso, start_url="https://other.awsapps.com/start").key,
        replace(sso, endpoint=replace(sso.endpoint, region="us-east-1")).key,
        replace(sso, endpoint=replace(sso.endpoint, instance=None)).key,
        replace(sso, scopes=("sso:account:access", "codewhisperer:completions")).key,
    }
    assert len(keys) == 5
    assert replace(sso, scopes=("b", "a")).key == replace(sso, scopes=("a", "b")).key


def test_another_start_url(sso: SsoOidc) -> None:
    """An Identity Center that is not there refuses, in AWS's own words."""
    with pytest.raises((RefusedError, UsageError)):
        replace(sso, start_url="https://nowhere.awsapps.com/start", prompt=Somebody(has_browser=False)).sign_in()


@pytest.fixture
def shared(sso: SsoOidc, tmp_path: Path) -> SharedToken:
    """Where SDKs look."""
    return SharedToken(
        folder=tmp_path / "cache", start_url=START_URL, region=REGION, session_name="acme", now=sso.clients.now
    )


def test_a_shared_token_is_left_where_sdks_look(sso: SsoOidc, shared: SharedToken) -> None:
    """Signing in and refreshing both write it; it is private."""
    sso = replace(sso, shared=shared)
    first = sso.sign_in()
    there = shared.read()
    assert there is not None
    assert there.token == first.token
    assert shared.path.stat().st_mode & 0o777 == 0o600
    second = sso.refresh(first)
    there = shared.read()
    assert there is not None
    assert (there.token, there.refresh_token) == (second.token, second.refresh_token)


def test_a_token_that_is_not_shared_is_nowhere(sso: SsoOidc, shared: SharedToken) -> None:
    """Without share_token no file is written, and none is read."""
    sso.sign_in()
    assert not shared.folder.exists()
    assert sso.found(None) is None


def test_what_an_sdk_refreshed_is_the_same_sign_in(sso: SsoOidc, shared: SharedToken) -> None:
    """An SDK refreshes with the client that is in the file; so it is still who signed in."""
    sso = replace(sso, shared=shared)
    signed_in = sso.sign_in()
    by_sdk = sso.refresh(signed_in)
    found = sso.found(signed_in)
    assert found is not None
    assert (found.id, found.token, found.authority) == (signed_in.id, by_sdk.token, sso.key)


def test_what_another_program_signed_in_is_another_sign_in(sso: SsoOidc, shared: SharedToken, held: Held) -> None:
    """Another client may be another person; so may the same one where it is not ours."""
    theirs = replace(sso, registrations=Held(MemoryStore(), Index(None), None), prompt=Somebody(user="eve")).sign_in()
    ours = sso.sign_in()
    sso = replace(sso, shared=shared)
    shared.write(theirs)
    for had in (None, ours, theirs):
        found = sso.found(had)
        assert found is not None
        assert found.token == theirs.token
        assert found.id not in (ours.id, theirs.id)


def test_throttled(sso: SsoOidc, center: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority that is asked too often is waited for, ever longer, and not for ever."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    signed_in = sso.sign_in()
    remote.fail(center, "sso:ListAccounts", "throttle", times=3)
    pauses: list[float] = []
    portal = Portal(clients=sso.clients, endpoint=sso.endpoint, token=signed_in.token, sleep=pauses.append)
    assert [account.id for account in portal.accounts()] == [PRODUCTION, WORK]
    assert pauses == [1, 2, 4]
    remote.fail(center, "sso:ListAccounts", "throttle", times=6)
    with pytest.raises(ThrottledError):
        portal.accounts()


def test_the_portal(sso: SsoOidc) -> None:
    """It tells the roles in an account by name; an account that is not theirs has none."""
    signed_in = sso.sign_in()
    portal = Portal(clients=sso.clients, endpoint=sso.endpoint, token=signed_in.token, sleep=lambda _seconds: None)
    accounts = portal.accounts()
    assert [(one.id, one.name) for one in accounts] == [(PRODUCTION, "production"), (WORK, "work")]
    done: list[str] = []
    found = portal.all_roles(accounts, lambda: done.append("one"))
    assert [(one.name, roles) for one, roles in found] == [
        ("production", ["Administrator", "ListBuckets"]),
        ("work", ["ListBuckets"]),
    ]
    assert done == ["one", "one"]
    assert portal.roles(PRODUCTION) == ["Administrator", "ListBuckets"]
    assert portal.roles("999999999999") == []
    portal.sign_out()
    portal.sign_out()
    with pytest.raises(RefusedError):
        portal.accounts()
    with pytest.raises(RefusedError):
        sso.refresh(signed_in)


def test_a_wrong_token(sso: SsoOidc) -> None:
    """A token that the portal does not know is refused, and in no error; signing out with it is none."""
    portal = Portal(clients=sso.clients, endpoint=sso.endpoint, token=Secret("canary"), sleep=lambda _seconds: None)
    with pytest.raises(RefusedError) as error:
        portal.accounts()
    assert "canary" not in f"{error.value} {error.value.reason}"
    portal.sign_out()
