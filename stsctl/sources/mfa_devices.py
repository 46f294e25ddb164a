"""IAM's calls about a user's own MFA devices.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html and the pages beside it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.errors import StsctlError
from stsctl.limits import is_security_key
from stsctl.request import Endpoint
from stsctl.sources.answer import explained, text_of
from stsctl.sources.client import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """An MFA device that is enabled for a user."""

    serial: str
    enabled_at: datetime

    @property
    def is_security_key(self) -> bool:
        """Whether it is a security key or a passkey, which shows no codes."""
        return is_security_key(self.serial)


_MEANINGS = {
    "InvalidAuthenticationCode": (
        "these are no two codes that the device showed one after the other",
        "wait for the next code, and check the clock of the device",
    ),
    "EntityTemporarilyUnmodifiable": (
        "AWS is still busy with an earlier change of this user or device",
        "run the same command again in a few minutes",
    ),
    "LimitExceeded": (
        "there are as many MFA devices as AWS allows, which is eight for a user",
        "aws iam deactivate-mfa-device --user-name USER --serial-number SERIAL",
    ),
    "EntityAlreadyExists": ("a device of that name is there already", "choose another name with --device"),
    "NoSuchEntity": ("there is no such device", "stsctl mfa add NAME"),
}
"""Of IAM's refusals: what they mean, and what to do.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html (the errors) and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""


_PAGES = 100
"""Of a hundred devices each: more than an account can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MfaDevices:
    """The devices of the user whose credentials sign; every call raises RefusedError, UnavailableError."""

    clients: Clients
    endpoint: Endpoint
    credentials: Credentials

    def listed(self) -> tuple[Device, ...]:
        """Those that are enabled."""
        found = self._call("ListMFADevices").get("MFADevices", ())
        return tuple(Device(serial=text_of(each, "SerialNumber"), enabled_at=each["EnableDate"]) for each in found)

    def nobodys(self) -> frozenset[str]:
        """The serials of the account's virtual devices that are enabled for no user."""
        found: set[str] = set()
        after: dict[str, str] = {}
        for _ in range(_PAGES):
            answer = self._call("ListVirtualMFADevices", AssignmentStatus="Unassigned", **after)
            found |= {text_of(each, "SerialNumber") for each in answer.get("VirtualMFADevices", ())}
            if not answer.get("IsTruncated"):
                return frozenset(found)
            after = {"Marker": text_of(answer, "Marker")}
        raise StsctlError("IAM's list of virtual devices does not end: it is not used")

    def create(self, name: str) -> tuple[str, Secret]:
        """A virtual device that is nobody's yet: its serial, and its seed, which AWS tells this once."""
        made = self._call("CreateVirtualMFADevice", VirtualMFADeviceName=name).get("VirtualMFADevice") or {}
        seed = made.get("Base32StringSeed")
        text = seed.decode("ascii", "replace") if isinstance(seed, bytes) else ""
        if not re.fullmatch(r"[A-Za-z2-7]{16,}=*", text):
            raise StsctlError("IAM's answer has no seed that could be one: the device is not used")
        return text_of(made, "SerialNumber"), Secret(text)

    def enable(self, user: str, serial: str, first: str, second: str) -> None:
        """Makes a device the user's, by two codes that it showed one after the other."""
        self._codes("EnableMFADevice", user, serial, first, second)

    def resync(self, user: str, serial: str, first: str, second: str) -> None:
        """Tells AWS how far the device's clock is off, by two codes that it showed one after the other."""
        self._codes("ResyncMFADevice", user, serial, first, second)

    def delete(self, serial: str) -> None:
        """Forgets a device that is nobody's."""
        self._call("DeleteVirtualMFADevice", SerialNumber=serial)

    def _codes(self, operation: str, user: str, serial: str, first: str, second: str) -> None:
        codes = {"AuthenticationCode1": first, "AuthenticationCode2": second}
        self._call(operation, UserName=user, SerialNumber=serial, **codes)

    def _call(self, operation: str, **parameters: str) -> Mapping[str, Any]:
        with explained(_MEANINGS):
            return self.clients.call("iam", operation, self.endpoint, self.credentials, **parameters).body
