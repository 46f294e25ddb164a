"""Somebody who signs in at the emulator's Identity Center, without a browser: forms are posted as one would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from stsctl.device_code import DeviceCode

PASSWORDS = {"dora": "correct horse", "eve": ""}


def decide(url: str, user: str, decision: str = "allow") -> str:
    """Signs in on a page and decides; gives the last page, to which a redirect may have led."""
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor())
    page = ""
    for form in ({"username": user, "password": PASSWORDS[user]}, {"decision": decision}):
        asked = Request(url, urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        with browser.open(asked) as answer:
            page = answer.read().decode()
    return page


@dataclass
class Somebody:
    """A person who is asked to sign in, does so at once, and sees what they are shown."""

    user: str = "dora"
    has_browser: bool = True
    decision: str = "allow"
    limit: timedelta = timedelta(seconds=20)
    pages: list[str] = field(default_factory=list)
    devices: list[DeviceCode] = field(default_factory=list)

    def open(self, page: str) -> bool:
        """Signs in in a browser, which comes back to this machine."""
        if not self.has_browser:
            return False
        self.pages.append(page)
        decide(page, self.user, self.decision)
        return True

    def show(self, device: DeviceCode) -> None:
        """Signs in elsewhere, with the code."""
        self.devices.append(device)
        assert device.complete_page is not None
        decide(device.complete_page, self.user, self.decision)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Nothing to see."""
        yield
