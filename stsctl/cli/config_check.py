"""`stsctl config check`: everything that is wrong with the configuration, and with the profiles beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stsctl.cli import findings
from stsctl.cli.options import json_option
from stsctl.errors import UsageError

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@findings.fail_on_option
@json_option
@click.pass_obj
def check(app: App, *, file: Path | None, fail_on: str, as_json: bool) -> None:
    """Say all that is wrong with config.toml, added.toml and the AWS files, each with file and line.

    Also what SDKs make of the profiles where that is another thing than stsctl does. With FILE that one is checked in
    place of config.toml, as before it is put there. Nothing is called and nobody is asked.
    """
    from stsctl.cli.checking import Checking

    path = (file or app.paths.config).expanduser().absolute()
    config = app.config_text(path)
    if file is not None and config is None:
        raise UsageError(f'there is no file "{file}"')
    checking = Checking(app, config, path)
    found = checking.all()
    if as_json:
        app.report.answer(
            [findings.value(one) | dict(zip(("file", "line"), checking.where(one), strict=True)) for one in found]
        )
    else:
        findings.show(app.report, found)
    findings.refuse(found, fail_on)
    if not found:
        app.report.notice("nothing is wrong with the configuration, nor with the profiles")
