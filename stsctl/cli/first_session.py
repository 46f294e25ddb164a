"""The end of `stsctl init`: a role that this terminal has, or what to type to get to one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import Acting
from stsctl.cli.panel import show
from stsctl.cli.proposals import Screen
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App

_FEW = 6


def get(app: App, screen: Screen) -> None:
    """Has the person choose a role, and assumes it; raises StsctlError where that cannot be had."""
    if app.current_entry() is not None:
        screen.remark("This terminal has a session already: stsctl whoami")
        return
    names = [name for name, _ in app.names()]
    if not names:
        _how_to_get_one(screen)
        return
    wanted = _chosen(app, screen, names)
    if wanted is None:
        screen.remark(f"Whenever you want one: stsctl assume {shlex.quote(names[0])}")
        return
    obtained = app.use(wanted, Acting())
    app.make_current(obtained)
    name = shlex.quote(obtained.wanted.name)
    show(app.report, obtained, app.now(), ["eval $(stsctl env)", f"stsctl exec {name} -- COMMAND"])


def _chosen(app: App, screen: Screen, names: list[str]) -> Wanted | None:
    """The role that the person picks of all, or types; None for none now."""
    if len(names) == 1:
        screen.begin(f'You can assume "{names[0]}".')
        return Wanted(name=names[0]) if screen.ask("Now? [Y/n] ") in ("", "y", "yes") else None
    more = ", …" if len(names) > _FEW else ""
    screen.begin(f"Which of {len(names)} shall this terminal have? {', '.join(names[:_FEW])}{more}")
    while (typed := screen.ask("Its name (Enter lets you pick, - takes none): ")) not in names:
        if typed == "-":
            return None
        if typed:
            screen.remark(f'there is no "{typed}"')
            continue
        try:
            return app.picked()
        except click.Abort:
            return None
    return Wanted(name=typed)


def _how_to_get_one(screen: Screen) -> None:
    screen.begin("There is nothing to assume yet. To begin:")
    screen.commands(
        [
            ("stsctl keys add work", "keeps your access keys, and asks for them"),
            ("stsctl assume ROLE_ARN --from work", "gets a role's session"),
        ]
    )
