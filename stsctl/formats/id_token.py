"""A token that tells others who somebody is, as it leaves."""

from __future__ import annotations

import json
from datetime import datetime

from stsctl.credentials import Secret
from stsctl.formats.interface import rfc3339


def plain(token: Secret) -> str:
    """The token itself, in a line."""
    return f"{token.reveal()}\n"


def with_its_end(token: Secret, expires_at: datetime) -> str:
    """A JSON object of the token, and when it ends."""
    return json.dumps({"token": token.reveal(), "expires_at": rfc3339(expires_at)}, indent=2) + "\n"
