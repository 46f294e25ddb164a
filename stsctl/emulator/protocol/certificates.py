"""X.509 certificates as strangers send them: read whole, or not at all.

Source: RFC 5280; https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html (what AWS wants of them)
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

LONGEST = 16 * 1024
"""The longest certificate that is read, in bytes of DER."""

_LARGEST_RSA = 8192
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s(.*?)-----END CERTIFICATE-----", re.DOTALL)
_HASHES = frozenset({"sha256", "sha384", "sha512"})


def read_base64(text: str) -> Certificate:
    """The certificate whose DER `text` is, in base64; raises ValueError for what AWS takes for none."""
    try:
        der = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("it is no base64") from error
    return read(der)


def read_bundle(text: str) -> tuple[Certificate, ...]:
    """The certificates of CAs in a PEM text, one at least; raises ValueError where one is none, or no CA's."""
    found = tuple(read_base64("".join(block.split())) for block in _PEM.findall(text))
    if not found:
        raise ValueError("there is no PEM certificate in it")
    for certificate in found:
        problem = problem_with_ca(certificate)
        if problem:
            raise ValueError(problem)
    return found


def read(der: bytes) -> Certificate:
    """The certificate, with every part that is asked for later; raises ValueError for one that has not all."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if len(der) > LONGEST:
        raise ValueError("it is too long for a certificate")
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Some parts are decoded only when they are looked at, and only then found to be amiss.
        parts = (certificate.subject, certificate.issuer, certificate.extensions, certificate.not_valid_after_utc)
        key, signed_by = certificate.public_key(), certificate.signature_hash_algorithm
        serial = certificate.serial_number
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise ValueError("it is no X.509 certificate") from error
    if certificate.version is not x509.Version.v3 or serial <= 0 or not all(part is not None for part in parts):
        raise ValueError("it is no X.509 certificate of version 3")
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise ValueError("its key is neither RSA nor EC")
    if isinstance(key, RSAPublicKey) and key.key_size > _LARGEST_RSA:
        raise ValueError("its key is too large")
    if signed_by is None or signed_by.name not in _HASHES:
        raise ValueError("it is not signed with SHA-256 or stronger")
    return certificate


def problem_with_ca(certificate: Certificate) -> str | None:
    """What keeps a certificate from being a CA's; None for nothing."""
    if not is_ca(certificate):
        return "Incorrect basic constraints for CA certificate"  # AWS's own words
    if not may(certificate, "key_cert_sign"):
        return "its key usage does not include Certificate Sign"
    return None


def is_ca(certificate: Certificate) -> bool:
    """Whether its basic constraints say that it is a CA's."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def may(certificate: Certificate, use: str) -> bool:
    """Whether its key usage includes `use`, as `digital_signature`."""
    from cryptography import x509

    try:
        return bool(getattr(certificate.extensions.get_extension_for_class(x509.KeyUsage).value, use))
    except x509.ExtensionNotFound:
        return False
