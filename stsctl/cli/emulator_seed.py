"""`stsctl emulator seed`: the file that says what an emulator starts with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stsctl.errors import UsageError

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("seed")
@click.option("--example", is_flag=True, help="Print an organisation with one of everything, each with a comment.")
@click.option("--check", type=click.Path(path_type=Path), metavar="FILE", help="Say whether FILE is right.")
@click.pass_obj
def seed(app: App, *, example: bool, check: Path | None) -> None:
    """Print a seed to begin from, or check one: stsctl emulator seed --example > org.toml.

    Without options it is the built-in one. A mistake is said with its line.
    """
    from stsctl.cli.emulator import check_installed
    from stsctl.emulator.seeds import seed as seeds

    if check is None:
        app.report.data(seeds.example_text() if example else seeds.built_in_text())
        return
    if example:
        raise UsageError("--example and --check do not go together")
    check_installed()
    found = seeds.read(check)
    users = sum(len(account.users) for account in found.accounts)
    roles = sum(len(account.roles) for account in found.accounts)
    counted = ", ".join(
        f"{count} {what}{'' if count == 1 else 's'}"
        for what, count in (("account", len(found.accounts)), ("user", users), ("role", roles))
    )
    app.report.notice(f"{check} is right: {counted}")
