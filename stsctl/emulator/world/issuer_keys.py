"""The keys of an OIDC issuer: fetched from the issuer itself where it listens on this machine, and nowhere else.

Source: https://openid.net/specs/openid-connect-discovery-1_0.html (section 4), RFC 7517 (key sets)
"""

from __future__ import annotations

import ipaddress
import json
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from stsctl.emulator.protocol.refusal import Refusal

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

    from joserfc.jwk import ECKey, RSAKey

_SECONDS = 5.0
_LONGEST = 256 * 1024

NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)


def fetch(issuer: str) -> str:
    """The key set that an issuer on loopback publishes, as JSON text.

    Raises Refusal: InvalidIdentityToken for an issuer elsewhere, IDPCommunicationError where it does not answer.
    """
    from http.client import HTTPException

    try:
        configuration = json.loads(_get(issuer.rstrip("/") + "/.well-known/openid-configuration"))
        where = configuration["jwks_uri"]
        if not isinstance(where, str):
            raise TypeError("jwks_uri is no text")
        return _get(where)
    except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refusal(
            "IDPCommunicationError",
            "The identity provider could not be reached, or gave no key set",
            400,
            because=f"{issuer}: {error}",
        ) from error


def read(text: str) -> list[RSAKey | ECKey]:
    """The public RSA and EC keys of a key set; others are left out. Raises ValueError for what is no key set."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    try:
        members = json.loads(text)["keys"]
        kinds: dict[str, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}
        return [kinds[member["kty"]].import_key(member) for member in members if member["kty"] in kinds]
    except (JoseError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it is no key set (RFC 7517)") from error


def _get(url: str) -> str:
    if not is_loopback(url):
        because = f"{url[:200]} is not on this machine: give the provider its keys in the seed"
        raise Refusal("InvalidIdentityToken", NO_KEY, 400, because=because)
    with _opener().open(url, timeout=_SECONDS) as answer:
        content: bytes = answer.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise ValueError("the answer is too long")
    return content.decode()


def _opener() -> OpenerDirector:
    """What opens a URL by no proxy and follows no redirect: either could lead away from this machine."""
    from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

    class NoRedirect(HTTPRedirectHandler):
        def redirect_request(
            self, req: object, fp: IO[bytes], code: int, msg: str, headers: object, newurl: str
        ) -> None:
            """Makes no other request."""

    return build_opener(ProxyHandler({}), NoRedirect)


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine, by HTTP."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return False
    try:
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
