"""`stsctl mfa`: the MFA devices of the users whose keys are in the store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from stsctl import totp
from stsctl.cli.options import Group, complete_keys, json_option
from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, PersonNeededError, StsctlError
from stsctl.formats import authenticator
from stsctl.formats.interface import rfc3339

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.stores.codec import LongTermKeys

_CODE = re.compile(r"[0-9]{6}")


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
    found = app.keychain.mfa_devices(_keys(app, name)).listed()
    if as_json:
        facts = [
            {"serial": one.serial, "shows_codes": not one.is_security_key, "enabled_at": rfc3339(one.enabled_at)}
            for one in found
        ]
        app.report.answer(facts)
        return
    if not found:
        app.report.notice(f'the user of "{name}" has no MFA device; to enrol one: stsctl mfa add {name}')
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
    seed in one place are one factor instead of two: whoever can read your keyring has both.
    """
    keys = _keys(app, name)
    user = keys.identity.resource_name
    devices = app.keychain.mfa_devices(keys)
    _need_terminal(app)
    serial, seed = devices.create(device or user)
    try:
        first, second = _two_codes(app, _shown(seed, f"{user}@{keys.account_id}"))
        devices.enable(user, serial, first, second)
    except (StsctlError, KeyboardInterrupt, click.Abort):
        devices.delete(serial)
        app.report.notice(f"{serial} is not enrolled, and was deleted again")
        raise
    app.keychain.with_device(keys, serial, seed if keep_seed else None)
    app.report.notice(f"{serial} is enrolled")
    app.report.notice(f'roles that start from "{name}" ask for its codes from now on, where they need one')


@command.command("resync")
@_name
@click.pass_obj
def resync(app: App, *, name: str) -> None:
    """Tell AWS how far a device's clock is off, by two codes that it shows one after the other."""
    keys = _keys(app, name)
    if keys.mfa_serial is None:
        raise ConfigurationError(f'the user of "{name}" has no MFA device', hint=f"stsctl mfa add {name}")
    first, second = _two_codes(app, "")
    app.keychain.mfa_devices(keys).resync(keys.identity.resource_name, keys.mfa_serial, first, second)
    app.report.notice(f"{keys.mfa_serial} is in step again")


@command.command("code")
@_name
@click.pass_obj
def code(app: App, *, name: str) -> None:
    """Print the code that a device shows now, where its seed is in the store."""
    keys = _keys(app, name)
    if keys.mfa_seed is None:
        raise ConfigurationError(
            f'the seed of the device of "{name}" is not in the store', hint="it is kept by: stsctl mfa add --keep-seed"
        )
    app.report.data(totp.code_at(keys.mfa_seed, totp.step_at(app.wall())))


def _keys(app: App, name: str) -> LongTermKeys:
    found = app.held.keys(name)
    if found is None:
        raise ConfigurationError(f'there are no keys "{name}" in the store', hint='run "stsctl keys list"')
    return found


def _need_terminal(app: App) -> None:
    """Raises PersonNeededError before anything is made that nobody could be shown."""
    if not app.machine.can_ask():
        raise PersonNeededError("a device is enrolled on a terminal, and there is none", hint="run it in a terminal")


def _shown(seed: Secret, account: str) -> str:
    """What goes to the terminal, and nowhere else, before the first question."""
    return (
        f"{authenticator.qr_code(seed, account)}\n"
        "Let an authenticator app read this, or type the key into it:\n"
        f"  {authenticator.in_groups(seed)}\n\n"
    )


def _two_codes(app: App, before: str) -> tuple[str, str]:
    first = _asked(app, f"{before}The code that the device shows: ", "")
    return first, _asked(app, "The next code that it shows, half a minute later: ", first)


def _asked(app: App, prompt: str, other: str) -> str:
    while True:
        text = "".join(app.machine.ask(prompt, hidden=False).split())
        if _CODE.fullmatch(text) and text != other:
            return text
        prompt = "A code has six digits: " if text != other else "That is the same code; the next one: "
