"""How a request to IAM Roles Anywhere is signed: as by Signature Version 4, with a certificate's key.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from urllib.parse import quote, urlsplit

from stsctl.sources.x509_certificate import SigningCertificate
from stsctl.sources.x509_key import Sign

SERVICE = "rolesanywhere"


def signed_headers(
    url: str, body: bytes, *, region: str, certificate: SigningCertificate, sign: Sign, at: datetime
) -> dict[str, str]:
    """The headers of a POST of JSON, the signature among them.

    Raises ConfigurationError where `sign` has another key than the certificate's: AWS would say no more of it than that
    the signature is invalid.
    """
    stamp = f"{at:%Y%m%dT%H%M%SZ}"
    headers = {
        "Content-Type": "application/json",
        "Host": urlsplit(url).netloc.rpartition("@")[2],
        "X-Amz-Date": stamp,
        "X-Amz-X509": _base64(certificate.der),
    }
    if certificate.chain:
        headers["X-Amz-X509-Chain"] = ",".join(map(_base64, certificate.chain))
    names = ";".join(sorted(name.lower() for name in headers))
    scope = f"{stamp[:8]}/{region}/{SERVICE}/aws4_request"
    digest = hashlib.sha256(canonical_request(url, headers, names, body).encode()).hexdigest()
    content = "\n".join([certificate.algorithm, stamp, scope, digest]).encode()
    signature = sign(content)
    certificate.check_signature(signature, content)
    credential = f"{certificate.serial}/{scope}"
    authorization = f"Credential={credential}, SignedHeaders={names}, Signature={signature.hex()}"
    return {**headers, "Authorization": f"{certificate.algorithm} {authorization}"}


def canonical_request(url: str, headers: dict[str, str], names: str, body: bytes) -> str:
    """The request in the form that is signed; it has no query, for all that is asked is in the body."""
    path = quote(urlsplit(url).path or "/", safe="/-_.~")
    values = {name.lower(): value for name, value in headers.items()}
    fields = [f"{name}:{values[name]}" for name in names.split(";")]
    return "\n".join(["POST", path, "", *fields, "", names, hashlib.sha256(body).hexdigest()])


def _base64(der: bytes) -> str:
    return base64.b64encode(der).decode()
