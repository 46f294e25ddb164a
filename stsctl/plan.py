"""From a target to the steps to take, each with its reason; computed without touching anything.

It knows AWS's limits: a role's session lasts 15 minutes to 12 hours, one that another session assumed at most an hour
(role chaining), and a one-time code is taken only from the user whose device it is.
Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html (role chaining),
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from enum import Enum

from stsctl import limits
from stsctl.arn import Arn
from stsctl.callers import begins_with_proof, operation_of, refuse_what_cannot_be
from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import ConfigurationError
from stsctl.lifetime import HOUR, Maximum, lifetime
from stsctl.origin import Origin
from stsctl.request import Asker, Endpoint, Operation, SessionRequest
from stsctl.session_name import Person, session_name
from stsctl.target import Hop, HopKind, MfaMode, Target

SESSION_TOKEN_DURATION = timedelta(hours=12)
"""What GetSessionToken gives when no duration is asked for."""


class Asks(Enum):
    """What a step asks of a person."""

    NOTHING = "nothing"
    MFA = "an MFA code"
    SIGN_IN = "a sign-in"
    PASSPHRASE = "a passphrase"  # noqa: S105 - what is asked for
    """That of a key, or a token's PIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call. `requested` is what was said, `effective` what will be asked for (or what AWS gives unasked).

    `capped_because` says why the two differ; `duration_typed` that a person typed the duration this time. A step that
    is no hop of the target's is there for the MFA code alone; any other has the `origin` of its hop.
    """

    name: str
    request: SessionRequest
    reason: str
    effective: timedelta
    asks: Asks = Asks.NOTHING
    mfa_process: tuple[str, ...] = ()
    requested: timedelta | None = None
    capped_because: str | None = None
    duration_typed: bool = False
    is_hop: bool = True
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps to a target, from the source on. Without steps the source's own credentials are the answer."""

    target: Target
    asker: Asker
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    instance: str | None = None
    """The emulator that the source's own session is of."""

    @property
    def name(self) -> str:
        """As the person called it."""
        return self.target.name

    @property
    def chain(self) -> tuple[str, ...]:
        """The names from the source to the target."""
        return (self.target.source.name, *(hop.name for hop in self.target.hops))

    @property
    def request_key(self) -> str:
        """What tells its session from every other; without steps, whose keys they are."""
        return self.steps[-1].request.cache_key() if self.steps else self.asker.session_key(self.instance)

    def with_step(self, position: int, step: Step) -> Plan:
        """This plan with another step in one place; what follows asks with that one's session."""
        steps = [*self.steps[:position], step]
        for later in self.steps[position + 1 :]:
            steps.append(replace(later, request=replace(later.request, asker=steps[-1].request.next_asker())))
        return replace(self, steps=tuple(steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a plan needs besides its target: where each hop is asked (None: the source), who asks, what is known.

    `asks` is what the source asks of a person for the first call.
    """

    asker: Asker
    person: Person
    endpoint_of: Callable[[Hop | None], Endpoint]
    maximum_of: Callable[[Arn, Endpoint], Maximum | None]
    asks: Asks = Asks.NOTHING

    def known_of(self, hop: Hop) -> Maximum | None:
        """What is known of the longest session that a role gives."""
        return self.maximum_of(hop.role_arn, self.endpoint_of(hop)) if hop.role_arn else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """The one-time code that the chain needs: whose, how it is got, and in which call it goes."""

    serial: str
    process: tuple[str, ...]
    direct: bool
    reason: str


def make(target: Target, around: Surroundings) -> Plan:
    """The plan for `target`.

    Raises UsageError for a typed duration that AWS would refuse and for hops that cannot follow each other,
    ConfigurationError for a device that cannot be used.
    """
    refuse_what_cannot_be(target, around.asker)
    warnings = list(target.warnings)
    code = _code(target, around, warnings)
    steps: list[Step] = []
    asker = around.asker
    if code and not code.direct:
        steps.append(_session_token(target, asker, around.endpoint_of(None), code))
        asker = steps[-1].request.next_asker()
    for position in range(len(target.hops)):
        direct = code if code and code.direct and position == 0 else None
        steps.append(_step(target, position, asker, around, direct))
        asker = steps[-1].request.next_asker()
    if steps and around.asks is not Asks.NOTHING:
        steps[0] = replace(steps[0], asks=around.asks)
    warnings += [*_tags_in_the_way(target.hops), *_powerless(target.hops)]
    warnings += [_short_life(step) for step in steps[-1:] if _is_short(step)]
    instance = around.endpoint_of(None).instance
    return Plan(target=target, asker=around.asker, steps=tuple(steps), warnings=tuple(warnings), instance=instance)


def within(step: Step, maximum: Maximum | None) -> Step:
    """`step` asking for no more than AWS is known to give; a typed duration stays as it was typed."""
    asked = step.request.duration
    if maximum is None or maximum.below is None or asked is None or asked < maximum.below or step.duration_typed:
        return step
    least = max(maximum.at_least or HOUR, HOUR)
    because = f"AWS refused {render_duration(maximum.below)} for this role before"
    return replace(step, request=replace(step.request, duration=least), effective=least, capped_because=because)


def _code(target: Target, around: Surroundings, warnings: list[str]) -> _Code | None:
    """Whether a code is needed, and in which call it goes; adds to `warnings` what is odd about it."""
    serials = list(dict.fromkeys(s for s in (target.source.mfa_serial, *(hop.mfa_serial for hop in target.hops)) if s))
    if not serials or (target.hops and target.hops[0].kind in _TAKE_NO_CODE):
        return None
    serial = serials[0]
    if begins_with_proof(target.source):
        warnings.append("the chain begins without a user of IAM, so there is no device whose MFA code could be given")
        return None
    if around.asker.temporary:
        warnings.append("the source's credentials are temporary, so no MFA code can be given with them")
        return None
    if limits.is_security_key(serial):
        raise ConfigurationError(
            f'"{serial}" is a security key, and STS takes only codes that a device shows',
            hint="register an authenticator app (a virtual MFA device) beside it, and name that in mfa_serial",
        )
    if len(serials) > 1:
        warnings.append(f"{len(serials)} MFA devices are named on the way; AWS takes only the source's own: {serial}")
    processes = (target.source.mfa_process, *(hop.mfa_process for hop in target.hops))
    direct, reason = _where_the_code_goes(target, around)
    return _Code(serial=serial, process=next((p for p in processes if p), ()), direct=direct, reason=reason)


_TAKE_NO_CODE = (HopKind.FEDERATION_TOKEN, HopKind.ROOT)
"""What takes neither a code nor a session that was got by one.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""


def _where_the_code_goes(target: Target, around: Surroundings) -> tuple[bool, str]:
    if not target.hops or target.hops[0].kind is HopKind.SESSION_TOKEN:
        return bool(target.hops), "this name is the user's own session"
    if target.mfa is MfaMode.SESSION:
        return False, 'asked for by mfa = "session"'
    if target.mfa is MfaMode.DIRECT and target.hops[0].kind is HopKind.ROLE:
        return True, 'the code goes into this very call: mfa = "direct"'
    if len(target.hops) == 1:
        hop = target.hops[0]
        if lifetime(hop, around.known_of(hop), chained=False, code_at_stake=True).effective > HOUR:
            return True, "the code goes into this very call: a role that a session assumes ends after an hour"
    return False, "one code at the start serves every role from here"


def _session_token(target: Target, asker: Asker, endpoint: Endpoint, code: _Code) -> Step:
    request = SessionRequest(
        operation=Operation.GET_SESSION_TOKEN, endpoint=endpoint, asker=asker, mfa_serial=code.serial
    )
    return Step(
        name=f"{target.source.name} with MFA",
        request=request,
        reason=code.reason,
        asks=Asks.MFA,
        mfa_process=code.process,
        effective=SESSION_TOKEN_DURATION,
        is_hop=False,
    )


def _step(target: Target, position: int, asker: Asker, around: Surroundings, code: _Code | None) -> Step:
    hop = target.hops[position]
    known = around.known_of(hop)
    length = lifetime(hop, known, chained=asker.temporary, code_at_stake=code is not None)
    operation = operation_of(target, position)
    request = SessionRequest(
        operation=operation,
        endpoint=around.endpoint_of(hop),
        asker=asker,
        role_arn=hop.role_arn,
        account_id=hop.account_id,
        role_name=hop.role_name,
        task_policy_arn=hop.task_policy_arn,
        session_name=session_name(hop, operation, around.person),
        duration=length.sent,
        external_id=hop.external_id,
        policy=hop.policy,
        policy_arns=hop.policy_arns,
        tags=tuple(sorted(hop.tags)),
        transitive_tag_keys=tuple(sorted(hop.transitive)),
        source_identity=hop.source_identity,
        provided_contexts=hop.provided_contexts,
        mfa_serial=code.serial if code else None,
        provider_arn=_provider_arn(target, operation),
    )
    before = target.hops[position - 1].name if position else target.source.name
    reason = f'"{hop.name}" is {_BY.get(operation, "assumed from")} "{before}"'
    step = Step(
        name=hop.name,
        request=request,
        reason=f"{reason}; {code.reason}" if code else reason,
        asks=Asks.MFA if code else Asks.NOTHING,
        mfa_process=code.process if code else (),
        requested=length.requested,
        effective=length.effective,
        capped_because=length.because,
        duration_typed=hop.duration_typed,
        origin=hop.origin,
    )
    return within(step, known)


_BY = {
    Operation.GET_SESSION_TOKEN: "the session of",
    Operation.GET_FEDERATION_TOKEN: "vouched for by",
    Operation.ASSUME_ROOT: "opened by",
    Operation.GET_ROLE_CREDENTIALS: "assigned by",
}
"""How a session comes from who asks for it, where that is not called to assume."""


def _provider_arn(target: Target, operation: Operation) -> Arn | None:
    proof = target.source.proof
    return proof.provider_arn if proof and operation is Operation.ASSUME_ROLE_WITH_SAML else None


def _tags_in_the_way(hops: tuple[Hop, ...]) -> Iterator[str]:
    """Tags that AWS refuses, because they came down the chain with another value that nobody can change."""
    handed_on: dict[str, str] = {}
    for hop in hops:
        for key, _ in hop.tags:
            if key.lower() in handed_on:
                first = handed_on[key.lower()]
                yield f'AWS refuses the tag "{key}" of "{hop.name}": "{first}" hands on one of that name (transitive)'
        handed_on |= {key.lower(): hop.name for key in hop.transitive}


def _powerless(hops: tuple[Hop, ...]) -> Iterator[str]:
    for hop in hops:
        if hop.kind is HopKind.FEDERATION_TOKEN and not (hop.policy or hop.policy_arns):
            yield f'"{hop.name}" can do nothing: a federated user may do what a policy here allows, and there is none'


def _is_short(step: Step) -> bool:
    # A root user's session is never longer.
    return step.effective < timedelta(minutes=30) and step.request.operation is not Operation.ASSUME_ROOT


def _short_life(step: Step) -> str:
    return f"a session of {render_duration(step.effective)} is so short that SDKs ask for a new one at every use"
