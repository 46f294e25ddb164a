"""Hostile input to the pages and endpoints of the identity providers and of AWS's sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import missing
from tests.unit.emulator.federated import SEED
from tests.unit.emulator.front import Front
from tests.unit.emulator.test_federation_endpoint import CONSOLE
from tests.unit.emulator.test_idp_oidc import ASKED, CHALLENGE, DEVICE, VERIFIER

PAGES = ["/console", "/saml", "/federation", "/oauth", "/idp/corp", "/idp/corp/saml", "/idp/corp/sign-out"]
PAGES += ["/idp/corp/metadata", "/idp/corp/oidc/authorize", "/idp/corp/oidc/device"]
ENDPOINTS = [f"/idp/corp/oidc/{name}" for name in ("token", "userinfo", "device_authorization", "jwks")]
FUZZED = settings(
    max_examples=60,
    deadline=timedelta(seconds=2),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
KNOWN: dict[str, list[str]] = {
    **{name: [value] for name, value in ASKED.items()},
    "Action": ["getSigninToken", "login", "logout"],
    "Session": ['{"sessionId":"ASIA","sessionKey":"x","sessionToken":"x"}', "[]"],
    "SessionDuration": ["900", "x"],
    "SigninToken": ["x"],
    "Destination": [CONSOLE, "https://evil.example"],
    "Issuer": ["https://x", "javascript:x"],
    "SAMLRequest": ["eJw=", "x"],
    "SAMLResponse": ["PHgvPg==", "x"],
    "roleIndex": ["x"],
    "RelayState": ["x"],
    "username": ["alice", "bob", "x"],
    "password": ["correct horse", "x"],
    "decision": ["allow", "deny", "leave"],
    "user_code": ["BBBB-BBBB"],
    "grant_type": ["authorization_code", "refresh_token", "client_credentials", DEVICE],
    "client_id": ["app", "web", "ci"],
    "client_secret": ["machine:secret", "web secret"],
    "code": ["x"],
    "code_verifier": [VERIFIER],
    "device_code": ["x"],
    "refresh_token": ["x"],
    "scope": ["openid", "openid offline_access", " "],
    "prompt": ["none", "login"],
    "max_age": ["0"],
    "code_challenge": [CHALLENGE, "x"],
    "redirect_uri": ["http://127.0.0.1:1/callback", "/x", "//evil.example", "https://evil.example\r\nx: y"],
}
ANYTHING = st.text(max_size=12) | st.text("\x00\x1f\ud800\uffff<&>\r\n\"'%\\/:@", max_size=9)
PAIRS = st.lists(
    st.sampled_from(sorted(KNOWN)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(KNOWN[name]) | st.sampled_from(KNOWN[name]) | ANYTHING)
    )
    | st.tuples(ANYTHING, ANYTHING),
    max_size=9,
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["Cookie", "Authorization", "Origin", "Sec-Fetch-Site", "Host", "Content-Type"]),
        st.sampled_from(["Basic eDp5", "Bearer x", "a=b; c", "null", "cross-site", "127.0.0.1", "[::1", "a,b", "\xff"]),
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    """An emulator in this process."""
    try:
        import jinja2  # noqa: F401
        import joserfc  # noqa: F401
        import moto  # noqa: F401
        import signxml  # noqa: F401
    except ImportError:
        missing("moto, jinja2, joserfc and signxml")
    return Front(SEED)


def spelled(pairs: list[tuple[str, str]]) -> str:
    """The fields as a form, lone surrogates and all."""
    return "&".join("=".join(quote_plus(part, errors="surrogatepass") for part in pair) for pair in pairs)


@pytest.mark.parametrize("path", PAGES + ENDPOINTS)
@FUZZED
@given(data=st.data())
def test_whatever_is_sent(front: Front, path: str, data: st.DataObject) -> None:
    """The answer is a page or JSON, with no failure, no secret, no second header, and no way to a stranger's site."""
    query, fields, more = data.draw(PAIRS), data.draw(PAIRS), data.draw(HEADERS)
    method = data.draw(st.sampled_from(["GET", "POST", "POST", "HEAD", "PUT"]))
    given = {"Host": "127.0.0.1", "Content-Type": "application/x-www-form-urlencoded"} | dict(more)
    body = spelled(fields).encode() if method in ("POST", "PUT") else b""
    received: Any = front.send(method, f"{path}?{spelled(query)}", list(given.items()), body)
    assert received.status < 500
    kinds = (
        ("text/html", "application/json") if path != "/idp/corp/metadata" else ("application/samlmetadata", "text/html")
    )
    kind = received.headers.get("content-type", "text/html")
    # Strangers are turned away before anybody knows what they asked.
    assert kind.startswith(kinds) or (received.status in (403, 421) and kind == "text/xml")
    assert b"correct horse" not in received.body or "correct horse" in spelled(query) + spelled(fields)
    assert not any("\r" in value or "\n" in value for value in received.headers.values())
    goal = received.headers.get("location", "/")
    allowed = ("/", "http://127.0.0.1:1/callback?", ASKED["redirect_uri"] + "?", "http://127.0.0.1")
    assert goal.startswith(allowed)
    assert not goal.startswith(("//", "/\\"))
