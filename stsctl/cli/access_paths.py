"""`stsctl access paths`: how somebody gets to a role, or to everybody who may do everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from stsctl.access.caller import Caller
from stsctl.access.can import Verdict
from stsctl.access.goal import Goal, to, to_administrators
from stsctl.access.index import Index
from stsctl.access.outsider import is_provider, outsider
from stsctl.access.paths import MOST_PATHS, Found, Search
from stsctl.access.snapshot import Snapshot
from stsctl.access.step import Route, Step, Way
from stsctl.cli import at_hand
from stsctl.cli.options import complete_name
from stsctl.errors import AnswerIsNo, UsageError
from stsctl.formats.visible import visible
from stsctl.policy.evaluate import Decided
from stsctl.policy.explain import explain
from stsctl.policy.question import to_value

if TYPE_CHECKING:
    from rich.tree import Tree

    from stsctl.cli.app import App

_WAYS = click.Choice([way.value for way in Way])


@click.command("paths")
@click.argument("start", metavar="FROM", shell_complete=complete_name)
@click.argument("goal", metavar="TO", required=False, shell_complete=complete_name)
@click.option("--to-any", is_flag=True, help="Look for everybody that --where is true of, in place of TO.")
@click.option("--where", type=click.Choice(["admin"]), default="admin", help="Who: those who may do everything.")
@click.option("--max-hops", type=click.IntRange(1, 8), default=4, show_default=True, help="The most steps of a path.")
@click.option("--all", "every", is_flag=True, help="All paths, where the shortest is not enough.")
@click.option("--way", "ways", type=_WAYS, multiple=True, help="Only such steps; repeat it for more.")
@at_hand.policies_options
@click.pass_obj
def paths_command(
    app: App,
    /,
    *,
    start: str,
    goal: str | None,
    to_any: bool,
    where: str,
    max_hops: int,
    every: bool,
    ways: tuple[str, ...],
    context: tuple[tuple[str, str], ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Find the ways by which FROM becomes TO, each step with the statements that allow it. The status is 8 for none.

    A step assumes a role, with what its call has to say (MFA, an external id, tags, a source identity, a session name);
    passes a role to a service; or edits a policy, a role or a user so as to become it. FROM may be the ARN of a SAML or
    OIDC provider, Identity Center's too. Names and policies are as in "access can".
    """
    if to_any is (goal is not None):
        raise UsageError("name where to, or say --to-any", hint="stsctl access paths FROM TO")
    snapshot, index, around = at_hand.indexed(app, context, options)
    search = Search(
        snapshot=snapshot,
        index=index,
        around=around,
        most_hops=max_hops,
        ways=frozenset(map(Way, ways)) or frozenset(Way),
    )
    wanted = to_administrators(snapshot, index, around) if goal is None else _to(app, snapshot, goal)
    found = search.find(_from(app, snapshot, start), wanted, every=every)
    if as_json:
        app.report.answer(_as_json(found) | {"gaps": list(snapshot.gaps)})
    else:
        _show(app, found)
        if not found.paths and found.nearest is None:
            app.report.data("\n".join(_trusted(index, wanted)))
        at_hand.say_gaps(app, snapshot)
    if len(found.paths) == MOST_PATHS:
        app.report.notice(f"these are the first {MOST_PATHS} paths, there are more")
    if not found.paths:
        target = f"nobody who is {where}" if goal is None else f'no "{goal}"'
        raise AnswerIsNo(f'"{start}" reaches {target} within {max_hops} steps')


def _from(app: App, snapshot: Snapshot, name: str) -> Caller:
    return outsider(name, "") if is_provider(name) else at_hand.caller(app, snapshot, name)


def _to(app: App, snapshot: Snapshot, name: str) -> Goal:
    return to(at_hand.caller(app, snapshot, name).holder.arn)


def _show(app: App, found: Found) -> None:
    """Each path, one step below the other; or the refusal that is nearest."""
    if app.report.decorated_data:
        console = app.report.console(data=True)
        console.print(*(_tree(route) for route in found.paths), *([] if found.paths else ["no way"]), sep="\n")
    else:
        app.report.data("\n".join(line for route in found.paths for line in _lines(route)) or "no way")
    if any(route.chained for route in found.paths):
        app.report.notice("a session that is assumed with another role's session lasts an hour at most")
    if found.nearest is not None and found.before is not None:
        app.report.data("\n".join(["the nearest refusal:", *_refusal(found.nearest, found.before)]))


def _trusted(index: Index, goal: Goal) -> Iterator[str]:
    """Whom a role that cannot be reached does trust: none of them was met on the way."""
    for arn in goal.arns if len(goal.arns) == 1 else ():
        yield f"nobody whom {visible(arn)} trusts is reached:"
        yield from (f"  {visible(name.removeprefix('~'))}" for name in index.trusted.get(arn, ()))


def _refusal(verdict: Verdict, before: Route) -> Iterator[str]:
    for step in before.steps:
        yield f"  after: {visible(step.words)}"
    yield from (f"  {visible(line)}" for line in explain(verdict.request, verdict.traced))


def _tree(route: Route) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(visible(route.start.principal.arn), style="bold"))
    at = tree
    for step in route.steps:
        said = Text().append(visible(step.words), style="bold")
        for need in step.needs:
            said.append(f"\nneeds {visible(need)}", style="yellow")
        for line in _evidence(step):
            said.append(f"\n{line}", style="dim")
        at = at.add(said)
    return tree


def _lines(route: Route) -> Iterator[str]:
    yield visible(route.start.principal.arn)
    for depth, step in enumerate(route.steps, 1):
        indent = "  " * depth
        yield f"{indent}{visible(step.words)}"
        yield from (f"{indent}  needs {visible(need)}" for need in step.needs)
        yield from (f"{indent}  {line}" for line in _evidence(step))


def _evidence(step: Step) -> Iterator[str]:
    """Each action with the statements that allow it, those of one action on one line."""
    by_action: dict[str, list[str]] = {}
    for action, decided in step.evidence():
        by_action.setdefault(action, []).append(_place(decided))
    for action, places in by_action.items():
        yield visible(f"{action}: {', '.join(dict.fromkeys(places))}")


def _place(decided: Decided) -> str:
    sid = f' ("{decided.statement.sid}")' if decided.statement.sid else ""
    return f"{decided.policy.name}, statement {decided.statement.index}{sid}"


def _as_json(found: Found) -> dict[str, object]:
    paths = [
        {
            "from": route.start.principal.arn,
            "to": route.end.holder.arn,
            "one_hour_at_most": route.chained,
            "steps": [_step(step) for step in route.steps],
        }
        for route in found.paths
    ]
    nearest = found.nearest
    if nearest is None:
        return {"paths": paths, "nearest_refusal": None}
    decision = nearest.traced
    refusal = {
        "principal": nearest.caller.principal.arn,
        "action": nearest.request.action,
        "resource": nearest.request.resource,
        **to_value(decision),
        "explanation": explain(nearest.request, decision),
    }
    return {"paths": paths, "nearest_refusal": refusal}


def _step(step: Step) -> dict[str, object]:
    return {
        "way": step.way.value,
        "does": step.words,
        "becomes": step.caller.principal.arn,
        "needs": list(step.needs),
        "evidence": [
            {
                "action": action,
                "policy": decided.policy.name,
                "statement": decided.statement.index,
                "sid": decided.statement.sid,
            }
            for action, decided in step.evidence()
        ],
    }
