"""The federation endpoint: temporary credentials become a sign-in token, and that a session of the console.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from stsctl.credentials import Secret
from stsctl.emulator.directory.principals import IssuedSession, Kind
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.sign_in import console
from stsctl.emulator.sign_in.console import ConsoleSession, ConsoleSessions
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.web import pages
from stsctl.emulator.web.tickets import Tickets
from stsctl.emulator.world.journal import Entry

_PATHS = ("/federation", "/oauth")
"""The second one is where AWS signs people out."""
_TOKEN_LASTS = timedelta(minutes=15)
_SHORTEST, _LONGEST = timedelta(minutes=15), timedelta(hours=12)
_LONGEST_URL = 2048
_CONSOLE = re.compile(
    r"https://([a-z0-9-]+\.)*(aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)([/?#][!-~]*)?", re.ASCII
)
"""Where a person may want to go in AWS's console, of each partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ticket:
    """What a sign-in token stands for; `lasts` None is as long as the credentials."""

    session: IssuedSession
    lasts: timedelta | None


class FederationEndpoint:
    """Answers getSigninToken, login and logout. `url` is the emulator's."""

    def __init__(self, sessions: Sessions, console_sessions: ConsoleSessions, url: str) -> None:
        self._sessions = sessions
        self._console = console_sessions
        self._url = url
        self._tokens: Tickets[_Ticket] = Tickets()

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer to what is asked of the endpoint."""
        if asked.path not in _PATHS:
            return None
        try:
            given = pages.form(asked, from_anywhere=True) if asked.method == "POST" else pages.arguments(asked)
            action = given.get("Action", "")
            entry.service, entry.action = "signin", f"signin:{action[:50]}"
            match action:
                case "getSigninToken":
                    return self._signin_token(given, entry)
                case "login":
                    return self._login(given, asked, entry)
                case "logout":
                    goal = given.get("redirect_uri", "")
                    mine = goal.startswith((f"{self._url}/", "/")) and not goal.startswith(("//", "/\\"))
                    return pages.redirect(goal if mine else console.PATH, [self._console.leave(asked, entry.at)])
            raise _bad("Action is none of getSigninToken, login and logout")
        except Refusal as refusal:
            entry.refuse(refusal)
            return pages.refused(refusal)

    def _signin_token(self, given: Mapping[str, str], entry: Entry) -> Answer:
        if given.get("SessionType", "json") != "json":
            raise _bad("SessionType is json")
        session = self._session(given.get("Session", ""), entry)
        lasts = _session_duration(given.get("SessionDuration"), session)
        token = self._tokens.give(_Ticket(session=session, lasts=lasts), until=entry.at + _TOKEN_LASTS)
        headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
        return Answer(status=200, headers=headers, body=json.dumps({"SigninToken": token}).encode())

    def _session(self, text: str, entry: Entry) -> IssuedSession:
        """The session whose credentials these are; raises Refusal for any that the endpoint does not take."""
        try:
            stated = json.loads(text)
            key_id, secret, token = (stated[name] for name in ("sessionId", "sessionKey", "sessionToken"))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _bad(_INVALID, because="Session has no sessionId, sessionKey and sessionToken") from error
        if not all(isinstance(part, str) for part in (key_id, secret, token)):
            raise _bad(_INVALID, because="Session's parts are no texts")
        try:
            session = self._sessions.find(key_id, token, entry.at)
        except Refusal as refusal:
            raise _bad(_INVALID, because=refusal.message) from refusal
        if self._sessions.secret(key_id) != Secret(secret):
            raise _bad(_INVALID, because="the sessionKey is wrong")
        if session.kind not in (Kind.SESSION_OF_ROLE, Kind.FEDERATED_USER):
            raise _bad(_INVALID, because="only AssumeRole* and GetFederationToken give credentials for it")
        entry.resource = key_id
        return session

    def _login(self, given: Mapping[str, str], asked: Request, entry: Entry) -> Answer:
        token, destination, issuer = (given.get(name, "") for name in ("SigninToken", "Destination", "Issuer"))
        own = destination == f"{self._url}{console.PATH}"
        if not own and (not _CONSOLE.fullmatch(destination) or len(destination) > _LONGEST_URL):
            raise _bad("Destination is no page of the AWS console")
        if issuer and not re.fullmatch(r"https?://[!-~]+", issuer):
            raise _bad("Issuer is no URL")
        ticket = self._tokens.find(token, entry.at)
        if ticket is None:
            raise _bad("SigninToken is not valid, or no longer: it is for fifteen minutes")
        current = self._console.current(asked, entry.at)
        if current and current.session != ticket.session:
            again = f"{asked.path}?{urlencode(given)}"
            leave = f"/oauth?{urlencode({'Action': 'logout', 'redirect_uri': again})}"
            return pages.page("sign_out_first.html", status=400, title="Somebody is signed in already", leave=leave)
        until = entry.at + ticket.lasts if ticket.lasts else ticket.session.expires_at
        if until <= entry.at:
            raise _bad("The credentials behind the SigninToken have expired")
        session = ConsoleSession(
            session=ticket.session,
            way="federation URL",
            until=until,
            issuer=issuer or None,
            destination=None if own else destination,
        )
        return self._console.enter(session)


_INVALID = "Invalid credentials parameter"
"""What AWS says of credentials that it does not take, and of a SessionDuration that they cannot have."""


def _session_duration(text: str | None, session: IssuedSession) -> timedelta | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text) or not _SHORTEST <= timedelta(seconds=int(text)) <= _LONGEST:
        raise _bad("SessionDuration is from 900 to 43200 seconds")
    if session.kind is Kind.FEDERATED_USER or session.chained:
        whose = "a chained role" if session.chained else "GetFederationToken"
        raise _bad(_INVALID, because=f"no SessionDuration with the credentials of {whose}")
    return timedelta(seconds=int(text))


def _bad(message: str, *, because: str = "") -> Refusal:
    return Refusal("BadRequest", message, 400, because=because)
