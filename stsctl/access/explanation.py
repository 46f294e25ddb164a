"""Why a chain of calls leads to its role or does not, hop by hop: what is known, what is likely, what is assumed.

With the policies at hand a hop is decided by them, and the smallest change is found by making it. Without them there
are only likely causes, each with what would settle it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from stsctl import federation
from stsctl.access.assumption import Assumption
from stsctl.access.attempt import Attempt
from stsctl.access.caller import Caller, role_session, user_session
from stsctl.access.can import Surroundings, Verdict
from stsctl.access.likely import Cause, Words, likely
from stsctl.access.remedy import remedy
from stsctl.access.snapshot import PolicyText, Role, Snapshot, User
from stsctl.access.vouched import vouched
from stsctl.plan import Plan, Step
from stsctl.policy.document import PolicyError
from stsctl.policy.explain import explain
from stsctl.policy.kind import Kind
from stsctl.request import Asker, Operation

_ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}'
_BEYOND_POLICIES = "is decided by who signs in and what they were assigned, not by policies that could be read"


class Answer(Enum):
    """Whether a hop is taken."""

    YES = "allowed"
    NO = "refused"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class HopAnswer:
    """One hop. `evidence` are lines that say which statements decided, `changes` what, all of it, would let it through.

    `causes` are what may be to blame where nothing is known for sure; `assumed` what the answer takes for granted.
    """

    step: Step
    answer: Answer
    evidence: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every hop of a plan."""

    hops: tuple[HopAnswer, ...]

    @property
    def answer(self) -> Answer:
        """The first that is refused counts, then what is not known."""
        answers = {hop.answer for hop in self.hops}
        return next((each for each in (Answer.NO, Answer.UNKNOWN) if each in answers), Answer.YES)


def explained(
    plan: Plan,
    snapshot: Snapshot,
    first: Caller | None,
    around: Surroundings,
    *,
    proof: Asker | None = None,
    refused_at: int | None = None,
    words: Words | None = None,
) -> Explanation:
    """The answer for each step of `plan`, begun by `first` (None: somebody who is not known).

    `proof` is whom a token or an assertion is about that is at hand where the first step takes one. `words` are what
    AWS said when it refused the step number `refused_at`.
    """
    return Explanation(hops=tuple(_Walk(plan, snapshot, around, proof).hops(first, refused_at, words)))


@dataclass(frozen=True, slots=True)
class _Walk:
    plan: Plan
    snapshot: Snapshot
    around: Surroundings
    proof: Asker | None

    def hops(self, caller: Caller | None, refused_at: int | None, words: Words | None) -> Iterator[HopAnswer]:
        for position, step in enumerate(self.plan.steps):
            hop, caller = self._hop(step, caller)
            was_refused = position == refused_at
            if was_refused and hop.answer is Answer.YES:
                hop = replace(hop, answer=Answer.UNKNOWN, assumed=(*hop.assumed, _CHANGED))
            if hop.answer is Answer.UNKNOWN or was_refused:
                found = likely(self.plan, position, words if was_refused else None)
                hop = replace(hop, causes=hop.causes or tuple(found))
            yield hop

    def _hop(self, step: Step, caller: Caller | None) -> tuple[HopAnswer, Caller | None]:
        """A step's answer, and who asks next, where it is taken."""
        request = step.request
        match request.operation:
            case Operation.GET_SESSION_TOKEN:
                return self._session_token(step, caller)
            case Operation.ASSUME_ROLE:
                return self._assume_role(step, caller)
            case Operation.ASSUME_ROLE_WITH_WEB_IDENTITY | Operation.ASSUME_ROLE_WITH_SAML:
                return self._vouched(step)
            case Operation.GET_FEDERATION_TOKEN | Operation.ASSUME_ROOT:
                return HopAnswer(step=step, answer=Answer.UNKNOWN), None
            case _:
                return HopAnswer(step=step, answer=Answer.UNKNOWN, assumed=(f"it {_BEYOND_POLICIES}",)), self._session(
                    step
                )

    def _session_token(self, step: Step, caller: Caller | None) -> tuple[HopAnswer, Caller | None]:
        holder = caller.holder if caller is not None else None
        after = user_session(holder, mfa=step.request.mfa_serial is not None) if isinstance(holder, User) else None
        assumed = (f"{step.request.mfa_serial} is a device of that user",) if step.request.mfa_serial else ()
        evidence = ("it needs no permission, only a user's long-term keys",)
        return HopAnswer(step=step, answer=Answer.YES, evidence=evidence, assumed=assumed), after

    def _vouched(self, step: Step) -> tuple[HopAnswer, Caller | None]:
        """By the trust policy, and what an identity provider says of who comes."""
        role = self._role(step)
        somebody = vouched(step.request, self.proof) if self.proof is not None else None
        if role is None or somebody is None:
            missing = "a token or an assertion" if somebody is None else f"the trust policy of {step.request.role_arn}"
            return HopAnswer(step=step, answer=Answer.UNKNOWN, assumed=(f"not at hand: {missing}",)), self._session(
                step
            )
        try:
            last = somebody.verdicts(self.snapshot, role, self.around)[-1]
        except PolicyError as error:
            return _unreadable(step, error), self._session(step)
        open_keys = tuple(f"nobody knows its {key}" for key in somebody.not_known(role))
        answer = Answer.YES if last.decision.allowed else Answer.UNKNOWN if open_keys else Answer.NO
        assert self.proof is not None
        known = f"it is about {federation.subject(self.proof)}"
        hop = HopAnswer(
            step=step, answer=answer, evidence=(known, *_lines(last)), assumed=(*somebody.assumed, *open_keys)
        )
        return hop, somebody.becomes(role)

    def _assume_role(self, step: Step, caller: Caller | None) -> tuple[HopAnswer, Caller | None]:
        role, missing = self._role(step), []
        if caller is None:
            missing.append("whose policies speak for the one who asks")
        if role is None:
            missing.append(f"the trust policy of {step.request.role_arn}")
        if caller is None or role is None:
            answer = HopAnswer(
                step=step, answer=Answer.UNKNOWN, assumed=tuple(f"not at hand: {each}" for each in missing)
            )
            if caller is not None:
                answer = self._by_the_callers_side(step, caller) or answer
            return answer, self._session(step)
        attempt = Attempt(
            snapshot=self.snapshot, caller=caller, assumption=self._assumption(step, role), around=self.around
        )
        try:
            return self._decided(step, attempt), attempt.assumption.becomes(caller)
        except PolicyError as error:
            return _unreadable(step, error), self._session(step)

    def _decided(self, step: Step, attempt: Attempt) -> HopAnswer:
        refused = attempt.refused
        assumed = (f"{step.request.mfa_serial} is a device of that user",) if attempt.assumption.mfa else ()
        if refused is None:
            verdicts = attempt.assumption.verdicts(attempt.snapshot, attempt.caller, attempt.around)
            return HopAnswer(step=step, answer=Answer.YES, evidence=_lines(verdicts[0]), assumed=assumed)
        changes = remedy(attempt) or ()
        return HopAnswer(
            step=step,
            answer=Answer.NO,
            evidence=_lines(refused),
            changes=tuple(change.words for change in changes),
            assumed=assumed,
        )

    def _by_the_callers_side(self, step: Step, caller: Caller) -> HopAnswer | None:
        """A refusal by the caller's own policies, which no trust policy could make good across accounts."""
        arn = step.request.role_arn
        if arn is None or arn.account == caller.account:
            return None
        trust = PolicyText(name="trust policy that is not at hand", text=_ALL, kind=Kind.TRUST)
        role = Role(arn=str(arn), id="", account=arn.account, trust=trust)
        snapshot = replace(self.snapshot, roles={**self.snapshot.roles, role.arn: role})
        assumption = Assumption(role=role, session_name=step.request.session_name or "session")
        attempt = Attempt(snapshot=snapshot, caller=caller, assumption=assumption, around=self.around)
        return None if attempt.refused is None else self._decided(step, attempt)

    def _role(self, step: Step) -> Role | None:
        """The role that a step is about, with or without its path."""
        arn, request = step.request.role_arn, step.request
        if arn is not None:
            return self.snapshot.roles.get(str(arn))
        reserved = f"AWSReservedSSO_{request.role_name}_"
        found = (role for role in self.snapshot.roles.values() if role.account == request.account_id)
        return next((role for role in found if role.name.startswith(reserved)), None)

    def _session(self, step: Step) -> Caller | None:
        """Who asks next, if the step is taken somehow."""
        role = self._role(step)
        return None if role is None else self._assumption(step, role).becomes(role_session(role, "session"))

    def _assumption(self, step: Step, role: Role) -> Assumption:
        request = step.request
        inline = [PolicyText(name="session policy", text=request.policy, kind=Kind.SESSION)] if request.policy else []
        managed = [self.snapshot.managed[arn] for arn in request.policy_arns if arn in self.snapshot.managed]
        return Assumption(
            role=role,
            session_name=request.session_name or "session",
            external_id=request.external_id,
            tags=request.tags,
            transitive=request.transitive_tag_keys,
            source_identity=request.source_identity,
            session=(*inline, *managed),
            mfa=request.mfa_serial is not None,
        )


_CHANGED = "AWS refused it, and by the policies at hand it is allowed: they are older or newer, or not all of them"


def _unreadable(step: Step, error: PolicyError) -> HopAnswer:
    return HopAnswer(step=step, answer=Answer.UNKNOWN, assumed=(f"a policy is not valid: {error.message}",))


def _lines(verdict: Verdict) -> tuple[str, ...]:
    return tuple(explain(verdict.request, verdict.traced))
