"""Whether somebody may become a role, and who they are then: AssumeRole, played through on a snapshot.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stsctl.access.caller import Caller, role_session
from stsctl.access.can import Surroundings, Verdict, can
from stsctl.access.snapshot import PolicyText, Role, Snapshot, Tags
from stsctl.policy.request import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """What an AssumeRole says. `mfa` is set where a code of the user's own device goes with it."""

    role: Role
    session_name: str
    external_id: str | None = None
    tags: Tags = ()
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    session: tuple[PolicyText, ...] = ()
    mfa: bool = False

    def actions(self, caller: Caller) -> Iterator[str]:
        """What the caller needs to be allowed, in the order in which STS asks."""
        yield "sts:AssumeRole"
        if self.tags or caller.handed_on:
            yield "sts:TagSession"
        if self.source_identity or caller.source_identity:
            yield "sts:SetSourceIdentity"

    def keys(self, caller: Caller) -> Context:
        """The condition keys that this call has."""
        over = {key.lower() for key, _ in caller.handed_on}
        seen = (*(tag for tag in self.role.tags if tag[0].lower() not in over), *caller.handed_on)
        keys: dict[str, str | tuple[str, ...] | None] = {
            "sts:ExternalId": self.external_id,
            "sts:RoleSessionName": self.session_name,
            "sts:SourceIdentity": self.source_identity or caller.source_identity,
            "aws:TagKeys": tuple(key for key, _ in self.tags) or None,
            "sts:TransitiveTagKeys": self.transitive or None,
        }
        keys |= {f"aws:RequestTag/{key}": value for key, value in self.tags}
        keys |= {f"{service}:ResourceTag/{key}": value for key, value in seen for service in ("aws", "iam")}
        if self.mfa:
            keys |= {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}
        return keys

    def verdicts(self, snapshot: Snapshot, caller: Caller, around: Surroundings) -> list[Verdict]:
        """What is decided of each action, up to the first that is denied."""
        found = []
        for action in self.actions(caller):
            found.append(can(snapshot, caller, action, self.role.arn, around, more=self.keys(caller)))
            if not found[-1].decision.allowed:
                break
        return found

    def becomes(self, caller: Caller) -> Caller:
        """Whoever has been let in, from then on."""
        session = role_session(self.role, self.session_name, session=self.session)
        return replace(
            session,
            tags=(*caller.handed_on, *self.tags),
            transitive=(*(key for key, _ in caller.handed_on), *self.transitive),
            source_identity=caller.source_identity or self.source_identity,
        )
