"""A virtual MFA device as an authenticator app takes it: a QR code on a terminal, or a text to be typed.

Source: https://github.com/google/google-authenticator/wiki/Key-Uri-Format
"""

from __future__ import annotations

import io
from urllib.parse import quote, urlencode

from stsctl.credentials import Secret

_ISSUER = "Amazon Web Services"


def qr_code(seed: Secret, account: str) -> str:
    """The device as a QR code in characters of a terminal; the app shows it as `account`."""
    import segno

    label = f"{quote(_ISSUER, safe='')}:{quote(account, safe='')}"
    address = f"otpauth://totp/{label}?{urlencode({'secret': _plain(seed), 'issuer': _ISSUER})}"
    drawn = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def in_groups(seed: Secret) -> str:
    """The seed in groups of four, as people type it into an app that sees no QR code."""
    text = _plain(seed)
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _plain(seed: Secret) -> str:
    return seed.reveal().rstrip("=").upper()
