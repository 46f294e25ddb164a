"""`stsctl emulator`: the AWS that runs on your machine."""

from __future__ import annotations

import ipaddress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stsctl.cli.emulator_certificate import certificate
from stsctl.cli.emulator_levers import clock, described, fail, reset
from stsctl.cli.emulator_log import log
from stsctl.cli.emulator_run_as import place_of, run_as
from stsctl.cli.emulator_seed import seed as seed_command
from stsctl.cli.options import Group, json_option
from stsctl.cli.statements import Statements, writer
from stsctl.emulator import control
from stsctl.errors import ConfigurationError, StsctlError, UsageError
from stsctl.formats import environment
from stsctl.formats.interface import rfc3339
from stsctl.formats.shell import SHELLS

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.group("emulator", cls=Group)
def command() -> None:
    """Run an AWS of your own, on this machine, that refuses what AWS refuses.

    Its built-in organisation has a user alice with an MFA device in account 111111111111, a role Hub there that wants
    MFA, and a role Admin in account 222222222222 that trusts only the hub and asks for an external id.
    """


@command.command("start")
@click.option("--seed", type=click.Path(path_type=Path), help="A TOML file with another organisation.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on; a free one where not said.")
@click.option("--state", type=click.Path(path_type=Path), help="A folder for what changes, so that it lasts a restart.")
@click.option("--bind", metavar="ADDRESS", help="Listen on this address in place of loopback; needs --i-know.")
@click.option("--i-know", is_flag=True, help="Others may reach it: whoever can is let in as anybody of the seed.")
@click.pass_obj
def start(app: App, *, seed: Path | None, port: int | None, state: Path | None, bind: str | None, i_know: bool) -> None:
    """Start the emulator in the background. It listens on loopback only."""
    from stsctl.emulator.seeds.seed import BUILT_IN

    _check_address(bind, i_know=i_know)
    running = control.find(app.paths.emulator)
    if running is None:
        check_installed()
        with app.report.waiting("starting the emulator"):
            running = control.start(app.paths.emulator, seed=seed, port=port, state=state, bind=bind)
        app.report.notice(f"the emulator answers at {running.url}")
        for remark in control.status(running)["remarks"]:
            app.report.notice(remark)
    else:
        if any((seed, state, bind)) or (port is not None and port != running.port):
            raise StsctlError(f"an emulator is running at {running.url} already", hint="stsctl emulator stop")
        app.report.notice(f"the emulator is running already, at {running.url}")
    app.report.lines(_AT_FIRST if running.seed == BUILT_IN else _WITH_A_SEED)


_AT_FIRST = (
    "  eval $(stsctl emulator env)                                 points this shell at it",
    "  stsctl emulator keys alice | stsctl keys add work --stdin   makes you alice",
    "  stsctl emulator config                                      prints a configuration for its roles",
    "  stsctl emulator code alice                                  shows what alice's MFA device shows",
)
_WITH_A_SEED = (
    "  eval $(stsctl emulator env)                  points this shell at it",
    "  eval $(stsctl emulator env --as PRINCIPAL)   makes it somebody of the seed",
    "  stsctl emulator log --follow                 shows who asks for what, and which statement decides",
)
"""What people type next."""


def _check_address(address: str | None, *, i_know: bool) -> None:
    """Raises UsageError for an address that is none, and for one that others reach unless that is known."""
    if address is None:
        return
    try:
        reached = not ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise UsageError(f'"{address}" is no address', hint="write it as 0.0.0.0 or 192.0.2.7") from error
    if reached and not i_know:
        raise UsageError(
            f"whoever can reach {address} could ask this emulator",
            hint=f"stsctl emulator start --bind {address} --i-know",
        )


def check_installed() -> None:
    """Raises ConfigurationError where the extra that the emulator needs is missing."""
    if find_spec("moto") is None or find_spec("flask") is None:
        raise ConfigurationError("the emulator is not installed", hint="pip install 'stsctl[emulator]'")


@command.command("stop")
@click.pass_obj
def stop(app: App) -> None:
    """Stop the emulator. What it held is gone, but for what is in the folder of --state."""
    running = control.find(app.paths.emulator)
    if running is None:
        app.report.notice("no emulator is running")
        return
    control.stop(app.paths.emulator, running)
    app.report.notice("the emulator is stopped")


@command.command("status")
@json_option
@click.pass_obj
def status(app: App, *, as_json: bool) -> None:
    """Say whether the emulator runs, where, and with which organisation."""
    running = app.emulator
    facts = control.status(running)
    if as_json:
        about = {"url": running.url, "pid": running.pid, "started_at": rfc3339(running.started_at)}
        app.report.answer(about | facts)
        return
    app.report.data(
        f"{running.url}\nprocess   {running.pid}, since {running.started_at.astimezone():%H:%M}\n"
        f"seed      {running.seed}\naccounts  {', '.join(facts['accounts'])}\nsessions  {facts['sessions']}\n"
        f"clock     {described(running.ahead)}"
    )


@command.command("env", cls=Statements)
@click.option(
    "--as", "principal", metavar="WHO", help="Who to be: alice, 111111111111:root, an ARN; an instance, a task."
)
@click.option("--shell", type=click.Choice(sorted(SHELLS)), help="The shell to write for; found out where not said.")
@click.option("--unset", is_flag=True, help="Point this shell at AWS again.")
@click.pass_obj
def env(app: App, *, principal: str | None, shell: str | None, unset: bool) -> None:
    """Point this shell, with stsctl and every SDK in it, at the emulator: eval $(stsctl emulator env).

    With --as it also exports the keys of somebody in the organisation, or where an instance or a task finds its own.
    """
    if unset:
        changes = environment.unset_emulator(app.environ)
    elif (place := place_of(app, principal)) is not None:
        changes = place
    else:
        running = app.emulator
        keys = control.principal(running, principal).credentials if principal else None
        changes = environment.emulator(running.url, running.instance, keys, app.environ)
    app.report.data(writer(app, shell).render(changes))


@command.command("code")
@click.argument("user", default="alice")
@click.pass_obj
def code(app: App, *, user: str) -> None:
    """Show the code that a user's MFA device shows: the next one that STS will take."""
    app.report.data(control.code(app.emulator, user))


@command.command("keys")
@click.argument("user", default="alice")
@click.pass_obj
def keys(app: App, *, user: str) -> None:
    """Print a user's access keys, as "stsctl keys add --stdin" reads them."""
    app.report.data(environment.pair(control.principal(app.emulator, user).credentials))


@command.command("config")
@click.pass_obj
def config(app: App) -> None:
    """Print a config.toml with the roles of the built-in organisation."""
    app.report.data(BUILT_IN_CONFIG)


BUILT_IN_CONFIG = """\
# The roles of the emulator's built-in organisation. They start from alice's access keys, which go into the store with
#   stsctl emulator keys alice | stsctl keys add work --stdin

[role.hub]
role_arn = "arn:aws:iam::111111111111:role/Hub"
from = "work"

[role.prod-admin]
role_arn = "arn:aws:iam::222222222222:role/Admin"
from = "hub"
external_id = "x-emulated-42"

[role.read-only]
role_arn = "arn:aws:iam::111111111111:role/ReadOnly"
from = "work"

[role.locked]
role_arn = "arn:aws:iam::111111111111:role/Locked"
from = "work"
description = "nobody may assume it"
"""


for _command in (certificate, clock, fail, log, reset, run_as, seed_command):
    command.add_command(_command)
