"""AWS Sign-In's pages, which `aws login` sends a browser to: somebody in the console lets the AWS CLI in.

Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html, RFC 6749 (section 4.1) with RFC
7636, and the URLs that the AWS CLI makes.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import urlencode

from stsctl.emulator.directory.principals import IssuedSession
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.sign_in.console_sign_in import ConsoleSignIn
from stsctl.emulator.sign_in.login import CROSS_DEVICE, SAME_DEVICE, Login
from stsctl.emulator.sign_in.login_tokens import LoginCode, LoginTokens
from stsctl.emulator.web import pages
from stsctl.emulator.web.pkce import is_challenge
from stsctl.emulator.world.journal import Entry

_AUTHORIZE = "/v1/authorize"
_CONFIRMATION = "/v1/sessions/confirmation"
_CALLBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}/oauth/callback", re.ASCII)
"""Where the AWS CLI listens for the code, on the same machine."""


class LoginPages:
    """Answers browsers."""

    def __init__(self, login: Login, tokens: LoginTokens, console: ConsoleSignIn) -> None:
        self._login = login
        self._tokens = tokens
        self._console = console

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The page, None for a path that is none of them."""
        if asked.path not in (_AUTHORIZE, _CONFIRMATION):
            return None
        entry.service, entry.action = "signin", f"signin page {asked.path}"
        try:
            if asked.path == _CONFIRMATION:
                return _confirmation(asked) if asked.method == "GET" else pages.wrong_method("GET")
            if asked.method not in ("GET", "POST"):
                return pages.wrong_method("GET", "POST")
            return self._authorize(asked, entry)
        except Refusal as refusal:
            entry.refuse(refusal)
            return pages.refused(refusal)

    def _authorize(self, asked: Request, entry: Entry) -> Answer:
        """Nobody is sent anywhere before it is known to be the AWS CLI's place (RFC 6749, 4.1.2.1)."""
        given = pages.arguments(asked)
        client_id, target = given.get("client_id", ""), given.get("redirect_uri", "")
        if client_id not in (SAME_DEVICE, CROSS_DEVICE):
            raise Refusal("ValidationException", "client_id is none of AWS's development tools.", 400)
        if not _is_place_of(client_id, target, asked):
            raise Refusal("ValidationException", "redirect_uri is not where this client listens.", 400)
        state, problem = given.get("state", ""), _problem(given)
        if problem:
            return _back(target, state, error="invalid_request", error_description=problem)
        visitor = self._console.visitor(asked, entry)
        if isinstance(visitor, Answer):
            return visitor
        decision = pages.form(asked).get("decision", "") if asked.method == "POST" else ""
        if decision == "leave":
            return pages.redirect(f"{asked.path}?{asked.query}", [self._console.leave(asked, entry.at)])
        if decision == "deny":
            return _back(target, state, error="access_denied", error_description="The user denied the request")
        return self._decide(visitor, given, decision, asked, entry)

    def _decide(
        self, session: IssuedSession, given: dict[str, str], decision: str, asked: Request, entry: Entry
    ) -> Answer:
        client_id, target = given["client_id"], given["redirect_uri"]
        try:
            call = self._login.allow("AuthorizeOAuth2Access", session, client_id, asked, entry)
        except Refusal as refusal:
            entry.refuse(refusal)
            title = "The AWS CLI cannot be let in"
            return pages.page("login_refused.html", status=refusal.status, title=title, message=refusal.message)
        if decision != "allow":
            return pages.page(
                "login_consent.html",
                title="Let the AWS CLI in?",
                sends_to=target,
                arn=call.caller.arn,
                ends_at=session.expires_at,
                elsewhere=client_id == CROSS_DEVICE,
            )
        found = LoginCode(
            console=session, client_id=client_id, redirect_uri=target, challenge=given["code_challenge"].rstrip("=")
        )
        return _back(target, given["state"], code=self._tokens.code(found, entry.at))


def _confirmation(asked: Request) -> Answer:
    """The code for a terminal on another device, as the AWS CLI wants it pasted."""
    given = pages.arguments(asked)
    if "error" in given:
        return pages.page("done.html", title="Request denied", message="The AWS CLI got nothing.", allowed=False)
    if not given.get("code") or not given.get("state"):
        raise Refusal("ValidationException", "There is no code to show.", 400)
    pasted = base64.b64encode(urlencode({"state": given["state"], "code": given["code"]}).encode()).decode()
    return pages.page("login_code.html", title="Your authorization code", code=pasted)


def _is_place_of(client_id: str, target: str, asked: Request) -> bool:
    if client_id == SAME_DEVICE:
        return _CALLBACK.fullmatch(target) is not None
    # The AWS CLI makes it of the URL that it calls the emulator by.
    return target in [f"{scheme}://{asked.header('host')}{_CONFIRMATION}" for scheme in ("http", "https")]


def _problem(given: dict[str, str]) -> str | None:
    """What is wrong with a request that the client hears of. The method is not spelled as in RFC 7636."""
    if given.get("response_type") != "code":
        return "response_type must be code"
    if given.get("code_challenge_method") != "SHA-256" or not is_challenge(given.get("code_challenge", "").rstrip("=")):
        return "a code_challenge is wanted, with the code_challenge_method SHA-256"
    if given.get("scope") != "openid":
        return "scope must be openid"
    return None if given.get("state") else "state is missing"


def _back(target: str, state: str, **found: str) -> Answer:
    """Sends the browser back to the client."""
    return pages.redirect(f"{target}?{urlencode(found | ({'state': state} if state else {}))}")
