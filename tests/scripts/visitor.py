"""A person at a browser, as a program: opens the address that it is given, fills in what pages ask, and agrees.

It stands in for the browser that `BROWSER` names. `VISITOR` says who they are, as `name=value` words: what they fill
into fields, and which buttons they press. Where pages lead is followed as browsers do, with cookies.
"""

from __future__ import annotations

import os
import sys
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

_AT_MOST = 12
"""Pages: more than any way in has."""


class _Forms(HTMLParser):
    """The forms of a page: where each goes, by which method, and its fields and buttons with their values."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, list[tuple[str, str, bool]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what a form has."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), given.get("method", "get").lower(), []))
        elif tag in ("input", "button") and self.found and given.get("name"):
            self.found[-1][2].append((given["name"], given.get("value", ""), tag == "button"))


def visit(url: str, person: list[tuple[str, str]]) -> str:
    """The last page that the person comes to."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    browser.addheaders = [("User-Agent", "visitor"), ("Sec-Fetch-Site", "none")]
    page = browser.open(url, timeout=20)
    for _ in range(_AT_MOST):
        text = page.read().decode()
        request = _next(text, page.url, person)
        if request is None:
            return str(text)
        page = browser.open(request, timeout=20)
    raise SystemExit("there is no end to the pages")


def _next(text: str, url: str, person: list[tuple[str, str]]) -> Request | None:
    """What is sent from a page: its first form of which every field is known, by the button that the person means."""
    forms = _Forms()
    forms.feed(text)
    for action, method, fields in forms.found:
        sent: dict[str, str] = {}
        buttons = [(name, value) for name, value, is_button in fields if is_button]
        for name, value, is_button in fields:
            if not is_button:
                sent[name] = value or dict(person).get(name, "")
        meant = [one for one in person if one in buttons]
        if not all(sent.values()) or (buttons and not meant):
            continue
        sent |= dict(meant[:1])
        if not sent:
            continue
        where = urljoin(url, action) if action else url
        if method == "get":
            return Request(f"{where.partition('?')[0]}?{urlencode(sent)}")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "/".join(where.split("/")[:3])}
        return Request(where, urlencode(sent).encode(), headers)
    return None


def words(text: str) -> list[tuple[str, str]]:
    """What a person fills in and presses."""
    return [(name, value) for name, _, value in (word.partition("=") for word in text.split())]


if __name__ == "__main__":
    visit(sys.argv[1], words(os.environ["VISITOR"]))
