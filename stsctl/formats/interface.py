"""The contract of a format: a way for a session's variables to leave, as text.

What leaves is a mapping of changes: each variable with its new value, or None where it has to go. `environment.py`
makes the mapping; values stay `Secret` until a format writes them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from stsctl.credentials import Secret

Changes = Mapping[str, Secret | None]
"""Variable → value, None for one to be removed; in the order in which they are written."""


class Format(Protocol):
    """Writes changes for one kind of reader."""

    @property
    def failure(self) -> str:
        """What stdout carries when there are no changes to write, so that the reader fails too; may be empty."""

    def render(self, changes: Changes) -> str:
        """The text of `changes`, ending in a newline; raises UsageError for a value that this reader cannot take."""


def rfc3339(at: datetime) -> str:
    """An instant as AWS's tools and SDKs read it everywhere, `2026-01-31T12:00:00Z`; parts of a second are dropped."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
