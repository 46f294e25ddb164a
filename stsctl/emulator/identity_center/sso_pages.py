"""Identity Center's pages: a user signs in, and lets a client in, by the code that it shows or by a redirect to it.

Source: RFC 8628 (section 3.3), RFC 6749 (section 4.1) with RFC 7636, and the flows that the AWS CLI's
`aws sso login` goes through.
"""

from __future__ import annotations

from urllib.parse import urlencode

from stsctl.emulator.identity_center.portal_sign_in import PortalSignIn
from stsctl.emulator.identity_center.sso_clients import AUTHORIZATION_CODE, Client, Clients
from stsctl.emulator.identity_center.sso_grants import CodeGrant, DeviceGrant, SsoGrants
from stsctl.emulator.identity_center.sso_oidc import DEVICE_PAGE
from stsctl.emulator.identity_center.sso_tokens import PortalSession
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.seeds.identity_center import DirectoryUser, IdentityCenter
from stsctl.emulator.web import pages, pkce
from stsctl.emulator.world.journal import Entry

_AUTHORIZE = "/authorize"
_WRONG_CODE = "No device shows this code, or its time is over."
_SCOPES = {"sso:account:access": "see your accounts and roles, and get credentials for them"}


class SsoPages:
    """Answers browsers."""

    def __init__(self, center: IdentityCenter, clients: Clients, grants: SsoGrants, sign_in: PortalSignIn) -> None:
        self._center = center
        self._clients = clients
        self._grants = grants
        self._sign_in = sign_in

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The page, None for a path that is none of them."""
        if asked.path == DEVICE_PAGE:
            answer = self._device
        # A bucket could be called so, too.
        elif asked.path == _AUTHORIZE and "client_id=" in asked.query:
            answer = self._authorize
        else:
            return None
        entry.service = "sso-oidc"
        entry.action = f"sso-oauth page {asked.path}"
        try:
            return answer(asked, entry) if asked.method in ("GET", "POST") else pages.wrong_method("GET", "POST")
        except Refusal as refusal:
            entry.refuse(refusal)
            return pages.refused(refusal)

    def _device(self, asked: Request, entry: Entry) -> Answer:
        """The code is asked for first, then who types it, then whether they meant it."""
        code = pages.arguments(asked).get("user_code", "").strip()
        grant = self._grants.waiting(code, entry.at)
        if grant is None:
            title, message = "Enter the code of your device", _WRONG_CODE if code else ""
            return pages.page("device.html", title=title, message=message, status=404 if code else 200)
        found = self._sign_in.visitor(asked, entry)
        if isinstance(found, Answer):
            return found
        user, decision = found[0], found[1].get("decision")
        if not decision:
            return self._consent(grant.client, user, code=grant.user_code)
        return self._decide_device(grant, user, decision, entry)

    def _decide_device(self, grant: DeviceGrant, user: DirectoryUser, decision: str, entry: Entry) -> Answer:
        if decision == "allow":
            grant.session = self._session(user, entry)
            message = f"{grant.client.name} is signed in as {user.name}. Close this page, and go back to it."
            return pages.page("done.html", title="Request approved", message=message, allowed=True)
        grant.denied = True
        message = f"{grant.client.name} got nothing. If it was not you who asked for this, tell your administrator."
        return pages.page("done.html", title="Request denied", message=message, allowed=False)

    def _authorize(self, asked: Request, entry: Entry) -> Answer:
        """Nobody is sent anywhere before client and redirect URI are known to belong together (RFC 6749, 4.1.2.1)."""
        given = pages.arguments(asked)
        client = self._clients.find(given.get("client_id", ""), entry.at)
        target = given.get("redirect_uri", "")
        if client is None:
            raise Refusal("InvalidClientException", "This client is not registered, or not any more.", 400)
        if not client.takes(target):
            raise Refusal("InvalidRedirectUriException", "The client is not registered for this redirect URI.", 400)
        state = given.get("state")
        problem = _problem(client, given)
        if problem:
            error, description = problem
            return _back(target, state, error=error, error_description=description)
        found = self._sign_in.visitor(asked, entry)
        if isinstance(found, Answer):
            return found
        user, decision = found[0], found[1].get("decision")
        if not decision:
            return self._consent(client, user, sends_to=target)
        if decision != "allow":
            return _back(target, state, error="access_denied", error_description="The user denied the request")
        challenge, session = given["code_challenge"].rstrip("="), self._session(user, entry)
        grant = CodeGrant(client=client, redirect_uri=target, challenge=challenge, session=session)
        return _back(target, state, code=self._grants.code(grant, entry.at))

    def _consent(self, client: Client, user: DirectoryUser, *, code: str = "", sends_to: str = "") -> Answer:
        return pages.page(
            "consent.html",
            title=f"Let {client.name} in?",
            sends_to=sends_to,
            client=client.name,
            user=user.name,
            place=self._center.start_url,
            code=code,
            scopes=[_SCOPES.get(scope, scope) for scope in client.scopes or _SCOPES],
        )

    def _session(self, user: DirectoryUser, entry: Entry) -> PortalSession:
        return PortalSession(user=user, ends_at=entry.at + self._center.session_duration)


def _problem(client: Client, given: dict[str, str]) -> tuple[str, str] | None:
    """What is wrong with a request that the client hears of, as OAuth's error and its description."""
    if given.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code"
    if not client.may_use(AUTHORIZATION_CODE):
        return "unauthorized_client", "The client is not registered for this grant type"
    challenge = given.get("code_challenge", "").rstrip("=")
    if given.get("code_challenge_method") != pkce.METHOD or not pkce.is_challenge(challenge):
        return "invalid_request", "A code_challenge is wanted, with the code_challenge_method S256"
    # The AWS CLI parts them by commas, OAuth by spaces, and one of them says "scope".
    scopes = (given.get("scopes") or given.get("scope") or "").replace(",", " ").split()
    if not set(scopes) <= set(client.scopes):
        return "invalid_scope", "The client is not registered for these scopes"
    return None


def _back(target: str, state: str | None, **found: str) -> Answer:
    """Sends the browser back to the client."""
    query = urlencode(found | ({"state": state} if state is not None else {}))
    return pages.redirect(f"{target}{'&' if '?' in target else '?'}{query}")
