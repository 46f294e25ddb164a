"""The OIDC issuer: who gets a token for whom, what is in it, and that AWS's STS takes it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from stsctl.emulator import control
from stsctl.emulator.idp.oidc_grants import OidcGrants
from stsctl.emulator.running import Running
from stsctl.emulator.seeds.idp import OidcClient
from stsctl.emulator.web import redirects
from stsctl.emulator.web.oauth import OAuthError
from tests.conftest import missing
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.federated import SEED, Page, Visitor, started

try:
    from joserfc import jwt
    from joserfc.jwk import KeySet
except ImportError:
    missing("joserfc")

ALICE = {"username": "alice", "password": "correct horse"}
CALLBACK = "http://127.0.0.1:8400/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": CALLBACK,
    "scope": "openid offline_access",
    "state": "s & t",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CI = {"client_id": "ci", "client_secret": "machine:secret"}


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder = tmp_path_factory.mktemp("org")
    running = started(folder)
    yield running
    control.stop(folder / "state", running)


def authorize(org: Running, **changed: str | None) -> Page:
    """What the browser of alice, who signs in, is told: the redirect, or a page."""
    query = {name: value for name, value in {**ASKED, **changed}.items() if value is not None}
    return Visitor(org, follows=False).post(f"/idp/corp/oidc/authorize?{urlencode(query)}", ALICE)


def back(page: Page) -> dict[str, str]:
    """What a redirect takes to the client."""
    assert page.status == 303, page.text
    return dict(parse_qsl(urlsplit(page.headers["location"]).query))


def token(org: Running, fields: dict[str, str], **headers: str) -> Page:
    """What the token endpoint answers."""
    page = Visitor(org).post("/idp/corp/oidc/token", fields, headers)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-type"] == "application/json"
    return page


def redeem(org: Running, held: str, **changed: str) -> Page:
    """A code, redeemed by the application."""
    fields = {
        "grant_type": "authorization_code",
        "client_id": "app",
        "code": held,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return token(org, {name: value for name, value in {**fields, **changed}.items() if value})


def tokens(org: Running) -> dict[str, Any]:
    """The tokens of alice, who signed in."""
    found: dict[str, Any] = redeem(org, back(authorize(org))["code"]).json()
    return found


def read(org: Running, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that the published keys verify."""
    keys = KeySet.import_key_set(Visitor(org).get("/idp/corp/oidc/jwks").json())
    found = jwt.decode(text, keys, algorithms=["RS256", "ES384"])
    return found.header, found.claims


def become(org: Running, role: str, text: str) -> Any:
    """Becomes a role with a token, as a program does."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    sts = boto3.client("sts", endpoint_url=org.url, region_name="us-east-1", config=config)
    arn = f"arn:aws:iam::111111111111:role/{role}"
    return sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="me", WebIdentityToken=text)


def test_discovery(org: Running) -> None:
    """The issuer is the URL that it was asked at, and every endpoint that it names is there."""
    issuer = f"{org.url}/idp/corp/oidc"
    found = Visitor(org).get("/idp/corp/oidc/.well-known/openid-configuration").json()
    assert found["issuer"] == issuer
    assert found["code_challenge_methods_supported"] == ["S256"]
    for name, value in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(issuer)
            assert Visitor(org).get(value).status != 404


def test_keys_are_public_ones(org: Running) -> None:
    """The key set has an RSA and a P-384 key, and nothing of them that is private."""
    keys = Visitor(org).get("/idp/corp/oidc/jwks").json()["keys"]
    assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [("RSA", "RS256", "sig"), ("EC", "ES384", "sig")]
    for key in keys:
        assert key["kid"]
        assert not {"d", "p", "q", "dp", "dq", "qi"} & key.keys()


def test_the_code_flow(org: Running) -> None:
    """A code with PKCE gives an id token that says what the seed says, and STS makes a role's session of it."""
    page = authorize(org)
    assert page.headers["location"].startswith(f"{CALLBACK}?code=")
    told = back(page)
    assert told["state"] == "s & t"
    assert told["iss"] == f"{org.url}/idp/corp/oidc"
    answer = redeem(org, told["code"]).json()
    assert answer["token_type"] == "Bearer"
    assert answer["scope"] == "openid offline_access"
    header, claims = read(org, answer["id_token"])
    assert header["alg"] == "RS256"
    assert claims.pop("exp") - claims.pop("iat") == answer["expires_in"] == 3600
    assert claims.pop("auth_time") > 0
    assert claims == {
        "iss": f"{org.url}/idp/corp/oidc",
        "sub": "alice",
        "aud": "app",
        "azp": "app",
        "nonce": "n",
        "preferred_username": "alice",
        "email": "alice@corp.example",
        "groups": ["R&D"],
        "department": "it",
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue green"]}, "transitive_tag_keys": ["team"]},
        "https://aws.amazon.com/source_identity": "alice",
    }
    issued = become(org, "Deploy", answer["id_token"])
    host = org.url.removeprefix("http://")
    assert issued["Provider"] == f"arn:aws:iam::111111111111:oidc-provider/{host}/idp/corp/oidc"
    assert (issued["SubjectFromWebIdentityToken"], issued["Audience"]) == ("alice", "app")
    assert issued["SourceIdentity"] == "alice"
    assert client(org, "s3", credentials_of(issued)).list_buckets()["Buckets"] == []


def test_a_machine_token(org: Running) -> None:
    """A client gets a token about itself, signed with ES384, that STS takes for a workload's."""
    answer = token(org, {"grant_type": "client_credentials", **CI}).json()
    header, claims = read(org, answer["access_token"])
    assert (header["alg"], header["typ"]) == ("ES384", "at+jwt")
    assert claims["sub"] == "repo:org/x:ref:main"
    assert claims["aud"] == ["ci", "sts.amazonaws.com"]
    assert "refresh_token" not in answer
    issued = become(org, "Machine", answer["access_token"])
    assert client(org, "s3", credentials_of(issued)).list_buckets()["Buckets"] == []


def test_trust_names_the_issuer_where_it_is(org: Running) -> None:
    """The seed's mark for the issuer has become its host, port and path, in IAM's own answers too."""
    iam = client(org, "iam", control.principal(org, "111111111111:root").credentials)
    trust = json.dumps(iam.get_role(RoleName="Deploy")["Role"]["AssumeRolePolicyDocument"])
    host = org.url.removeprefix("http://")
    assert f"oidc-provider/{host}/idp/corp/oidc" in trust
    assert f"{host}/idp/corp/oidc:aud" in trust
    assert "${idp" not in trust


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "https://x"}, "request_uri_not_supported"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_errors_that_the_client_hears_of(org: Running, changed: dict[str, str | None], error: str) -> None:
    """RFC 6749 4.1.2.1, RFC 7636 4.4.1, OIDC 3.1.2.6: the client is told, with its state, and gets no code."""
    told = back(authorize(org, **changed))
    assert told["error"] == error
    assert told["error_description"]
    assert told["state"] == "s & t"
    assert told["iss"] == f"{org.url}/idp/corp/oidc"
    assert "code" not in told


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "stranger"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:8400/other"},
        {"redirect_uri": "http://127.0.0.1:8400/callback?x"},
        {"redirect_uri": "http://127.0.0.1:8400@evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:80\\@evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/callback"},
        {"redirect_uri": "https://app.example/cb"},
        {"redirect_uri": "https://app.example:8443/cb?x=1"},
        {"redirect_uri": f"{CALLBACK}#x"},
        {"redirect_uri": f"{CALLBACK}\r\nSet-Cookie: a=b"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
def test_nobody_is_sent_to_strangers(org: Running, changed: dict[str, str | None]) -> None:
    """RFC 6749 4.1.2.1: without a client and a redirect URI of its own there is no redirect, whatever else is wrong."""
    page = authorize(org, **changed)
    assert page.status == 400
    assert "location" not in page.headers


def test_the_password_is_not_asked_for_twice(org: Running) -> None:
    """Who is signed in goes on at once, unless the client wants it afresh."""
    visitor = Visitor(org, follows=False)
    path = f"/idp/corp/oidc/authorize?{urlencode(ASKED)}"
    page = visitor.get(path)
    assert page.status == 200
    assert "form-action 'self' http://127.0.0.1:8400" in page.headers["content-security-policy"]
    assert "code" in back(visitor.post(path, ALICE))
    assert "code" in back(visitor.get(path))
    assert "code" in back(visitor.get(f"{path}&prompt=none"))
    assert visitor.get(f"{path}&prompt=login").status == 200
    assert visitor.get(f"{path}&max_age=60").status == 200
    assert "code" in back(visitor.post(f"{path}&prompt=login", ALICE))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code": "x"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:8401/callback"}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"code_verifier": "v" * 42}, "invalid_grant"),
        ({"client_id": "web", "client_secret": "web secret"}, "invalid_grant"),
        ({"client_id": "stranger"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({**CI}, "unauthorized_client"),
    ],
)
def test_codes_that_give_nothing(org: Running, changed: dict[str, str], error: str) -> None:
    """RFC 6749 5.2, RFC 7636 4.6: what is wrong with the redemption of a code is said by its name."""
    page = redeem(org, back(authorize(org))["code"], **changed)
    assert page.status == (401 if error == "invalid_client" else 400)
    assert page.json()["error"] == error
    assert "www-authenticate" in page.headers or page.status == 400


def test_a_code_is_used_once(org: Running) -> None:
    """RFC 6749 4.1.2: a second use gives nothing, and ends what the first one gave."""
    code = back(authorize(org))["code"]
    first = redeem(org, code).json()
    assert redeem(org, code).json()["error"] == "invalid_grant"
    page = token(org, {"grant_type": "refresh_token", "client_id": "app", "refresh_token": first["refresh_token"]})
    assert page.json()["error"] == "invalid_grant"


def test_a_failed_attempt_uses_the_code_up(org: Running) -> None:
    """A wrong verifier cannot be followed by a right one."""
    code = back(authorize(org))["code"]
    redeem(org, code, code_verifier="w" * 43)
    assert redeem(org, code).json()["error"] == "invalid_grant"


def test_refresh_tokens_rotate(org: Running) -> None:
    """RFC 9700 2.2.2: each is used once; who uses one again ends all that came of it, the thief's and their own."""
    first = tokens(org)
    fields = {"grant_type": "refresh_token", "client_id": "app"}
    second = token(org, {**fields, "refresh_token": first["refresh_token"]}).json()
    assert read(org, second["id_token"])[1]["sub"] == "alice"
    assert second["refresh_token"] != first["refresh_token"]
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    assert Visitor(org).post("/idp/corp/oidc/userinfo", {}, bearer).json()["sub"] == "alice"
    assert token(org, {**fields, "refresh_token": first["refresh_token"]}).json()["error"] == "invalid_grant"
    assert token(org, {**fields, "refresh_token": second["refresh_token"]}).json()["error"] == "invalid_grant"
    page = Visitor(org).post("/idp/corp/oidc/userinfo", {}, bearer)
    assert (page.status, page.json()["error"]) == (401, "invalid_token")


def test_scopes_of_refreshed_tokens(org: Running) -> None:
    """RFC 6749 6: less may be asked for, more not; the refresh token is still good after that."""
    fields = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": tokens(org)["refresh_token"]}
    assert token(org, {**fields, "scope": "openid more"}).json()["error"] == "invalid_scope"
    other = {**fields, "client_id": "ci", "client_secret": "machine:secret"}
    assert token(org, other).json()["error"] == "invalid_grant"
    answer = token(org, {**fields, "scope": "openid"}).json()
    assert answer["scope"] == "openid"
    assert "refresh_token" not in answer


def basic(name: str, secret: str) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@pytest.mark.parametrize(
    ("fields", "header", "error"),
    [
        ({}, basic("ci", "machine%3Asecret"), None),
        ({"client_id": "ci"}, basic("ci", "machine:secret"), None),
        (CI, None, None),
        ({}, basic("ci", "wrong"), "invalid_client"),
        ({}, basic("ci", ""), "invalid_client"),
        ({"client_id": "ci"}, None, "invalid_client"),
        ({"client_id": "web"}, basic("ci", "machine:secret"), "invalid_request"),
        (CI, basic("ci", "machine:secret"), "invalid_request"),
        ({}, "Basic %", "invalid_client"),
        ({}, "Basic eA==", "invalid_client"),
        ({}, "Bearer x", "invalid_client"),
        ({}, None, "invalid_client"),
    ],
)
def test_how_clients_say_who_they_are(
    org: Running, fields: dict[str, str], header: str | None, error: str | None
) -> None:
    """RFC 6749 2.3.1: in the header or in the form, not in both; a wrong one is a 401 that says how."""
    headers = {"Authorization": header} if header else {}
    page = token(org, {"grant_type": "client_credentials", **fields}, **headers)
    assert page.json().get("error") == error
    if error == "invalid_client":
        assert page.status == 401
        assert page.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("body", ["a=b&a=c", "%ff", "grant_type=%ff", "x" * 1_100_000, "", "\udcff"])
def test_garbage_is_an_invalid_request(org: Running, body: str) -> None:
    """Whatever is posted to the token endpoint, the answer is OAuth's JSON."""
    page = Visitor(org).post("/idp/corp/oidc/token", body)
    assert page.status in (400, 401)
    assert page.json()["error"] in ("invalid_request", "invalid_client")


def test_wrong_methods(org: Running) -> None:
    """An endpoint says which methods it has."""
    page = Visitor(org).get("/idp/corp/oidc/token")
    assert (page.status, page.headers["allow"]) == (405, "POST")
    assert Visitor(org).get("/idp/corp/oidc/nothing").status == 404


def start_device(org: Running, **fields: str) -> Page:
    """A device asks for its codes."""
    return Visitor(org).post("/idp/corp/oidc/device_authorization", {"client_id": "app", "scope": "openid", **fields})


def poll(org: Running, device_code: str, **fields: str) -> dict[str, Any]:
    """A device asks whether somebody has decided."""
    asked = {"grant_type": DEVICE, "client_id": "app", "device_code": device_code, **fields}
    found: dict[str, Any] = token(org, asked).json()
    return found


def test_the_device_flow(org: Running) -> None:
    """RFC 8628: pending, too fast, then approved on the page that the device names, and tokens once."""
    started = start_device(org).json()
    assert poll(org, started["device_code"])["error"] == "authorization_pending"
    told = poll(org, started["device_code"])
    assert told["error"] == "slow_down"
    assert "6 seconds" in told["error_description"]
    visitor = Visitor(org)
    page = visitor.post(started["verification_uri_complete"], ALICE)
    assert started["user_code"] in page.text
    assert "Approved" in visitor.post(page.url, {"decision": "allow"}).text
    answer = poll(org, started["device_code"])
    assert read(org, answer["id_token"])[1]["sub"] == "alice"
    assert poll(org, started["device_code"])["error"] == "invalid_grant"
    assert visitor.post(page.url, {"decision": "allow"}).status == 404


def test_a_device_that_is_denied(org: Running) -> None:
    """RFC 8628 3.5: access_denied."""
    started = start_device(org).json()
    visitor = Visitor(org)
    visitor.post(started["verification_uri_complete"], ALICE)
    assert "Denied" in visitor.post(started["verification_uri_complete"], {"decision": "deny"}).text
    assert poll(org, started["device_code"])["error"] == "access_denied"


def test_codes_of_devices(org: Running) -> None:
    """The code is found however it is typed; one that nobody waits with is said, and so is no client."""
    started = start_device(org).json()
    visitor = Visitor(org)
    visitor.post("/idp/corp/oidc/device", ALICE)
    typed = f" {started['user_code'].lower().replace('-', '')} "
    assert started["user_code"] in visitor.get("/idp/corp/oidc/device", user_code=typed).text
    assert visitor.get("/idp/corp/oidc/device", user_code="BBBB-BBBB").status == 404
    assert visitor.get("/idp/corp/oidc/device").status == 200
    assert start_device(org, client_id="stranger").json()["error"] == "invalid_client"
    other = poll(org, started["device_code"], client_id="ci", client_secret="machine:secret")
    assert other["error"] == "invalid_grant"


def test_the_device_page_wants_a_person(org: Running) -> None:
    """Nobody approves a device without signing in, nor from another site's page."""
    started = start_device(org).json()
    page = Visitor(org).post(started["verification_uri_complete"], {"decision": "allow"})
    assert started["user_code"] not in page.text
    visitor = Visitor(org)
    visitor.post(started["verification_uri_complete"], ALICE)
    evil = {"Origin": "https://evil.example"}
    assert visitor.post(started["verification_uri_complete"], {"decision": "allow"}, evil).status == 403
    assert poll(org, started["device_code"])["error"] == "authorization_pending"


def test_userinfo(org: Running) -> None:
    """What the seed says of the bearer, and RFC 6750's errors for who is none."""
    access_token = tokens(org)["access_token"]
    page = Visitor(org).post("/idp/corp/oidc/userinfo", {}, {"Authorization": f"Bearer {access_token}"})
    assert page.json() == {
        "sub": "alice",
        "preferred_username": "alice",
        "email": "alice@corp.example",
        "groups": ["R&D"],
        "department": "it",
    }
    for header, error in (({}, "invalid_request"), ({"Authorization": "Bearer x"}, "invalid_token")):
        page = Visitor(org).post("/idp/corp/oidc/userinfo", {}, header)
        assert (page.status, page.json()["error"]) == (401, error)
        assert page.headers["www-authenticate"].startswith("Bearer")


def test_tokens_end_by_the_emulator_s_clock(org: Running) -> None:
    """A code, an access token and an id token are over when the emulator says so, whatever the wall clock says."""

    now, app = datetime(2030, 1, 1, tzinfo=UTC), OidcClient(id="app")
    grants = OidcGrants()
    grant = grants.begin("app", "alice", ("openid",), signed_in_at=now, now=now)
    code = grants.code(grant, CALLBACK, None, now)
    with pytest.raises(OAuthError, match="invalid_grant"):
        grants.redeem(code, app, redirect_uri=CALLBACK, verifier=None, now=now + timedelta(minutes=10))
    access_token = grants.access_token(grant, now)
    assert grants.bearer(access_token, now + timedelta(minutes=59)) == grant
    assert grants.bearer(access_token, now + timedelta(minutes=60)) is None
    device_code, device = grants.device(app, ("openid",), now)
    for minutes, error in ((9, "authorization_pending"), (10, "expired_token"), (20, "invalid_grant")):
        with pytest.raises(OAuthError, match=error):
            grants.poll(device_code, app, now + timedelta(minutes=minutes))
    assert grants.waiting(device.user_code, now + timedelta(minutes=10)) is None


@pytest.mark.parametrize(
    ("asked", "registered", "fits"),
    [
        ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", True),
        ("http://127.0.0.1/cb", "http://127.0.0.1:9/cb", True),
        ("http://[::1]:1/cb", "http://[::1]/cb", True),
        ("http://localhost:1/cb", "http://127.0.0.1/cb", False),
        ("http://127.0.0.1:1/cb/", "http://127.0.0.1/cb", False),
        ("https://a.example/cb", "https://a.example/cb", True),
        ("https://a.example/CB", "https://a.example/cb", False),
        ("https://a.example:1/cb", "https://a.example/cb", False),
        ("http://127.0.0.1:123456/cb", "http://127.0.0.1/cb", False),
    ],
)
def test_redirect_uris(asked: str, registered: str, fits: bool) -> None:
    """RFC 8252 7.3: on this machine the port is the application's own choice; all else is as it was registered."""
    assert redirects.fits(asked, registered) is fits


def test_a_state_that_outlives_the_emulator(tmp_path: Path) -> None:
    """With a state, the issuer is trusted before and after a restart, and no password or token is written down."""
    (tmp_path / "org.toml").write_text(SEED)
    for _ in range(2):
        running = control.start(tmp_path / "run", seed=tmp_path / "org.toml", state=tmp_path / "state")
        try:
            page = authorize(running)
            machine = token(running, {"grant_type": "client_credentials", **CI}).json()["access_token"]
            assert become(running, "Machine", machine)["Credentials"]
            assert become(running, "Deploy", redeem(running, back(page)["code"]).json()["id_token"])["Credentials"]
        finally:
            control.stop(tmp_path / "run", running)
    kept = "".join(path.read_text() for path in (tmp_path / "state").iterdir()).replace(SEED, "")
    requests = [json.loads(line) for line in kept.splitlines() if line.startswith('{"request"')]
    assert requests == []
    assert machine not in kept
