"""The pages of an OIDC issuer where people let applications in: authorize, for browsers, and the device page.

Source: https://openid.net/specs/openid-connect-core-1_0.html (section 3.1.2), RFC 6749 (section 4.1), RFC 7636,
RFC 8628 (section 3.3) and RFC 9207 (the issuer goes along with every answer)
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from stsctl.emulator.directory.served_idp import ServedIdp
from stsctl.emulator.idp.oidc_grants import Device, OidcGrants
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.seeds.idp import OidcClient
from stsctl.emulator.sign_in.sign_in import SignIn, Visitor
from stsctl.emulator.web import pages, pkce
from stsctl.emulator.web.oauth import OAuthError, invalid_request
from stsctl.emulator.web.redirects import fits
from stsctl.emulator.world.journal import Entry

_SCOPES = {
    "openid": "know who you are",
    "offline_access": "go on doing so while you are away",
}


class OidcPages:
    """The pages of one issuer."""

    def __init__(self, served: ServedIdp, sign_in: SignIn, grants: OidcGrants) -> None:
        self._served = served
        self._sign_in = sign_in
        self._grants = grants

    def authorize(self, asked: Request, entry: Entry) -> Answer:
        """Back to the client, with a code for who is signed in; the clients of a seed need no other consent.

        Nobody is sent anywhere before client and redirect URI are known to belong together (RFC 6749, 4.1.2.1).
        """
        given = pages.arguments(asked)
        client = self._served.idp.client(given.get("client_id", ""))
        target = given.get("redirect_uri", "")
        if client is None:
            raise Refusal("InvalidClient", "There is no such client", 400)
        if not any(fits(target, registered) for registered in client.redirect_uris):
            raise Refusal("InvalidRedirectUri", "The client has no such redirect_uri", 400)
        try:
            found = self._code(asked, given, client, entry)
        except OAuthError as error:
            entry.code, entry.message = error.error, error.description
            return self._back(target, given, {"error": error.error, "error_description": error.description})
        if isinstance(found, Answer):
            return found
        code, visitor = found
        return self._back(target, given, {"code": code}, visitor)

    def device(self, asked: Request, entry: Entry) -> Answer:
        """Who is signed in types the code of a device, and says whether they meant it."""
        code = pages.arguments(asked).get("user_code", "").strip()
        visitor = self._sign_in.visitor(asked, entry.at)
        if isinstance(visitor, Answer):
            return visitor
        entry.who = visitor.name
        device = self._grants.waiting(code, entry.at)
        if device is None:
            return pages.page(
                "device.html",
                status=404 if code else 200,
                headers=visitor.headers,
                title="Enter the code of your device",
                message="No device waits with this code." if code else "",
            )
        decision = pages.form(asked).get("decision") if asked.method == "POST" else None
        if decision == "leave":
            return pages.redirect(f"{asked.path}?{asked.query}", [self._sign_in.leave(asked, entry.at)])
        if decision is None:
            return self._consent(device, visitor)
        return self._decide(device, visitor, entry, allowed=decision == "allow")

    def _code(
        self, asked: Request, given: Mapping[str, str], client: OidcClient, entry: Entry
    ) -> tuple[str, Visitor] | Answer:
        """The code for who is signed in, or the page to sign in with; raises OAuthError, for the client."""
        scopes = _scopes(given)
        challenge = _challenge(given, client)
        if given.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "The response_type is code")
        if given.get("response_mode", "query") != "query":
            raise invalid_request("The response_mode is query")
        for name in ("request", "request_uri"):
            if name in given:
                raise OAuthError(f"{name}_not_supported", "There are no request objects here")
        prompt = given.get("prompt", "").split()
        if "none" in prompt and self._sign_in.known(asked, entry.at) is None:
            raise OAuthError("login_required", "Nobody is signed in")
        # Whatever max_age is, who has just signed in is young enough.
        afresh = "login" in prompt or "max_age" in given
        visitor = self._sign_in.visitor(asked, entry.at, afresh=afresh, sends_to=given["redirect_uri"])
        if isinstance(visitor, Answer):
            return visitor
        entry.who = visitor.name
        grant = self._grants.begin(
            client.id, visitor.name, scopes, signed_in_at=visitor.since, nonce=given.get("nonce"), now=entry.at
        )
        return self._grants.code(grant, given["redirect_uri"], challenge, entry.at), visitor

    def _consent(self, device: Device, visitor: Visitor) -> Answer:
        return pages.page(
            "consent.html",
            headers=visitor.headers,
            title=f"Let {device.client} in?",
            client=device.client,
            user=visitor.name,
            place=self._served.idp.title,
            code=device.user_code,
            scopes=[_SCOPES.get(scope, scope) for scope in device.scopes],
        )

    def _decide(self, device: Device, visitor: Visitor, entry: Entry, *, allowed: bool) -> Answer:
        if allowed:
            device.grant = self._grants.begin(
                device.client, visitor.name, device.scopes, signed_in_at=visitor.since, now=entry.at
            )
            message = f"{device.client} is signed in as {visitor.name}. Close this page, and go back to it."
            return pages.page("done.html", title="Approved", message=message, allowed=True)
        device.denied = True
        message = f"{device.client} got nothing."
        return pages.page("done.html", title="Denied", message=message, allowed=False)

    def _back(
        self, target: str, given: Mapping[str, str], found: Mapping[str, str], visitor: Visitor | None = None
    ) -> Answer:
        """Sends the browser back to the client."""
        state = {"state": given["state"]} if "state" in given else {}
        query = urlencode({**found, **state, "iss": self._served.issuer})
        return pages.redirect(f"{target}{'&' if '?' in target else '?'}{query}", visitor.headers if visitor else ())


def _scopes(given: Mapping[str, str]) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(given.get("scope", "").split()))
    if "openid" not in scopes:
        raise OAuthError("invalid_scope", "The scope has openid in it")
    return scopes


def _challenge(given: Mapping[str, str], client: OidcClient) -> str | None:
    """The code_challenge; a public client has to have one (RFC 9700, 2.1.1)."""
    challenge = given.get("code_challenge")
    if challenge is None:
        if client.secret is None or "code_challenge_method" in given:
            raise invalid_request("code_challenge is missing")
        return None
    if given.get("code_challenge_method") != pkce.METHOD:
        raise invalid_request("The code_challenge_method is S256: transform algorithm not supported")
    if not pkce.is_challenge(challenge):
        raise invalid_request("The code_challenge is none that S256 gives")
    return challenge
