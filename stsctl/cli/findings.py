"""Findings: as they are shown, as JSON has them, and the status that they end with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from stsctl.doctor import shortened as shortening
from stsctl.doctor.finding import Finding
from stsctl.errors import AnswerIsNo
from stsctl.formats.visible import visible
from stsctl.severity import Severity

if TYPE_CHECKING:
    from stsctl.cli.report import Report

_STYLES = {Severity.CRITICAL: "1;31", Severity.HIGH: "31", Severity.MEDIUM: "33", Severity.LOW: "2"}

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice([*(each.value for each in Severity), "never"]),
    default=Severity.HIGH.value,
    help="The least severity that ends with status 8 (high).",
)


def shortened(finding: Finding, home: str | None) -> Finding:
    """A finding that can be shown to strangers."""
    return replace(
        finding,
        check=shortening.shortened(finding.check, home),
        what=shortening.shortened(finding.what, home),
        fix=shortening.shortened(finding.fix, home) if finding.fix else None,
    )


def value(finding: Finding) -> dict[str, object]:
    """A finding as JSON has it."""
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "what": finding.what,
        "fix": finding.fix,
    }


def lines(found: Sequence[Finding], *, colored: bool) -> list[str]:
    """Each finding, with what to do about it below it."""
    shown: list[str] = []
    for finding in found:
        label = f"{finding.severity.value:<9}"
        if colored:
            label = f"\033[{_STYLES[finding.severity]}m{label}\033[0m"
        shown += [*([""] if shown else []), f"{label}{visible(finding.what)}"]
        if finding.fix:
            shown.append(f"         → {visible(finding.fix)}")
    return shown


def show(report: Report, found: Sequence[Finding]) -> None:
    """The findings, as data."""
    report.stream(lines(found, colored=report.decorated_data))


def refuse(found: Sequence[Finding], fail_on: str) -> None:
    """Raises AnswerIsNo where one weighs as much as `fail_on`, which may be never."""
    grave = [finding for finding in found if fail_on != "never" and finding.severity.reaches(Severity(fail_on))]
    if grave:
        raise AnswerIsNo(f"{len(grave)} of {len(found)} findings are of severity {fail_on} or graver")
