"""Somebody who signs in to AWS's console at the emulator and lets a program in; forms are posted as a browser would."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from tests.program import Me

ROOT = Path(__file__).parent.parent


def let_in(page: str, principal: str, decision: str = "allow") -> str:
    """Signs in on a page as `principal` and decides; gives the last page, to which a redirect may have led."""
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor())
    last = ""
    for form in ({"principal": principal}, {"decision": decision}):
        asked = Request(page, urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        with browser.open(asked) as answer:
            last = answer.read().decode()
    return last


def code_on(page: str) -> str:
    """The code that a page shows, to be typed elsewhere."""
    found = re.search(r"readonly autofocus>([^<]+)<", page)
    assert found is not None, page
    return html.unescape(found[1])


def browser(me: Me, principal: str, decision: str = "allow") -> str:
    """A BROWSER in which `principal` signs in at once, and which notes in ~/opened where it was sent to."""
    python = f"cd {ROOT} && {sys.executable} -m tests.console_browser"
    script = me.script("browser", f'echo "$1" >> {me.home}/opened\n{python} "$1" {principal} {decision}')
    return f"{script} %s &"


if __name__ == "__main__":
    let_in(*sys.argv[1:])
