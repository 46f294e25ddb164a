"""`stsctl access can | who-can`: what somebody may do, and who may do something, by the policies at hand."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from stsctl.access.can import Verdict, can, who_can
from stsctl.cli import at_hand
from stsctl.cli.options import complete_name
from stsctl.errors import AnswerIsNo
from stsctl.formats.visible import visible
from stsctl.policy.evaluate import Effect
from stsctl.policy.explain import explain
from stsctl.policy.question import to_value

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("can")
@click.argument("name", shell_complete=complete_name)
@click.argument("action")
@click.argument("resource", default="*")
@at_hand.policies_options
@click.pass_obj
def can_command(
    app: App,
    /,
    *,
    name: str,
    action: str,
    resource: str,
    context: tuple[tuple[str, str], ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Say whether somebody may do ACTION on RESOURCE, and which statement decided. The status is 8 where not.

    NAME is a role or a source of the configuration, an ARN, or account:name. The policies are those of --policies: the
    answer of "aws iam get-account-authorization-details" in a file or a folder, an organization, the emulator's, or,
    live, those of the account that the current session is in.
    """
    snapshot, around = at_hand.gathered(app, context, options)
    verdict = can(snapshot, at_hand.caller(app, snapshot, name), action, resource, around)
    decision = verdict.traced
    lines = explain(verdict.request, decision)
    if as_json:
        app.report.answer(_as_json(verdict) | {"explanation": lines, "gaps": list(snapshot.gaps)})
    else:
        answer = "yes" if decision.allowed else "no"
        who = visible(verdict.caller.principal.arn)
        app.report.data(f"{app.report.strong(answer)}: {who}, {visible(action)} on {visible(resource)}")
        app.report.data("\n".join(f"  {visible(line)}" for line in lines))
        at_hand.say_gaps(app, snapshot)
    if not decision.allowed:
        denied = decision.effect is Effect.EXPLICITLY_DENIED
        raise AnswerIsNo(f"{action} is {'explicitly denied' if denied else 'not allowed'}")


@click.command("who-can")
@click.argument("action")
@click.argument("resource", default="*")
@at_hand.policies_options
@click.pass_obj
def who_can_command(
    app: App, /, *, action: str, resource: str, context: tuple[tuple[str, str], ...], as_json: bool, **options: Any
) -> None:
    """List everybody who may do ACTION on RESOURCE, each with the statement that lets them. The status is 8 for nobody.

    Users are asked with their long-term keys, and roles with a session; what takes more, an MFA code or an external id,
    is said by --context: aws:MultiFactorAuthPresent=true, sts:ExternalId=…
    """
    snapshot, index, around = at_hand.indexed(app, context, options)
    found = list(who_can(snapshot, action, resource, around, index))
    if as_json:
        app.report.answer({"allowed": [_as_json(verdict) for verdict in found], "gaps": list(snapshot.gaps)})
    else:
        app.report.rows((visible(each.caller.holder.arn), visible(", ".join(_granting(each)))) for each in found)
        at_hand.say_gaps(app, snapshot)
    if not found:
        if action.lower().startswith("sts:assumerole") and not context:
            app.report.notice(
                "everybody was asked without MFA, external id and tags: say them with --context, or find what is wanted"
                f" of whom: stsctl access paths WHO {quote(resource)}"
            )
        raise AnswerIsNo(f"nobody may {action}")


def _granting(verdict: Verdict) -> Iterator[str]:
    for decided in verdict.decision.statements:
        yield f"{decided.policy.name} {decided.statement.sid or decided.statement.index}"


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "principal": verdict.caller.holder.arn,
        "action": verdict.request.action,
        "resource": verdict.request.resource,
        **to_value(verdict.decision),
    }
