"""Signing in at an OIDC issuer: what it publishes, what it is asked, and which of its answers are used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, RefusedError, StsctlError, UnavailableError
from stsctl.sign_in import SignIn, at_issuer
from stsctl.source import Issuer as Said
from stsctl.sources.discovery import discover
from stsctl.sources.http import Http
from stsctl.sources.oidc_issuer import OidcIssuer
from tests.unit.sources.issuer import CLIENT, Alice, Issuer, about, running
from tests.unit.sources.server import NOW


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer that behaves."""
    with running() as found:
        yield found


def at(issuer: Issuer, alice: Alice | None = None) -> OidcIssuer:
    """The issuer, as somebody signs in there."""
    return OidcIssuer(
        key="oidc",
        name="corp",
        issuer=Said(url=issuer.url, client_id=CLIENT, scopes=("openid", "offline_access")),
        discovered=lambda: discover(Http(), issuer.url),
        http=Http(),
        prompt=alice or Alice(issuer),
        sleep=lambda _: None,
        now=lambda: NOW,
    )


def test_by_browser(issuer: Issuer) -> None:
    """The page is asked with PKCE, state and nonce, and the token that comes says who signed in."""
    alice = Alice(issuer)
    found = at(issuer, alice).sign_in()
    assert alice.page["scope"] == "openid offline_access"
    assert (alice.page["response_type"], alice.page["code_challenge_method"]) == ("code", "S256")
    assert min(len(alice.page[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    (form,) = issuer.asked
    assert (form["code"], form["client_id"], form["redirect_uri"]) == ("c0de", CLIENT, alice.page["redirect_uri"])
    assert found.ends_at == NOW + timedelta(hours=1)
    assert found.refresh_token == Secret("r3fresh")
    assert about(found.about) == {"iss": issuer.url, "sub": "alice", "aud": CLIENT, "email": "a@b.example"}


def test_every_sign_in_has_its_own_nonce_and_proof(issuer: Issuer) -> None:
    """Nothing of one sign-in serves another."""
    first, second = Alice(issuer), Alice(issuer)
    assert at(issuer, first).sign_in().id != at(issuer, second).sign_in().id
    for name in ("state", "nonce", "code_challenge"):
        assert first.page[name] != second.page[name]


def test_by_device_code(issuer: Issuer) -> None:
    """Without a browser a code is shown, with the page to type it at, and waited for."""
    alice = Alice(issuer, has_browser=False)
    found = at(issuer, alice).sign_in()
    (shown,) = alice.shown
    assert (shown.user_code, shown.page) == ("WDJB-MJHT", f"{issuer.url}/type")
    assert shown.complete_page == f"{issuer.url}/type?user_code=WDJB-MJHT"
    assert issuer.asked[0] == {"client_id": CLIENT, "scope": "openid offline_access"}
    assert issuer.asked[-1]["device_code"] == "dev1ce"
    assert about(found.about)["sub"] == "alice"


def test_refreshing(issuer: Issuer) -> None:
    """It is the same sign-in with a new token; a refresh token that is not replaced goes on."""
    authority = at(issuer)
    held = authority.sign_in()
    issuer.claims["email"] = "new@b.example"
    issuer.answer["refresh_token"] = None
    found = authority.refresh(held)
    assert issuer.asked[-1] == {"client_id": CLIENT, "grant_type": "refresh_token", "refresh_token": "r3fresh"}
    assert (found.id, found.signed_in_at, found.refresh_token) == (held.id, held.signed_in_at, Secret("r3fresh"))
    assert about(found.about)["email"] == "new@b.example"
    issuer.answer["refresh_token"] = "another"
    assert authority.refresh(held).refresh_token == Secret("another")


@pytest.mark.parametrize("change", ["no id_token", "somebody else", "refused"])
def test_a_refresh_that_gives_nothing(issuer: Issuer, change: str) -> None:
    """No ID token, somebody else's, or a refusal: each ends the sign-in, so that a person is asked again."""
    held = at(issuer).sign_in()
    if change == "no id_token":
        issuer.answer["id_token"] = None
    elif change == "somebody else":
        issuer.claims["sub"] = "bob"
    else:
        issuer.refusal = {"error": "invalid_grant"}
    with pytest.raises(RefusedError):
        at(issuer).refresh(held)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://other.example"}, "another issuer's"),
        ({"iss": None}, "another issuer's"),
        ({"sub": None}, "about nobody"),
        ({"aud": "other"}, 'not for the client "app"'),
        ({"aud": ["other", "more"]}, 'not for the client "app"'),
        ({"aud": None}, 'not for the client "app"'),
        ({"aud": ["app", "other"], "azp": "other"}, "another client"),
        ({"nonce": "other"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "soon"}, "expired"),
    ],
)
def test_tokens_that_are_not_used(issuer: Issuer, claims: dict[str, object], said: str) -> None:
    """Another issuer's, about nobody, for others, of another sign-in, or expired: none of them is held."""
    issuer.claims = claims
    with pytest.raises(StsctlError, match=said):
        at(issuer).sign_in()


@pytest.mark.parametrize("token", [None, "opaque", 7, "a.b.c", "", {"a": 1}])
def test_an_answer_without_an_id_token(issuer: Issuer, token: object) -> None:
    """What is no ID token is said to be none."""
    issuer.answer["id_token"] = token
    with pytest.raises(RefusedError, match="sign-in was refused") as raised:
        at(issuer).sign_in()
    assert "openid" in raised.value.reason


def test_a_refusal_in_the_issuers_words(issuer: Issuer) -> None:
    """Error and description are the issuer's, cut where they go on; what is no text is left out."""
    issuer.refusal = {"error": "invalid_client", "error_description": "x" * 1000}
    with pytest.raises(RefusedError) as raised:
        at(issuer).sign_in()
    assert (raised.value.code, raised.value.reason, raised.value.by) == ("invalid_client", "x" * 300, "issuer")
    issuer.refusal = {"error": "\x1b[2J", "error_description": ["a"]}
    with pytest.raises(RefusedError) as raised:
        at(issuer).sign_in()
    assert (raised.value.code, raised.value.reason) == ("HTTP status 400", "")


@pytest.mark.parametrize(
    "answer",
    [
        {"device_code": None},
        {"user_code": "\x1b[2J"},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": "http://elsewhere.example/"},
        {"verification_uri_complete": "file:///etc/passwd"},
        {"expires_in": 0},
        {"expires_in": True},
        {"interval": "1"},
        {"expires_in": 10**9},
    ],
)
def test_device_codes_that_are_not_shown(issuer: Issuer, answer: dict[str, object]) -> None:
    """What a person is shown, or sent to, has to be what it should be."""
    issuer.answer = answer
    alice = Alice(issuer, has_browser=False)
    with pytest.raises(StsctlError, match="no usable"):
        at(issuer, alice).sign_in()
    assert alice.shown == []


def test_an_issuer_without_device_codes(issuer: Issuer) -> None:
    """Where there is no browser either, it is said."""
    issuer.document["device_authorization_endpoint"] = None
    with pytest.raises(ConfigurationError, match="no sign-in by a code") as raised:
        at(issuer, Alice(issuer, has_browser=False)).sign_in()
    assert "stsctl sso login corp" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"issuer": "https://elsewhere.example"}, "calls itself otherwise"),
        ({"issuer": None}, "calls itself otherwise"),
        ({"token_endpoint": None}, "no usable token_endpoint"),
        ({"token_endpoint": "http://elsewhere.example/token"}, "no usable token_endpoint"),
        ({"authorization_endpoint": "file:///"}, "no usable authorization_endpoint"),
        ({"device_authorization_endpoint": 7}, "no usable device_authorization_endpoint"),
        ({"code_challenge_methods_supported": ["plain"]}, "no PKCE"),
    ],
)
def test_documents_that_are_not_believed(issuer: Issuer, document: dict[str, object], said: str) -> None:
    """Another issuer's, one with an endpoint where others could listen, or without PKCE: no secret goes there."""
    issuer.document = document
    with pytest.raises(ConfigurationError, match=said):
        discover(Http(), issuer.url)


def test_what_is_no_issuer(issuer: Issuer) -> None:
    """A wrong path, and nobody at all, are told apart."""
    with pytest.raises(ConfigurationError, match="is no OIDC issuer"):
        discover(Http(), f"{issuer.url}/wrong")
    with pytest.raises(ConfigurationError, match="calls itself otherwise"):
        discover(Http(), f"{issuer.url}/")
    with pytest.raises(UnavailableError):
        discover(Http(), "http://127.0.0.1:1")


def test_what_tells_sign_ins_apart() -> None:
    """Another issuer, client, scope or emulator is another authority; the order of scopes makes none."""
    said = ("https://issuer.example", CLIENT, ("openid", "email"), None)
    assert at_issuer(*said) == at_issuer(*said[:2], ("email", "openid"), None)
    others = [
        at_issuer("https://other.example", *said[1:]),
        at_issuer(said[0], "other", *said[2:]),
        at_issuer(*said[:2], ("openid",), None),
        at_issuer(*said[:3], "emulated"),
    ]
    assert len({at_issuer(*said), *others}) == 5


def test_nobody_else_leaves_a_sign_in(issuer: Issuer) -> None:
    """What others hold of the issuer is theirs."""
    held: SignIn | None = None
    assert at(issuer).found(held) is None
