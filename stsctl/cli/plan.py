"""`stsctl plan`: the steps to a role, each with its reason; nothing is called and nobody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stsctl.cli.options import json_option, name_argument, wanted_options
from stsctl.cli.plan_text import lines
from stsctl.formats.visible import key_id
from stsctl.plan import Asks, Plan, Step
from stsctl.request import AskerKind

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("plan")
@name_argument()
@wanted_options
@json_option
@click.pass_obj
def command(app: App, /, *, name: str | None, as_json: bool, **options: Any) -> None:
    """Show how a role is reached: the calls, what each is given, how long it lasts and why.

    Nothing is called, nobody is asked and no secret is read.
    """
    wanted, _ = app.typed(name, options)
    plan = app.plan(app.target(app.meant(wanted)))
    if as_json:
        app.report.answer(_as_json(app, plan))
    else:
        app.report.data("\n".join(lines(app, plan, app.report.strong)))


def _as_json(app: App, plan: Plan) -> dict[str, object]:
    return {
        "name": plan.name,
        "source": {
            "name": plan.target.source.name,
            "type": plan.target.source.kind.value,
            "access_key_id": key_id(plan.asker.id) if plan.asker.kind is AskerKind.KEYS and plan.asker.id else None,
        },
        "steps": [_step_as_json(step) | {"address": app.address(step.request)} for step in plan.steps],
        "warnings": list(plan.warnings),
    }


_ASKS_AS_JSON = {Asks.NOTHING: None, Asks.MFA: "mfa", Asks.SIGN_IN: "sign-in", Asks.PASSPHRASE: "passphrase"}


def _step_as_json(step: Step) -> dict[str, object]:
    request = step.request
    return {
        "operation": request.operation.action,
        "role_arn": str(request.role_arn) if request.role_arn else None,
        "session_name": request.session_name,
        "reason": step.reason,
        "origin": str(step.origin) if step.origin else None,
        "asks": _ASKS_AS_JSON[step.asks],
        "mfa_serial": request.mfa_serial,
        "duration_seconds": int(step.effective.total_seconds()),
        "requested_seconds": int(step.requested.total_seconds()) if step.requested else None,
        "capped_because": step.capped_because,
        "external_id": request.external_id,
        "source_identity": request.source_identity,
        "tags": dict(request.tags),
        "transitive": list(request.transitive_tag_keys),
        "policy": request.policy,
        "policy_arns": list(request.policy_arns),
        "provided_contexts": [context.provider_arn for context in request.provided_contexts],
        "account_id": request.account_id,
        "role_name": request.role_name,
        "task_policy_arn": str(request.task_policy_arn) if request.task_policy_arn else None,
        "region": request.endpoint.region,
        "endpoint_url": request.endpoint.url,
    }
