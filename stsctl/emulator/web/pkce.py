"""Proof that whoever redeems a code is who asked for it (RFC 7636), with SHA-256, the only way that is taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

METHOD = "S256"


def is_challenge(text: str) -> bool:
    """Whether it is what SHA-256 gives, in base64url (RFC 7636, 4.2)."""
    return re.fullmatch(r"[A-Za-z0-9_-]{43}", text, re.ASCII) is not None


def answers(challenge: str, verifier: str) -> bool:
    """Whether a code verifier is the one that a code challenge was made of (RFC 7636, 4.6)."""
    if not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier, re.ASCII):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), challenge.encode())
