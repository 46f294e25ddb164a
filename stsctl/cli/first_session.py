"""The end of `stsctl init`: a role that this terminal has, or what to type to get to one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from stsctl.cli import emulator_trial
from stsctl.cli.options import Acting
from stsctl.cli.panel import show
from stsctl.cli.proposals import Screen
from stsctl.errors import StsctlError
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
        _without_names(app, screen)
        return
    wanted = _chosen(app, screen, names)
    if wanted is None:
        screen.remark(f"Whenever you want one: stsctl assume {shlex.quote(names[0])}")
        return
    _assume(app, wanted, ["eval $(stsctl env)", f"stsctl exec {shlex.quote(wanted.name)} -- COMMAND"])


def _assume(app: App, wanted: Wanted, next_steps: list[str]) -> None:
    obtained = app.use(wanted, Acting())
    app.make_current(obtained)
    show(app.report, obtained, app.now(), next_steps)


def _chosen(app: App, screen: Screen, names: list[str]) -> Wanted | None:
    """The role that the person picks of all, or types; None for none now."""
    if len(names) == 1:
        screen.begin(f'You can assume "{names[0]}".')
        return Wanted(name=names[0]) if screen.ask("Now? [Y/n] ") in ("", "y", "yes") else None
    more = ", …" if len(names) > _FEW else ""
    screen.begin(f"Which of {len(names)} shall this terminal have? {', '.join(names[:_FEW])}{more}")
    while typed := screen.ask("Its name (Enter lets you pick, - takes none): "):
        if typed == "-":
            return None
        try:
            app.target(Wanted(name=typed))
        except StsctlError as error:
            screen.remark(error.message)
            continue
        return Wanted(name=typed)
    try:
        return app.picked()
    except click.Abort:
        return None


def _without_names(app: App, screen: Screen) -> None:
    """What leads to a first role, and the emulator, which has some."""
    screen.begin("There is no role here yet. To begin:")
    screen.commands(
        [
            ("stsctl keys add work", "asks for your access keys"),
            ("stsctl assume ROLE_ARN --from work", "gets a role's session"),
        ]
    )
    if not emulator_trial.is_possible():
        return
    if emulator_trial.has_begun(app):
        screen.remark("Or go on with the emulator: eval $(stsctl emulator env)")
        return
    screen.begin("Or try it first with no account, on an emulator of AWS that runs on this machine?")
    place = app.short(app.paths.config_home / "emulator")
    screen.remark(f"Its keys and sessions are kept apart from those of AWS ({place}).")
    screen.remark("It runs until: stsctl emulator stop")
    if screen.ask("Start it? [y/N] ").lower() in ("y", "yes"):
        there = emulator_trial.begin(app)
        screen.begin(f"You are alice, whose MFA device shows {emulator_trial.code(app)} now: it is asked for next.")
        _assume(there, Wanted(name=emulator_trial.ROLE), _IN_THE_EMULATOR)


_IN_THE_EMULATOR = ["eval $(stsctl emulator env)", "stsctl whoami", "stsctl exec -- COMMAND"]
