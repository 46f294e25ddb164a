"""How it is with a session that the agent keeps fresh."""

from __future__ import annotations

from enum import Enum


class Standing(Enum):
    """How it is with a session."""

    FRESH = "fresh"
    RETRYING = "retrying"
    """The network or AWS was not there; it is tried again."""
    REFUSED = "refused"
    """AWS or the configuration said no; it is tried again, seldom."""
    NEEDS_PERSON = "needs you"
