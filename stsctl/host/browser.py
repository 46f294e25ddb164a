"""Opening a page in the person's browser: any, a profile of one, or a Firefox container."""

from __future__ import annotations

import http.server
import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from stsctl.dataclass import dataclass
from stsctl.errors import StsctlError
from stsctl.host import peer, programs

CHROMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "microsoft-edge", "brave-browser")
_OPEN = """
import sys, webbrowser
browser = webbrowser.get()
# Of one in the background it says no more than that it was still starting.
sys.exit(not (browser.open(sys.argv[1]) or isinstance(browser, webbrowser.BackgroundBrowser)))
"""
_STARTED_WITHIN = timedelta(seconds=3)
_CONTAINED = ("/.dockerenv", "/run/.containerenv")
"""What Docker and Podman leave in a container."""
_FETCHED_WITHIN = timedelta(seconds=30)


class BrowserError(StsctlError):
    """No browser that could be used was found, or it did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """How a page is opened, in a shell with `environ`.

    `command` is the person's own, with `{url}` and perhaps `{profile}` in it; else one is looked for. `profile` is one
    of Chrome, Chromium, Edge or Brave. `container` is one of Firefox's, by the extension "Open external links in a
    container", which makes it with `color` and `icon` where it is not there yet.
    """

    environ: Mapping[str, str]
    command: tuple[str, ...] = ()
    profile: str | None = None
    container: str | None = None
    color: str | None = None
    icon: str | None = None

    def open(self, url: str) -> None:
        """Shows `url`, without waiting for the browser's end; raises BrowserError. Others can see what it is."""
        if self.container is not None:
            url = self._in_container(self.container, url)
        if self.command:
            self._start(self._own_command(url), self.command[0])
        elif self.profile is not None:
            program = next(filter(None, (programs.find(name, self.environ) for name in CHROMES)), None)
            argv = [program, f"--profile-directory={self.profile}", url] if program else None
            self._start(argv, "browser with profiles")
        elif self.container is not None:
            program = programs.find("firefox", self.environ)
            self._start([program, url] if program else None, "Firefox")
        elif not (can_show(self.environ) or self.environ.get("BROWSER")) or not self._opened(url):
            raise BrowserError("there is no browser here", hint='print the address with "--print"')

    def open_unseen(self, url: str) -> None:
        """Shows a `url` that nobody else may learn: what is on the browser's command line leads there just once.

        Raises BrowserError; also where the browser does not come within half a minute.
        """
        with _Leading(url) as leading:
            self.open(leading.url)
            if not leading.fetched.wait(_FETCHED_WITHIN.total_seconds()):
                raise BrowserError("the browser did not come", hint='print the address with "--print"')

    def comes_back(self) -> bool:
        """Whether a page that is opened from here can lead back to this machine's own loopback.

        In a container a browser is another machine's, unless BROWSER says how to reach one; behind SSH it always is.
        """
        if self.environ.get("SSH_CONNECTION") or self.environ.get("SSH_TTY"):
            return False
        contained = self.environ.get("container") or any(Path(mark).exists() for mark in _CONTAINED)
        return bool(self.environ.get("BROWSER")) or (not contained and can_show(self.environ))

    def _in_container(self, name: str, url: str) -> str:
        """An address that opens `url` in a container.

        Source: https://github.com/honsiorovskyi/open-url-in-container (the extension's own words)
        """
        said = {"name": name, "color": self.color, "icon": self.icon, "url": url}
        return "ext+container:" + "&".join(f"{key}={quote(value, safe='')}" for key, value in said.items() if value)

    def _own_command(self, url: str) -> list[str] | None:
        """The person's command for `url`; a word with `{profile}` is left out where there is none."""
        program = shutil.which(self.command[0], path=self.environ.get("PATH"))
        if program is None:
            return None
        values = {"url": url} if self.profile is None else {"url": url, "profile": self.profile}
        words = (word for word in self.command[1:] if self.profile is not None or "{profile}" not in word)
        return [program, *(re.sub(r"\{(url|profile)\}", lambda match: values[match[1]], word) for word in words)]

    def _start(self, argv: list[str] | None, what: str) -> None:
        if argv is None:
            raise BrowserError(f"there is no {what} here", hint='print the address with "--print"')
        options: dict[str, Any] = {} if sys.platform == "win32" else {"start_new_session": True}
        try:
            subprocess.Popen(  # noqa: S603 - a browser that was looked for by name
                argv,
                env=programs.environment(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **options,
            )
        except OSError as error:
            raise BrowserError(f'"{argv[0]}" cannot be started') from error

    def _opened(self, url: str) -> bool:
        """Whether the usual browser took a page. It writes nothing to our streams, and Ctrl-C leaves it alone."""
        options: dict[str, Any] = {} if sys.platform == "win32" else {"start_new_session": True}
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and a program of our own
            [sys.executable, "-I", "-c", _OPEN, url],
            env=programs.environment(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **options,
        )
        try:
            return process.wait(_STARTED_WITHIN.total_seconds()) == 0
        except subprocess.TimeoutExpired:
            # Some run until they are closed.
            return True


def can_show(environ: Mapping[str, str]) -> bool:
    """Whether a browser could show itself; without a screen, one that runs in the terminal would take that over."""
    return sys.platform in ("win32", "darwin") or any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


class _Leading:
    """A page on loopback that leads on to `url`: to the first who asks for it by its name, which cannot be guessed."""

    def __init__(self, url: str) -> None:
        self.fetched = threading.Event()
        path = f"/{secrets.token_urlsafe(24)}"
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(path, url, self.fetched))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(path: str, url: str, fetched: threading.Event) -> Callable[..., http.server.BaseHTTPRequestHandler]:
    once = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            """Leads on, once; who reads the address on the browser's command line may be first."""
            known = not peer.is_stranger(self.connection) and secrets.compare_digest(self.path.encode(), path.encode())
            if not known or not once.acquire(blocking=False):
                self.send_error(404)
                return
            self.send_response(303)
            self.send_header("Location", url)
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Length", "0")
            self.end_headers()
            fetched.set()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - http.server's own name
            """Nothing."""

    return Handler
