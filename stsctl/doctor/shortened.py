"""Text that can be shown to strangers: the home folder, accounts and access keys are shortened."""

from __future__ import annotations

import re

_ACCOUNT = re.compile(r"(?<![0-9A-Za-z])[0-9]{8}([0-9]{4})(?![0-9A-Za-z])")
_KEY_ID = re.compile(r"\b(A(?:KIA|SIA|IDA|ROA))[A-Z0-9]{8,}([A-Z0-9]{4})\b")


def shortened(text: str, home: str | None) -> str:
    """`text` with `~` for the home folder, and the last four characters of accounts and of ids."""
    if home and home != "/":
        text = re.sub(rf"{re.escape(home.rstrip('/'))}(?=[/\"':;,\s]|$)", "~", text)
    return _ACCOUNT.sub(r"…\1", _KEY_ID.sub(r"\1…\2", text))
