"""Signing in to the portal of Identity Center in a browser, before any of its pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.seeds.identity_center import DirectoryUser, IdentityCenter
from stsctl.emulator.sign_in.sign_in import SignIn
from stsctl.emulator.web import pages
from stsctl.emulator.world.journal import Entry


class PortalSignIn:
    """Who is signed in in which browser; the port in `url` tells this emulator's cookie from another's."""

    def __init__(self, center: IdentityCenter, url: str) -> None:
        self._users = {user.name: user for user in center.users}
        self._sign_in = SignIn(
            center.start_url.removeprefix("https://"),
            path="/",
            cookie=f"stsctl-portal-{urlsplit(url).port}",
            passwords={user.name: user.password for user in center.users},
        )

    def visitor(self, asked: Request, entry: Entry) -> tuple[DirectoryUser, dict[str, str]] | Answer:
        """Who is signed in, with the form that they posted; or the page that comes before.

        A form whose `decision` is "leave" signs out.
        """
        visitor = self._sign_in.visitor(asked, entry.at)
        if isinstance(visitor, Answer):
            return visitor
        entry.who = visitor.name
        here = f"{asked.path}?{asked.query}" if asked.query else asked.path
        if visitor.headers:
            return pages.redirect(here, visitor.headers)
        form = pages.form(asked) if asked.method == "POST" else {}
        if form.get("decision") == "leave":
            return pages.redirect(here, [self._sign_in.leave(asked, entry.at)])
        return self._users[visitor.name], form
