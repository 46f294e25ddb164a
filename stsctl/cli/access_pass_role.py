"""`stsctl access pass-role`: whether a role can be handed to a service, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from stsctl.access.caller import Caller, plain
from stsctl.access.can import Surroundings, Verdict
from stsctl.access.index import Index
from stsctl.access.outsider import enter, outsider
from stsctl.access.passing import Passing, passing
from stsctl.access.services import SERVICES
from stsctl.access.snapshot import Role, Snapshot
from stsctl.cli import at_hand
from stsctl.cli.options import complete_name
from stsctl.errors import AnswerIsNo, UsageError
from stsctl.formats.visible import visible
from stsctl.policy.explain import explain
from stsctl.policy.question import to_value

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from stsctl.cli.app import App


def _complete_service(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in SERVICES if name.startswith(incomplete)]


@click.command("pass-role")
@click.argument("role", shell_complete=complete_name)
@click.option(
    "--to", "service", metavar="SERVICE", required=True, shell_complete=_complete_service, help="The service."
)
@click.option("--by", metavar="PRINCIPAL", shell_complete=complete_name, help="Who; else everybody who may is listed.")
@at_hand.policies_options
@click.pass_obj
def pass_role_command(
    app: App,
    /,
    *,
    role: str,
    service: str,
    by: str | None,
    context: tuple[tuple[str, str], ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Say whether ROLE can be handed to a service: may it be passed, does it trust the service, is it one account.

    SERVICE is the name that trust policies have, as lambda.amazonaws.com. What the service's own actions take, such as
    lambda:CreateFunction, is asked of the principal, too, where it is known. The status is 8 where anything is missing.
    """
    snapshot, index, around = at_hand.indexed(app, context, options)
    found = at_hand.caller(app, snapshot, role).holder
    if not isinstance(found, Role):
        raise UsageError(f'"{role}" is no role')
    if by is None:
        _everybody(app, snapshot, index, found, service, around, as_json=as_json)
        return
    asked = passing(snapshot, at_hand.caller(app, snapshot, by), found, service, around)
    if as_json:
        app.report.answer(_as_json(asked) | {"gaps": list(snapshot.gaps)})
    else:
        _show(app, asked)
        at_hand.say_gaps(app, snapshot)
    if not asked.allowed:
        raise AnswerIsNo(f"{by} cannot hand {role} to {service}")


def _everybody(
    app: App, snapshot: Snapshot, index: Index, role: Role, service: str, around: Surroundings, *, as_json: bool
) -> None:
    """Whether the role trusts the service, and all of its account who may pass it and make the service use it."""
    callers: list[Caller] = [
        plain(holder) for arn in index.living_in(role.account) if (holder := snapshot.holder(arn)) is not None
    ]
    asked = [passing(snapshot, caller, role, service, around) for caller in callers]
    able = [each for each in asked if each.allowed]
    trusts, _ = enter(snapshot, outsider(service, role.account), role, around)
    if as_json:
        app.report.answer({"trusts": _verdict(trusts), "able": [_as_json(each) for each in able]})
    else:
        app.report.data("\n".join(_point("the role trusts the service", trusts)))
        app.report.data("\n".join(visible(each.passes.caller.holder.arn) for each in able) or "nobody")
        at_hand.say_gaps(app, snapshot)
    if not able:
        raise AnswerIsNo(f"nobody can hand {role.name} to {service}")


def _show(app: App, asked: Passing) -> None:
    caller, role = asked.passes.caller.principal.arn, asked.role.arn
    answer = app.report.strong("yes" if asked.allowed else "no")
    app.report.data(f"{answer}: {visible(caller)} hands {visible(role)} to {visible(asked.service)}")
    lines = [*_point("iam:PassRole is allowed", asked.passes), *_point("the role trusts the service", asked.trusts)]
    lines.append(f"  {_word(asked.same_account)}: both are in one account")
    for verdict in asked.makes:
        lines += _point(f"{verdict.request.action} is allowed", verdict)
    lines += [f"  needs {visible(key)} = {visible(str(value))}" for key, value in asked.claims.items()]
    app.report.data("\n".join(lines))
    known = SERVICES.get(asked.service)
    if known is None:
        app.report.notice(f"which actions of {asked.service} take a role is not known here, and was not asked")
    elif known.extra:
        app.report.notice(f"it takes {known.extra}, too, which the policies do not show")


def _point(what: str, verdict: Verdict) -> Iterator[str]:
    """A thing that is needed, yes or no, and why."""
    decision = verdict.traced
    yield f"  {_word(decision.allowed)}: {what}"
    yield from (f"      {visible(line)}" for line in explain(verdict.request, decision))


def _word(allowed: bool) -> str:
    return "yes" if allowed else "no"


def _as_json(asked: Passing) -> dict[str, object]:
    return {
        "principal": asked.passes.caller.holder.arn,
        "role": asked.role.arn,
        "service": asked.service,
        "allowed": asked.allowed,
        "passes": _verdict(asked.passes),
        "trusts": _verdict(asked.trusts),
        "trusts_with": dict(asked.claims),
        "same_account": asked.same_account,
        "makes": [_verdict(each) for each in asked.makes],
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    decision = verdict.traced
    asked = {"action": verdict.request.action, "resource": verdict.request.resource}
    return {**asked, **to_value(decision), "explanation": explain(verdict.request, decision)}
