"""`stsctl config edit`: config.toml in the person's own editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("edit")
@click.pass_obj
def edit(app: App) -> None:
    """Open config.toml in your editor ($VISUAL, $EDITOR), and put it in place once it is in order.

    You edit a copy. When the editor ends, problems are shown with their lines, and you decide; whatever happens, what
    you wrote is kept. stsctl itself writes nothing into it, but for a template where there is none yet, and what you
    agree to in "stsctl init".
    """
    from stsctl.cli.editing import Editing

    Editing(app).run()
