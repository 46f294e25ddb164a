"""Enrolling a virtual MFA device: made, shown, enabled, put down; what was broken off on the way is gone on with."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING

import click

from stsctl import limits, totp
from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, RefusedError, StsctlError
from stsctl.formats import authenticator

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.stores.codec import LongTermKeys

_CODE = re.compile(r"[0-9]{6}")
_ATTEMPTS = 3
"""How often two codes are asked for before wrong ones are final."""


class Enrolling:
    """A device on its way to the user whose `keys` are in the store. Methods raise StsctlError."""

    def __init__(self, app: App, keys: LongTermKeys) -> None:
        self.keys = keys
        self._app = app
        self._devices = app.keychain.mfa_devices(keys)
        self._user = keys.identity.resource_name

    def is_done(self) -> bool:
        """Whether an enrolment that was broken off is complete, but for putting it down, which is done then."""
        begun = self.keys.enrolment
        if begun is None or begun.serial not in (one.serial for one in self._devices.listed()):
            return False
        self._put_down(begun.serial, begun.seed)
        return True

    def add(self, name: str | None, *, keep_seed: bool) -> None:
        """Makes a device, shows it on the terminal and enables it; what fails leaves no device behind."""
        serial, seed = self._begun(name or self._user)
        if keep_seed and seed is not None:
            self.keys = self._app.keychain.enrolling(self.keys, serial, seed)
        try:
            with self._app.machine.ended_as_by_ctrl_c():
                shown = _shown(seed, f"{self._user}@{self.keys.account_id}") if seed else ""
                self._enable(serial, shown, self._app.machine.ask_on_terminal)
        except (StsctlError, KeyboardInterrupt, click.Abort) as error:
            if seed is None or (isinstance(error, RefusedError) and error.code == "EntityTemporarilyUnmodifiable"):
                self._app.report.notice(f"{serial} is not enabled; to go on: stsctl mfa enable {quote(self.keys.name)}")
                raise
            self._devices.delete(serial)
            self._app.keychain.enrolling(self.keys)
            self._app.report.notice(f"{serial} is not enrolled, and was deleted again")
            raise
        if keep_seed and seed is None:
            self._app.report.notice("its seed is not kept: AWS tells it once, when the device is made")
        self._put_down(serial, seed if keep_seed else None)

    def enable(self, name: str | None) -> None:
        """Enables a device that is nobody's yet: by the seed that is kept with the keys, else by codes that are typed.

        Without `name` it is the one whose enrolment was broken off, else the one that is called as the user is.
        """
        begun = self.keys.enrolment
        serial = begun.serial if begun and name is None else self._serial(name or self._user)
        if serial not in self._devices.nobodys():
            raise ConfigurationError(
                f"there is no virtual device {serial} that is nobody's yet",
                hint=f"stsctl mfa list {quote(self.keys.name)}",
            )
        seed = begun.seed if begun and begun.serial == serial else None
        if seed is None:
            self._enable(serial, "", partial(self._app.machine.ask, hidden=False))
        else:
            step = totp.step_at(self._app.wall())
            codes = totp.code_at(seed, step - 1), totp.code_at(seed, step)
            self._devices.enable(self._user, serial, *codes)
        self._put_down(serial, seed)

    def _begun(self, name: str) -> tuple[str, Secret | None]:
        """A device that is nobody's yet, and its seed where it is known: one that was broken off with, or a new one."""
        serial, begun = self._serial(name), self.keys.enrolment
        if begun is not None and begun.serial == serial and serial in self._devices.nobodys():
            self._app.report.notice(f"the enrolment of {serial} was broken off, and goes on")
            return serial, begun.seed
        try:
            return self._devices.create(name)
        except RefusedError as error:
            if error.code != "EntityAlreadyExists" or serial not in self._devices.nobodys():
                raise
        self._app.report.notice(f"{serial} is there already, and nobody's yet: its enrolment was broken off")
        question = "Does your authenticator app show its codes? [y/N] "
        if self._app.machine.ask_on_terminal(question).strip().lower() in ("y", "yes"):
            return serial, None
        self._devices.delete(serial)
        return self._devices.create(name)

    def _enable(self, serial: str, before: str, ask: Callable[[str], str]) -> None:
        """Asks for two codes, and again where AWS does not take them: one may be mistyped."""
        for attempt in range(1, _ATTEMPTS + 1):
            first, second = two_codes(ask, before)
            try:
                self._devices.enable(self._user, serial, first, second)
            except RefusedError as error:
                if error.code != "InvalidAuthenticationCode" or attempt == _ATTEMPTS:
                    raise
                before = "AWS did not take these: they are no two codes in a row. Again, with the next two.\n"
            else:
                return

    def _put_down(self, serial: str, seed: Secret | None) -> None:
        self.keys = self._app.keychain.with_device(self.keys, serial, seed)

    def _serial(self, name: str) -> str:
        """The serial of a virtual device of the user's account; `name` may be one already."""
        if limits.is_security_key(name):
            raise ConfigurationError(f"{name} {limits.problem_with('mfa_serial', name)}", hint="stsctl mfa add NAME")
        if name.startswith("arn:"):
            return name
        return f"arn:{self.keys.identity.partition}:iam::{self.keys.account_id}:mfa/{name}"


def two_codes(ask: Callable[[str], str], before: str) -> tuple[str, str]:
    """Two codes that a device shows one after the other, as the person types them; `before` is shown with that."""
    first = _asked(ask, f"{before}The code that the device shows: ", "")
    return first, _asked(ask, "The next code that it shows, half a minute later: ", first)


def _asked(ask: Callable[[str], str], prompt: str, other: str) -> str:
    while True:
        text = "".join(ask(prompt).split())
        if _CODE.fullmatch(text) and text != other:
            return text
        prompt = "A code has six digits: " if text != other else "That is the same code; the next one: "


def _shown(seed: Secret, account: str) -> str:
    """What goes to the terminal, and nowhere else, before the first question."""
    return (
        f"{authenticator.qr_code(seed, account)}\n"
        "Let an authenticator app read this, or type the key into it:\n"
        f"  {authenticator.in_groups(seed)}\n\n"
    )
