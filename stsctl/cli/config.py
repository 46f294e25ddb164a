"""`stsctl config`: what holds, where it was said, and how it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl.cli.config_add import add
from stsctl.cli.config_check import check
from stsctl.cli.config_edit import edit
from stsctl.cli.config_import import import_from
from stsctl.cli.config_remove import remove
from stsctl.cli.config_trust import trust
from stsctl.cli.options import Group, json_option

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.group("config", cls=Group)
def command() -> None:
    """Show, check and change the configuration: values, names, and the files they come from."""


@command.command("show")
@json_option
@click.pass_obj
def show(app: App, *, as_json: bool) -> None:
    """Print every effective value, and every name, each with where it was said."""
    settings = [(setting.name, setting.text, str(setting.origin)) for setting in app.settings.all()]
    listing = app.listing()
    named = [(each.kind, each.name, each.description, str(each.origin)) for each in listing]
    named += [("alias", alias, f"of {name}", str(listing[name].origin)) for alias, name in listing.aliases.items()]
    named += [("refused", name, each.what, str(each.origin)) for name, each in app.configuration.refused.items()]
    if as_json:
        app.report.answer(
            {
                "settings": [dict(zip(("name", "value", "origin"), row, strict=True)) for row in settings],
                "names": [dict(zip(("kind", "name", "description", "origin"), row, strict=True)) for row in named],
            }
        )
        return
    app.report.rows(settings, aligned=True)
    if named:
        app.report.data("")
        app.report.rows(named, aligned=True)


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


command.add_command(add)
command.add_command(check)
command.add_command(import_from)
command.add_command(edit)
command.add_command(remove)
command.add_command(trust)
