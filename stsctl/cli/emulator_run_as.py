"""`stsctl emulator run-as`, and whom `emulator env --as` can make of a shell: what runs in the organisation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stsctl import region as regions
from stsctl.emulator import remote
from stsctl.emulator.remote import NotTrustedError
from stsctl.errors import UsageError
from stsctl.formats import environment

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.emulator.workloads.surroundings import Surroundings
    from stsctl.formats.interface import Changes

_DEFAULT_REGION = "us-east-1"


@click.command("run-as", context_settings={"ignore_unknown_options": True})
@click.argument("service")
@click.argument("role")
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run_as(app: App, *, service: str, role: str, program: tuple[str, ...]) -> int:
    """Run a program as a service would: stsctl emulator run-as lambda Worker -- python handler.py.

    SERVICE is ec2, lambda, ecs-tasks or another that assumes roles; ROLE is a name, ACCOUNT:NAME or an ARN, and the
    role has to trust the service. The program finds the credentials where that service leaves them: in the metadata of
    an instance for ec2, in its environment for lambda, at a container's endpoint for all others. Nothing of your own
    AWS configuration is in its environment.
    """
    running = app.emulator
    place = _placed(
        app,
        "run",
        service=service,
        role=role,
        region=regions.own(app.environ) or _DEFAULT_REGION,
        program=Path(program[0]).name,
        pid=str(os.getpid()),
    )
    changes = environment.run_as(running.url, running.instance, place.arn, place.variables, os.devnull, app.environ)
    return app.machine.become(program, environment.child(app.environ, changes))


def place_of(app: App, name: str | None) -> Changes | None:
    """What makes a shell the instance or task of this name; None where none is called so."""
    if name is None:
        return None
    try:
        place = _placed(app, "workload", name=name)
    except UsageError:
        return None
    running = app.emulator
    return environment.workload(running.url, running.instance, place.arn, place.variables, os.devnull)


def _placed(app: App, what: str, **arguments: str) -> Surroundings:
    """The place of a workload; where the role does not trust its service, the statements are shown."""
    try:
        return remote.place(app.emulator, what, **arguments)
    except NotTrustedError as error:
        app.report.lines(error.because)
        raise
