"""A plan in words: its beginning, then each call with its reason, what it is given and how long it lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stsctl.duration import render_duration
from stsctl.formats.visible import key_id, visible
from stsctl.plan import Asks, Plan, Step
from stsctl.request import AskerKind, Operation
from stsctl.sent import sent
from stsctl.source import SourceKind

if TYPE_CHECKING:
    from stsctl.cli.app import App

_SIGN_IN = "where you sign in"
_NO_KEYS = {
    SourceKind.KEYS: 'no keys are in the store yet, see "stsctl keys add"',
    SourceKind.ENVIRONMENT: "which has no keys here",
    SourceKind.OIDC: "with the token that it gives when it is asked",
    SourceKind.SAML: "with the assertion that it gives when it is asked",
    SourceKind.FILE: "with the session that it holds",
    SourceKind.INSTANCE_METADATA: "which gives other keys all the time",
    SourceKind.CONTAINER: "which gives other keys all the time",
    SourceKind.IDENTITY_CENTER: _SIGN_IN,
    SourceKind.ROLES_ANYWHERE: "with its certificate",
}


def _whose(plan: Plan) -> str:
    """With whose keys, or with what in their place, a plan begins."""
    source, asker = plan.target.source, plan.asker
    if asker.kind is AskerKind.LOGIN:
        return f"as {visible(asker.id)}"
    if asker.kind is AskerKind.KEYS and asker.id:
        return key_id(asker.id)
    if source.proof is not None and (source.proof.issuer is not None or source.proof.sign_in_url is not None):
        return _SIGN_IN
    return _NO_KEYS.get(source.kind, "keys that it gives when it is asked")


def lines(app: App, plan: Plan, strong: Callable[[str], str]) -> Iterator[str]:
    """The lines; `strong` makes what is written stand out where they go."""
    source = plan.target.source
    where = f" ({source.origin})" if source.origin else ""
    yield f'"{visible(plan.name)}" starts from {source.kind.value} "{visible(source.name)}"{where}, {_whose(plan)}'
    if not plan.steps and not app.sources.is_signed_in(source):
        command = "assume" if source.kind is SourceKind.SAML else "sso login"
        yield f"  and wants you to sign in first: stsctl {command} {visible(source.name)}"
    elif not plan.steps and source.proof is None:
        yield "  and is reached at once: these credentials are handed on as they are"
    elif not plan.steps:
        yield "  and is no role yet: name one that it becomes"
    for position, step in enumerate(plan.steps, start=1):
        yield ""
        yield strong(f"{position}. {step.request.operation.action}") + f"  {_object(step)}"
        for label, value in _details(app, step):
            yield f"     {label:<16}{visible(value)}"
    for warning in plan.warnings:
        yield ""
        yield f"note: {visible(warning)}"


def _object(step: Step) -> str:
    request = step.request
    if request.operation is Operation.GET_ROLE_CREDENTIALS:
        return visible(f"{request.role_name} in {request.account_id}")
    if request.operation is Operation.ASSUME_ROOT and request.task_policy_arn:
        return visible(f"{request.task_policy_arn.resource_name} in {request.account_id}")
    about = request.role_arn or request.mfa_serial or request.session_name
    return visible(f"for {about}" if about and not request.role_arn else str(about or ""))


_SAID_BY = {
    Operation.ASSUME_ROLE_WITH_SAML: "the assertion",
    Operation.GET_ROLE_CREDENTIALS: "the permission set",
    Operation.CREATE_SESSION: "the profile",
}
"""Who says how long a session lasts, where nobody asks for it."""


def _details(app: App, step: Step) -> Iterator[tuple[str, str]]:
    request = step.request
    yield "why", step.reason
    if step.origin is not None:
        yield "written in", str(step.origin)
    lasts = render_duration(step.effective)
    if step.capped_because:
        lasts += f", not {render_duration(step.requested)}" if step.requested else ""
        lasts += f": {step.capped_because}"
    if step.requested is None and request.operation in _SAID_BY:
        lasts = f"as long as {_SAID_BY[request.operation]} says, else {lasts}"
    yield "lasts", lasts
    if step.asks is Asks.MFA:
        how = f"answered by {step.mfa_process[0]}" if step.mfa_process else "asked of you"
        yield "MFA code", f"{request.mfa_serial}, {how}"
    if step.asks is Asks.SIGN_IN:
        yield "sign-in", "asked of you"
    if step.asks is Asks.PASSPHRASE:
        yield "passphrase", "asked of you"
    yield from (said for said in sent(request) if said[0] != "MFA device")
    yield "asked at", f"{app.address(request)} in {request.endpoint.region}"
