"""Signing in at an OIDC issuer, by a person in a real browser, with stsctl on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.browser import chromium, page
from tests.federation import DEPLOY, federation, visitor
from tests.program import STSCTL, WORK, Me, Organisation

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["chromium", "federation", "page", "visitor"]


@pytest.fixture
def me(visitor: Me, federation: Organisation) -> Me:
    """Somebody whose browser shows what it is given to the test."""
    visitor.configure(f"""
[source.corp]
type = "oidc"
issuer = "{federation.running.url}/idp/corp/oidc"
client_id = "app"

[role.deploy]
role_arn = "{DEPLOY}"
from = "corp"
""")
    visitor.environ["BROWSER"] = f"{visitor.script('browser', f'echo $1 > {visitor.home}/page')} %s"
    return visitor


@pytest.fixture
def terminal(me: Me) -> Iterator[pexpect.spawn]:
    """stsctl, which has just asked the person to sign in."""
    environ = {**me.environ, "TERM": "dumb"}
    found = pexpect.spawn(
        str(STSCTL), ["assume", "deploy"], env=environ, cwd=str(me.home), encoding="utf-8", timeout=60
    )
    found.setwinsize(40, 600)
    found.expect_exact('sign in to "corp" in your browser')
    yield found
    found.close(force=True)


def where(me: Me, terminal: pexpect.spawn) -> str:
    """The page that the browser was given."""
    terminal.expect(r"(http://\S+/authorize\S+)\s")
    assert terminal.match is not None
    address = str(terminal.match[1])
    assert address == (me.home / "page").read_text().strip()
    return address


def test_a_person_signs_in(me: Me, terminal: pexpect.spawn, page: Page) -> None:
    """Alice signs in, is told to close the page, and has her session; the address takes nothing any more."""
    page.goto(where(me, terminal))
    page.get_by_role("button", name="alice").click()
    page.get_by_role("heading", name="You can close this page").wait_for()
    back = page.url
    terminal.expect(f"arn:aws:sts::{WORK}:assumed-role/Deploy/")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert back.startswith("http://127.0.0.1:")
    with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
        page.goto(back)
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


def test_a_browser_that_comes_with_another_state(me: Me, terminal: pexpect.spawn, page: Page) -> None:
    """What a page of somebody else's sends to the address is not heard; the person's own sign-in still is."""
    address = where(me, terminal)
    forged = address.replace("state=", "state=forged")
    page.goto(forged)
    page.get_by_role("button", name="alice").click()
    page.wait_for_url("http://127.0.0.1:*/oauth/callback*")
    assert page.get_by_role("heading", name="You can close this page").count() == 0
    assert terminal.isalive()
    page.goto(address)  # who is signed in already goes on at once
    page.get_by_role("heading", name="You can close this page").wait_for()
    terminal.expect(f"arn:aws:sts::{WORK}:assumed-role/Deploy/")


def test_ctrl_c_on_the_terminal(me: Me, terminal: pexpect.spawn, page: Page) -> None:
    """Who gives up there has nothing: whoever signs in after that finds nobody who listens."""
    address = where(me, terminal)
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    page.goto(address)
    with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
        _sign_in(page)
    assert me.calls() == []
    assert me.ok("list", "--json").strip() == "[]"


def _sign_in(page: Page) -> None:
    page.get_by_role("button", name="alice").click()
    page.wait_for_url("http://127.0.0.1:*/oauth/callback*")
