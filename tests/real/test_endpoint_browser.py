"""Pages in a real browser that know all that there is to know of an endpoint, and get nothing from it."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stsctl.agent.endpoint import Endpoint, Grant
from stsctl.credentials import Credentials, Secret, Session
from tests.browser import _ARGUMENTS
from tests.conftest import missing
from tests.crowd import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

TOKEN = "t" * 43
PATH = "/session"
STRANGER = "rebound.example"
"""A name that somebody else's DNS makes lead to this machine."""

_OWN_GUARD = "LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights"
"""What keeps pages away from loopback in some browsers: these tests are about those that get here."""


class Watched(Endpoint):
    """An endpoint, and what it answered so far."""

    def __init__(self) -> None:
        super().__init__({PATH: Grant(token=Secret(TOKEN), session=self.give)})
        self.address = self.url(PATH)
        self.port = self.url("").rpartition(":")[2]
        self.statuses: list[int] = []

    def _answer(self, connection: socket.socket) -> tuple[int, str]:
        status, body = super()._answer(connection)
        self.statuses.append(status)
        return status, body

    def only_refused(self) -> bool:
        """Whether somebody has asked since the last look, and got nothing."""
        until(lambda: self.statuses, "a request")
        found, self.statuses = set(self.statuses), []
        return found == {403}

    def give(self) -> Session:
        """The session, to whoever came so far."""
        now = datetime.now(UTC)
        credentials = Credentials(
            access_key_id="ASIA", secret_access_key=Secret("s"), session_token=Secret("t"),
            expires_at=now + timedelta(hours=1),
        )  # fmt: skip
        return Session(credentials=credentials, request_key="k", obtained_at=now)


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    """One for all pages."""
    found = Watched()
    thread = threading.Thread(target=found.serve)
    thread.start()
    yield found
    found.close()
    thread.join(60)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page in a browser whose DNS is not to be trusted."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("chromium")
    arguments = [*_ARGUMENTS, f"--host-resolver-rules=MAP {STRANGER} 127.0.0.1", f"--disable-features={_OWN_GUARD}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        found = browser.new_context().new_page()
        found.set_default_timeout(20_000)
        yield found
        browser.close()


_FETCH = """
async ([url, mode, token]) => {
  try {
    const answer = await fetch(url, { mode, headers: token ? { Authorization: token } : {} });
    return [answer.status, await answer.text()];
  } catch (error) {
    return [0, String(error)];
  }
}
"""


_EMBED = """
([tag, url]) => {
  const element = document.createElement(tag);
  element.src = url;
  document.body.append(element);
}
"""


def stand_on(page: Page, origin: str) -> None:
    """Opens a page of that origin, which the test serves."""
    page.unroute_all()
    page.route(f"{origin}/", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
    page.goto(f"{origin}/")


@pytest.mark.parametrize("origin", ["http://evil.example", "https://evil.example", "http://localhost:1"])
@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_a_page_of_another_origin(page: Page, watched: Watched, origin: str, mode: str) -> None:
    """Neither by a request that has to be allowed first, nor by one whose answer is hidden."""
    stand_on(page, origin)
    for token in (TOKEN, None):
        status, text = page.evaluate(_FETCH, [watched.address, mode, token])
        assert (status, "ASIA" in text) == (0, False)
        assert watched.only_refused()


def test_a_page_whose_name_was_made_to_lead_here(page: Page, watched: Watched) -> None:
    """For the browser it is one origin, so it may read the answer, and sends no sign of a browser: the Host tells."""
    stand_on(page, f"http://{STRANGER}:{watched.port}")
    status, text = page.evaluate(_FETCH, [f"http://{STRANGER}:{watched.port}{PATH}", "cors", TOKEN])
    assert status == 403
    assert "WrongHost" in text
    assert watched.only_refused()


def test_a_page_of_the_endpoints_own_origin(page: Page, watched: Watched) -> None:
    """As another program on that port might have left one: a browser says that it is one."""
    stand_on(page, f"http://127.0.0.1:{watched.port}")
    status, text = page.evaluate(_FETCH, [watched.address, "cors", TOKEN])
    assert (status, "FromBrowser" in text) == (403, True)
    assert watched.only_refused()


@pytest.mark.parametrize("tag", ["img", "iframe", "script"])
def test_what_a_page_embeds(page: Page, watched: Watched, tag: str) -> None:
    """It is asked for, and refused."""
    stand_on(page, "http://evil.example")
    page.evaluate(_EMBED, [tag, watched.address])
    assert watched.only_refused()


def test_a_link(page: Page, watched: Watched) -> None:
    """Somebody who follows one to the endpoint sees why not."""
    stand_on(page, "http://evil.example")
    answer = page.goto(watched.address)
    assert answer is not None
    assert (answer.status, "FromBrowser" in answer.text()) == (403, True)
    assert watched.only_refused()
