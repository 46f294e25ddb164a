"""The codes that a device shows and a person types (RFC 8628, 6.1)."""

from __future__ import annotations

import re
import secrets

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so no words, and no digits that look like letters."""


def new() -> str:
    """A code, as a device shows it."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def bare(code: str) -> str:
    """A code as it is looked for, however a person typed it."""
    return re.sub(r"[\s-]", "", code).upper()
