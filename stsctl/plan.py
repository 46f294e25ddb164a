"""From a target to the steps to take, each with its reason; computed without touching anything.

It knows AWS's limits: a role's session lasts 15 minutes to 12 hours, one that another session assumed at most an hour
(role chaining), and a one-time code is taken only from the user whose device it is.
Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html (role chaining),
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from stsctl.arn import Arn
from stsctl.duration import render_duration
from stsctl.errors import ConfigurationError, UsageError
from stsctl.federation import first_operation, refuse_what_it_takes_not
from stsctl.request import Asker, AskerKind, Endpoint, Operation, SessionRequest
from stsctl.target import Hop, MfaMode, Target

HOUR = timedelta(hours=1)
SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
SESSION_TOKEN_DURATION = timedelta(hours=12)
"""What GetSessionToken gives when no duration is asked for."""


class Asks(Enum):
    """What a step asks of a person."""

    NOTHING = "nothing"
    MFA = "an MFA code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call. `requested` is what was said, `effective` what will be asked for (or what AWS gives unasked).

    `capped_because` says why the two differ; `duration_typed` that a person typed the duration this time.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps to a target, from the source on. Without steps the source's own credentials are the answer."""

    target: Target
    asker: Asker
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()

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
        return self.steps[-1].request.cache_key() if self.steps else self.asker.id

    def with_step(self, position: int, step: Step) -> Plan:
        """This plan with another step in one place; what follows asks with that one's session."""
        steps = [*self.steps[:position], step]
        for later in self.steps[position + 1 :]:
            steps.append(replace(later, request=replace(later.request, asker=steps[-1].request.next_asker())))
        return replace(self, steps=tuple(steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Maximum:
    """What AWS's answers taught of a role's MaxSessionDuration: it gave `at_least`, and refused `below`."""

    at_least: timedelta | None = None
    below: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who sits at the machine, for session names."""

    user: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a plan needs besides its target: where each hop is asked (None: the source), who asks, what is known."""

    asker: Asker
    person: Person
    endpoint_of: Callable[[Hop | None], Endpoint]
    maximum_of: Callable[[Arn, Endpoint], Maximum | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """The one-time code that the chain needs: whose, how it is got, and in which call it goes."""

    serial: str
    process: tuple[str, ...]
    direct: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duration:
    requested: timedelta | None
    effective: timedelta
    because: str | None = None

    @property
    def sent(self) -> timedelta | None:
        return None if self.requested is None else self.effective


def make(target: Target, around: Surroundings) -> Plan:
    """The plan for `target`.

    Raises UsageError for a typed duration that AWS would refuse, ConfigurationError for a device that cannot be used.
    """
    warnings = list(target.warnings)
    code = _code(target, around, warnings)
    steps: list[Step] = []
    asker = around.asker
    if code and not code.direct:
        steps.append(_session_token(target, asker, around.endpoint_of(None), code))
        asker = steps[-1].request.next_asker()
    for position, hop in enumerate(target.hops):
        direct = code if code and code.direct and position == 0 else None
        steps.append(_assume_role(target, position, hop, asker, around, direct))
        asker = steps[-1].request.next_asker()
    warnings += [_short_life(step) for step in steps[-1:] if step.effective < timedelta(minutes=30)]
    return Plan(target=target, asker=around.asker, steps=tuple(steps), warnings=tuple(warnings))


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
    if not serials:
        return None
    serial = serials[0]
    if not first_operation(target.source).is_signed:
        warnings.append("the chain begins without a user of IAM, so there is no device whose MFA code could be given")
        return None
    if _temporary(around.asker):
        warnings.append("the source's credentials are temporary, so no MFA code can be given with them")
        return None
    if ":u2f/" in serial:
        raise ConfigurationError(
            f'"{serial}" is a security key, and STS takes only codes that a device shows',
            hint="register an authenticator app (a virtual MFA device) beside it, and name that in mfa_serial",
        )
    if len(serials) > 1:
        warnings.append(f"{len(serials)} MFA devices are named on the way; AWS takes only the source's own: {serial}")
    processes = (target.source.mfa_process, *(hop.mfa_process for hop in target.hops))
    direct, reason = _where_the_code_goes(target, around)
    return _Code(serial=serial, process=next((p for p in processes if p), ()), direct=direct, reason=reason)


def _where_the_code_goes(target: Target, around: Surroundings) -> tuple[bool, str]:
    if not target.hops or target.mfa is MfaMode.SESSION:
        return False, 'asked for by mfa = "session"' if target.hops else "this name is the user's own session"
    if target.mfa is MfaMode.DIRECT:
        return True, 'the code goes into this very call: mfa = "direct"'
    if len(target.hops) == 1:
        hop = target.hops[0]
        duration = _duration(hop, around.endpoint_of(hop), around, chained=False, code_at_stake=True)
        if duration.effective > HOUR:
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
    )


def _assume_role(
    target: Target, position: int, hop: Hop, asker: Asker, around: Surroundings, code: _Code | None
) -> Step:
    endpoint = around.endpoint_of(hop)
    operation = Operation.ASSUME_ROLE if position else first_operation(target.source)
    refuse_what_it_takes_not(hop, operation)
    with_saml = operation is Operation.ASSUME_ROLE_WITH_SAML
    duration = _duration(
        hop,
        endpoint,
        around,
        chained=asker.kind is AskerKind.REQUEST or _temporary(asker),
        code_at_stake=code is not None,
    )
    request = SessionRequest(
        operation=operation,
        endpoint=endpoint,
        asker=asker,
        role_arn=hop.role_arn,
        session_name=None if with_saml else _session_name(hop, around.person),
        duration=duration.sent,
        external_id=hop.external_id,
        policy=hop.policy,
        policy_arns=hop.policy_arns,
        tags=tuple(sorted(hop.tags)),
        transitive_tag_keys=tuple(sorted(hop.transitive)),
        source_identity=hop.source_identity,
        mfa_serial=code.serial if code else None,
        provider_arn=target.source.proof.provider_arn if with_saml and target.source.proof else None,
    )
    before = target.hops[position - 1].name if position else target.source.name
    reason = f'"{hop.name}" is assumed from "{before}"'
    step = Step(
        name=hop.name,
        request=request,
        reason=f"{reason}; {code.reason}" if code else reason,
        asks=Asks.MFA if code else Asks.NOTHING,
        mfa_process=code.process if code else (),
        requested=duration.requested,
        effective=duration.effective,
        capped_because=duration.because,
        duration_typed=hop.duration_typed,
    )
    return within(step, around.maximum_of(hop.role_arn, endpoint))


def _duration(hop: Hop, endpoint: Endpoint, around: Surroundings, *, chained: bool, code_at_stake: bool) -> _Duration:
    """How long the hop's session is asked to last, and why not longer."""
    wanted = hop.duration
    if wanted is None:
        return _Duration(requested=None, effective=HOUR)
    text = render_duration(wanted)
    if not SHORTEST <= wanted <= LONGEST:
        raise UsageError(
            f"a duration of {text} is refused by AWS: a role's session lasts 15m to 12h", hint="try --duration 1h"
        )
    if chained and wanted > HOUR:
        if hop.duration_typed:
            raise UsageError(
                f'a duration of {text} is refused by AWS for "{hop.name}": a role that a session assumes'
                " (role chaining) ends after an hour",
                hint="try --duration 1h",
            )
        return _Duration(requested=wanted, effective=HOUR, because="a role that a session assumes ends after an hour")
    if hop.duration_typed:
        return _Duration(requested=wanted, effective=wanted)
    known = around.maximum_of(hop.role_arn, endpoint) or Maximum()
    sure = max(known.at_least or HOUR, HOUR)
    if code_at_stake and hop.duration_general and wanted > sure:
        because = f"the role's maximum is not known, and a code is at stake; --duration {text} asks for all of it"
        return _Duration(requested=wanted, effective=sure, because=because)
    return _Duration(requested=wanted, effective=wanted)


_NOT_IN_A_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


def _session_name(hop: Hop, person: Person) -> str:
    """The session's name; what a template is filled with is made to fit, what a person wrote was checked before."""
    template = hop.session_name or "{user}"
    values = {"user": person.user, "host": person.host}
    fitting = {key: _NOT_IN_A_SESSION_NAME.sub("-", value) for key, value in values.items()}
    return template.format_map(fitting)[:64].ljust(2, "-")


def _temporary(asker: Asker) -> bool:
    """Whether the access key id is one of temporary credentials (IAM identifiers: the prefix ASIA)."""
    return asker.kind is AskerKind.KEYS and asker.id.startswith("ASIA")


def _short_life(step: Step) -> str:
    return f"a session of {render_duration(step.effective)} is so short that SDKs ask for a new one at every use"
