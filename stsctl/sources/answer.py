"""Checks what STS answered, so that nothing wrong is ever held."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from stsctl.credentials import Credentials, Secret
from stsctl.errors import StsctlError

_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)
_LONGEST = timedelta(hours=36, minutes=10)


def session_credentials(body: Mapping[str, Any], now: datetime) -> Credentials:
    """The temporary credentials of an answer; raises StsctlError for what cannot be any."""
    given = body.get("Credentials") or {}
    key_id = text_of(given, "AccessKeyId")
    expires_at = given.get("Expiration")
    if not _KEY_ID.fullmatch(key_id):
        raise StsctlError("STS's answer has no access key id that could be one: it is not used")
    if not isinstance(expires_at, datetime) or expires_at.tzinfo is None:
        raise StsctlError("STS's answer does not say when its credentials end: it is not used")
    if not timedelta(0) < expires_at - now < _LONGEST:
        raise StsctlError(
            f"STS's answer ends at {expires_at:%Y-%m-%d %H:%M:%S} UTC, which cannot be by this machine's clock",
            hint="compare: date -u",
        )
    return Credentials(
        access_key_id=key_id,
        secret_access_key=Secret(text_of(given, "SecretAccessKey")),
        session_token=Secret(text_of(given, "SessionToken")),
        expires_at=expires_at,
    )


def text_of(part: Mapping[str, Any], name: str) -> str:
    """The text called `name`, which has to be there; what it is never appears in the error."""
    value = part.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise StsctlError(f"STS's answer has no usable {name}: it is not used")
    return value


def packed_policy_size(body: Mapping[str, Any]) -> int | None:
    """How much of the space for policies and tags is used, in percent, where the answer says it."""
    size = body.get("PackedPolicySize")
    return size if isinstance(size, int) else None
