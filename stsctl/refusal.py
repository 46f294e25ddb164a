"""A step that failed, in words: which hop of which role it was, and what most likely helps."""

from __future__ import annotations

from stsctl.callers import begins_with_proof
from stsctl.errors import RefusedError, StsctlError, UnavailableError
from stsctl.federation import subject
from stsctl.plan import Asks, Plan, Step
from stsctl.request import AskerKind

EXPLAIN = "stsctl explain --last"


def locate(plan: Plan, position: int, error: StsctlError) -> None:
    """Makes `error` say which hop of which role it was, and what may help."""
    if not isinstance(error, RefusedError | UnavailableError):
        return
    step = plan.steps[position]
    of = f" on {step.request.role_arn}" if step.request.role_arn else ""
    where = f"hop {position + 1} of {len(plan.steps)}, {step.request.operation.action}{of}"
    kind = "role" if plan.target.hops else "source"
    what = "refused" if isinstance(error, RefusedError) else "not reached"
    error.message = f'{kind} "{plan.name}" {what}: {where}' + (f": {error.message}" if error.message else "")
    error.args = (error.message,)
    if isinstance(error, RefusedError):
        error.position = position
        error.hint = error.hint or _hint(plan, step, error)


def _hint(plan: Plan, step: Step, error: RefusedError) -> str:
    """What most likely helps against a refusal, from what was and was not sent."""
    if "unable to validate MFA code" in error.reason:
        return f'check mfa_serial: "{step.request.mfa_serial}" is not a device of this user'
    if "invalid MFA one time pass code" in error.reason:
        return "wait for the next code; if none is taken, the clock of the device is off"
    if "exceeds the MaxSessionDuration" in error.reason:
        return "try --duration 1h, which every role gives"
    cause = _cause(plan, step, error) if error.code == "AccessDenied" else None
    return f"{cause}; why: {EXPLAIN}" if cause else EXPLAIN


def _cause(plan: Plan, step: Step, error: RefusedError) -> str | None:
    """What is most often to blame for such a denial; None where nothing stands out."""
    if step.request.asker.kind in (AskerKind.WEB_IDENTITY, AskerKind.SAML):
        return (
            f"the role's trust policy has to let in {subject(step.request.asker)}, by {step.request.operation.action}"
        )
    if "sts:SetSourceIdentity" in error.reason and step.request.source_identity is None:
        return "the session has a source identity, which goes on with every role: both sides have to allow that action"
    if begins_with_proof(plan.target.source):
        return None
    if all(each.asks is Asks.NOTHING for each in plan.steps):
        return "no MFA code is given on this way; if a role wants one, name the device as mfa_serial"
    if step.request.external_id is None and _crosses_accounts(plan, step):
        return "no external id is given, and a role of another account often wants one: --external-id"
    return None


def _crosses_accounts(plan: Plan, step: Step) -> bool:
    """Whether the role of a step is in another account than the role before it."""
    position = plan.steps.index(step)
    before = plan.steps[position - 1].request.role_arn if position else None
    role = step.request.role_arn
    return before is not None and role is not None and before.account != role.account
