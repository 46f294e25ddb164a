"""`stsctl doctor`: what is wrong on this machine, and how to mend it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from stsctl import __version__
from stsctl.cli import findings
from stsctl.cli.options import complete_name, json_option
from stsctl.doctor.examine import examine
from stsctl.doctor.shortened import shortened
from stsctl.doctor.store import advise

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.doctor.picture import Picture

Facts = Sequence[tuple[str, str]]

_PACKAGES = ("boto3", "botocore", "keyring", "cryptography", "click", "moto")


@click.command("doctor")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option("--online", is_flag=True, help="Ask AWS the time, to compare clocks.")
@findings.fail_on_option
@json_option
@click.pass_obj
def command(app: App, /, *, name: str | None, online: bool, fail_on: str, as_json: bool) -> None:
    """Say what is wrong on this machine: the keyring, files, profiles, variables, the clock. Each with its fix.

    With NAME, also what is in the way to it. Nobody is asked, nothing is changed, and what is printed can be shown to
    others: it has no secret, and home, accounts and key ids are shortened.
    """
    from stsctl.cli.picture import Camera

    picture = Camera(app).picture(name, online=online)
    home = app.environ.get("HOME")
    found = [findings.shortened(finding, home) for finding in examine(picture)]
    facts = [(what, shortened(value, home)) for what, value in _facts(picture)]
    if as_json:
        app.report.answer({"facts": dict(facts), "findings": [findings.value(finding) for finding in found]})
    else:
        app.report.rows(facts, aligned=True)
        if found:
            app.report.data("")
        findings.show(app.report, found)
    findings.refuse(found, fail_on)
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
