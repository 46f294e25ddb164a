"""`stsctl access trust`: what in trust policies is wider than it looks."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from stsctl import __version__
from stsctl.access import sarif, trust_check, trust_policy
from stsctl.access.finding import Finding
from stsctl.access.trust_policy import TrustPolicy
from stsctl.cli.documents import STDIN, read_document
from stsctl.cli.options import as_option, asking_options, complete_name
from stsctl.cli.role import check_account, role_arn
from stsctl.errors import AnswerIsNo
from stsctl.formats.visible import visible
from stsctl.policy.document import spell
from stsctl.severity import Severity
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.report import Report

Found = tuple[str, TrustPolicy, Finding]
"""A finding, the policy that it is about, and the file or role where that was read."""

_COLOURS = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "dim"}
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


class Account(click.ParamType[str]):
    """An account's id, of 12 digits."""

    name = "account"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id that was typed."""
        if not _ACCOUNT.fullmatch(value):
            self.fail(f'"{value}" is no account, which has 12 digits', param, ctx)
        return str(value)


@click.command("trust")
@click.argument("named", metavar="ROLE|FILE...", nargs=-1, required=True, shell_complete=complete_name)
@click.option("--own", type=Account(), multiple=True, help="An account of your own; repeat it for more.")
@click.option(
    "--fail-on",
    type=click.Choice([*(each.value for each in Severity), "never"]),
    default=Severity.HIGH.value,
    help="The least severity that ends with status 8 (high).",
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "sarif"]), default="table", help="How to print it."
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@as_option
@asking_options
@click.pass_obj
def trust_command(
    app: App,
    /,
    *,
    named: tuple[str, ...],
    own: tuple[str, ...],
    fail_on: str,
    form: str,
    acting_as: str | None,
    **options: Any,
) -> None:
    """Say what in a trust policy is wider than it looks: where, how grave it is, and the smallest change.

    ROLE is a name or a role's ARN, and is read by iam:GetRole. FILE is a trust policy, or what aws iam get-role,
    list-roles or get-account-authorization-details answered; "-" is standard input. Principals of accounts that are not
    --own, nor the role's, are third parties.
    """
    policies = [policy for each in named for policy in _policies(app, each, acting_as, options)]
    found = [
        (place, policy, finding)
        for place, policy in policies
        for finding in trust_check.check(policy, own=frozenset(own), now=app.now())
    ]
    _print(app.report, found, form)
    if not own and any(policy.role is None for _, policy in policies):
        app.report.notice("which accounts are your own is not known: say --own ACCOUNT")
    _answer(app.report, found, fail_on, len(policies))


def _policies(app: App, named: str, acting_as: str | None, options: dict[str, Any]) -> list[tuple[str, TrustPolicy]]:
    if _is_file(app, named):
        return [(named, policy) for policy in trust_policy.read(read_document(Path(named)), named)]
    role = role_arn(app, named)
    obtained = app.acting(Wanted(name=acting_as) if acting_as else None, dict(options))
    check_account(obtained, role, may="iam:GetRole")
    return [(str(role), trust_policy.of_role(role, app.calls(obtained).trust_policy(role)))]


def _is_file(app: App, named: str) -> bool:
    """Whether a file is meant. A name of the configuration is one, unless it looks like a path."""
    if named.startswith("arn:"):
        return False
    if Path(named) == STDIN or os.sep in named or named.endswith(".json"):
        return True
    return Path(named).is_file() and named not in {name for name, _ in app.names()}


def _print(report: Report, found: Sequence[Found], form: str) -> None:
    if form == "json":
        report.answer([_value(place, policy, finding) for place, policy, finding in found])
    elif form == "sarif":
        results = [
            (_uri(place), str(policy.role) if policy.role else None, finding) for place, policy, finding in found
        ]
        report.answer(sarif.log(trust_check.RULES, results, version=__version__))
    elif found and report.decorated_data:
        _table(report, found)
    elif found:
        report.data("\n".join(visible(line) for each in found for line in _lines(*each)))


def _value(place: str, policy: TrustPolicy, finding: Finding) -> dict[str, object]:
    fix = finding.fix
    return {
        "place": place,
        "role": str(policy.role) if policy.role else None,
        "rule": finding.rule.name,
        "severity": finding.severity.value,
        "statement": finding.statement,
        "path": spell(finding.path),
        "line": finding.line,
        "column": finding.column,
        "what": finding.what,
        "fix": {"change": fix.change.value, "text": fix.text} if fix else None,
        "page": finding.rule.page,
    }


def _lines(place: str, policy: TrustPolicy, finding: Finding) -> list[str]:
    """A finding as a compiler would write it, with its fix below."""
    role = f"{policy.role.resource_name}: " if policy.role and place != str(policy.role) else ""
    where = f"{place}:{finding.line}:{finding.column}"
    said = f"{where}: {finding.severity.value}: {role}{spell(finding.path)}: {finding.what} [{finding.rule.name}]"
    return [said, f"    {finding.fix}"] if finding.fix else [said]


def _table(report: Report, found: Sequence[Found]) -> None:
    """The findings below the place and the role that they are about."""
    from rich.table import Table
    from rich.text import Text

    console, last = report.console(data=True), None
    table = Table()
    for place, policy, finding in found:
        if last != (place, policy.role):
            if last is not None:
                console.print(table)
            last = (place, policy.role)
            table = Table("", "at", "what, and the smallest change", box=None, pad_edge=False, header_style="dim")
            heading = place if policy.role is None or place == str(policy.role) else f"{place}: {policy.role}"
            console.print(Text(visible(heading), style="bold"))
        said = Text(visible(finding.what))
        said.append(f" [{finding.rule.name}]", style="dim")
        if finding.fix:
            said.append(f"\n{visible(str(finding.fix))}", style="cyan")
        severity = Text(finding.severity.value, style=_COLOURS[finding.severity])
        table.add_row(severity, f"{finding.line}:{finding.column}", said)
    console.print(table)


def _uri(place: str) -> str:
    """A place as SARIF names it."""
    if Path(place) == STDIN:
        return "stdin"
    if place.startswith("arn:"):
        return place
    path = Path(place)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _answer(report: Report, found: Sequence[Found], fail_on: str, looked_at: int) -> None:
    """Raises AnswerIsNo where something weighs enough."""
    policies = "1 trust policy" if looked_at == 1 else f"{looked_at} trust policies"
    if not found:
        report.notice(f"nothing in {policies} is wider than it looks")
        return
    if fail_on == "never":
        return
    grave = [finding for _, _, finding in found if finding.severity.reaches(Severity(fail_on))]
    if grave:
        several = "1 finding" if len(found) == 1 else f"{len(found)} findings"
        raise AnswerIsNo(f"{several} in {policies}, {len(grave)} of severity {fail_on} or graver")
