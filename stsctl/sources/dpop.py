"""Proof that who shows a token has the key that it is bound to (RFC 9449), in the form that AWS Sign-In takes.

Source: https://docs.aws.amazon.com/signin/latest/APIReference/API_dataplane-signin_CreateOAuth2Token.html
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Self

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_BYTES = 32
"""Of a number on the curve P-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofKey:
    """A key on the curve P-256."""

    key: EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """One for a single sign-in."""
        from cryptography.hazmat.primitives.asymmetric import ec

        return cls(key=ec.generate_private_key(ec.SECP256R1()))

    @property
    def pem(self) -> Secret:
        """The key as the AWS CLI keeps it (SEC 1, in PEM)."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        content = self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return Secret(content.decode())

    def proof(self, method: str, url: str, at: datetime) -> str:
        """The proof for one request, made `at` this machine's time."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        public = self.key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": _number(public.x), "y": _number(public.y)}
        claims = {"htm": method, "htu": url, "iat": int(at.timestamp()), "jti": secrets.token_urlsafe(16)}
        signed = f"{_part({'typ': 'dpop+jwt', 'alg': 'ES256', 'jwk': jwk})}.{_part(claims)}"
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(_BYTES) + s.to_bytes(_BYTES))}"


def _number(number: int) -> str:
    return _encoded(number.to_bytes(_BYTES))


def _part(content: object) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
