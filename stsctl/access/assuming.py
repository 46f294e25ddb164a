"""Steps from one session to the next by AssumeRole, with what has to be said in the call found out by trying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller
from stsctl.access.can import Surroundings, Verdict
from stsctl.access.snapshot import Role, Snapshot
from stsctl.access.step import Step, Way, needs
from stsctl.access.wishes import SESSION, Wishes, asked, phrasings
from stsctl.policy.evaluate import Decision


@dataclass(slots=True, kw_only=True)
class Assuming:
    """Tries AssumeRole. `wishes` are what sessions could have so that calls further on are let in.

    `learned` gathers what calls that were refused would take of the session that makes them.
    """

    snapshot: Snapshot
    around: Surroundings
    wishes: Wishes
    learned: Wishes = field(default_factory=Wishes)

    def steps(self, caller: Caller, role: Role) -> Iterator[Step | Verdict]:
        """The steps into a role, one for each session that differs by what was wished for; else why there is none."""
        plain = Assumption(role=role, session_name=SESSION)
        first = plain.verdicts(self.snapshot, caller, self.around)
        decision = first[-1].decision
        allowed = decision.allowed
        if allowed:
            yield _step(caller, plain, first)
            if not self.wishes:
                return
        of_call, of_session = asked(self.snapshot, caller, role, first[0].request)
        sessions = {_told_apart(plain)} if allowed else set()
        nearest, least = first[-1], _shortfall(decision)
        of_call.add(self.wishes)
        for assumption in phrasings(role, caller, of_call):
            if assumption == plain or _told_apart(assumption) in sessions:
                continue
            verdicts = assumption.verdicts(self.snapshot, caller, self.around)
            decision = verdicts[-1].decision
            if decision.allowed:
                sessions.add(_told_apart(assumption))
                yield _step(caller, assumption, verdicts)
                if not self.wishes:
                    return
            if _shortfall(decision) < least:
                nearest, least = verdicts[-1], _shortfall(decision)
        if not allowed:
            self.learned.add(of_session)
        if not sessions:
            yield nearest


def _shortfall(decision: Decision) -> int:
    """How many sorts of policies do not allow; what one of them denies is farther than all of that."""
    return len(decision.missing) or 9


def _step(caller: Caller, assumption: Assumption, verdicts: list[Verdict]) -> Step:
    return Step(
        way=Way.ASSUME,
        words=f"assume {assumption.role.arn}",
        verdicts=tuple(verdicts),
        caller=assumption.becomes(caller),
        needs=tuple(needs(assumption, caller, SESSION)),
        assumption=assumption,
    )


def _told_apart(assumption: Assumption) -> object:
    """What sessions of one role differ by."""
    return assumption.session_name, assumption.tags, assumption.transitive, assumption.source_identity
