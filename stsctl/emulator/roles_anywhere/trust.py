"""Whether a request was signed by a certificate's key, and whether a trust anchor's CA vouches for the certificate.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html and
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html (signature validation). The messages are as
people quote them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from stsctl.emulator.protocol import certificates, signature
from stsctl.emulator.protocol.claim import BY_CERTIFICATE, Claim, mismatch, read_claim_by_certificate
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.roles_anywhere.presented import Presented

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from cryptography.x509.verification import ExtensionPolicy

SERVICE = "rolesanywhere"
_LONGEST_SIGNATURE = 4096
"""In hexadecimal digits: as long as that of an RSA key of 16,384 bits."""
_RSA, _ECDSA = BY_CERTIFICATE


def verify_signature(asked: Request, certificate: Certificate, now: datetime) -> Claim:
    """What the signature claims, which is true; raises Refusal, "Invalid signature" whatever is wrong with it."""
    try:
        claim = read_claim_by_certificate(asked)
        if claim.service != SERVICE:
            raise mismatch("Credential should be scoped to correct service: 'rolesanywhere'.")
        if claim.access_key_id != str(certificate.serial_number):
            raise mismatch("Credential does not begin with the certificate's serial number, in decimal.")
        text = signature.string_to_sign(asked, claim, signature.payload_hash(asked, claim, now))
        _check(claim, certificate, text.encode("utf-8", "surrogateescape"))
    except Refusal as refusal:
        raise denied("Invalid signature", because=refusal.message) from refusal
    return claim


def _check(claim: Claim, certificate: Certificate, signed: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    key = certificate.public_key()
    try:
        given = bytes.fromhex(claim.signature) if len(claim.signature) <= _LONGEST_SIGNATURE else b""
        if isinstance(key, RSAPublicKey) and claim.algorithm == _RSA:
            key.verify(given, signed, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and claim.algorithm == _ECDSA:
            key.verify(given, signed, ec.ECDSA(SHA256()))
        else:
            raise mismatch(f"The certificate's key does not sign by {claim.algorithm}.")
    except (InvalidSignature, ValueError) as error:
        raise mismatch(signature.MISMATCH) from error


def verify_chain(found: Presented, anchors: Sequence[Certificate], now: datetime) -> None:
    """Raises Refusal unless one of the CAs in `anchors` vouches for the certificate, at this instant."""
    from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

    certificate = found.certificate
    if certificates.is_ca(certificate) or not certificates.may(certificate, "digital_signature"):
        because = "it is a CA's" if certificates.is_ca(certificate) else "its key usage has no Digital Signature"
        raise denied("Untrusted certificate. Insufficient certificate", because=because)
    verifier = (
        PolicyBuilder()
        .store(Store(list(anchors)))
        .time(now)
        .extension_policies(ca_policy=_of_cas(), ee_policy=_of_end_entities())
        .build_client_verifier()
    )
    try:
        verifier.verify(certificate, list(found.chain))
    except (VerificationError, ValueError) as error:
        # That AWS says the same of one that has expired is not known.
        raise denied("Untrusted signing certificate", because=str(error)[:500]) from error


def _of_cas() -> ExtensionPolicy:
    """Of what RFC 5280 wants of a CA's certificate, what AWS wants: the rest is not looked at."""
    from cryptography import x509
    from cryptography.x509.verification import Criticality, ExtensionPolicy

    def check(_policy: object, certificate: Certificate, _extension: object) -> None:
        problem = certificates.problem_with_ca(certificate)
        if problem:
            raise ValueError(problem)

    return ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, check)


def _of_end_entities() -> ExtensionPolicy:
    from cryptography.x509.verification import ExtensionPolicy

    return ExtensionPolicy.permit_all()


def denied(message: str, *, because: str = "") -> Refusal:
    """AccessDeniedException, 403."""
    return Refusal("AccessDeniedException", message, 403, because=because)
