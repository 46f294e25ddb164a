"""Signature Version 4 of a form that is posted to STS, as botocore signs it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from stsctl.credentials import Credentials

CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "sts"


def signed_headers(host: str, body: bytes, *, region: str, credentials: Credentials, at: datetime) -> dict[str, str]:
    """The headers of a POST of `body` to the root of `host`, the signature among them."""
    stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    headers = {"Content-Type": CONTENT_TYPE, "Host": host, "X-Amz-Date": stamp}
    if credentials.session_token:
        headers["X-Amz-Security-Token"] = credentials.session_token.reveal()
    names = ";".join(sorted(name.lower() for name in headers))
    scope = f"{stamp[:8]}/{region}/{_SERVICE}/aws4_request"
    canonical = canonical_request(headers, names, body)
    content = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + credentials.secret_access_key.reveal().encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    credential = f"{credentials.access_key_id}/{scope}"
    authorization = f"Credential={credential}, SignedHeaders={names}, Signature={_mac(key, content).hex()}"
    return {**headers, "Authorization": f"{_ALGORITHM} {authorization}"}


def canonical_request(headers: dict[str, str], names: str, body: bytes) -> str:
    """The request in the form that is signed; it has no path and no query, for all that is asked is in the body."""
    values = {name.lower(): value for name, value in headers.items()}
    fields = [f"{name}:{values[name]}" for name in names.split(";")]
    return "\n".join(["POST", "/", "", *fields, "", names, hashlib.sha256(body).hexdigest()])


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
