"""How long a session may last: AWS's limits by what it is, and what is known of a role's own.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/ (DurationSeconds of each operation),
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html (role chaining)
"""

from __future__ import annotations

from datetime import timedelta

from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import UsageError
from stsctl.target import Hop, HopKind

HOUR = timedelta(hours=1)
_QUARTER, _HALF_DAY, _DAY_AND_A_HALF = timedelta(minutes=15), timedelta(hours=12), timedelta(hours=36)
RANGES = {
    HopKind.ROLE: (_QUARTER, _HALF_DAY),
    HopKind.SESSION_TOKEN: (_QUARTER, _DAY_AND_A_HALF),
    HopKind.FEDERATION_TOKEN: (_QUARTER, _DAY_AND_A_HALF),
    HopKind.ROOT: (timedelta(seconds=1), _QUARTER),
}
"""The shortest and the longest that AWS gives. A permission set says its own, and nobody can ask for another."""
_UNASKED = {
    HopKind.ROLE: HOUR,
    HopKind.PERMISSION_SET: HOUR,
    HopKind.SESSION_TOKEN: _HALF_DAY,
    HopKind.FEDERATION_TOKEN: _HALF_DAY,
    HopKind.ROOT: _QUARTER,
}
_CALLED = {
    HopKind.ROLE: "a role's session",
    HopKind.SESSION_TOKEN: "a user's session",
    HopKind.FEDERATION_TOKEN: "a federated user's session",
    HopKind.ROOT: "a root user's session",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Maximum:
    """What AWS's answers taught of a role's MaxSessionDuration: it gave `at_least`, and refused `below`."""

    at_least: timedelta | None = None
    below: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long a session will last: what was `requested`, and what will be asked for, `because` they differ."""

    requested: timedelta | None
    effective: timedelta
    because: str | None = None

    @property
    def sent(self) -> timedelta | None:
        """What the call says of it; None leaves it to AWS."""
        return None if self.requested is None else self.effective


def problem_with(kind: HopKind, length: timedelta) -> str | None:
    """What AWS has against `length` for a session of that kind."""
    if kind not in RANGES:
        return "cannot be chosen: the permission set says how long its sessions last"
    shortest, longest = RANGES[kind]
    if shortest <= length <= longest:
        return None
    least = f"{render_duration(shortest)} to " if shortest >= _QUARTER else "at most "
    return f"is refused by AWS: {_CALLED[kind]} lasts {least}{render_duration(longest)}"


def examples(kind: HopKind) -> str:
    """How a configuration writes the shortest and the longest."""
    shortest, longest = RANGES[kind]
    return f'write it as "{render_duration(shortest)}" to "{render_duration(longest)}"'


def lifetime(hop: Hop, known: Maximum | None, *, chained: bool, code_at_stake: bool) -> Lifetime:
    """How long the session of `hop` lasts; raises UsageError for what AWS would refuse and a person typed.

    `chained` says that a session assumes the role, `code_at_stake` that a refusal could cost a one-time code.
    """
    wanted = hop.duration
    if wanted is None:
        return Lifetime(requested=None, effective=_UNASKED[hop.kind])
    text = render_duration(wanted)
    problem = problem_with(hop.kind, wanted)
    if problem:
        hint = "leave the duration out" if hop.kind in (HopKind.PERMISSION_SET, HopKind.ROOT) else "try --duration 1h"
        raise UsageError(f"a duration of {text} {problem}", hint=hint)
    if hop.kind is not HopKind.ROLE:
        return Lifetime(requested=wanted, effective=wanted)
    if chained and wanted > HOUR:
        if hop.duration_typed:
            raise UsageError(
                f'a duration of {text} is refused by AWS for "{hop.name}": a role that a session assumes'
                " (role chaining) ends after an hour",
                hint="try --duration 1h",
            )
        return Lifetime(requested=wanted, effective=HOUR, because="a role that a session assumes ends after an hour")
    if hop.duration_typed:
        return Lifetime(requested=wanted, effective=wanted)
    sure = max((known.at_least if known else None) or HOUR, HOUR)
    if code_at_stake and hop.duration_general and wanted > sure:
        because = f"the role's maximum is not known, and a code is at stake; --duration {text} asks for all of it"
        return Lifetime(requested=wanted, effective=sure, because=because)
    return Lifetime(requested=wanted, effective=wanted)
