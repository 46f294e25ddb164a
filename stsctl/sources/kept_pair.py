"""A pair of keys as tools that are written in Go keep it: JSON of the AWS SDK, within the JSON of an item.

Source: keyring.go of https://github.com/99designs/keyring (Item), credentials.Value and aws.Credentials of AWS's SDKs.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping

from stsctl.credentials import Credentials, Secret
from stsctl.errors import StoreError

_LONGEST = 65536


def pair_of_item(secret: bytes, name: str) -> Credentials:
    """The pair in an item as it is filed, JSON that holds JSON; raises StoreError, which repeats nothing of it."""
    try:
        item = _object(secret)
        data = item.get("Data")
        return pair_of(_object(base64.b64decode(data if isinstance(data, str) else "", validate=True)))
    except (ValueError, RecursionError, binascii.Error):
        raise StoreError(f'what is filed under "{name}" is no pair of access keys') from None


def pair_of(said: Mapping[str, object]) -> Credentials:
    """A pair as the AWS SDK for Go writes it; raises ValueError for anything else, temporary credentials among it."""
    key_id, secret = said.get("AccessKeyID"), said.get("SecretAccessKey")
    if not isinstance(key_id, str) or not isinstance(secret, str) or said.get("SessionToken"):
        raise ValueError("no pair")
    if not re.fullmatch(r"[A-Z0-9]{16,128}", key_id) or not secret.isascii() or not secret.isprintable() or not secret:
        raise ValueError("no pair")
    return Credentials(access_key_id=key_id, secret_access_key=Secret(secret))


def _object(text: bytes) -> dict[str, object]:
    value = json.loads(text) if len(text) <= _LONGEST else None
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value
