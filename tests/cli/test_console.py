"""`stsctl console`: the console of the emulator, signed in with a session; its address is seen by nobody."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.program import Me


@pytest.fixture(autouse=True)
def with_codes(me: Me) -> None:
    """Codes come from a program, so that nobody is asked."""
    me.configure_as_usual(hub=me.code_process())


def page(address: str) -> str:
    """What a browser shows at an address, at the end of where that leads."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    with urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies).open(address, timeout=20) as answer:
        return str(answer.read().decode())


def test_the_address_signs_in_as_the_role(me: Me) -> None:
    """Who opens it is the chained role, on the way to the page that was wanted."""
    address = me.ok("console", "prod-admin", "--print", "--service", "s3", "--region", "eu-west-1").strip()
    assert parse_qs(urlsplit(address).query)["Destination"] == [
        "https://console.aws.amazon.com/s3/home?region=eu-west-1"
    ]
    shown = page(address)
    assert "assumed-role/Admin/" in shown
    assert "222222222222" in shown


def test_a_role_of_long_term_keys_may_stay_as_long_as_it_says(me: Me) -> None:
    """AWS takes a SessionDuration for such a role and no other: six hours, not the first one only."""
    shown = page(me.ok("console", "long", "--duration", "6h", "--print").strip())
    assert re.search(r"\((6 h 0|5 h 59) min left\)", shown), shown


def test_signing_out_first_leads_on(me: Me) -> None:
    """The first address signs out, and leads to the one that signs in."""
    address = me.ok("console", "read-only", "--print", "--sign-out-first").strip()
    assert urlsplit(address).path == "/oauth"
    assert "assumed-role/ReadOnly/" in page(address)


def test_what_the_browser_is_given_tells_nothing_and_leads_there_once(me: Me) -> None:
    """Its command line is seen by everybody: it holds an address of this machine, good for one visit."""
    browser = me.script("browser", f'echo "$1" >> {me.home}/seen; curl -sS -o /dev/null -D {me.home}/head "$1"')
    done = me.run("console", "read-only", BROWSER=f"{browser} %s")
    assert done.status == 0, done
    assert (done.out, "the console is open as" in done.err) == ("", True)
    (seen,) = (me.home / "seen").read_text().splitlines()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}", seen)
    head = (me.home / "head").read_text()
    (location,) = re.findall(r"(?im)^location: (.*?)\r?$", head)
    assert "SigninToken=" in location
    assert "assumed-role/ReadOnly/" in page(location)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["work"], 2, "is a user, and the console takes a role's session only"),
        (["read-only", "--browser-profile", "a", "--container", "b"], 2, "exclude each other"),
        (["read-only", "--service", "S3; rm"], 2, "is no service of the console"),
        (["read-only"], 1, "there is no browser here"),
    ],
)
def test_what_cannot_be_is_said(me: Me, words: list[str], status: int, says: str) -> None:
    """Who is no role, flags that contradict, a service that is none, a machine without a screen."""
    done = me.run("console", *words)
    assert (done.status, says in done.err) == (status, True), done
    assert done.out == ""
