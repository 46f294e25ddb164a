"""Where an emulator's chance comes from, and which of its lives it is in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from stsctl.credentials import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the random parts of an emulator are drawn from: keys, ids and MFA devices are the same after a reset.

    Sessions are of one instance only: a reset begins another.
    """

    secret: Secret
    instance: str

    @classmethod
    def new(cls, secret: Secret | None = None) -> Origin:
        """One that nobody can guess, or another instance from the same secret."""
        return cls(secret=secret or Secret(secrets.token_hex(32)), instance=secrets.token_hex(8))

    @property
    def sessions_key(self) -> bytes:
        """What the secrets of this instance's sessions are derived from."""
        return hashlib.sha256(f"{self.secret.reveal()}\0{self.instance}".encode()).digest()
