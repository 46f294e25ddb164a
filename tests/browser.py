"""A real browser for tests of pages, and somewhere on this machine that it is sent back to."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_ARGUMENTS = (
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, headless."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that nobody has used before."""
    context = chromium.new_context()
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def program(folder: Path, *, port: int | None = None) -> Path:
    """A Chromium that shows itself to nobody, whoever starts it; by `port` a test can be the person who uses it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("chromium")
    path = folder / "browser"
    open_to = f"--remote-debugging-port={port}" if port else ""
    path.write_text(
        f'#!/bin/sh\necho $$ >> "{folder}/browsers"\n'
        f'exec {found} --headless=new {" ".join(_ARGUMENTS)} {open_to} "$@"\n'
    )
    path.chmod(0o755)
    return path


def free_port() -> int:
    """A port that nobody had a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


class Callback:
    """Where a client on this machine waits for its code, as the AWS CLI does."""

    def __init__(self) -> None:
        callback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                if asked.path == "/oauth/callback":  # and not the icon that browsers ask for
                    callback.found = {name: values[0] for name, values in parse_qs(asked.query).items()}
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"Go back to your terminal")

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.found: dict[str, str] = {}
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/oauth/callback"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Stops waiting."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def callback() -> Iterator[Callback]:
    """A client that waits."""
    waiting = Callback()
    yield waiting
    waiting.close()


def least_contrast(page: Page) -> float:
    """How little a text of the page stands out from its ground, at worst (WCAG; 4.5 is what it should be)."""
    found: float = page.evaluate(_LEAST_CONTRAST)
    return found


_LEAST_CONTRAST = """
() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = parts(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const ratios = [...document.querySelectorAll("body *")]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((element) => [luminance(parts(getComputedStyle(element).color)), luminance(ground(element))])
    .map(([one, other]) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05));
  return Math.min(...ratios);
}
"""
