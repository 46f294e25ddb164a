"""The keys that an identity provider of the emulator signs with, made at the start and gone with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stsctl.emulator.world import self_signed

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


class SigningKeys:
    """An RSA key, for SAML responses and RS256, with its certificate; and one on P-384, for ES384."""

    def __init__(self, name: str) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        self._rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._ec = ec.generate_private_key(ec.SECP384R1())
        self.certificate = self_signed.certificate(name, self._rsa)

    def sign_element(self, element: Any) -> Any:
        """An XML element with the signature of it inside, where a placeholder is; it has an ID."""
        from signxml import XMLSigner  # type: ignore[attr-defined]

        signer = XMLSigner(c14n_algorithm=_EXCLUSIVE)
        return signer.sign(element, key=self._rsa, cert=self.certificate, reference_uri=element.get("ID"))

    def sign_token(self, claims: Mapping[str, Any], algorithm: str, kind: str = "JWT") -> str:
        """A token (RFC 7519); `algorithm` is RS256 or ES384, `kind` its `typ`."""
        from joserfc import jwt

        key = self._jwks[algorithm]
        header = {"alg": algorithm, "typ": kind, "kid": key.kid}
        return jwt.encode(header, dict(claims), key, algorithms=[algorithm])

    def key_set(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        return {"keys": [key.as_dict(private=False) for key in self._jwks.values()]}

    @cached_property
    def _jwks(self) -> dict[str, RSAKey | ECKey]:
        from joserfc.jwk import ECKey, RSAKey

        keys: dict[str, RSAKey | ECKey] = {
            "RS256": RSAKey.import_key(_pem(self._rsa), {"use": "sig", "alg": "RS256"}),
            "ES384": ECKey.import_key(_pem(self._ec), {"use": "sig", "alg": "ES384"}),
        }
        for key in keys.values():
            key.ensure_kid()
        return keys


def _pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem
