"""Signing in to the console: an account's root user, or an IAM user with the password and the MFA device they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from stsctl.credentials import Secret
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import IssuedSession, Kind, User
from stsctl.emulator.directory.totp import UsedCodes
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.sign_in import console
from stsctl.emulator.sign_in.console import ConsoleSession, ConsoleSessions
from stsctl.emulator.sts.sessions import instant
from stsctl.emulator.web import pages
from stsctl.emulator.web.pages import Header
from stsctl.emulator.world.journal import Entry

PATH = "/_signin/console"

_LASTS = timedelta(hours=12)
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/console_controlling-session-duration.html"""
_WRONG = "Your authentication information is incorrect. Please try again."


class ConsoleSignIn:
    """Signs people in to the console in a browser; `names` are those of the accounts, by id.

    Who has no login profile is asked for no password, for seeds have none.
    """

    def __init__(
        self, sessions: ConsoleSessions, directory: Directory, codes: UsedCodes, *, names: Mapping[str, str]
    ) -> None:
        self._sessions = sessions
        self._directory = directory
        self._codes = codes
        self._names = names

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The page to sign in with, which leads to the console; None for another path."""
        if asked.path != PATH:
            return None
        entry.service, entry.action = "signin", "signin:console"
        try:
            found = self.visitor(asked, entry)
            return found if isinstance(found, Answer) else pages.redirect(console.PATH)
        except Refusal as refusal:
            entry.refuse(refusal)
            return pages.refused(refusal)

    def visitor(self, asked: Request, entry: Entry) -> IssuedSession | Answer:
        """The session of who is signed in, until it ends; or the page to sign in with, or what follows on it.

        The page's forms lead to the very URL that was asked, with the fields `principal` (`111111111111:alice` or
        `111111111111:root`), `password` and `code`; so does what follows on them.
        """
        if asked.method == "POST":
            fields = pages.form(asked)
            if "principal" in fields:
                return self._enter(fields, asked, entry)
        current = self._sessions.current(asked, entry.at)
        if current is None:
            return self._people()
        return replace(current.session, expires_at=current.until)

    def leave(self, asked: Request, now: datetime) -> Header:
        """Signs out; the header belongs to the answer."""
        return self._sessions.leave(asked, now)

    def _enter(self, fields: Mapping[str, str], asked: Request, entry: Entry) -> Answer:
        account, _, name = fields["principal"].partition(":")
        if account not in self._directory.accounts:
            return self._people(_WRONG)
        if name == "root":
            return self._entered(_session(Kind.SESSION_OF_ROOT, account, "", account, entry.at), asked)
        user = self._directory.user(account, name)
        if user is None:
            return self._people(_WRONG)
        password = self._directory.console_password(user)
        if (password and "password" not in fields) or (user.devices and "code" not in fields):
            return self._secrets(user, password is not None)
        # The code last, for it is used up by that.
        if password and password != Secret(fields["password"]):
            return self._secrets(user, True, _WRONG)
        if user.devices and not self._takes(user, fields["code"].strip(), entry):
            return self._secrets(user, password is not None, _WRONG)
        session = _session(Kind.SESSION_OF_USER, account, user.name, user.id, entry.at)
        return self._entered(replace(session, mfa_at=session.issued_at) if user.devices else session, asked)

    def _takes(self, user: User, code: str, entry: Entry) -> bool:
        """Whether a code is one that a device of the user shows."""
        devices = filter(None, (self._directory.device(user.account, serial) for serial in user.devices))
        return any(self._codes.use(device.serial, device.seed, code, entry.wall_at) for device in devices)

    def _entered(self, session: IssuedSession, asked: Request) -> Answer:
        way = "the sign-in page, with an MFA code" if session.mfa_at else "the sign-in page"
        cookie = self._sessions.sign_in(ConsoleSession(session=session, way=way, until=session.expires_at))
        return pages.redirect(f"{asked.path}?{asked.query}" if asked.query else asked.path, [cookie])

    def _people(self, message: str = "") -> Answer:
        known = self._directory.accounts
        accounts = [(one, self._names.get(one, one), self._directory.user_names(one)) for one in known]
        return pages.page(
            "console_people.html",
            status=403 if message else 200,
            title="Sign in to the console",
            message=message,
            accounts=accounts,
        )

    def _secrets(self, user: User, password: bool, message: str = "") -> Answer:
        return pages.page(
            "console_secrets.html",
            status=403 if message else 200,
            title=f"Sign in as {user.name}",
            message=message,
            account=user.account,
            user=user.name,
            password=password,
            mfa=bool(user.devices),
        )


def _session(kind: Kind, account: str, principal: str, principal_id: str, now: datetime) -> IssuedSession:
    """A session in the console: a key to nothing, until credentials are made of it."""
    return IssuedSession(
        access_key_id="",
        kind=kind,
        account=account,
        principal=principal,
        principal_id=principal_id,
        issued_at=instant(now),
        expires_at=instant(now) + _LASTS,
        signed_in=True,
    )
