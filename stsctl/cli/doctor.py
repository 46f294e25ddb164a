"""`stsctl doctor`: what is wrong on this machine, and how to mend it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from stsctl import __version__
from stsctl.cli.options import complete_name, json_option
from stsctl.doctor.examine import examine
from stsctl.doctor.shortened import shortened
from stsctl.doctor.store import advise
from stsctl.errors import AnswerIsNo
from stsctl.formats.visible import visible
from stsctl.severity import Severity

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.report import Report
    from stsctl.doctor.finding import Finding
    from stsctl.doctor.picture import Picture

Facts = Sequence[tuple[str, str]]

_PACKAGES = ("boto3", "botocore", "keyring", "cryptography", "click", "moto")
_STYLES = {Severity.CRITICAL: "1;31", Severity.HIGH: "31", Severity.MEDIUM: "33", Severity.LOW: "2"}


@click.command("doctor")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option("--online", is_flag=True, help="Ask AWS the time, to compare clocks.")
@click.option(
    "--fail-on",
    type=click.Choice([*(each.value for each in Severity), "never"]),
    default=Severity.HIGH.value,
    help="The least severity that ends with status 8 (high).",
)
@json_option
@click.pass_obj
def command(app: App, /, *, name: str | None, online: bool, fail_on: str, as_json: bool) -> None:
    """Say what is wrong on this machine: the keyring, files, profiles, variables, the clock. Each with its fix.

    With NAME, also what is in the way to it. Nobody is asked, nothing is changed, and what is printed can be shown to
    others: it has no secret, and home, accounts and key ids are shortened.
    """
    from stsctl.cli.picture import Camera

    picture = Camera(app).picture(name, online=online)
    found = examine(picture)
    home = app.environ.get("HOME")
    facts = [(what, shortened(value, home)) for what, value in _facts(picture)]
    if as_json:
        app.report.answer({"facts": dict(facts), "findings": [_value(finding, home) for finding in found]})
    else:
        app.report.rows(facts, aligned=True)
        _show(app.report, found, home)
    grave = [finding for finding in found if fail_on != "never" and finding.severity.reaches(Severity(fail_on))]
    if grave:
        raise AnswerIsNo(f"{len(grave)} of {len(found)} findings are of severity {fail_on} or graver")
    if not found:
        app.report.notice("nothing is wrong here, as far as can be seen")


def _facts(picture: Picture) -> Iterator[tuple[str, str]]:
    yield "stsctl", f"{__version__}, Python {platform.python_version()}, {sys.platform} {platform.machine()}"
    yield "packages", ", ".join(f"{package} {version}" for package, version in _versions())
    if picture.settings is not None:
        yield "store", f"{picture.settings.store.text} ({picture.settings.store.origin})"
        sessions = picture.settings.session_store
        if sessions.value is not picture.settings.store.value:
            yield "session store", f"{sessions.text} ({sessions.origin})"
        said = [one for one in picture.settings.all() if one.overrides_files]
        if said:
            yield "said by variables and flags", ", ".join(dict.fromkeys(str(one.origin) for one in said))
        advice = advise(picture)
        yield "right for this machine", f"{advice.lines}: {advice.why}"
    if picture.keyring is not None:
        yield "keyring", picture.keyring.kind or "none that answers"
    if picture.variables:
        yield "variables", ", ".join(sorted(picture.variables))
    if picture.profiles is not None:
        yield "AWS profiles", str(len(picture.profiles.by_name))
    if picture.ahead is not None:
        yield "clock", f"{picture.ahead.total_seconds():+.0f} s beside AWS's"


def _versions() -> Iterator[tuple[str, str]]:
    from importlib.metadata import PackageNotFoundError, version

    for package in _PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def _value(finding: Finding, home: str | None) -> dict[str, object]:
    return {
        "check": shortened(finding.check, home),
        "severity": finding.severity.value,
        "what": shortened(finding.what, home),
        "fix": shortened(finding.fix, home) if finding.fix else None,
    }


def _show(report: Report, found: Sequence[Finding], home: str | None) -> None:
    """Each finding, with what to do about it below it."""
    for finding in found:
        label = f"{finding.severity.value:<9}"
        if report.decorated_data:
            label = f"\033[{_STYLES[finding.severity]}m{label}\033[0m"
        report.data(f"\n{label}{visible(shortened(finding.what, home))}")
        if finding.fix:
            report.data(f"         → {visible(shortened(finding.fix, home))}")
