"""`stsctl access can | who-can`: what somebody may do, and who may do something, by the policies at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stsctl.access.caller import Caller, named, plain, role_session
from stsctl.access.can import Surroundings, Verdict, can, who_can
from stsctl.access.snapshot import Snapshot, User
from stsctl.cli import snapshots
from stsctl.cli.options import Tag, asking_options, complete_name, json_option
from stsctl.errors import AnswerIsNo
from stsctl.formats.visible import visible
from stsctl.policy.evaluate import Effect
from stsctl.policy.explain import explain
from stsctl.policy.question import to_value
from stsctl.target import HopKind, Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App

_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--policies",
        "places",
        multiple=True,
        metavar="FILE|DIR|emulator|live",
        help="Where the policies are; repeat it for more.",
    ),
    click.option("--as", "acting_as", metavar="NAME", shell_complete=complete_name, help="Read live as this role."),
    click.option("--context", "context", type=Tag(), multiple=True, help="A condition key, as KEY=VALUE; repeat it."),
    asking_options,
    json_option,
)


def policies_options(command: _F) -> _F:
    """Where the policies are, and what is said of the request."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("can")
@click.argument("name", shell_complete=complete_name)
@click.argument("action")
@click.argument("resource", default="*")
@policies_options
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
    snapshot, around = _at_hand(app, context, options)
    verdict = can(snapshot, _caller(app, snapshot, name), action, resource, around)
    decision = verdict.traced
    lines = explain(verdict.request, decision)
    if as_json:
        app.report.answer(_as_json(verdict) | {"explanation": lines, "gaps": list(snapshot.gaps)})
    else:
        answer = "yes" if decision.allowed else "no"
        who = visible(verdict.caller.principal.arn)
        app.report.data(f"{app.report.strong(answer)}: {who}, {visible(action)} on {visible(resource)}")
        app.report.data("\n".join(f"  {visible(line)}" for line in lines))
        _say_gaps(app, snapshot)
    if not decision.allowed:
        denied = decision.effect is Effect.EXPLICITLY_DENIED
        raise AnswerIsNo(f"{action} is {'explicitly denied' if denied else 'not allowed'}")


@click.command("who-can")
@click.argument("action")
@click.argument("resource", default="*")
@policies_options
@click.pass_obj
def who_can_command(
    app: App, /, *, action: str, resource: str, context: tuple[tuple[str, str], ...], as_json: bool, **options: Any
) -> None:
    """List everybody who may do ACTION on RESOURCE, each with the statement that lets them. The status is 8 for nobody.

    Users are asked with their long-term keys, and roles with a session; what takes more, an MFA code or an external id,
    is said by --context: aws:MultiFactorAuthPresent=true, sts:ExternalId=…
    """
    snapshot, around = _at_hand(app, context, options)
    found = list(who_can(snapshot, action, resource, around))
    if as_json:
        app.report.answer({"allowed": [_as_json(verdict) for verdict in found], "gaps": list(snapshot.gaps)})
    else:
        app.report.rows((visible(each.caller.holder.arn), visible(", ".join(_granting(each)))) for each in found)
        _say_gaps(app, snapshot)
    if not found:
        raise AnswerIsNo(f"nobody may {action}")


def _at_hand(app: App, context: tuple[tuple[str, str], ...], options: dict[str, Any]) -> tuple[Snapshot, Surroundings]:
    places, acting_as = options.pop("places"), options.pop("acting_as")
    _, acting = app.typed(None, options)
    snapshot = snapshots.gather(app, places, Wanted(name=acting_as) if acting_as else None, acting)
    region = app.settings.region.value or "us-east-1"
    return snapshot, Surroundings(now=app.now(), region=region, given=dict(context))


def _caller(app: App, snapshot: Snapshot, name: str) -> Caller:
    """Who a name stands for: a role is asked with a session, which has what the configuration says of it."""
    if name.startswith("arn:") or ":" in name:
        return plain(named(snapshot, name))
    target = app.target(Wanted(name=name))
    if not target.hops or target.hops[-1].kind is not HopKind.ROLE:
        return _of_source(app, snapshot, target.source.name)
    hop = target.hops[-1]
    holder = named(snapshot, str(hop.role_arn))
    assert not isinstance(holder, User)
    return role_session(
        holder,
        hop.session_name or "session",
        session=snapshots.session_policies(snapshot, hop),
        tags=hop.tags,
        transitive=hop.transitive,
        source_identity=hop.source_identity,
    )


def _of_source(app: App, snapshot: Snapshot, name: str) -> Caller:
    """The user whose keys a source has, as far as that is written down."""
    entry = app.configuration.sources.get(name)
    return plain(named(snapshot, entry.user_arn if entry is not None and entry.user_arn else name))


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


def _say_gaps(app: App, snapshot: Snapshot) -> None:
    for gap in snapshot.gaps[:5]:
        app.report.notice(f"not known: {gap}")
    if len(snapshot.gaps) > 5:
        app.report.notice(f"and {len(snapshot.gaps) - 5} more that are not known")
