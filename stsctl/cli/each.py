"""`stsctl each`: a program in many roles, beside each other, each with its own session."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from stsctl import group_table
from stsctl.cli.options import acting_options, complete_name, group_option
from stsctl.cli.runs_program import PROGRAM, RunsProgram
from stsctl.dataclass import dataclass
from stsctl.errors import StsctlError, ThrottledError, UsageError
from stsctl.formats import environment
from stsctl.formats.visible import visible
from stsctl.nearest import suggestion
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.obtaining import Obtained
    from stsctl.cli.options import Acting
    from stsctl.host.crew import Crew, Ran

_PATIENCE = tuple(timedelta(seconds=2**number) for number in range(6))
"""How long to wait, the first time and the next, where AWS says that it is asked too often."""
_NAMED = 20
"""Of how many failures the last line tells."""
_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)


@click.command("each", cls=RunsProgram)
@click.argument("names", nargs=-1, shell_complete=complete_name)
@group_option
@click.option("--regions", metavar="LIST", help="In each of these regions: eu-west-1,us-east-1, or all.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), default=8, show_default=True, help="So many at a time.")
@click.option("-k", "--keep-going", is_flag=True, help="Start the rest although one has failed.")
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
    tasks = [task for name in roles for task in _tasks(app, name, regions)]
    told = _AsJson(app, tasks) if as_json else _AsLines(app, tasks)
    return _Run(app, acting, tasks, program, told).go(jobs, keep_going=keep_going)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One run of the program."""

    name: str
    region: str | None

    @property
    def label(self) -> str:
        return self.name if self.region is None else f"{self.name} {self.region}"


def _chosen(app: App, patterns: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The names that are meant; the person picks them where nothing was said. Raises UsageError where there is none."""
    said = [*patterns, *group_table.patterns_of(groups, app.configuration.groups)]
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


def _tasks(app: App, name: str, regions: str | None) -> Iterator[_Task]:
    """The runs in one role: one in its own region, or one in each of those that were said."""
    if regions is None:
        yield _Task(name=name, region=None)
        return
    wanted = [region.strip() for region in regions.split(",") if region.strip()]
    if wanted == ["all"]:
        wanted = app.regions_of(app.target(Wanted(name=name)))
    for region in dict.fromkeys(wanted):
        yield _Task(name=name, region=region)


class _Run:
    """All of it: sessions are got one after the other, as places become free; programs run beside each other."""

    def __init__(
        self, app: App, acting: Acting, tasks: Sequence[_Task], program: Sequence[str], told: _AsLines | _AsJson
    ) -> None:
        self._app = app
        self._acting = acting
        self._tasks = tasks
        self._program = program
        self._told = told
        self._failed: list[str] = []
        self._left = len(tasks)
        # The tasks of one role follow each other.
        self._session = functools.lru_cache(maxsize=1)(self._obtained)

    def go(self, jobs: int, *, keep_going: bool) -> int:
        """Runs them; the status of the whole."""
        with self._app.report.progress("running", len(self._tasks)) as advance:

            def done(ran: Ran) -> None:
                if ran.status:
                    self._failed.append(f"{ran.label} (status {ran.status})")
                self._told.done(ran.label, ran.status)
                advance()

            with self._app.machine.crew(jobs, self._told.said, done) as crew:
                for task in self._tasks:
                    crew.wait_for_a_place()
                    if self._failed and not keep_going:
                        break
                    self._left -= 1
                    self._start(crew, task)
        self._sum_up()
        return 1 if self._failed else 0

    def _start(self, crew: Crew, task: _Task) -> None:
        try:
            environ = self._environ(self._session(task.name), task.region)
        except StsctlError as error:
            crew.leave()
            self._failed.append(f"{task.label} ({error.message})")
            self._told.refused(task.label, error)
            return
        crew.start(task.label, self._program, environ)

    def _obtained(self, name: str) -> Obtained:
        """The session of a role; where AWS is asked too often, later."""
        for pause in _PATIENCE:
            try:
                return self._app.obtain(Wanted(name=name), self._acting)
            except ThrottledError:
                time.sleep(pause.total_seconds())
        return self._app.obtain(Wanted(name=name), self._acting)

    def _environ(self, obtained: Obtained, region: str | None) -> Mapping[str, str]:
        environ = environment.child(self._app.environ, obtained.export(self._app.environ))
        if region is None:
            return environ
        from stsctl import region as regions

        return {**environ, **dict.fromkeys(regions.VARIABLES, region)}

    def _sum_up(self) -> None:
        said = f"{len(self._tasks)} in all"
        if self._failed:
            some = ", ".join(self._failed[:_NAMED])
            more = f" and {len(self._failed) - _NAMED} more" if len(self._failed) > _NAMED else ""
            said += f", {len(self._failed)} failed: {some}{more}"
        if self._left:
            said += f"; {self._left} not started"
        self._app.report.notice(said)


class _AsLines:
    """What programs say as lines, each behind its label."""

    def __init__(self, app: App, tasks: Sequence[_Task]) -> None:
        self._report = app.report
        labels = [task.label for task in tasks]
        width = max((len(visible(label)) for label in labels), default=0)
        self._heads = {label: f"{visible(label):<{width}} │ " for label in labels}
        self._colours = {label: _COLOURS[number % len(_COLOURS)] for number, label in enumerate(labels)}

    def said(self, label: str, is_error: bool, line: str) -> None:
        """Writes a line where the program wrote it."""
        head = self._heads[label]
        if self._report.decorated if is_error else self._report.decorated_data:
            head = f"\033[{self._colours[label]}m{head}\033[0m"
        if is_error:
            self._report.lines([head + line])
        else:
            self._report.data(head + line)

    def done(self, label: str, status: int) -> None:
        """Says how a program failed."""
        if status:
            self.said(label, True, f"failed with status {status}")

    def refused(self, label: str, error: StsctlError) -> None:
        """Says why a program was not started."""
        self.said(label, True, visible(error.message))


class _AsJson:
    """What programs say as JSON, a line for each program when it has ended."""

    def __init__(self, app: App, tasks: Sequence[_Task]) -> None:
        self._report = app.report
        self._tasks = {task.label: task for task in tasks}
        self._lines: dict[tuple[str, bool], list[str]] = {}

    def said(self, label: str, is_error: bool, line: str) -> None:
        """Keeps a line."""
        self._lines.setdefault((label, is_error), []).append(f"{line}\n")

    def done(self, label: str, status: int) -> None:
        """Prints how a program ended and what it wrote."""
        stdout, stderr = ("".join(self._lines.pop((label, is_error), ())) for is_error in (False, True))
        self._print(label, status=status, stdout=stdout, stderr=stderr)

    def refused(self, label: str, error: StsctlError) -> None:
        """Prints why a program was not started."""
        self._print(label, error=error.message)

    def _print(self, label: str, **said: object) -> None:
        task = self._tasks[label]
        self._report.data(json.dumps({"name": task.name, "region": task.region, **said}))
