"""The kinds of policies: what each is attached to."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a policy is attached to; each kind has a grammar of its own. SESSION is also a permissions boundary's."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    SCP = "scp"
    RCP = "rcp"
    SESSION = "session"

    @property
    def phrase(self) -> str:
        """The kind as a sentence names it."""
        return _PHRASES[self]


_PHRASES = {
    Kind.IDENTITY: "an identity policy",
    Kind.RESOURCE: "a resource policy",
    Kind.TRUST: "a trust policy",
    Kind.SCP: "a service control policy",
    Kind.RCP: "a resource control policy",
    Kind.SESSION: "a session policy or permissions boundary",
}
