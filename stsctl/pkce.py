"""Proof that who redeems an authorization code is who asked for it (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Self

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass

METHOD = "S256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkce:
    """What is sent with the question (`challenge`), and what only its author can send afterwards (`verifier`)."""

    verifier: Secret
    challenge: str

    @classmethod
    def new(cls) -> Self:
        """One for a single sign-in."""
        verifier = secrets.token_urlsafe(64)
        return cls(verifier=Secret(verifier), challenge=challenge_of(verifier))


def challenge_of(verifier: str) -> str:
    """The challenge of a verifier, by the method S256 (section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
