"""`stsctl mfa`: the MFA devices of the users whose keys are in the store."""

from __future__ import annotations

import contextlib
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING

import click

from stsctl import limits, totp
from stsctl.cli.enrolling import Enrolling, two_codes
from stsctl.cli.options import Group, complete_keys, json_option
from stsctl.errors import ConfigurationError, PersonNeededError, StsctlError
from stsctl.formats.interface import rfc3339

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.stores.codec import LongTermKeys


_name = click.argument("name", shell_complete=complete_keys)


@click.group("mfa", cls=Group)
def command() -> None:
    """Enrol the MFA devices of the users whose keys are in the store, list them, read codes.

    NAME is a source of type keys, as "stsctl keys add" makes them.
    """


@command.command("list")
@_name
@json_option
@click.pass_obj
def list_devices(app: App, *, name: str, as_json: bool) -> None:
    """List a user's MFA devices: serial, what it is good for, since when."""
    keys = _keys(app, name)
    found = app.keychain.mfa_devices(keys).listed()
    if as_json:
        facts = [
            {"serial": one.serial, "shows_codes": not one.is_security_key, "enabled_at": rfc3339(one.enabled_at)}
            for one in found
        ]
        app.report.answer(facts)
        return
    if keys.enrolment is not None:
        app.report.notice(
            f"the enrolment of {keys.enrolment.serial} was broken off; to go on: stsctl mfa enable {quote(name)}"
        )
    if not found:
        app.report.notice(f'the user of "{name}" has no MFA device; to enrol one: stsctl mfa add {quote(name)}')
        return
    app.report.rows((one.serial, _use(one.is_security_key), f"{one.enabled_at:%Y-%m-%d}") for one in found)


def _use(is_security_key: bool) -> str:
    # The API takes codes and nothing else: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html
    return "a security key: signs in to the console, and STS cannot ask it" if is_security_key else "shows codes"


@command.command("add")
@_name
@click.option("--device", metavar="NAME", help="What the device is called; the user's name where not said.")
@click.option("--keep-seed", is_flag=True, help="Keep the device's seed in the store too; see below.")
@click.pass_obj
def add(app: App, *, name: str, device: str | None, keep_seed: bool) -> None:
    """Enrol a virtual MFA device: a QR code for an authenticator app, then two codes that it shows.

    With --keep-seed the store can show its codes too ("stsctl mfa code", which roles then use by themselves). Keys and
    seed in one place are one factor instead of two: whoever can read your keyring has both. An enrolment that was
    broken off is gone on with.
    """
    enrolling = Enrolling(app, _keys(app, name))
    _need_terminal(app)
    if not enrolling.is_done():
        enrolling.add(device, keep_seed=keep_seed)
    _say_enrolled(app, enrolling)


@command.command("enable")
@_name
@click.option("--device", metavar="NAME", help="What the device is called, or its serial; the user's name else.")
@click.pass_obj
def enable(app: App, *, name: str, device: str | None) -> None:
    """Enable a virtual MFA device that exists and is nobody's yet, by two codes that it shows.

    Where its enrolment was broken off and its seed is in the store, nobody is asked for them.
    """
    enrolling = Enrolling(app, _keys(app, name))
    if not enrolling.is_done():
        enrolling.enable(device)
    _say_enrolled(app, enrolling)


def _say_enrolled(app: App, enrolling: Enrolling) -> None:
    keys = enrolling.keys
    app.report.notice(f"{keys.mfa_serial} is enrolled")
    app.report.notice(f'roles that start from "{keys.name}" ask for its codes from now on, where they need one')


@command.command("resync")
@_name
@click.pass_obj
def resync(app: App, *, name: str) -> None:
    """Tell AWS how far a device's clock is off, by two codes that it shows one after the other."""
    keys = _keys(app, name)
    if keys.mfa_serial is None:
        raise ConfigurationError(f'the user of "{name}" has no MFA device', hint=f"stsctl mfa add {quote(name)}")
    first, second = two_codes(partial(app.machine.ask, hidden=False), "")
    app.keychain.mfa_devices(keys).resync(keys.identity.resource_name, keys.mfa_serial, first, second)
    app.report.notice(f"{keys.mfa_serial} is in step again")


@command.command("code")
@_name
@click.pass_obj
def code(app: App, *, name: str) -> None:
    """Print the code that a device shows now, where its seed is in the store."""
    keys = _keys(app, name)
    if keys.mfa_seed is None:
        _say_of_security_keys(app, keys)
        raise ConfigurationError(
            f'the seed of the device of "{name}" is not in the store', hint="it is kept by: stsctl mfa add --keep-seed"
        )
    app.report.data(totp.code_at(keys.mfa_seed, totp.step_at(app.wall())))


def _say_of_security_keys(app: App, keys: LongTermKeys) -> None:
    """Says so where the user has security keys and nothing else: those show no codes."""
    with contextlib.suppress(StsctlError):
        found = app.keychain.mfa_devices(keys).listed()
        if found and all(one.is_security_key for one in found):
            app.report.notice(f"{found[0].serial} {limits.problem_with('mfa_serial', found[0].serial)}")


def _keys(app: App, name: str) -> LongTermKeys:
    found = app.keys_held.keys(name)
    if found is None:
        raise ConfigurationError(f'there are no keys "{name}" in the store', hint="stsctl keys list")
    return found


def _need_terminal(app: App) -> None:
    """Raises PersonNeededError before anything is made that nobody could be shown."""
    if not app.machine.can_ask():
        raise PersonNeededError("a device is enrolled on a terminal, and there is none", hint="run it in a terminal")
