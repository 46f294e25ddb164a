"""The emulator as a first try: alice's keys and the roles of the built-in organisation, apart from what is AWS's."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from typing import TYPE_CHECKING

from stsctl.cli.app import App
from stsctl.cli.emulator import BUILT_IN_CONFIG
from stsctl.emulator import control
from stsctl.errors import StsctlError
from stsctl.formats import added, environment

if TYPE_CHECKING:
    from stsctl.emulator.running import Running

ROLE = "prod-admin"
"""At the end of a chain that wants a code."""
_ALICE = "111111111111:alice"
_BUILT_IN = "built-in"


def is_possible() -> bool:
    """Whether the emulator is installed."""
    return find_spec("moto") is not None and find_spec("flask") is not None


def has_begun(app: App) -> bool:
    """Whether an emulator runs that this person has roles of."""
    running = control.find(app.paths.emulator)
    return running is not None and bool(_pointed(app, running).configuration.roles)


def code(app: App) -> str:
    """What alice's device shows."""
    return control.code(app.emulator, _ALICE)


def begin(app: App) -> App:
    """A run of stsctl as in a shell that is set up for the emulator: that is started, and alice has keys and roles.

    Raises StsctlError.
    """
    with app.report.waiting("starting the emulator"):
        running = control.start(app.paths.emulator)
    if running.seed != _BUILT_IN:
        raise StsctlError(
            "an emulator with another organisation is running",
            hint="stsctl emulator stop, or eval $(stsctl emulator env --as PRINCIPAL)",
        )
    there = _pointed(app, running)
    alice = control.principal(running, _ALICE)
    keychain = there.keychain
    keychain.add("work", alice.credentials, keychain.identity(alice.credentials), alice.mfa_serial)

    def edit(content: bytes) -> bytes:
        for name, values in tomllib.loads(BUILT_IN_CONFIG)["role"].items():
            content = added.with_role(content, name, values)
        return content

    there.change_added(edit)
    return there.anew()


def _pointed(app: App, running: Running) -> App:
    """For a shell as `stsctl emulator env` sets one up."""
    changes = environment.emulator(running.url, running.instance, None, app.environ)
    return App(environment.child(app.environ, changes), app.report)
