"""One step on the way to somebody else: what is done, why that is allowed, and who one is then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller
from stsctl.access.can import Verdict
from stsctl.policy.evaluate import Decided


class Way(Enum):
    """How somebody becomes somebody else."""

    SIGN_IN = "sign-in"
    ASSUME = "assume"
    PASS_ROLE = "pass-role"  # noqa: S105 - no word of anybody
    EDIT = "edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done, in `words`; everything in `verdicts` is allowed. `needs` is what has to be said or had for it."""

    way: Way
    words: str
    verdicts: tuple[Verdict, ...]
    caller: Caller
    needs: tuple[str, ...] = ()
    assumption: Assumption | None = None

    def evidence(self) -> Iterator[tuple[str, Decided]]:
        """Each action, and the statements that allow it."""
        for verdict in self.verdicts:
            for decided in verdict.decision.statements:
                yield verdict.request.action, decided


def needs(assumption: Assumption, caller: Caller, usual_name: str) -> Iterator[str]:
    """What an AssumeRole has to say, as stsctl's flags; what its session has from before goes with it by itself."""
    if assumption.mfa:
        yield "an MFA code of the user's own device"
    if assumption.external_id is not None:
        yield f"--external-id {assumption.external_id}"
    if assumption.session_name != usual_name:
        yield f"--session-name {assumption.session_name}"
    if assumption.source_identity is not None and assumption.source_identity != caller.source_identity:
        yield f"--source-identity {assumption.source_identity}"
    for key, value in assumption.tags:
        yield f"--tag {key}={value}"
    for key in assumption.transitive:
        yield f"--transitive {key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way from somebody to somebody else; without steps where one is there already."""

    start: Caller
    steps: tuple[Step, ...]

    @property
    def end(self) -> Caller:
        """Who one is at its end."""
        return self.steps[-1].caller if self.steps else self.start

    @property
    def chained(self) -> bool:
        """Whether a session of a role assumes another one, which then lasts an hour at most."""
        before = [self.start, *(step.caller for step in self.steps)]
        return any(
            step.way is Way.ASSUME and caller.temporary for caller, step in zip(before, self.steps, strict=False)
        )
