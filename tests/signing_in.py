"""Somebody who signs in at the emulator's Identity Center, without a browser: forms are posted as one would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from stsctl.device_code import DeviceCode
from tests.unit.emulator.center import TOML, WORK

if TYPE_CHECKING:
    from tests.program import Me

ROOT = Path(__file__).parent.parent
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


def seed(people: int = 40) -> str:
    """An organisation with an Identity Center, and users of IAM enough for each test to have its own."""
    users = "".join(f"[account.{WORK}.user.p{number:03}]\nkey.main = {{}}\nmfa = {{}}\n" for number in range(people))
    return TOML + users


def browser(me: Me, user: str = "dora", *, decision: str = "allow") -> str:
    """A BROWSER that signs in as `user` at once, and notes in ~/opened where it was sent to."""
    python = f"cd {ROOT} && {sys.executable} -m tests.signing_in"
    script = me.script(f"browser-{user}", f'echo "$1" >> {me.home}/opened\n{python} "$1" {user} {decision}')
    return f"{script} %s &"


def opened(me: Me) -> list[str]:
    """Where the browser was sent to."""
    file = me.home / "opened"
    return file.read_text().splitlines() if file.exists() else []


if __name__ == "__main__":
    decide(*sys.argv[1:])
