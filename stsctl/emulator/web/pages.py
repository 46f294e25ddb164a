"""The emulator's pages: HTML without scripts, and what forms, cookies and redirects need to be safe.

A browser says where a form comes from, and that keeps other sites' forms out: there is no token in the forms, so that a
test can post one without reading its page first. Cookies know no port, so their names tell one emulator from another.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html (fetch
metadata, and the origin where there is none)
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request, form_pairs, text_of
from stsctl.emulator.protocol.wire import Answer

if TYPE_CHECKING:
    from jinja2 import Environment

Header = tuple[str, str]

_LONGEST_FORM = 1024 * 1024
_ALWAYS: tuple[Header, ...] = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


def page(
    template: str, /, *, status: int = 200, headers: Iterable[Header] = (), sends_to: str = "", **values: object
) -> Answer:
    """A page from one of the templates, which gets `values`.

    `sends_to` is a URL elsewhere that a form of the page leads to, by its action or by a redirect.
    """
    style, digest = _style()
    body = _templates().get_template(template).render(style=style, **values)
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {_origin(sends_to)}"
    )
    return Answer(
        status=status,
        headers=(
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", policy.strip()),
            *_ALWAYS,
            *headers,
        ),
        body=body.encode("utf-8", "replace"),
    )


def problem(status: int, title: str, message: str, *, code: str = "") -> Answer:
    """A page that says what went wrong; `code` is what programs call it."""
    return page("problem.html", status=status, title=title, message=message, code=code)


def refused(refusal: Refusal) -> Answer:
    """A page that says what was refused, and why."""
    return problem(refusal.status, "This cannot be done", refusal.message, code=refusal.code)


def redirect(url: str, headers: Iterable[Header] = ()) -> Answer:
    """Leads on to `url`, by GET; nothing in it can become another header. Where it may lead, its caller has checked."""
    location = quote(url, safe="!#$%&'()*+,/:;=?@[]~", errors="replace")
    return Answer(status=303, headers=(("Location", location), *_ALWAYS, *headers), body=b"")


def arguments(asked: Request) -> dict[str, str]:
    """What the URL's query holds, pluses as spaces; raises Refusal for an argument that is there twice."""
    return _once(form_pairs(asked.query))


def form(asked: Request, *, from_anywhere: bool = False) -> dict[str, str]:
    """What a posted form holds; raises Refusal for what is no form, and for one of another site's page.

    `from_anywhere` takes those too: for what other sites have to send.
    """
    if not from_anywhere:
        _check_origin(asked)
    if not asked.is_form():
        raise Refusal("UnsupportedMediaType", "A form is wanted (application/x-www-form-urlencoded)", 415)
    if len(asked.body) > _LONGEST_FORM:
        raise Refusal("RequestEntityTooLarge", "The form is too long", 413)
    return _once(form_pairs(text_of(asked.body)))


def cookie(asked: Request, name: str) -> str | None:
    """The value of a cookie, None where the browser sent none."""
    from werkzeug.sansio.http import parse_cookie

    return parse_cookie(asked.header("cookie") or "").get(name)


def set_cookie(name: str, value: str, *, path: str = "/") -> Header:
    """Gives the browser a cookie, which it forgets when it is closed; scripts and other sites' forms do not have it."""
    from werkzeug.http import dump_cookie

    return ("Set-Cookie", dump_cookie(name, value, path=path, httponly=True, samesite="Lax"))


def drop_cookie(name: str, *, path: str = "/") -> Header:
    """Makes the browser forget a cookie."""
    from werkzeug.http import dump_cookie

    return ("Set-Cookie", dump_cookie(name, "", max_age=0, path=path, httponly=True, samesite="Lax"))


def wrong_method(*allowed: str) -> Answer:
    """The answer to a method that a page does not have."""
    answer = problem(405, "This cannot be done", f"This page takes {' and '.join(allowed)}.")
    return Answer(status=405, headers=(*answer.headers, ("Allow", ", ".join(allowed))), body=answer.body)


def _once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal("InvalidRequest", "A parameter is there more than once", 400)
    return found


def _check_origin(asked: Request) -> None:
    """Raises Refusal for a form that is on another site's page; what is no browser says nothing of it."""
    site, origin = asked.header("sec-fetch-site"), asked.header("origin")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        same = origin is None or origin.partition("://")[2] == asked.header("host")
    if not same:
        raise Refusal("CrossSiteRequest", "This form was sent from another site's page", 403)


def _origin(url: str) -> str:
    """The origin of a URL, as a content security policy names it; empty for what is none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = quote(parts.hostname or "", safe=":")
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{port}" if parts.scheme in ("http", "https") and host else ""


@functools.cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("stsctl.emulator.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def _style() -> tuple[object, str]:
    """The style sheet, and its digest as a content security policy names it."""
    from markupsafe import Markup

    text = resources.files("stsctl.emulator.web").joinpath("templates", "style.css").read_text(encoding="utf-8")
    return Markup(text), base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()  # noqa: S704 - our own file
