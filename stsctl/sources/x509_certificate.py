"""The certificate that a request is signed for: what it says, whether it is good now, and whose signatures are its.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html (what AWS takes)
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

LONGEST_CHAIN = 5
"""So many certificates AWS takes with the one that signs."""
_LARGEST = 256 * 1024
_SECOND = timedelta(seconds=1)
RSA, ECDSA = "AWS4-X509-RSA-SHA256", "AWS4-X509-ECDSA-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCertificate:
    """A certificate, and those between it and a CA that AWS knows, as DER; `whose` is how errors call it."""

    whose: str
    der: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    algorithm: str
    serial: int
    issuer: str
    fingerprint: str
    begins_at: datetime
    ends_at: datetime

    def check(self, now: datetime) -> None:
        """Raises ConfigurationError for a certificate that is over, or not yet good."""
        if self.ends_at < now:
            ago = render_duration((now - self.ends_at) // _SECOND * _SECOND)
            raise ConfigurationError(
                f"{self.whose} expired {ago} ago, at {_instant(self.ends_at)}", hint="have it renewed by its CA"
            )
        if now < self.begins_at:
            raise ConfigurationError(
                f"{self.whose} is not good before {_instant(self.begins_at)}, and by this machine's clock it is"
                f" {_instant(now)}",
                hint="compare: date -u",
            )

    def check_signature(self, signature: bytes, content: bytes) -> None:
        """Raises ConfigurationError for one that was made with another key than the certificate's."""
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec, padding
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.hashes import SHA256

        key = x509.load_der_x509_certificate(self.der).public_key()
        try:
            if isinstance(key, RSAPublicKey):
                key.verify(signature, content, padding.PKCS1v15(), SHA256())
            else:
                assert isinstance(key, ec.EllipticCurvePublicKey)
                key.verify(signature, content, ec.ECDSA(SHA256()))
        except InvalidSignature:
            raise ConfigurationError(
                f"{self.whose} is of another key than its private_key", hint="check certificate and private_key"
            ) from None


def read(content: bytes, chain: bytes | None, whose: str) -> SigningCertificate:
    """The first certificate of a PEM file; the others, or those of `chain`, lead to its CA.

    Raises ConfigurationError.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    first, *others = _certificates(content, whose)
    if chain is not None:
        others = [one for one in _certificates(chain, f"the chain of {whose}") if one != first]
    if len(others) > LONGEST_CHAIN:
        raise ConfigurationError(
            f"{whose} comes with {len(others)} others, and AWS takes {LONGEST_CHAIN}",
            hint="leave out those that lead to no CA of the trust anchor",
        )
    key = first.public_key()
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise ConfigurationError(f"{whose} has a key that is neither RSA nor EC, and stsctl signs with no other")
    return SigningCertificate(
        whose=whose,
        der=first.public_bytes(Encoding.DER),
        chain=tuple(one.public_bytes(Encoding.DER) for one in others),
        algorithm=RSA if isinstance(key, RSAPublicKey) else ECDSA,
        serial=first.serial_number,
        issuer=first.issuer.rfc4514_string(),
        fingerprint=first.fingerprint(SHA256()).hex(),
        begins_at=first.not_valid_before_utc,
        ends_at=first.not_valid_after_utc,
    )


def _certificates(content: bytes, whose: str) -> list[Certificate]:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        if len(content) > _LARGEST:
            raise ValueError("size")
        found = x509.load_pem_x509_certificates(content)
        for one in found:
            # Some parts are decoded only when they are looked at, and only then found to be amiss.
            one.public_key(), one.issuer.rfc4514_string(), one.not_valid_after_utc
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError(
            f"{whose} is none that can be read: it has to be X.509, in PEM",
            hint="look: openssl x509 -noout -text -in …",
        ) from None
    return found


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
