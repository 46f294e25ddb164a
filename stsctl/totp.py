"""One-time codes of virtual MFA devices: what a device shows at an instant.

Source: RFC 6238 (TOTP: HMAC-SHA1, 30 s, six digits), on RFC 4226
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from stsctl.credentials import Secret

STEP = timedelta(seconds=30)


def code_at(seed: Secret, step: int) -> str:
    """The six digits that a device with this base32 seed shows during `step`; raises ValueError for what is no seed."""
    digest = hmac.digest(_key(seed), step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def step_at(now: datetime) -> int:
    """The number of the 30-second step that `now` is in."""
    return int(now.timestamp()) // int(STEP.total_seconds())


def ends_at(step: int) -> datetime:
    """When `step` is over."""
    return datetime.fromtimestamp((step + 1) * int(STEP.total_seconds()), UTC)


def _key(seed: Secret) -> bytes:
    text = seed.reveal().rstrip("=").upper()
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        raise ValueError("it is no base32") from None  # the cause might show it
