"""An issuer's clients: who one is, and what it may ask for.

Source: RFC 6749 (section 2.3.1, a client and its secret), RFC 6749 (section 4.4: what a public client may not)
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import unquote_plus

from stsctl.credentials import Secret
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.seeds.idp import Idp, OidcClient
from stsctl.emulator.web.oauth import OAuthError, invalid_request

METHODS = ("client_secret_basic", "client_secret_post", "none")
"""How a client says who it is."""


def authenticated(idp: Idp, asked: Request, fields: Mapping[str, str]) -> OidcClient:
    """The client that asks, with its secret if it has one; raises OAuthError."""
    client_id, secret = fields.get("client_id"), fields.get("client_secret")
    header = asked.header("authorization")
    if header is not None:
        if secret is not None:
            raise invalid_request("The client says who it is in two ways")
        stated, secret = _basic(header)
        if client_id not in (None, stated):
            raise invalid_request("The client says that it is two")
        client_id = stated
    if client_id is None:
        raise _unknown("Who the client is, is missing")
    client = idp.client(client_id)
    # A public client has no secret, and none is what it has to send.
    if client is None or client.secret != (Secret(secret) if secret is not None else None):
        raise _unknown("There is no such client, or its secret is another")
    return client


def may_use(client: OidcClient, grant_type: str) -> bool:
    """Whether a client can have tokens for this: a public one none for itself, one without a page none by a code."""
    if grant_type == "client_credentials":
        return client.secret is not None
    return bool(client.redirect_uris) if grant_type == "authorization_code" else True


def _basic(header: str) -> tuple[str, str]:
    kind, _, value = header.partition(" ")
    try:
        text = base64.b64decode(value.strip().encode(), validate=True).decode()
    except ValueError as error:
        raise _unknown("The Authorization header is no Basic one") from error
    client_id, colon, secret = text.partition(":")
    if kind.lower() != "basic" or not colon:
        raise _unknown("The Authorization header is no Basic one")
    return unquote_plus(client_id), unquote_plus(secret)


def _unknown(description: str) -> OAuthError:
    return OAuthError("invalid_client", description, 401, challenge='Basic realm="stsctl emulator"')
