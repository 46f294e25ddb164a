"""Identity Center's OIDC service: clients, device codes, authorization codes and refresh tokens, by the clock."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.emulator.center import START_URL
from tests.unit.emulator.portal import CALLBACK, CHALLENGE, DEVICE_CODE, JSON, VERIFIER, Portal, location

ASKED = "http://127.0.0.1:5555/oauth/callback"


@pytest.fixture
def portal() -> Portal:
    """An Identity Center of the test's own."""
    return Portal()


def authorize_url(client: JSON, **changed: str | None) -> str:
    """The page that a client sends a browser to."""
    asked = {
        "response_type": "code",
        "client_id": client["clientId"],
        "redirect_uri": ASKED,
        "state": "s t&a=te",
        "code_challenge_method": "S256",
        "code_challenge": CHALLENGE,
        "scopes": "sso:account:access",
    } | changed
    return "/authorize?" + urlencode({name: value for name, value in asked.items() if value is not None})


def code(portal: Portal, client: JSON) -> str:
    """The authorization code that an approving user's browser brings back."""
    url = authorize_url(client)
    portal.sign_in(url)
    found = parse_qs(urlsplit(location(portal.browse(url, decision="allow"))).query)
    return found["code"][0]


def refused(answer: tuple[int, JSON]) -> tuple[int, str]:
    """The status and the error of a refusal, which says something in words."""
    status, body = answer
    assert body["error_description"]
    return status, body["error"]


def test_registration(portal: Portal) -> None:
    """A client gets an id, a secret and ninety days, after which it is unknown."""
    status, found = portal.call("/client/register", clientName="x", clientType="public")
    assert status == 200
    assert found["clientIdIssuedAt"] == portal.now.timestamp()
    assert found["clientSecretExpiresAt"] - found["clientIdIssuedAt"] == 90 * 86400
    client = {"clientId": found["clientId"], "clientSecret": found["clientSecret"]}
    portal.later(days=89)
    portal.start(client)
    portal.later(days=1)
    assert refused(portal.call("/device_authorization", **client, startUrl=START_URL)) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"clientName": None}, 400, "invalid_request"),
        ({"clientName": 1}, 400, "invalid_request"),
        ({"clientType": "confidential"}, 400, "invalid_client_metadata"),
        ({"scopes": ["no scope"]}, 400, "invalid_scope"),
        ({"scopes": "sso:account:access"}, 400, "invalid_request"),
        ({"grantTypes": ["password"]}, 400, "unsupported_grant_type"),
        ({"issuerUrl": "https://other.awsapps.com/start"}, 400, "invalid_request"),
        ({"redirectUris": ["https://evil.example/"]}, 400, "invalid_redirect_uri"),
        ({"redirectUris": ["http://127.0.0.1.evil.example/"]}, 400, "invalid_redirect_uri"),
        ({"redirectUris": ["http://[::1"]}, 400, "invalid_redirect_uri"),
        ({"redirectUris": [CALLBACK + "#x"]}, 400, "invalid_redirect_uri"),
        ({"redirectUris": ["http://you@127.0.0.1/"]}, 400, "invalid_redirect_uri"),
        ({"grantTypes": ["authorization_code"], "redirectUris": [CALLBACK]}, 400, "invalid_request"),
        ({"grantTypes": ["authorization_code"], "issuerUrl": START_URL}, 400, "invalid_request"),
    ],
)
def test_refused_registrations(portal: Portal, given: JSON, status: int, error: str) -> None:
    """What AWS does not register is refused by its own name."""
    asked = {"clientName": "x", "clientType": "public"} | given
    assert refused(portal.call("/client/register", **asked)) == (status, error)


@pytest.mark.parametrize(
    "issuer", [START_URL, START_URL + "/#/", "https://identitycenter.amazonaws.com/ssoins-0123456789abcdef"]
)
def test_names_of_the_instance(portal: Portal, issuer: str) -> None:
    """A client for browsers names the instance by its start URL, or by its issuer's."""
    assert portal.register_for_browser(issuerUrl=issuer)["clientId"]


def test_device_flow(portal: Portal) -> None:
    """Pending until a user approves; then the tokens are to be had once."""
    client = portal.register()
    codes = portal.start(client)
    assert (codes["expiresIn"], codes["interval"]) == (600, 1)
    assert codes["verificationUri"] == "http://127.0.0.1:1/_signin/device"
    asked = {"grantType": DEVICE_CODE, "deviceCode": codes["deviceCode"]}
    assert refused(portal.token(client, **asked)) == (400, "authorization_pending")
    assert portal.approve(codes).status == 200
    status, tokens = portal.token(client, **asked)
    assert (status, tokens["tokenType"], tokens["expiresIn"]) == (200, "Bearer", 3600)
    assert portal.tokens.bearer(tokens["accessToken"], portal.now).user.name == "dora"
    assert refused(portal.token(client, **asked)) == (400, "invalid_grant")


def test_device_that_asks_too_often(portal: Portal) -> None:
    """A question within the interval is told to slow down, a later one is not."""
    client = portal.register()
    asked = {"grantType": DEVICE_CODE, "deviceCode": portal.start(client)["deviceCode"]}
    assert refused(portal.token(client, **asked))[1] == "authorization_pending"
    portal.later(seconds=0.9)
    assert refused(portal.token(client, **asked)) == (400, "slow_down")
    portal.later(seconds=1)
    assert refused(portal.token(client, **asked))[1] == "authorization_pending"


def test_device_code_that_is_over(portal: Portal) -> None:
    """After ten minutes nobody can approve it, and the device is told; an hour later it is forgotten."""
    client = portal.register()
    codes = portal.start(client)
    asked = {"grantType": DEVICE_CODE, "deviceCode": codes["deviceCode"]}
    portal.later(minutes=10)
    assert portal.browse(codes["verificationUriComplete"]).status == 404
    assert refused(portal.token(client, **asked)) == (400, "expired_token")
    portal.later(hours=1)
    assert refused(portal.token(client, **asked)) == (400, "invalid_grant")


def test_denied_device(portal: Portal) -> None:
    """A user who denies ends it, and cannot change their mind."""
    client = portal.register()
    codes = portal.start(client)
    portal.approve(codes, "deny")
    asked = {"grantType": DEVICE_CODE, "deviceCode": codes["deviceCode"]}
    assert refused(portal.token(client, **asked)) == (400, "access_denied")
    assert portal.browse(codes["verificationUriComplete"], decision="allow").status == 404
    assert refused(portal.token(client, **asked)) == (400, "access_denied")


def test_code_of_another_client(portal: Portal) -> None:
    """Neither a device code nor an authorization code nor a refresh token is of use to another client."""
    mine, other = portal.register_for_browser(grantTypes=[]), portal.register(scopes=["sso:account:access"])
    codes = portal.start(mine)
    asked = {"grantType": DEVICE_CODE, "deviceCode": codes["deviceCode"]}
    assert refused(portal.token(other, **asked)) == (400, "invalid_grant")
    mine = portal.register_for_browser()
    other = portal.register_for_browser()
    by_code = {"grantType": "authorization_code", "redirectUri": ASKED, "codeVerifier": VERIFIER}
    assert refused(portal.token(other, **by_code, code=code(portal, mine))) == (400, "invalid_grant")
    _, tokens = portal.token(mine, **by_code, code=code(portal, mine))
    asked = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    assert refused(portal.token(other, **asked)) == (400, "invalid_grant")
    assert portal.token(mine, **asked)[0] == 200


def test_wrong_start_url_and_secret(portal: Portal) -> None:
    """Another portal's URL and another client's secret are refused; a fragment or a slash at the end is none."""
    client, other = portal.register(), portal.register()
    wrong = {"clientId": client["clientId"], "clientSecret": other["clientSecret"]}
    assert refused(portal.call("/device_authorization", **wrong, startUrl=START_URL)) == (401, "invalid_client")
    elsewhere = portal.call("/device_authorization", **client, startUrl="https://x.awsapps.com/start")
    assert refused(elsewhere) == (400, "invalid_request")
    for suffix in ("/", "#/", "/#/?tab=accounts"):
        assert portal.call("/device_authorization", **client, startUrl=START_URL + suffix)[0] == 200


def test_client_without_scopes_gets_no_refresh_token(portal: Portal) -> None:
    """A client of the old kind gets one access token for the whole session."""
    tokens = portal.device_tokens(portal.register(scopes=[]))
    assert "refreshToken" not in tokens
    assert tokens["expiresIn"] == 8 * 3600


def test_refresh(portal: Portal) -> None:
    """A refresh token is good once, gives the next one, and ends with the sign-in, not with the access token."""
    client = portal.register()
    tokens = portal.device_tokens(client)
    portal.later(hours=7, minutes=30)
    asked = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    status, new = portal.token(client, **asked)
    assert (status, new["expiresIn"]) == (200, 1800)
    assert refused(portal.token(client, **asked)) == (400, "invalid_grant")
    portal.later(minutes=30)
    asked = {"grantType": "refresh_token", "refreshToken": new["refreshToken"]}
    assert refused(portal.token(client, **asked)) == (400, "invalid_grant")


def test_authorization_code(portal: Portal) -> None:
    """A browser brings back the code with the state, and the code with its verifier is worth tokens, once."""
    client = portal.register_for_browser()
    url = authorize_url(client)
    portal.sign_in(url)
    answer = location(portal.browse(url, decision="allow"))
    assert answer.startswith(f"{ASKED}?")
    found = parse_qs(urlsplit(answer).query)
    assert found["state"] == ["s t&a=te"]
    asked = {
        "grantType": "authorization_code",
        "code": found["code"][0],
        "redirectUri": ASKED,
        "codeVerifier": VERIFIER,
    }
    status, tokens = portal.token(client, **asked)
    assert (status, tokens["expiresIn"]) == (200, 3600)
    assert portal.tokens.bearer(tokens["accessToken"], portal.now).user.name == "dora"
    assert refused(portal.token(client, **asked)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changed",
    [{"codeVerifier": "w" * 64}, {"codeVerifier": None}, {"redirectUri": CALLBACK}, {"redirectUri": None}],
    ids=str,
)
def test_code_that_does_not_fit(portal: Portal, changed: JSON) -> None:
    """Another verifier or another redirect URI gets nothing, and the code is gone."""
    client = portal.register_for_browser()
    right = {
        "grantType": "authorization_code",
        "code": code(portal, client),
        "redirectUri": ASKED,
        "codeVerifier": VERIFIER,
    }
    assert refused(portal.token(client, **right | changed)) == (400, "invalid_grant")
    assert refused(portal.token(client, **right)) == (400, "invalid_grant")


def test_code_that_is_over(portal: Portal) -> None:
    """An authorization code is good for ten minutes."""
    client = portal.register_for_browser()
    found = code(portal, client)
    portal.later(minutes=10)
    asked = {"grantType": "authorization_code", "code": found, "redirectUri": ASKED, "codeVerifier": VERIFIER}
    assert refused(portal.token(client, **asked)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scopes": "codewhisperer:all"}, "invalid_scope"),
        ({"scopes": None, "scope": "sso:account:access other:scope"}, "invalid_scope"),
    ],
    ids=str,
)
def test_the_client_hears_of_a_bad_request(portal: Portal, changed: dict[str, str | None], error: str) -> None:
    """What is wrong goes back to the client with its state, before anybody is asked."""
    found = parse_qs(urlsplit(location(portal.browse(authorize_url(portal.register_for_browser(), **changed)))).query)
    assert (found["error"], found["state"]) == ([error], ["s t&a=te"])


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:5555/other"},
        {"redirect_uri": "http://127.0.0.1:5555/oauth/callback?x=1"},
        {"redirect_uri": "http://evil@127.0.0.1:5555/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:x/oauth/callback"},
        {"redirect_uri": None},
    ],
    ids=str,
)
def test_nobody_is_sent_where_the_client_does_not_live(portal: Portal, changed: dict[str, str | None]) -> None:
    """An unknown client or redirect URI ends on a page, whatever else is asked."""
    answer = portal.browse(authorize_url(portal.register_for_browser(), **changed))
    assert (answer.status, "Location" in dict(answer.headers)) == (400, False)


def test_challenge_with_padding(portal: Portal) -> None:
    """A code challenge with base64's padding is the one without."""
    client = portal.register_for_browser()
    url = authorize_url(client, code_challenge=f"{CHALLENGE}=")
    portal.sign_in(url)
    found = parse_qs(urlsplit(location(portal.browse(url, decision="allow"))).query)["code"][0]
    asked = {"grantType": "authorization_code", "code": found, "redirectUri": ASKED, "codeVerifier": VERIFIER}
    assert portal.token(client, **asked)[0] == 200


def test_denied_code(portal: Portal) -> None:
    """A user who denies sends the client away with access_denied."""
    url = authorize_url(portal.register_for_browser())
    portal.sign_in(url, "eve")
    found = parse_qs(urlsplit(location(portal.browse(url, decision="deny"))).query)
    assert (found["error"], found["state"]) == (["access_denied"], ["s t&a=te"])


def test_grant_types_that_a_client_did_not_register_for(portal: Portal) -> None:
    """A client is held to the grant types of its registration, and the service to those it has."""
    browser, device = portal.register_for_browser(), portal.register(grantTypes=[DEVICE_CODE])
    assert refused(portal.call("/device_authorization", **browser, startUrl=START_URL)) == (400, "unauthorized_client")
    assert refused(portal.token(browser, grantType=DEVICE_CODE)) == (400, "unauthorized_client")
    assert refused(portal.token(device, grantType="refresh_token")) == (400, "unauthorized_client")
    assert refused(portal.token(device, grantType="password")) == (400, "unsupported_grant_type")
    assert "refreshToken" not in portal.device_tokens(device)


def test_sign_in_page(portal: Portal) -> None:
    """A wrong password and an unknown name are told alike; nothing is approved without signing in."""
    codes = portal.start(portal.register())
    url = codes["verificationUriComplete"]
    for name, password in (("dora", "wrong"), ("nobody", "correct horse"), ("dora", "")):
        answer = portal.browse(url, username=name, password=password)
        assert answer.status == 403
        assert b"The name or the password is wrong." in answer.body
    assert b"Sign in" in portal.browse(url, decision="allow").body
    portal.sign_in(url)
    assert codes["userCode"].encode() in portal.browse(url).body
    portal.later(hours=8)
    assert b"Sign in" in portal.browse(url.replace(codes["userCode"], portal.start(portal.register())["userCode"])).body


def test_user_code_as_people_type_it(portal: Portal) -> None:
    """Small letters, blanks and no dash are all the same; what nobody shows is said to be wrong."""
    codes = portal.start(portal.register())
    portal.sign_in(codes["verificationUriComplete"])
    typed = codes["userCode"].lower().replace("-", " ")
    assert portal.browse(f"/_signin/device?user_code={typed.replace(' ', '+')}").status == 200
    answer = portal.browse("/_signin/device?user_code=AAAA-AAAA")
    assert answer.status == 404
    assert b"No device shows this code" in answer.body
    assert b"Enter the code" in portal.browse("/_signin/device").body


def test_another_user(portal: Portal) -> None:
    """Who is signed in can be left for another."""
    codes = portal.start(portal.register())
    url = codes["verificationUriComplete"]
    portal.sign_in(url, "eve")
    assert location(portal.browse(url, decision="leave")) == f"/_signin/device?user_code={codes['userCode']}"
    assert b"Sign in" in portal.browse(url).body


def test_form_from_another_site(portal: Portal) -> None:
    """A form on a stranger's page approves nothing, though the browser is signed in."""
    client = portal.register()
    codes = portal.start(client)
    url = codes["verificationUriComplete"]
    portal.sign_in(url)
    cookie = "; ".join(f"{name}={value}" for name, value in portal.cookies.items())
    form = {"cookie": cookie, "content_type": "application/x-www-form-urlencoded"}
    for foreign in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = portal.ask("POST", url, b"decision=allow", **form, **foreign)
        assert answer is not None
        assert answer.status == 403
    asked = {"grantType": DEVICE_CODE, "deviceCode": codes["deviceCode"]}
    assert refused(portal.token(client, **asked))[1] == "authorization_pending"


def test_names_are_shown_as_text(portal: Portal) -> None:
    """What a client calls itself is no markup."""
    codes = portal.start(portal.register(clientName="<img src=x>"))
    portal.sign_in(codes["verificationUriComplete"])
    body = portal.browse(codes["verificationUriComplete"]).body
    assert b"&lt;img src=x&gt;" in body
    assert b"<img" not in body


def test_paths_of_others(portal: Portal) -> None:
    """What has another method or names no client is not Identity Center's."""
    assert portal.ask("GET", "/token") is None
    assert portal.ask("GET", "/authorize") is None


PATHS = ("/client/register", "/device_authorization", "/token")


@given(
    path=st.sampled_from(PATHS),
    body=st.binary(max_size=50)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3)
    )
    .map(repr)
    .map(str.encode),
)
def test_garbage_is_refused(path: str, body: bytes) -> None:
    """No body brings the service down: each is refused in OAuth's words."""
    answer = Portal().ask("POST", path, body)
    assert answer is not None
    assert answer.status == 400


_ANYTHING = st.text(st.characters(), max_size=30)


@given(
    path=st.sampled_from(("/_signin/device", "/authorize")),
    query=_ANYTHING,
    cookie=_ANYTHING,
    body=st.binary(max_size=30),
)
def test_garbage_gets_a_page(path: str, query: str, cookie: str, body: bytes) -> None:
    """No query, cookie or form brings the pages down."""
    portal = Portal()
    url = f"{path}?client_id=x&{query.replace('#', '')}"
    for method, content in (("GET", b""), ("POST", body), ("POST", b"username=dora&password=" + body)):
        form = "application/x-www-form-urlencoded"
        answer = portal.ask(method, url, content, cookie=cookie, content_type=form)
        assert answer is not None
        assert answer.status < 500


def test_journal_holds_no_secret(portal: Portal) -> None:
    """What is noted of a call says who and what, and no token."""
    client = portal.register()
    tokens = portal.device_tokens(client)
    portal.token(client, grantType="refresh_token", refreshToken=tokens["refreshToken"])
    assert portal.entry is not None
    assert (portal.entry.who, portal.entry.action) == ("dora", "sso-oauth:CreateToken")
    assert tokens["refreshToken"] not in repr(portal.entry)
