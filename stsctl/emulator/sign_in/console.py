"""The console's sessions, and the page that says who is signed in, as what, by which way and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stsctl.emulator.directory.principals import IssuedSession, Kind
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.sts.authentication import Authentication
from stsctl.emulator.web import pages
from stsctl.emulator.web.pages import Header
from stsctl.emulator.web.tickets import Tickets
from stsctl.emulator.world.journal import Entry

PATH = "/console"

_KINDS = {
    Kind.SESSION_OF_ROLE: "Role",
    Kind.FEDERATED_USER: "Federated user",
    Kind.SESSION_OF_USER: "IAM user",
    Kind.USER: "IAM user",
    Kind.SESSION_OF_ROOT: "Root user",
    Kind.ROOT: "Root user",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSession:
    """Somebody in the console. `way` says how they came in, `issuer` where they can do it again, when it is over.

    `destination` is the page that they wanted; the emulator has one only.
    """

    session: IssuedSession
    way: str
    until: datetime
    issuer: str | None = None
    destination: str | None = None


class ConsoleSessions:
    """Who is in the console, in which browser. `instance` tells this emulator's cookies from another's."""

    def __init__(self, authentication: Authentication, instance: str) -> None:
        self._authentication = authentication
        self._cookie = f"stsctl-console-{instance}"
        self._browsers: Tickets[ConsoleSession] = Tickets()

    def enter(self, session: ConsoleSession) -> Answer:
        """Leads to the console, signed in."""
        return pages.redirect(PATH, [self.sign_in(session)])

    def sign_in(self, session: ConsoleSession) -> Header:
        """Signs in; the header belongs to the answer."""
        return pages.set_cookie(self._cookie, self._browsers.give(session, until=session.until))

    def current(self, asked: Request, now: datetime) -> ConsoleSession | None:
        """The session of a browser, as long as there is the role or user behind it."""
        found = self._browsers.find(pages.cookie(asked, self._cookie) or "", now)
        if found is None:
            return None
        try:
            self._authentication.behind(found.session)
        except Refusal:
            return None
        return found

    def leave(self, asked: Request, now: datetime) -> Header:
        """Signs out; the header belongs to the answer."""
        self._browsers.take(pages.cookie(asked, self._cookie) or "", now)
        return pages.drop_cookie(self._cookie)


class ConsoleSite:
    """The console: one page. `account_names` is what the accounts are called, by id; `ways_in` has titles and URLs."""

    def __init__(
        self,
        sessions: ConsoleSessions,
        authentication: Authentication,
        *,
        account_names: Mapping[str, str],
        ways_in: Sequence[tuple[str, str]],
    ) -> None:
        self._sessions = sessions
        self._authentication = authentication
        self._account_names = account_names
        self._ways_in = ways_in

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer to what is asked of the console."""
        if asked.path != PATH:
            return None
        entry.service, entry.action = "signin", "signin:console"
        try:
            return self._page(asked, entry)
        except Refusal as refusal:
            entry.refuse(refusal)
            return pages.refused(refusal)

    def _page(self, asked: Request, entry: Entry) -> Answer:
        if asked.method == "POST":
            pages.form(asked)
            return pages.redirect(PATH, [self._sessions.leave(asked, entry.at)])
        current = self._sessions.current(asked, entry.at)
        if current is None:
            return pages.page("signed_out.html", status=403, title="Nobody is signed in", ways_in=self._ways_in)
        caller = self._authentication.behind(current.session)
        entry.who = caller.arn
        session_name = current.session.name or (caller.user.name if caller.user else "root")
        name = self._account_names.get(caller.account)
        facts = [
            ("As", f"{_KINDS[caller.kind]} {caller.role.name}" if caller.role else _KINDS[caller.kind]),
            ("Session name" if caller.role else "Name", session_name),
            ("Account", f"{caller.account} ({name})" if name else caller.account),
            ("ARN", caller.arn),
            ("By", current.way),
            ("Until", f"{current.until:%Y-%m-%d %H:%M:%S} UTC ({_left(current.until, entry.at)} left)"),
            ("Tags", ", ".join(f"{key} = {value}" for key, value in current.session.tags)),
            ("Wanted page", current.destination or ""),
        ]
        return pages.page(
            "console.html", title="Console", facts=[fact for fact in facts if fact[1]], issuer=current.issuer
        )


def _left(until: datetime, now: datetime) -> str:
    minutes = -int((now - until).total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
