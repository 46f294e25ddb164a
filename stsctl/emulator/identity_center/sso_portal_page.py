"""The portal of Identity Center as its users see it: their accounts, and the way to the console of each."""

from __future__ import annotations

from collections.abc import Mapping

from stsctl.emulator.identity_center.permission_set_sessions import PermissionSetSessions
from stsctl.emulator.identity_center.portal_sign_in import PortalSignIn
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.seeds.identity_center import DirectoryUser, IdentityCenter
from stsctl.emulator.sign_in.console import ConsoleSession, ConsoleSessions
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.web import pages
from stsctl.emulator.world.journal import Entry

PATH = "/_signin/portal"


class SsoPortalPage:
    """Answers browsers; `names` are those of the accounts, by id."""

    def __init__(
        self,
        center: IdentityCenter,
        sign_in: PortalSignIn,
        roles: PermissionSetSessions,
        *,
        names: Mapping[str, str],
        sessions: Sessions,
        console: ConsoleSessions,
    ) -> None:
        self._center = center
        self._sign_in = sign_in
        self._roles = roles
        self._names = names
        self._sessions = sessions
        self._console = console

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The page, None for another path."""
        if asked.path != PATH:
            return None
        entry.service, entry.action = "sso", "sso:portal"
        if asked.method not in ("GET", "POST"):
            return pages.wrong_method("GET", "POST")
        try:
            found = self._sign_in.visitor(asked, entry)
            if isinstance(found, Answer):
                return found
            user, form = found
            return self._enter(user, form["role"], asked, entry) if "role" in form else self._page(user)
        except Refusal as refusal:
            entry.refuse(refusal)
            return pages.refused(refusal)

    def _enter(self, user: DirectoryUser, chosen: str, asked: Request, entry: Entry) -> Answer:
        """To the console, as the role that was chosen: an account's id and a permission set's name."""
        account, _, name = chosen.partition(" ")
        issued = self._roles.issue(user, account, name, asked, entry)
        session = self._sessions.find(issued["AccessKeyId"], issued["SessionToken"], entry.at)
        permission_set = self._center.permission_set(name)
        return self._console.enter(
            ConsoleSession(
                session=session,
                way="IAM Identity Center",
                until=session.expires_at,
                issuer=PATH,
                destination=permission_set.relay_state if permission_set else None,
            )
        )

    def _page(self, user: DirectoryUser) -> Answer:
        accounts = [
            (account, self._names[account], self._center.permission_sets_of(user, account))
            for account in self._center.accounts_of(user)
        ]
        return pages.page("sso_portal.html", title="Your accounts", user=user.name, accounts=accounts)
