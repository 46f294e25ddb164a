"""`stsctl credential-process`: the answer to an SDK."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli import hits
from stsctl.cli.options import acting_options, name_argument, wanted_options
from stsctl.formats import json

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.command("credential-process")
@name_argument(required=True)
@wanted_options
@acting_options
@click.pass_obj
def command(app: App, /, *, name: str, **options: Any) -> None:
    """Answer an SDK: credential_process = stsctl credential-process NAME, in ~/.aws/config.

    Prints one line of JSON. A question, where one is needed, appears on the terminal; where there is none it fails,
    and says what to type.
    """
    app.asked_by_a_program()
    wanted, acting = app.typed(name, options)
    # Whoever started an SDK did not ask for a browser, nor for one in each of a dozen processes.
    acting = replace(acting, may_sign_in=False)
    with app.witness.watching():
        obtained = app.obtain(app.chosen(wanted), acting)
        line = json.credential_process(obtained.session)
        app.report.data(line)
        hits.mend(app)
        hits.note(app, name, obtained, acting, line.rstrip("\n"))
