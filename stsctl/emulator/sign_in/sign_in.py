"""Signing in to the emulator's pages: somebody of the seed, with a name, and a password where they have one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stsctl.credentials import Secret
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.web import pages
from stsctl.emulator.web.pages import Header
from stsctl.emulator.web.tickets import Tickets

_LASTS = timedelta(hours=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is signed in, and since when. `headers` belong to the answer that they get."""

    name: str
    since: datetime
    headers: tuple[Header, ...] = ()


class SignIn:
    """The people of one place of the emulator, which has the paths below `path`, and who of them is signed in where.

    `passwords` has all people by name, None for those who sign in by their name alone. `cookie` is the name of the
    cookie, which no other place and no other emulator should have.
    """

    def __init__(self, place: str, *, path: str, cookie: str, passwords: Mapping[str, Secret | None]) -> None:
        self._place = place
        self._path = path
        self._cookie = cookie
        self._passwords = passwords
        self._browsers: Tickets[Visitor] = Tickets()

    def visitor(self, asked: Request, now: datetime, *, afresh: bool = False, sends_to: str = "") -> Visitor | Answer:
        """The one who is signed in, by a cookie or by the form that is posted; or the page to sign in with.

        The page's form leads to the very URL that was asked, with the fields `username` and `password`. `afresh` is for
        those who have to sign in though they are, `sends_to` is where they are sent afterwards, if it is elsewhere.
        """
        if asked.method == "POST":
            fields = pages.form(asked)
            if "username" in fields:
                entered = self._enter(fields["username"], fields.get("password", ""), now)
                message = "The name or the password is wrong."
                return entered or self._page(fields["username"], message, sends_to=sends_to)
        return (None if afresh else self.known(asked, now)) or self._page(sends_to=sends_to)

    def known(self, asked: Request, now: datetime) -> Visitor | None:
        """The one who is signed in, by a cookie."""
        return self._browsers.find(pages.cookie(asked, self._cookie) or "", now)

    def leave(self, asked: Request, now: datetime) -> Header:
        """Signs out; the header belongs to the answer."""
        self._browsers.take(pages.cookie(asked, self._cookie) or "", now)
        return pages.drop_cookie(self._cookie, path=self._path)

    def _enter(self, name: str, password: str, now: datetime) -> Visitor | None:
        wanted = self._passwords.get(name)
        if name not in self._passwords or (wanted is not None and wanted != Secret(password)):
            return None
        visitor = Visitor(name=name, since=now)
        cookie = pages.set_cookie(self._cookie, self._browsers.give(visitor, until=now + _LASTS), path=self._path)
        return replace(visitor, headers=(cookie,))

    def _page(self, name: str = "", message: str = "", *, sends_to: str) -> Answer:
        return pages.page(
            "sign_in.html",
            sends_to=sends_to,
            status=403 if message else 200,
            title=f"Sign in to {self._place}",
            place=self._place,
            name=name,
            message=message,
            without_password=[name for name, password in self._passwords.items() if password is None],
            with_password=[name for name, password in self._passwords.items() if password is not None],
        )
