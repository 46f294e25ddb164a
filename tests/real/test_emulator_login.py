"""`aws login` at the emulator: its pages, its token endpoint, and botocore's own login provider."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

import boto3
import pytest
from botocore.exceptions import ClientError, LoginRefreshRequired
from joserfc import jws
from joserfc.jwk import ECKey

from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from tests.conftest import missing
from tests.emulator_fixture import client
from tests.real.test_emulator_clients import aws, environment
from tests.unit.emulator.center import TOML, WORK

SAME_DEVICE = "arn:aws:signin:::devtools/same-device"
CROSS_DEVICE = "arn:aws:signin:::devtools/cross-device"
CALLBACK = "http://127.0.0.1:5555/oauth/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ALICE, ZOE, ROOT = f"{WORK}:alice", f"{WORK}:zoe", f"{WORK}:root"
ARN = f"arn:aws:iam::{WORK}:user/zoe"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder: Path = tmp_path_factory.mktemp("org")
    (folder / "org.toml").write_text(TOML)
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        """Follows nothing."""


def browser() -> OpenerDirector:
    """A browser with cookies, which stays where it is."""
    return build_opener(HTTPCookieProcessor(), _Stays)


def browse(opened: OpenerDirector, url: str, **form: str) -> tuple[int, str, str]:
    """Status, where it leads, and the page; a form is posted."""
    body = urlencode(form).encode() if form else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        with opened.open(Request(url, body, headers)) as answer:
            return answer.status, "", answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.headers.get("Location", ""), error.read().decode()


def authorize_url(running: Running, **changed: str | None) -> str:
    """The page that the AWS CLI opens."""
    asked = {
        "response_type": "code",
        "client_id": SAME_DEVICE,
        "redirect_uri": CALLBACK,
        "state": "the state",
        "code_challenge_method": "SHA-256",
        "code_challenge": CHALLENGE,
        "scope": "openid",
    } | changed
    return f"{running.url}/v1/authorize?" + urlencode(
        {name: value for name, value in asked.items() if value is not None}
    )


def sign_in(running: Running, opened: OpenerDirector, url: str, principal: str) -> tuple[int, str, str]:
    """Chooses who to be on the page, with the code of their MFA device if it is alice."""
    more = {"code": control.code(running, "alice")} if principal == ALICE else {}
    return browse(opened, url, principal=principal, **more)


def allowed(running: Running, principal: str = ZOE, **changed: str | None) -> str:
    """The authorization code that comes back when somebody allows."""
    opened, url = browser(), authorize_url(running, **changed)
    assert sign_in(running, opened, url, principal)[0] == 303
    status, target, page = browse(opened, url, decision="allow")
    assert status == 303, page
    found = parse_qs(urlsplit(target).query)
    assert found["state"] == ["the state"]
    return found["code"][0]


def proof(running: Running, key: ECKey, **changed: Any) -> str:
    """A DPoP proof for the token endpoint."""
    claims = {"htm": "POST", "htu": f"{running.url}/v1/token", "iat": int(time.time()), "jti": str(uuid.uuid4())}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": changed.pop("jwk", key.as_dict(private=False))}
    header |= changed.pop("header", {})
    return jws.serialize_compact(header, json.dumps(claims | changed), key, algorithms=["ES256"])


def encoded(content: object) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def token(running: Running, dpop: str | None, **body: Any) -> tuple[int, Any]:
    """What the token endpoint says to a body."""
    headers = {"Content-Type": "application/json"} | ({"DPoP": dpop} if dpop is not None else {})
    given = {"clientId": SAME_DEVICE} | body
    try:
        asked = Request(f"{running.url}/v1/token", json.dumps(given).encode(), headers)
        with build_opener().open(asked) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def by_code(running: Running, code: str) -> dict[str, str]:
    """The body that redeems a code."""
    return {"grantType": "authorization_code", "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER}


def logged_in(running: Running, key: ECKey, principal: str = ZOE) -> Any:
    """The tokens of somebody who allowed."""
    status, tokens = token(running, proof(running, key), **by_code(running, allowed(running, principal)))
    assert status == 200, tokens
    return tokens


def session_of(tokens: Any) -> boto3.Session:
    """The credentials in an answer."""
    found = tokens["accessToken"]
    return boto3.Session(found["accessKeyId"], found["secretAccessKey"], found["sessionToken"], "us-east-1")


def refused(answer: tuple[int, Any]) -> tuple[int, str]:
    """The status and the error of a refusal, which says something in words."""
    status, body = answer
    assert body["message"]
    return status, body["error"]


@pytest.fixture(scope="module")
def key() -> ECKey:
    """The key of a client."""
    return ECKey.generate_key("P-256")


def test_login_of_a_user(org: Running, key: ECKey) -> None:
    """The credentials are the user's own for a quarter of an hour, with MFA, and not limited as GetSessionToken's."""
    iam = client(org, "iam", control.principal(org, ROOT).credentials)
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetAccessKeyInfo","Resource":"*",'
        '"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"60"}}}]}'
    )
    for name in ("alice", "zoe"):
        iam.put_user_policy(UserName=name, PolicyName="mfa", PolicyDocument=policy)
    tokens = logged_in(org, key, ALICE)
    assert (tokens["tokenType"], tokens["expiresIn"] in (899, 900)) == ("aws_sigv4", True)
    claims = json.loads(base64.urlsafe_b64decode(tokens["idToken"].split(".")[1] + "=="))
    alice = f"arn:aws:iam::{WORK}:user/alice"
    assert (claims["sub"], claims["aud"]) == (alice, SAME_DEVICE)
    sts = session_of(tokens).client("sts", endpoint_url=org.url)
    assert sts.get_caller_identity()["Arn"] == alice
    assert sts.get_access_key_info(AccessKeyId="ASIAQQQQQQQQQQQQQQQQ")["Account"]
    with pytest.raises(ClientError, match="Cannot call GetSessionToken with session credentials"):
        sts.get_session_token()
    without = session_of(logged_in(org, key)).client("sts", endpoint_url=org.url)
    with pytest.raises(ClientError, match="not authorized to perform: sts:GetAccessKeyInfo"):
        without.get_access_key_info(AccessKeyId="ASIAQQQQQQQQQQQQQQQQ")


def test_login_of_root(org: Running, key: ECKey) -> None:
    """An account's root signs in by a click, needs no permission, and may call IAM."""
    session = session_of(logged_in(org, key, ROOT))
    assert session.client("sts", endpoint_url=org.url).get_caller_identity()["Arn"] == f"arn:aws:iam::{WORK}:root"
    assert len(session.client("iam", endpoint_url=org.url).list_users()["Users"]) == 3


def test_login_of_a_role(org: Running, key: ECKey) -> None:
    """Who came to the console as a role logs in as that, for no longer than they are there."""
    (role,) = [
        one["Arn"]
        for one in client(org, "iam", control.principal(org, ROOT).credentials).list_roles()["Roles"]
        if "ListBuckets" in one["Arn"]
    ]
    name = role.rsplit("/", 1)[-1]
    iam = client(org, "iam", control.principal(org, ROOT).credentials)
    policy = "arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess"
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    keys = control.principal(org, role).credentials
    assert keys.session_token is not None
    session = {
        "sessionId": keys.access_key_id,
        "sessionKey": keys.secret_access_key.reveal(),
        "sessionToken": keys.session_token.reveal(),
    }
    opened, url = browser(), authorize_url(org)
    query = urlencode({"Action": "getSigninToken", "SessionDuration": 1800, "Session": json.dumps(session)})
    signin_token = json.loads(browse(opened, f"{org.url}/federation?{query}")[2])["SigninToken"]
    destination = "https://console.aws.amazon.com/"
    query = urlencode({"Action": "login", "Issuer": "", "Destination": destination, "SigninToken": signin_token})
    assert browse(opened, f"{org.url}/federation?{query}")[0] == 303
    assert f"assumed-role/{name}/" in browse(opened, url)[2]
    code = parse_qs(urlsplit(browse(opened, url, decision="allow")[1]).query)["code"][0]
    status, tokens = token(org, proof(org, key), **by_code(org, code))
    assert status == 200
    arn = session_of(tokens).client("sts", endpoint_url=org.url).get_caller_identity()["Arn"]
    assert arn.startswith(f"arn:aws:sts::{WORK}:assumed-role/{name}/")
    remote.move_clock(org, timedelta(minutes=31))
    asked = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    assert refused(token(org, proof(org, key), **asked)) == (400, "TOKEN_EXPIRED")
    remote.move_clock(org, None)
    iam.detach_role_policy(RoleName=name, PolicyArn=policy)


def test_sign_in_to_the_console(org: Running) -> None:
    """The page by itself leads to the console, which says who came in and how."""
    opened, page = browser(), f"{org.url}/_signin/console"
    assert page.removeprefix(org.url) in browse(opened, f"{org.url}/console")[2]
    assert browse(opened, page, principal=ZOE)[:2] == (303, "/_signin/console")
    assert browse(opened, page)[:2] == (303, "/console")
    shown = browse(opened, f"{org.url}/console")[2]
    assert ARN in shown
    assert "the sign-in page" in shown


def test_login_across_devices(org: Running, key: ECKey) -> None:
    """The code is shown on a page, as the AWS CLI wants it pasted."""
    place = f"{org.url}/v1/sessions/confirmation"
    opened = browser()
    url = authorize_url(org, client_id=CROSS_DEVICE, redirect_uri=place)
    sign_in(org, opened, url, ROOT)
    target = browse(opened, url, decision="allow")[1]
    assert target.startswith(f"{place}?")
    page = browse(opened, target)[2]
    pasted = base64.b64decode(page.partition("readonly autofocus>")[2].partition("<")[0]).decode()
    found = parse_qs(pasted)
    assert found["state"] == ["the state"]
    body = by_code(org, found["code"][0]) | {"clientId": CROSS_DEVICE, "redirectUri": place}
    assert token(org, proof(org, key), **body)[0] == 200


def test_refresh(org: Running, key: ECKey) -> None:
    """A refresh token gives credentials and its successor, once, and only to the key that it is bound to."""
    tokens = logged_in(org, key, ROOT)
    asked = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    stranger = ECKey.generate_key("P-256")
    assert refused(token(org, proof(org, stranger), **asked)) == (400, "TOKEN_EXPIRED")
    assert refused(token(org, proof(org, key), **asked | {"clientId": CROSS_DEVICE})) == (400, "TOKEN_EXPIRED")
    status, new = token(org, proof(org, key), **asked)
    assert status == 200
    assert "idToken" not in new
    assert session_of(new).client("sts", endpoint_url=org.url).get_caller_identity()["Account"] == WORK
    assert refused(token(org, proof(org, key), **asked)) == (400, "TOKEN_EXPIRED")
    assert token(org, proof(org, key), **asked | {"refreshToken": new["refreshToken"]})[0] == 200


@pytest.mark.parametrize(
    "changed",
    [{"codeVerifier": "w" * 64}, {"redirectUri": CALLBACK + "/"}, {"clientId": CROSS_DEVICE}, {"code": "x"}],
    ids=str,
)
def test_code_that_does_not_fit(org: Running, key: ECKey, changed: dict[str, str]) -> None:
    """Another verifier, redirect URI or client gets nothing for a code, and a code is good once."""
    body = by_code(org, allowed(org, ROOT))
    assert refused(token(org, proof(org, key), **body | changed)) == (400, "AUTHCODE_EXPIRED")
    status, _ = token(org, proof(org, key), **body)
    assert status == (200 if "code" in changed else 400)
    assert refused(token(org, proof(org, key), **body)) == (400, "AUTHCODE_EXPIRED")


def test_proofs(org: Running, key: ECKey) -> None:
    """A proof that is missing, another request's, old, used, or of no honest key gets nothing."""
    asked = {"grantType": "refresh_token", "refreshToken": "x"}
    private = key.as_dict(private=True)
    other = ECKey.generate_key("P-256").as_dict(private=False)
    bad = [
        None,
        "",
        "x.y.z",
        "é",
        proof(org, key, htm="GET"),
        proof(org, key, htu=f"{org.url}/v1/other"),
        proof(org, key, htu="https://signin.example/v1/token"),
        proof(org, key, iat=int(time.time()) - 400),
        proof(org, key, iat=int(time.time()) + 400),
        proof(org, key, iat="now"),
        proof(org, key, jti=None),
        proof(org, key, jwk=private),
        proof(org, key, jwk=other),
        f"{encoded({'typ': 'dpop+jwt', 'alg': 'ES256', 'jwk': 'x'})}.{proof(org, key).partition('.')[2]}",
        f"{encoded({'typ': 'dpop+jwt', 'alg': 'none'})}.{encoded({})}.",
        proof(org, key, header={"typ": "JWT"}),
    ]
    for one in bad:
        status, body = token(org, one, **asked)
        assert (status, body["error"]) == (400, "INVALID_REQUEST"), one
        assert "DPoP" in body["message"], one
    good = proof(org, key)
    assert refused(token(org, good, **asked)) == (400, "TOKEN_EXPIRED")
    assert refused(token(org, good, **asked)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "body",
    [
        {"grantType": "password"},
        {"grantType": None},
        {"grantType": "refresh_token"},
        {"grantType": "refresh_token", "refreshToken": 1},
        {"grantType": "authorization_code", "code": "x"},
        {"grantType": "authorization_code", "code": "x", "redirectUri": CALLBACK, "codeVerifier": "short"},
        {"grantType": "refresh_token", "refreshToken": "x", "clientId": "arn:aws:signin:::devtools/other"},
    ],
    ids=str,
)
def test_bad_bodies(org: Running, key: ECKey, body: dict[str, Any]) -> None:
    """A body that lacks something is a ValidationException."""
    assert refused(token(org, proof(org, key), **body)) == (400, "INVALID_REQUEST")


def test_without_the_permission(org: Running, key: ECKey) -> None:
    """Who may not let the client in sees why; who may no more can refresh again when they may again."""
    opened, url = browser(), authorize_url(org)
    assert sign_in(org, opened, url, f"{WORK}:bob")[0] == 303
    status, _, page = browse(opened, url)
    assert status == 400
    resource = f"arn:aws:signin:us-east-1:{WORK}:oauth2/public-client/localhost"
    assert f"not authorized to perform: signin:AuthorizeOAuth2Access on resource: {resource}" in page
    assert "SignInLocalDevelopmentAccess" in page
    assert browse(opened, url, decision="leave")[0] == 303
    assert "Sign in to the console" in browse(opened, url)[2]
    iam = client(org, "iam", control.principal(org, ROOT).credentials)
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"signin:*","Resource":"*"}]}'
    iam.put_user_policy(UserName="bob", PolicyName="may", PolicyDocument=policy)
    tokens = logged_in(org, key, f"{WORK}:bob")
    iam.delete_user_policy(UserName="bob", PolicyName="may")
    asked = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    assert refused(token(org, proof(org, key), **asked)) == (400, "INSUFFICIENT_PERMISSIONS")
    iam.put_user_policy(UserName="bob", PolicyName="may", PolicyDocument=policy)
    assert token(org, proof(org, key), **asked)[0] == 200
    iam.delete_user_policy(UserName="bob", PolicyName="may")


def test_faults_on_demand(org: Running, key: ECKey) -> None:
    """Throttling and outages come in the words of AWS Sign-In."""
    asked = {"grantType": "refresh_token", "refreshToken": "x"}
    remote.fail(org, "signin:CreateOAuth2Token", "throttle", times=1)
    assert refused(token(org, proof(org, key), **asked)) == (429, "rate_exceeded")
    remote.fail(org, "signin:*", "unavailable", times=1)
    assert refused(token(org, proof(org, key), **asked)) == (503, "service_unavailable")


def test_user_who_is_gone(org: Running, key: ECKey) -> None:
    """A user who was deleted, and made again, has to log in again."""
    iam = client(org, "iam", control.principal(org, ROOT).credentials)
    policy = "arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess"
    iam.create_user(UserName="carol")
    iam.attach_user_policy(UserName="carol", PolicyArn=policy)
    tokens = logged_in(org, key, f"{WORK}:carol")
    asked = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    iam.detach_user_policy(UserName="carol", PolicyArn=policy)
    iam.delete_user(UserName="carol")
    iam.create_user(UserName="carol")
    assert refused(token(org, proof(org, key), **asked)) == (400, "USER_CREDENTIALS_CHANGED")
    iam.delete_user(UserName="carol")


def test_console_password_and_mfa(org: Running) -> None:
    """A login profile's password is asked for, and the code of a device, which is good once."""
    iam = client(org, "iam", control.principal(org, ROOT).credentials)
    url = authorize_url(org)
    iam.create_login_profile(UserName="bob", Password="a Passw0rd!")
    page = browse(browser(), url, principal=f"{WORK}:bob")[2]
    assert 'type="password"' in page
    assert "MFA code" not in page
    assert browse(browser(), url, principal=f"{WORK}:bob", password="wrong")[0] == 403
    assert browse(browser(), url, principal=f"{WORK}:bob", password="a Passw0rd!")[0] == 303
    iam.delete_login_profile(UserName="bob")
    page = browse(browser(), url, principal=ALICE)[2]
    assert 'type="password"' not in page
    assert "MFA code" in page
    code = control.code(org, "alice")
    assert browse(browser(), url, principal=ALICE, code="000000" if code != "000000" else "000001")[0] == 403
    assert browse(browser(), url, principal=ALICE, code=code)[0] == 303
    assert browse(browser(), url, principal=ALICE, code=code)[0] == 403
    for nobody in (f"{WORK}:nobody", "333333333333:root", "x", ""):
        assert browse(browser(), url, principal=nobody)[0] == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "x"},
        {"redirect_uri": "https://evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:5555@evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:5555/other"},
        {"redirect_uri": None},
        {"client_id": CROSS_DEVICE},
        {"client_id": CROSS_DEVICE, "redirect_uri": "http://evil.example/v1/sessions/confirmation"},
    ],
    ids=str,
)
def test_nobody_is_sent_elsewhere(org: Running, changed: dict[str, str | None]) -> None:
    """Another client, or a place where the AWS CLI does not listen, ends on a page."""
    assert browse(browser(), authorize_url(org, **changed))[:2] == (400, "")


@pytest.mark.parametrize(
    "changed",
    [
        {"response_type": "token"},
        {"code_challenge_method": "S256"},
        {"code_challenge": "short"},
        {"scope": "other"},
        {"state": None},
    ],
    ids=str,
)
def test_the_client_hears_of_a_bad_request(org: Running, changed: dict[str, str | None]) -> None:
    """What is wrong goes back to the AWS CLI."""
    status, target, _ = browse(browser(), authorize_url(org, **changed))
    assert status == 303
    assert target.startswith(f"{CALLBACK}?")
    assert parse_qs(urlsplit(target).query)["error"] == ["invalid_request"]


def test_denied_and_left(org: Running) -> None:
    """Who denies sends the AWS CLI away, and who is somebody else signs in afresh."""
    opened, url = browser(), authorize_url(org)
    sign_in(org, opened, url, ROOT)
    assert "Let the AWS CLI in?" in browse(opened, url)[2]
    assert parse_qs(urlsplit(browse(opened, url, decision="deny")[1]).query)["error"] == ["access_denied"]
    assert browse(opened, url, decision="leave")[0] == 303
    assert "Sign in to the console" in browse(opened, url)[2]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("GET", "/v1/authorize", None, {}),
        ("GET", "/v1/authorize?client_id=%ff%fe&redirect_uri=%00", None, {}),
        ("GET", "/v1/authorize?client_id=a&client_id=b", None, {}),
        ("GET", "/v1/authorize?client_id=" + "x" * 5000, None, {}),
        ("POST", "/v1/authorize", b"\xff=\xfe", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("PUT", "/v1/authorize", b"x", {}),
        ("GET", "/v1/sessions/confirmation", None, {}),
        ("GET", "/v1/sessions/confirmation?code=%ed%a0%80&state=%ff", None, {}),
        ("POST", "/_signin/console", b"principal=%ff%00:%ff", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("POST", "/_signin/console", b"x" * 100, {}),
        ("POST", "/v1/token", b"\xff", {}),
        ("POST", "/v1/token", b"[" * 100_000, {}),
        ("POST", "/v1/token", b'{"clientId":{"a":1},"grantType":[]}', {}),
        ("POST", "/v1/token", b'{"clientId":"\\ud800","grantType":"\\ud800"}', {}),
    ],
    ids=range(14),
)
def test_garbage(org: Running, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> None:
    """Nothing that is sent brings the pages or the endpoint down."""
    asked = Request(f"{org.url}{path}", body, headers, method=method)
    try:
        with browser().open(asked) as answer:
            status = answer.status
    except HTTPError as error:
        with error:
            status = error.code
    assert status < 500


@pytest.mark.parametrize(
    "query",
    ["x-amz-client-auth-method=iam", "x-amz-oauth-token-method=token-exchange", "x-amz-token-request-type=bearer"],
)
def test_other_operations(org: Running, query: str) -> None:
    """What only the query tells from it is said not to be emulated."""
    with pytest.raises(HTTPError) as error:
        build_opener().open(Request(f"{org.url}/v1/token?{query}", b"{}"))
    with error.value:
        assert error.value.code == 501


def stamp(**left: float) -> str:
    """An instant from now, as caches have it."""
    return (datetime.now(UTC) + timedelta(**left)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def cached(org: Running, key: ECKey, home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], Path]:
    """Writes a profile and the cache file of a login, as the AWS CLI does."""
    try:
        import awscrt  # noqa: F401
    except ImportError:
        missing("awscrt")

    def write(tokens: Any, expires_at: str) -> Path:
        folder = home / ".aws" / "login" / "cache"
        folder.mkdir(parents=True)
        (home / ".aws" / "config").write_text(f"[profile work]\nlogin_session = {ARN}\nregion = us-east-1\n")
        der = key.private_key.private_bytes(*sec1())
        pem = "-----BEGIN EC PRIVATE KEY-----\n" + base64.b64encode(der).decode() + "\n-----END EC PRIVATE KEY-----\n"
        file = folder / f"{hashlib.sha256(ARN.encode()).hexdigest()}.json"
        content = {
            "accessToken": {**tokens["accessToken"], "accountId": WORK, "expiresAt": expires_at},
            "tokenType": tokens["tokenType"],
            "clientId": SAME_DEVICE,
            "refreshToken": tokens["refreshToken"],
            "idToken": tokens["idToken"],
            "dpopKey": pem,
        }
        file.write_text(json.dumps(content))
        return file

    def sec1() -> tuple[Any, ...]:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()

    monkeypatch.setenv("AWS_ENDPOINT_URL_SIGNIN", org.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", org.url)
    return write


def test_botocores_login_provider(org: Running, key: ECKey, cached: Callable[[Any, str], Path]) -> None:
    """botocore refreshes a login whose credentials are over, keeps what it got, and it works on STS and S3."""
    tokens = logged_in(org, key)
    file = cached(tokens, stamp(minutes=-1))
    session = boto3.Session(profile_name="work")
    assert session.client("sts").get_caller_identity()["Arn"] == ARN
    kept = json.loads(file.read_text())
    assert kept["accessToken"]["accessKeyId"] != tokens["accessToken"]["accessKeyId"]
    assert kept["refreshToken"] != tokens["refreshToken"]
    assert kept["accessToken"]["expiresAt"] > stamp(minutes=14)
    iam = client(org, "iam", control.principal(org, ROOT).credentials)
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    iam.put_user_policy(UserName="zoe", PolicyName="may", PolicyDocument=policy)
    s3 = session.client("s3")
    s3.create_bucket(Bucket="zoes")
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["zoes"]


def test_aws_cli_with_a_login(org: Running, key: ECKey, cached: Callable[[Any, str], Path]) -> None:
    """The AWS CLI refreshes a login, and keeps what it got."""
    tokens = logged_in(org, key)
    file = cached(tokens, stamp(minutes=-1))
    status, out, err = aws(environment(org), "sts", "get-caller-identity", "--profile", "work")
    assert (status, err) == (0, "")
    assert json.loads(out)["Arn"] == ARN
    assert json.loads(file.read_text())["refreshToken"] != tokens["refreshToken"]


def test_botocore_is_told_to_log_in_again(org: Running, key: ECKey, cached: Callable[[Any, str], Path]) -> None:
    """After twelve hours by the emulator's clock, credentials and refresh token are over."""
    tokens = logged_in(org, key)
    remote.move_clock(org, timedelta(hours=12, minutes=1))
    try:
        with pytest.raises(ClientError, match="ExpiredToken"):
            session_of(tokens).client("sts", endpoint_url=org.url).get_caller_identity()
        cached(tokens, stamp(minutes=-1))
        with pytest.raises(LoginRefreshRequired):
            boto3.Session(profile_name="work").client("sts").get_caller_identity()
    finally:
        remote.move_clock(org, None)
