"""`stsctl config`: what holds, and where it was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import Group, json_option
from stsctl.formats.visible import visible

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.group("config", cls=Group)
def command() -> None:
    """Show the configuration: values, names, and the files they come from."""


@command.command("show")
@json_option
@click.pass_obj
def show(app: App, *, as_json: bool) -> None:
    """Print every effective value, and every name, each with where it was said."""
    settings = [(setting.name, setting.text, str(setting.origin)) for setting in app.settings.all()]
    named = [(each.kind, each.name, each.description, str(each.origin)) for each in app.listing()]
    if as_json:
        app.report.answer(
            {
                "settings": [dict(zip(("name", "value", "origin"), row, strict=True)) for row in settings],
                "names": [dict(zip(("kind", "name", "description", "origin"), row, strict=True)) for row in named],
            }
        )
        return
    app.report.data("\n".join([*_columns(settings), "", *_columns(named)]).rstrip())


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The rows with their cells below each other."""
    cells = [[visible(cell) or "-" for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


@command.command("path")
@json_option
@click.pass_obj
def path(app: App, *, as_json: bool) -> None:
    """Print where the files are: yours, the one stsctl adds to, the AWS files, the state."""
    places = {
        "config": app.paths.config,
        "added": app.paths.added,
        "aws_config": app.paths.aws_config,
        "aws_credentials": app.paths.aws_credentials,
        "state": app.paths.state_home,
    }
    if as_json:
        app.report.answer({name: str(place) for name, place in places.items()})
        return
    app.report.data("\n".join(f"{name:<16} {place}" for name, place in places.items()))
