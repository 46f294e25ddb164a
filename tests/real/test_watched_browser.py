"""A real browser of which one posted form is taken: what it posts, what it does not send, and how it ends otherwise."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from stsctl.errors import ConfigurationError, PersonNeededError
from stsctl.host.browser import BrowserError
from stsctl.host.watched_browser import WatchedBrowser
from tests.browser import free_port, program
from tests.conftest import missing

try:
    import playwright  # noqa: F401
except ImportError:
    missing("playwright")

LIMIT = timedelta(seconds=30)
GOAL = re.compile(r"http://127\.0\.0\.1:\d+/goal")
_FORM = """<form method=post action="/goal"><input name="Answer" value="{}"></form>"""
_AT_ONCE = "<script>document.forms[0].submit()</script>"


class Site(ThreadingHTTPServer):
    """Pages for a browser; `posted` is what came to the goal, `cookies` what came with each page."""

    daemon_threads = True

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.cookies: list[str | None] = []
        super().__init__(("127.0.0.1", 0), _Pages)

    def at(self, path: str) -> str:
        """A page's address."""
        return f"http://127.0.0.1:{self.server_port}/{path}"


class _Pages(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        """A page, and a cookie to remember it by."""
        self.server.cookies.append(self.headers.get("Cookie"))
        body = {
            "/form": _FORM.format("a &amp; b") + _AT_ONCE,
            "/popup": "<script>window.open('/form')</script>",
            "/on": "<script>location = '/form'</script>",
            "/goal": _FORM.format("from the goal") + _AT_ONCE,
        }.get(self.path, "nothing to do here")
        self._answer(body)

    def do_POST(self) -> None:
        """What should never come."""
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._answer("sent")

    def _answer(self, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Set-Cookie", "known=yes; Max-Age=1000")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    """The pages."""
    found = Site()
    threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def browser(home: Path) -> WatchedBrowser:
    """A browser that is there, and shows itself to nobody."""
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(home), "DISPLAY": ":none"}
    return WatchedBrowser(environ=environ, profile=home / "profile", program=str(program(home)))


def test_what_is_posted_is_taken_and_not_sent(site: Site, browser: WatchedBrowser) -> None:
    """The field comes as it was typed into the form, from the page, a pop-up or a page that leads on; nobody got it."""
    for page in ("form", "popup", "on", "goal"):
        wanted = "from the goal" if page == "goal" else "a & b"
        assert browser.take(site.at(page), posted_to=GOAL, field="Answer", limit=LIMIT, opened=list) == wanted
    assert site.posted == []
    # The cookie of the first time was there the second.
    assert (site.cookies[0], site.cookies[-1]) == (None, "known=yes")
    assert browser.profile.stat().st_mode & 0o777 == 0o700


def test_another_form_goes_on(site: Site, browser: WatchedBrowser) -> None:
    """A form without the field is the page's own business; the wait for the right one ends in time."""
    with pytest.raises(PersonNeededError, match="nobody signed in within 2 seconds"):
        browser.take(site.at("form"), posted_to=GOAL, field="Other", limit=timedelta(seconds=2), opened=list)
    assert site.posted == ["Answer=a+%26+b"]


def test_a_window_that_is_closed(site: Site, browser: WatchedBrowser, home: Path) -> None:
    """Who closes the window, or ends the browser, has not signed in."""
    port = free_port()
    devtools = f"http://127.0.0.1:{port}/json"
    open_to = replace(browser, program=str(program(home, port=port)))

    def close() -> None:
        pages = [one for one in json.loads(_asked(devtools)) if one["type"] == "page"]
        _asked(f"{devtools}/close/{pages[0]['id']}")

    def kill() -> None:
        os.kill(int((home / "browsers").read_text().split()[-1]), signal.SIGKILL)

    for end in (close, kill):
        site.cookies.clear()
        threading.Thread(target=lambda end=end: (_until(lambda: site.cookies), end()), daemon=True).start()
        with pytest.raises(PersonNeededError, match="was closed"):
            open_to.take(site.at("idle"), posted_to=GOAL, field="Answer", limit=LIMIT, opened=list)


def _until(came: Callable[[], object]) -> None:
    while not came():
        time.sleep(0.05)
    time.sleep(0.3)


def _asked(url: str) -> bytes:
    with build_opener(ProxyHandler({})).open(url, timeout=10) as answer:
        return bytes(answer.read())


def test_what_cannot_be_opened(browser: WatchedBrowser, home: Path) -> None:
    """A page that is not there, a program that is none, no screen: each in its own words."""
    with pytest.raises(BrowserError, match="net::ERR_CONNECTION_REFUSED"):
        browser.take(f"http://127.0.0.1:{free_port()}/", posted_to=GOAL, field="Answer", limit=LIMIT, opened=list)
    for other, said in (("/no/such/browser", "there is no browser"), ("/bin/false", "cannot be started")):
        found = WatchedBrowser(environ=browser.environ, profile=home / "p", program=other)
        with pytest.raises((ConfigurationError, BrowserError), match=said):
            found.take("http://127.0.0.1:1/", posted_to=GOAL, field="Answer", limit=LIMIT, opened=list)
    with pytest.raises(PersonNeededError, match="no screen"):
        WatchedBrowser(environ={}, profile=home / "p").take(
            "", posted_to=GOAL, field="Answer", limit=LIMIT, opened=list
        )
