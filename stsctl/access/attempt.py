"""One AssumeRole by somebody, on a snapshot: what is asked, of whom, and what is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller
from stsctl.access.can import Surroundings, Verdict
from stsctl.access.snapshot import Holder, Membership, PolicyText, Role, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An assumption by a caller; what is changed about either, or about a policy, is another attempt."""

    snapshot: Snapshot
    caller: Caller
    assumption: Assumption
    around: Surroundings

    @property
    def refused(self) -> Verdict | None:
        """The verdict that stands in the way; None where there is none. Raises PolicyError."""
        last = self.assumption.verdicts(self.snapshot, self.caller, self.around)[-1]
        return None if last.decision.allowed else last

    def saying(self, **said: object) -> Attempt:
        """It with something else said in the call."""
        return replace(self, assumption=replace(self.assumption, **said))  # type: ignore[arg-type]

    def trusting(self, trust: PolicyText) -> Attempt:
        """It with another trust policy of the role."""
        role: Role = replace(self.assumption.role, trust=trust)
        roles = {**self.snapshot.roles, role.arn: role}
        return replace(self.saying(role=role), snapshot=replace(self.snapshot, roles=roles))

    def holding(self, **of_holder: object) -> Attempt:
        """It with other policies of the caller's own."""
        holder: Holder = replace(self.caller.holder, **of_holder)  # type: ignore[arg-type]
        return replace(self, caller=replace(self.caller, holder=holder))

    def narrowed(self, session: tuple[PolicyText, ...]) -> Attempt:
        """It with other session policies of the caller's."""
        return replace(self, caller=replace(self.caller, session=session))

    def placed(self, account: str, place: Membership) -> Attempt:
        """It with another place of an account in its organization."""
        memberships = {**self.snapshot.memberships, account: place}
        return replace(self, snapshot=replace(self.snapshot, memberships=memberships))
