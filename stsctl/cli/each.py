"""`stsctl each`: a program in many roles, beside each other, each with its own session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from stsctl import group_table
from stsctl.cli import warning
from stsctl.cli.in_each import JOBS, AsJson, AsLines, InEach, Task
from stsctl.cli.options import acting_options, complete_name, group_option
from stsctl.cli.runs_program import PROGRAM, RunsProgram
from stsctl.errors import UsageError
from stsctl.nearest import suggestion
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("each", cls=RunsProgram)
@click.argument("names", nargs=-1, shell_complete=complete_name)
@group_option
@click.option("--regions", metavar="LIST", help="In each of these regions: eu-west-1,us-east-1, or all.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), default=JOBS, show_default=True, help="So many at a time.")
@click.option("-k", "--keep-going", is_flag=True, help="Start the rest although one has failed.")
@click.option("--yes", is_flag=True, help='Do not ask before what looks destructive in roles with "warn = true".')
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line for each as it ends.")
@acting_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    names: tuple[str, ...],
    groups: tuple[str, ...],
    regions: str | None,
    jobs: int,
    keep_going: bool,
    yes: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Run a program in many roles: stsctl each 'prod-*' -- aws s3 ls.

    NAMES are roles and AWS profiles, or patterns of their names. Each role's session is got once, and you are asked
    once for all that stand on the same MFA device. What the programs write is marked with the role's name. The status
    is 0 where all of them succeeded, else 1; after a failure no more are started, unless --keep-going says so.
    """
    app: App = ctx.obj
    _, acting = app.typed(None, options)
    program = ctx.meta.get(PROGRAM)
    if not program:
        raise UsageError("which program is to run?", hint="stsctl each 'prod-*' -- COMMAND")
    roles = _chosen(app, names, groups)
    warning.before(app, roles, program, agreed=yes)
    tasks = [task for name in roles for task in _tasks(app, name, regions)]
    told = AsJson(app, tasks) if as_json else AsLines(app, tasks)
    return InEach(app, acting, tasks, program, told).go(jobs, keep_going=keep_going)


def _chosen(app: App, patterns: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The names that are meant; the person picks them where nothing was said. Raises UsageError where there is none."""
    written = [*patterns, *group_table.patterns_of(groups, app.configuration.groups)]
    said = [app.configuration.called(pattern) for pattern in written]
    everything = {one.name: one.kind for one in app.listing()}
    if not said:
        picked = app.picked_several()
        if not picked:
            raise UsageError("which roles?", hint="stsctl each 'prod-*' -- COMMAND")
        return list(picked)
    names = [name for name, kind in everything.items() if kind != "source" or name in said]
    found, idle = group_table.matching(said, names)
    if idle:
        raise UsageError(f'no role or AWS profile is called "{idle[0]}"', hint=suggestion(idle[0], names))
    return found


def _tasks(app: App, name: str, regions: str | None) -> Iterator[Task]:
    """The runs in one role: one in its own region, or one in each of those that were said."""
    if regions is None:
        yield Task(name=name, region=None)
        return
    wanted = [region.strip() for region in regions.split(",") if region.strip()]
    if wanted == ["all"]:
        wanted = app.regions_of(app.target(Wanted(name=name)))
    for region in dict.fromkeys(wanted):
        yield Task(name=name, region=region)
