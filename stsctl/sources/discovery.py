"""Where an OIDC issuer is asked: the document that it publishes about itself.

Source: https://openid.net/specs/openid-connect-discovery-1_0.html (sections 3 and 4), RFC 8628 (section 4)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stsctl import pkce
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.sources.http import Http
from stsctl.url import is_web_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """The pages and endpoints of an issuer; `device` is None where it has no sign-in by device code."""

    authorization: str
    token: str
    device: str | None


def discover(http: Http, issuer: str) -> Discovered:
    """What `issuer` publishes; raises ConfigurationError where it is none, or another, and UnavailableError."""
    reply = http.get(f'the issuer "{issuer}"', f"{issuer.removesuffix('/')}/.well-known/openid-configuration")
    said = reply.json
    if reply.status != 200 or not said:
        raise ConfigurationError(
            f'"{issuer}" is no OIDC issuer: it publishes nothing about itself (HTTP status {reply.status})',
            hint="write it as its tokens name it, with its whole path",
        )
    if said.get("issuer") != issuer:
        # Section 4.3: to the letter, or a token could be taken for another issuer's.
        raise ConfigurationError(
            f'the issuer at "{issuer}" calls itself otherwise', hint="write it as its tokens name it, to the letter"
        )
    methods = said.get("code_challenge_methods_supported")
    if isinstance(methods, list) and pkce.METHOD not in methods:
        raise ConfigurationError(f'the issuer "{issuer}" takes no PKCE by {pkce.METHOD}, without which nobody is safe')
    device = said.get("device_authorization_endpoint")
    return Discovered(
        authorization=_endpoint(said, "authorization_endpoint", issuer),
        token=_endpoint(said, "token_endpoint", issuer),
        device=None if device is None else _endpoint(said, "device_authorization_endpoint", issuer),
    )


def _endpoint(said: Mapping[str, Any], name: str, issuer: str) -> str:
    found = said.get(name)
    if not isinstance(found, str) or not is_web_page(found):
        raise ConfigurationError(f'the issuer "{issuer}" publishes no usable {name}')
    return found
