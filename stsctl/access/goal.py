"""Where paths are to lead: to one user or role, or to whoever may do everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stsctl.access.caller import Caller
from stsctl.access.can import Surroundings, can
from stsctl.access.index import Index
from stsctl.access.snapshot import Snapshot

_ADMINISTRATORS_DO = ("*", "iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:PassRole")


def is_administrator(snapshot: Snapshot, caller: Caller, around: Surroundings) -> bool:
    """Whether somebody may do everything, and give others everything: by evaluation, whatever the role is called."""
    return all(can(snapshot, caller, action, "*", around).decision.allowed for action in _ADMINISTRATORS_DO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Where ways are to lead: to those of the users and roles `arns` for whom `wanted` holds.

    `several` looks for a way to each of them rather than for the shortest to any. Whoever has got other rights than in
    `by_rights` may have become one of them, too.
    """

    arns: frozenset[str]
    wanted: Callable[[Caller], bool] = field(default=lambda _caller: True)
    several: bool = False
    by_rights: Snapshot | None = None

    def reached(self, caller: Caller) -> bool:
        """Whether that is where one wanted to be."""
        changed = self.by_rights is not None and not self.by_rights.has(caller.holder)
        return (changed or caller.holder.arn in self.arns) and self.wanted(caller)


def to(arn: str) -> Goal:
    """One user or role."""
    return Goal(arns=frozenset({arn}))


def to_administrators(snapshot: Snapshot, index: Index, around: Surroundings) -> Goal:
    """Everybody who may do everything."""
    return Goal(
        arns=frozenset(index.who_might("*", "*")),
        wanted=lambda caller: is_administrator(snapshot, caller, around),
        several=True,
        by_rights=snapshot,
    )
