"""Ids and keys shaped like AWS's.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (the prefixes). An access key id
carries its account, in the bits where AWS's GetAccessKeyInfo finds it.
"""

from __future__ import annotations

import base64
import re

from stsctl.emulator.world import chance

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SECRET = _LETTERS + "abcdefghijklmnopqrstuvwxyz0189+/"


def unique_id(prefix: str) -> str:
    """A unique id, such as AIDA… for a user, AGPA… for a group, AROA… for a role."""
    return prefix + "".join(chance.source().choice(_LETTERS) for _ in range(17))


def access_key_id(prefix: str, account: str) -> str:
    """An access key id: AKIA… for long-term keys, ASIA… for temporary ones."""
    number = (1 << 47) | (int(account) << 7) | chance.source().getrandbits(7)
    return prefix + base64.b32encode(number.to_bytes(6, "big") + chance.source().randbytes(4)).decode()


def account_of(access_key_id: str) -> str | None:
    """The account that an access key id carries; None where it has not the form of one that does."""
    if not re.fullmatch(r"A[KS]IA[Q-Z2-7][A-Z2-7]{15}", access_key_id):
        return None
    number = int.from_bytes(base64.b32decode(access_key_id[4:])[:6], "big")
    account = (number & 0x7FFFFFFFFF80) >> 7
    return f"{account:012}" if account < 10**12 else None


def secret_access_key() -> str:
    """Forty characters, as a secret access key has."""
    return "".join(chance.source().choice(_SECRET) for _ in range(40))


def mfa_seed() -> str:
    """A base32 seed of 64 characters, as AWS gives virtual devices."""
    return "".join(chance.source().choice(_LETTERS) for _ in range(64))
