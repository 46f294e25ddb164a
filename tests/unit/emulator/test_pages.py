"""The frame of the emulator's pages: what is escaped, what is sent along, and whose forms are taken."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.web import pages
from tests.conftest import missing

try:
    import jinja2  # noqa: F401
except ImportError:
    missing("jinja2")

FORM = ("content-type", "application/x-www-form-urlencoded")
HOST = ("host", "127.0.0.1:4566")


def post(body: str, *headers: tuple[str, str], query: str = "") -> Request:
    """A form, posted."""
    return Request(
        method="POST",
        path="/",
        query=query,
        headers=(FORM, *headers),
        body=body.encode(),
        source_ip="127.0.0.1",
    )


def test_what_a_page_shows_is_escaped() -> None:
    """Markup in a value is shown, not obeyed."""
    body = pages.problem(400, "<b>t</b>", "<script>alert(1)</script>").body.decode()
    assert "&lt;script&gt;alert(1)" in body
    assert "<script" not in body
    assert "<b>t" not in body


def test_a_page_may_load_its_style_and_nothing_else() -> None:
    """The policy names the digest of the style sheet that is in the page, no script, and no frame around it."""
    answer = pages.problem(400, "t", "m")
    policy = dict(answer.headers)["Content-Security-Policy"]
    found = re.search(r"<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
    assert found is not None
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self'")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://signin.aws.amazon.com/saml", " https://signin.aws.amazon.com"),
        ("http://[::1]:8080/callback?x", " http://[::1]:8080"),
        ("https://a; script-src *", " https://a%3B%20script-src%20%2A"),
        ("javascript:alert(1)", ""),
        ("https://[oops", ""),
        ("https://a:b", ""),
    ],
)
def test_where_a_form_may_lead(url: str, origin: str) -> None:
    """The origin of a form's goal is in the policy, and cannot add a rule to it."""
    policy = dict(pages.page("problem.html", title="t", message="m", code="", sends_to=url).headers)[
        "Content-Security-Policy"
    ]
    assert policy.partition("form-action 'self'")[2] == origin


def test_a_redirect_is_one_header() -> None:
    """A line break in a URL is encoded, so that it ends no header."""
    answer = pages.redirect("http://a/?x=1\r\nSet-Cookie: a=b\udcff")
    assert answer.status == 303
    assert dict(answer.headers)["Location"] == "http://a/?x=1%0D%0ASet-Cookie:%20a=b?"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("sec-fetch-site", "same-origin"), ("origin", "null")],
        [("sec-fetch-site", "none")],
        [("origin", "http://127.0.0.1:4566")],
    ],
)
def test_own_forms_are_taken(headers: list[tuple[str, str]]) -> None:
    """A form of the emulator's own page is taken, and what is no browser."""
    assert pages.form(post("a=b+c&d=", HOST, *headers)) == {"a": "b c", "d": ""}


@pytest.mark.parametrize(
    "headers",
    [
        [HOST, ("sec-fetch-site", "cross-site")],
        [HOST, ("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:4566")],
        [HOST, ("origin", "https://evil.example")],
        [HOST, ("origin", "null")],
        [HOST, ("origin", "http://127.0.0.1:4567")],
        [("host", "[::1"), ("origin", "http://127.0.0.1")],
    ],
)
def test_forms_of_strangers_are_refused(headers: list[tuple[str, str]]) -> None:
    """A form of another site, or another port, is refused."""
    with pytest.raises(Refusal) as caught:
        pages.form(post("a=b", *headers))
    assert caught.value.status == 403


def test_some_forms_come_from_elsewhere() -> None:
    """What other sites have to send is taken where the page says so."""
    asked = post("a=b", HOST, ("origin", "https://idp.example"), ("sec-fetch-site", "cross-site"))
    assert pages.form(asked, from_anywhere=True) == {"a": "b"}


def test_a_parameter_is_there_once() -> None:
    """Of two values, two readers could believe one each."""
    with pytest.raises(Refusal, match="more than once"):
        pages.form(post("a=b&a=c", HOST))
    with pytest.raises(Refusal, match="more than once"):
        pages.arguments(post("", HOST, query="a=b&a=c"))


def test_what_is_no_form_is_refused() -> None:
    """JSON is no form, nor are bytes that are no text."""
    asked = Request(method="POST", path="/", query="", headers=(HOST,), body=b"{}", source_ip="")
    with pytest.raises(Refusal) as caught:
        pages.form(asked)
    assert caught.value.status == 415
    with pytest.raises(Refusal):
        pages.form(post("a=%ff", HOST))


def test_cookies() -> None:
    """A cookie is out of reach for scripts and for other sites' forms, and comes back."""
    name, value = pages.set_cookie("c", "v", path="/idp/corp")
    assert (name, value) == ("Set-Cookie", "c=v; HttpOnly; Path=/idp/corp; SameSite=Lax")
    assert pages.cookie(post("", ("cookie", "a=b; c=v")), "c") == "v"
    assert pages.cookie(post(""), "c") is None
    assert pages.cookie(post("", ("cookie", "\udcff; c=v")), "c") == "v"
    assert "Max-Age=0" in pages.drop_cookie("c")[1]


def test_a_wrong_method() -> None:
    """It is said which ones there are."""
    answer = pages.wrong_method("GET", "POST")
    assert answer.status == 405
    assert dict(answer.headers)["Allow"] == "GET, POST"
