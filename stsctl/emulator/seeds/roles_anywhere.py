"""IAM Roles Anywhere in a seed: trust anchors, whose certificates are believed, and profiles, which list roles."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

_NAMESPACE = uuid.UUID("7a3f2b7e-4a9e-5d5b-9c69-1f6c1f0a4f5e")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """CAs: whoever has a certificate of theirs is let in. `certificates` are PEM, None where the emulator is the CA."""

    arn: str
    name: str
    certificates: str | None = None
    enabled: bool = True

    @property
    def region(self) -> str:
        """The region that it is in."""
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        """The account that it is in."""
        return self.arn.split(":")[4]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesAnywhereProfile:
    """Which roles can be had, for how long, and what session policies go with them; `policy_arns` are managed ones."""

    arn: str
    name: str
    roles: tuple[str, ...]
    duration: timedelta = timedelta(hours=1)
    session_policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    accept_role_session_name: bool = False
    enabled: bool = True


def made_id(*parts: str) -> str:
    """An id, always the same for the same parts: what a seed leaves out stays as it is from start to start."""
    return str(uuid.uuid5(_NAMESPACE, "\x00".join(parts)))
