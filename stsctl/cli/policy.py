"""`stsctl policy`: the IAM policy language, checked and evaluated on this machine."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stsctl.cli.documents import STDIN, read_document, unreadable
from stsctl.cli.options import Group, json_option
from stsctl.errors import AnswerIsNo, ConfigurationError
from stsctl.formats.visible import visible
from stsctl.policy.document import PolicyError, likely_kind, parse
from stsctl.policy.kind import Kind
from stsctl.policy.question import answer

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.report import Report

_KINDS = {
    "trust": Kind.TRUST,
    "identity": Kind.IDENTITY,
    "resource": Kind.RESOURCE,
    "scp": Kind.SCP,
    "rcp": Kind.RCP,
    "session": Kind.SESSION,
}
_COLOURS = {"Allowed": "green", "ExplicitlyDenied": "red", "ImplicitlyDenied": "yellow"}


@click.group("policy", cls=Group)
def command() -> None:
    """Check policies, and say what they decide, without asking AWS."""


@command.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--kind", type=click.Choice(list(_KINDS)), help="What the policies are; found out where not said.")
@json_option
@click.pass_obj
def check(app: App, *, files: tuple[Path, ...], kind: str | None, as_json: bool) -> None:
    """Say what AWS would refuse to save, with line and column. The status is 8 where there is anything.

    All that is wrong with a document is said at once. "-" is standard input.
    """
    found: list[dict[str, object]] = []
    for file in files:
        text = read_document(file)
        try:
            parse(text, _KINDS[kind] if kind else likely_kind(text))
        except PolicyError as error:
            found += [
                {"file": str(file), "line": each.line, "column": each.column, "path": each.path, "reason": each.reason}
                for each in error.problems
            ]
            if not as_json:
                app.report.data("\n".join(visible(f"{file}:{problem}") for problem in error.problems))
    if as_json:
        app.report.answer(found)
    if found:
        bad = len({str(problem["file"]) for problem in found})
        documents = "the document" if len(files) == 1 else f"{bad} of {len(files)} documents"
        raise AnswerIsNo(f"AWS would refuse {documents}")


@command.command("evaluate")
@click.argument("file", default="-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--explain", "explained", is_flag=True, help="Say in words how each decision came about.")
@json_option
@click.pass_obj
def evaluate(app: App, *, file: Path, explained: bool, as_json: bool) -> None:
    """Decide requests: a JSON object a line in, a decision a line out. FILE "-" or none is standard input.

    A line names principal, action and resource, and carries the policies that have a say: identity_policies,
    resource_policy, permissions_boundaries, session_policies, service_control_policies and resource_control_policies
    (a list for each level, the root first), and context. A line that cannot be read is answered with its error, and
    the status is then 3. On a terminal the answers are a table.
    """
    with _lines(file) as lines:
        answers = (answer(line, explained=explained) for line in lines if line.strip())
        if app.report.decorated_data and not as_json:
            failed = _show(app.report, list(answers), explained=explained)
        else:
            failed = _write(app.report, answers, explained=explained and not as_json)
    if failed:
        raise ConfigurationError(f"{failed} of the questions cannot be read")


def _write(report: Report, answers: Iterator[dict[str, object]], *, explained: bool) -> int:
    """A line an answer, or its words and an empty line; how many were errors."""
    failed = 0

    def texts() -> Iterator[str]:
        nonlocal failed
        for found in answers:
            failed += "error" in found
            if explained:
                yield "\n".join([*map(visible, _words(found)), ""])
            else:
                yield json.dumps(found, separators=(",", ":"))

    report.stream(texts())
    return failed


def _words(found: dict[str, object]) -> list[str]:
    if "error" in found:
        return [f"error: {found['error']}"]
    explanation = found["explanation"]
    assert isinstance(explanation, list)
    return explanation


def _show(report: Report, answers: list[dict[str, object]], *, explained: bool) -> int:
    """The answers as a table, or in words; how many were errors."""
    from rich.table import Table
    from rich.text import Text

    if explained:
        return _write(report, iter(answers), explained=True)
    table = Table("", "decision", "by", "statements", box=None, pad_edge=False, header_style="dim")
    for number, found in enumerate(answers, start=1):
        effect = str(found.get("effect", "error"))
        table.add_row(
            str(number),
            Text(effect, style=_COLOURS.get(effect, "bold red")),
            str(found.get("decided_by") or "-"),
            Text(visible(str(found["error"])) if "error" in found else _statements(found)),
        )
    report.console(data=True).print(table)
    return sum("error" in found for found in answers)


def _statements(found: dict[str, object]) -> str:
    statements = found["statements"]
    assert isinstance(statements, list)
    return visible(", ".join(f"{each['policy']} {each['sid'] or each['index']}" for each in statements) or "-")


def _lines(file: Path) -> AbstractContextManager[Iterable[str]]:
    """The lines of a file, as they come."""
    if file == STDIN:
        return nullcontext(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="surrogateescape"))
    try:
        return file.open(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise unreadable(file, error) from error
