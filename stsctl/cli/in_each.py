"""A program in many roles, beside each other: their sessions, what the programs say, and how it ended."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from stsctl.cli import warning
from stsctl.cli.report import headline, told
from stsctl.dataclass import dataclass
from stsctl.errors import RefusedError, StsctlError, ThrottledError
from stsctl.formats import environment
from stsctl.formats.visible import visible
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.obtaining import Obtained
    from stsctl.cli.options import Acting
    from stsctl.host.crew import Crew, Ran

JOBS = 8
"""So many programs at a time, where nobody says how many."""
_PATIENCE = tuple(timedelta(seconds=2**number) for number in range(6))
"""How long to wait, the first time and the next, where AWS says that it is asked too often."""
_NAMED = 20
"""Of how many failures the last line tells."""
_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run of the program."""

    name: str
    region: str | None = None

    @property
    def label(self) -> str:
        """What its lines are marked with."""
        return self.name if self.region is None else f"{self.name} {self.region}"


def run(app: App, acting: Acting, names: Sequence[str], program: Sequence[str], *, agreed: bool) -> int:
    """Runs a program in roles that were picked; the status of the whole."""
    warning.before(app, names, program, agreed=agreed)
    tasks = [Task(name=name) for name in names]
    return InEach(app, acting, tasks, program, AsLines(app, tasks)).go(JOBS, keep_going=False)


class InEach:
    """All of it: sessions are got one after the other, as places become free; programs run beside each other."""

    def __init__(
        self, app: App, acting: Acting, tasks: Sequence[Task], program: Sequence[str], told: AsLines | AsJson
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

    def _start(self, crew: Crew, task: Task) -> None:
        try:
            environ = self._environ(self._session(task.name), task.region)
        except StsctlError as error:
            crew.leave()
            self._failed.append(f"{task.label} ({headline(error)})")
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


class AsLines:
    """What programs say as lines, each behind its label."""

    def __init__(self, app: App, tasks: Sequence[Task]) -> None:
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
        for line in told(error):
            self.said(label, True, visible(line.removeprefix("error: ")))


class AsJson:
    """What programs say as JSON, a line for each program when it has ended."""

    def __init__(self, app: App, tasks: Sequence[Task]) -> None:
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
        code = {"code": error.code} if isinstance(error, RefusedError) else {}
        self._print(label, error=headline(error), **code)

    def _print(self, label: str, **said: object) -> None:
        task = self._tasks[label]
        self._report.data(json.dumps({"name": task.name, "region": task.region, **said}))
