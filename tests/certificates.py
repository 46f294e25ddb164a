"""CAs, certificates and requests signed by them: made here, by another way than the code under test goes."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
USES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@cache
def key_of(kind: str = "p256", whose: str = "") -> Key:
    """A key of a kind: the same one each time for the same owner."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    curves: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    return ec.generate_private_key(curves[kind])


def name(text: str = "", **attributes: str | list[str]) -> x509.Name:
    """A distinguished name: a common name, and attributes by the names of `NameOID`, some with several values."""
    pairs = [("COMMON_NAME", text)] if text else []
    for kind, values in attributes.items():
        pairs += [(kind, value) for value in ([values] if isinstance(values, str) else values)]
    return x509.Name([x509.NameAttribute(getattr(NameOID, kind), value) for kind, value in pairs])


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A certificate with its key, and the CAs' certificates that lead to a trust anchor."""

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> bytes:
        """The key, in plain text."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, content: bytes) -> bytes:
        """A signature by the key."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(content, ec.ECDSA(hashes.SHA256()))


def issue(
    subject: x509.Name,
    *,
    by: Holder | None = None,
    key: Key | None = None,
    ca: bool | None = False,
    path_length: int | None = None,
    uses: tuple[str, ...] | None = ("digital_signature",),
    begins: datetime | None = None,
    ends: datetime | None = None,
    serial: int | None = None,
    alternatives: list[x509.GeneralName] | None = None,
    digest: hashes.HashAlgorithm | None = None,
) -> Holder:
    """A certificate signed by a CA, or by itself; `ca` and `uses` None leave those extensions out."""
    key, now = key or key_of(), datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begins or now - timedelta(hours=1))
        .not_valid_after(ends or now + timedelta(days=30))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    if uses is not None:
        builder = builder.add_extension(x509.KeyUsage(**{use: use in uses for use in USES}), critical=True)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    certificate = builder.sign(by.key if by else key, digest or hashes.SHA256())
    return Holder(certificate=certificate, key=key)


def authority(text: str, *, by: Holder | None = None, **more: Any) -> Holder:
    """A CA."""
    uses = more.pop("uses", ("key_cert_sign", "crl_sign"))
    more.setdefault("ends", datetime.now(UTC) + timedelta(days=3650))
    more.setdefault("key", key_of("p256", text))
    return issue(name(text), by=by, ca=more.pop("ca", True), uses=uses, **more)


@dataclass(kw_only=True)
class Asking:
    """A request for a session, signed as AWS's page describes; what is amiss in a test is changed before."""

    holder: Holder
    parameters: dict[str, object]
    host: str = "127.0.0.1"
    region: str = "us-east-1"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    in_query: bool = False
    serial: str | None = None
    service: str = "rolesanywhere"
    algorithm: str | None = None
    unsigned: tuple[str, ...] = ()

    def sent(self) -> tuple[str, list[tuple[str, str]], bytes]:
        """The target, the header fields and the body."""
        of_query = {"profileArn", "roleArn", "trustAnchorArn"} if self.in_query else set()
        query = "&".join(
            f"{key}={quote(str(self.parameters[key]), safe='-_.~')}"
            for key in sorted(of_query & self.parameters.keys())
        )
        body = json.dumps({key: value for key, value in self.parameters.items() if key not in of_query}).encode()
        stamp = self.at.strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "content-type": "application/json",
            "host": self.host,
            "x-amz-date": stamp,
            "x-amz-x509": _base64(self.holder.certificate),
        }
        if self.holder.chain:
            headers["x-amz-x509-chain"] = ",".join(map(_base64, self.holder.chain))
        signed = {key: value for key, value in sorted(headers.items()) if key not in self.unsigned}
        lines = ["POST", "/sessions", query, *(f"{key}:{value}" for key, value in signed.items()), "", ";".join(signed)]
        canonical = "\n".join([*lines, hashlib.sha256(body).hexdigest()])
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        kind = "RSA" if isinstance(self.holder.key, rsa.RSAPrivateKey) else "ECDSA"
        algorithm = self.algorithm or f"AWS4-X509-{kind}-SHA256"
        text = "\n".join([algorithm, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        serial = self.serial or str(self.holder.certificate.serial_number)
        headers["authorization"] = (
            f"{algorithm} Credential={serial}/{scope}, SignedHeaders={';'.join(signed)}, "
            f"Signature={self.holder.sign(text.encode()).hex()}"
        )
        return f"/sessions?{query}" if query else "/sessions", list(headers.items()), body


def _base64(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
