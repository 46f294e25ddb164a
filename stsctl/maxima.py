"""How long roles give sessions, as their answers teach it: a duration that was refused is not asked for twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from stsctl.arn import Arn
from stsctl.credentials import Session
from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import RefusedError
from stsctl.lifetime import HOUR, Maximum
from stsctl.plan import Plan, Step, within
from stsctl.request import Endpoint

_NEGLIGIBLE = timedelta(minutes=1)
"""What a call and a clock may take of a session's length."""


class LearnedMaxima(Protocol):
    """What is known of roles' maximum session durations, shared by all processes; may be lost."""

    def learn_maximum(self, role: Arn, endpoint: Endpoint, maximum: Maximum) -> None:
        """Remembers what a role gave or refused."""

    def maximum(self, role: Arn, endpoint: Endpoint) -> Maximum | None:
        """What is known of the longest session that a role gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maxima:
    """Learns from answers, and keeps steps within what was learned; `notice` tells the person."""

    learned: LearnedMaxima
    notice: Callable[[str], None]

    def within(self, plan: Plan, position: int) -> Plan:
        """`plan` with that step asking for no more than another process may just have learned that AWS gives."""
        step = plan.steps[position]
        if step.request.role_arn is None:
            return plan
        shorter = within(step, self.learned.maximum(step.request.role_arn, step.request.endpoint))
        return plan if shorter is step else plan.with_step(position, shorter)

    def learn(self, step: Step, session: Session) -> None:
        """What an answer teaches of a role's maximum: nothing, where somebody else has a say in how long it lasts.

        A profile of IAM Roles Anywhere has, and an assertion; what they make of a duration, AWS does not say.
        """
        role, asked = step.request.role_arn, step.request.duration
        if role is None or asked is None:
            return
        lasts = session.left_at(session.obtained_at)
        if lasts < asked - _NEGLIGIBLE:
            about = timedelta(minutes=round(lasts.total_seconds() / 60))
            self.notice(f'"{step.name}" lasts {render_duration(about)}, not {render_duration(asked)}: AWS gave less')
        elif asked > HOUR:
            self.learned.learn_maximum(role, step.request.endpoint, Maximum(at_least=asked))

    def shorter(self, step: Step, refused: timedelta, error: RefusedError) -> Step:
        """`step` with a duration that the role gives; raises where a person typed the one that was refused."""
        text = render_duration(refused)
        message = f"{text} is more than the role's maximum session duration (MaxSessionDuration)"
        assert step.request.role_arn is not None
        self.learned.learn_maximum(step.request.role_arn, step.request.endpoint, Maximum(below=refused))
        shorter = within(step, self.learned.maximum(step.request.role_arn, step.request.endpoint))
        if shorter is step:
            hint = "try --duration 1h, which every role gives"
            raise RefusedError(
                message,
                hint=hint,
                code=error.code,
                reason=error.reason,
                request_id=error.request_id,
                operation=error.operation,
            ) from error
        self.notice(f'"{step.name}": {message}; asked for {render_duration(shorter.effective)}, and remembered')
        return shorter
