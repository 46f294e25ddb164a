"""An account's own issuer of JSON Web Tokens: its address, what it signs, and what it publishes.

Source: https://openid.net/specs/openid-connect-discovery-1_0.html (section 3)
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from stsctl.emulator.world.signing_keys import SigningKeys

ALGORITHMS = ("RS256", "ES384")


class OutboundIssuer:
    """One issuer, at `url`; its keys are made when the first token, or the key set, is asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._keys: SigningKeys | None = None

    def sign(self, claims: Mapping[str, object], algorithm: str) -> str:
        """A token with these claims and the issuer's name."""
        return self._made().sign_token({"iss": self.url, **claims}, algorithm)

    def configuration(self) -> dict[str, object]:
        """What /.well-known/openid-configuration says."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": list(ALGORITHMS),
            "claims_supported": ["aud", "exp", "iat", "iss", "jti", "sub"],
        }

    def key_set(self) -> dict[str, Any]:
        """What /.well-known/jwks.json says: the public keys."""
        return self._made().key_set()

    def _made(self) -> SigningKeys:
        with self._lock:
            if self._keys is None:
                self._keys = SigningKeys("outbound identity federation")
            return self._keys
