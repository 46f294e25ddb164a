"""IAM's MFA devices: what AWS checks of them and moto does not.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html,
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import Device
from stsctl.emulator.directory.totp import are_consecutive
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.wire import Result

_MOST = 8
"""Devices of one user."""

Given = Mapping[str, Any]
"""The parameters of a call, by the names of the model."""


class MfaDevices:
    """The devices of every account: operations that moto has not, and checks before those that it has."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @property
    def operations(self) -> Mapping[str, Callable[[str, Given, datetime], Result]]:
        """Those that are answered here, for an account, at an instant of the wall clock."""
        return {"GetMFADevice": self._get, "ResyncMFADevice": self._resync}

    def check(self, action: str, account: str, given: Given, wall_at: datetime) -> None:
        """Raises Refusal for what AWS would refuse, of operations that moto answers."""
        serial = given.get("SerialNumber", "")
        device = self._directory.device(account, serial)
        if action == "EnableMFADevice":
            self._check_enabling(account, given, device)
            self._check_codes(given, device, wall_at)
        if action == "DeleteVirtualMFADevice" and device is not None and device.user is not None:
            raise Refusal("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.", 409)

    def _check_enabling(self, account: str, given: Given, device: Device | None) -> None:
        serial = given.get("SerialNumber", "")
        if device is None and ":mfa/" in serial:
            raise Refusal("NoSuchEntity", f"VirtualMFADevice with serial number {serial} doesn't exist.", 404)
        if device is not None and device.user is not None:
            raise Refusal("EntityAlreadyExists", f"MFADevice {serial} is already in use.", 409)
        user = self._directory.backend(account).users.get(given.get("UserName", ""))
        if user is not None and len(user.mfa_devices) >= _MOST:
            raise Refusal("LimitExceeded", f"Cannot exceed quota for MFADevicesPerUser: {_MOST}", 409)

    def _check_codes(self, given: Given, device: Device | None, wall_at: datetime) -> None:
        first, second = given.get("AuthenticationCode1", ""), given.get("AuthenticationCode2", "")
        if device is not None and not are_consecutive(device.seed, first, second, wall_at):
            raise Refusal("InvalidAuthenticationCode", "Authentication code for device is not valid.", 403)

    def _resync(self, account: str, given: Given, wall_at: datetime) -> Result:
        """ResyncMFADevice: a device whose clock is off; the emulator's goes by the wall clock, so that all is well."""
        self._check_codes(given, self._enabled(account, given), wall_at)
        return {}

    def _get(self, account: str, given: Given, _wall_at: datetime) -> Result:
        """GetMFADevice."""
        device = self._enabled(account, given)
        found: Any = self._directory.backend(account).virtual_mfa_devices[device.serial]
        return {"UserName": device.user, "SerialNumber": device.serial, "EnableDate": found.enable_date}

    def _enabled(self, account: str, given: Given) -> Device:
        """The enabled device that a call is about, of the user it names; raises Refusal where there is none such."""
        serial, user = given.get("SerialNumber", ""), given.get("UserName")
        device = self._directory.device(account, serial)
        if device is None or device.user is None or user not in (None, device.user):
            raise Refusal("NoSuchEntity", f"MFA Device with serial number {serial} does not exist.", 404)
        return device
