"""A CA of the emulator's own, which gives whoever owns the emulator a certificate.

Its key is drawn like every other thing of a seed, so that what it signed is believed after a reset too, and after a
restart of an emulator that keeps its state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from stsctl.credentials import Secret
from stsctl.emulator.world import chance

if TYPE_CHECKING:
    from cryptography.x509 import CertificateBuilder, KeyUsage, Name

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many private keys there are on P-256 (SEC 2, section 2.4.2)."""
_LASTS = timedelta(days=90)
_EARLIER = timedelta(minutes=5)
_BEGINS, _ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate and its key, both as PEM."""

    certificate: str
    key: Secret


class CertificateAuthority:
    """Signs certificates; its own is in `certificate`."""

    def __init__(self, name: str) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256

        self._key = ec.derive_private_key(chance.source().randrange(1, _ORDER), ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name} CA"[:64])])
        self.certificate = (
            _builder(subject, subject)
            .public_key(self._key.public_key())
            .not_valid_before(_BEGINS)
            .not_valid_after(_ENDS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_uses(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(self._key, SHA256())
        )

    def issue(self, name: str, now: datetime) -> Issued:
        """A certificate whose common name is `name`, with a new key; from now on it is good for three months."""
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from cryptography.x509.oid import ExtendedKeyUsageOID

        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate = (
            _builder(subject, self.certificate.subject)
            .public_key(key.public_key())
            .not_valid_before(max(now - _EARLIER, _BEGINS))
            .not_valid_after(min(now + _LASTS, _ENDS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_uses(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self._key, SHA256())
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Issued(certificate=certificate.public_bytes(Encoding.PEM).decode(), key=Secret(pem.decode()))


def _builder(subject: Name, issuer: Name) -> CertificateBuilder:
    from cryptography import x509

    serial = chance.source().getrandbits(126) | 1 << 126
    return x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).serial_number(serial)


def _uses(**said: bool) -> KeyUsage:
    from cryptography import x509

    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: said.get(name, False) for name in every})
