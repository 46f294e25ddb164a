"""`stsctl emulator log`: who asked for what, and why it was refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from stsctl.emulator import running
from stsctl.emulator.state import noted
from stsctl.formats.interface import rfc3339
from stsctl.formats.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

    from stsctl.cli.app import App
    from stsctl.emulator.state.noted import Noted


@click.command("log")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is asked from now on, until interrupted.")
@click.option("--denied", is_flag=True, help="Only what was refused.")
@click.option("--service", metavar="NAME", help="Only what a service was asked: sts, iam, s3.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line for each request.")
@click.pass_obj
def log(app: App, *, follow: bool, denied: bool, service: str | None, as_json: bool) -> None:
    """Show who asked the emulator for what, whether it was allowed, and which statement decided against it.

    It is of the emulator that runs, or of the last one. Times are those of the emulator's clock.
    """
    path = running.log_in(app.paths.emulator)
    found = noted.follow(path) if follow else noted.read(path)
    wanted = (
        each
        for each in found
        if each is not None
        and (each.denied or not denied)
        and (service is None or each.service.lower() == service.lower())
    )
    if as_json:
        app.report.each(json.dumps(_as_json(each), ensure_ascii=True) for each in wanted)
    elif app.report.decorated_data:
        _print(app, wanted)
    else:
        app.report.each("\t".join(visible(cell) or "-" for cell in _cells(each)) for each in wanted)


def _cells(each: Noted) -> tuple[str, ...]:
    because = each.because or each.message
    return (rfc3339(each.at), each.code or "ok", each.action, each.who, each.resource, " ".join(because.split()))


def _as_json(each: Noted) -> dict[str, object]:
    return asdict(each) | {"at": rfc3339(each.at)}


def _print(app: App, wanted: Iterator[Noted]) -> None:
    """For a person: a line for each request, and below it which statements decided."""
    console = app.report.console(data=True)
    for each in wanted:
        console.print(_line(each), soft_wrap=True)
        for line in _reasons(each):
            console.print(f"          {visible(line)}", style="dim", markup=False, soft_wrap=True)


def _line(each: Noted) -> Text:
    from rich.text import Text

    line = Text.assemble(
        (f"{each.at.astimezone():%H:%M:%S}  ", "dim"),
        ("✗ " if each.denied else "✓ ", "bold red" if each.denied else "green"),
        (f"{visible(each.action):<26} ", "bold"),
        visible(_short(each.who)),
    )
    if each.resource:
        line.append(f" → {visible(_short(each.resource))}")
    if each.denied:
        line.append(f"  {visible(each.code)}", "red")
    return line


def _reasons(each: Noted) -> list[str]:
    """Why it was refused, at length; of what was allowed, the statements."""
    lines = (each.because or each.message).splitlines()
    return lines if each.denied or len(lines) == 1 else [line for line in lines if line.startswith(" ")]


def _short(arn: str) -> str:
    """An ARN without what is the same in all: account and name."""
    parts = arn.split(":", 5)
    return f"{parts[4]}:{parts[5]}" if len(parts) == 6 and parts[4] else arn or "nobody"
