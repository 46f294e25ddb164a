"""Leapp's workspace, sealed here as OpenSSL does it: with the digest of the machine's id."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess

import pytest

from stsctl.errors import ConfigurationError
from stsctl.host import machine_id
from stsctl.sources.leapp_file import opened
from tests.conftest import missing

TEXT = b'{"_sessions": []}'


def sealed(text: bytes, machine: str) -> bytes:
    """As Leapp writes it."""
    if shutil.which("openssl") is None:
        missing("openssl")
    passphrase = hashlib.sha256(machine.encode()).hexdigest()
    command = ["openssl", "enc", "-aes-256-cbc", "-md", "md5", "-salt", "-base64", "-A", "-pass", f"pass:{passphrase}"]
    return subprocess.run(command, input=text, capture_output=True, check=True).stdout


def test_it_is_opened_with_the_id_of_this_machine() -> None:
    """Of several the one that fits."""
    assert opened(sealed(TEXT, "b" * 32), ["a" * 32, "b" * 32]) == TEXT


def test_that_of_another_machine_and_what_is_none_are_refused() -> None:
    """A wrong id may be padded as the right one: then it is no JSON."""
    there = sealed(TEXT, "b" * 32)
    assert all(_refused(there, [f"{number:032x}"]) for number in range(600))
    for text in (b"", b"%%%", base64.b64encode(b"Salted__"), base64.b64encode(b"Salted__12345678abc"), b"{}"):
        assert _refused(text, ["b" * 32])


def _refused(text: bytes, ids: list[str]) -> bool:
    with pytest.raises(ConfigurationError, match="sealed"):
        opened(text, ids)
    return True


def test_the_ids_are_those_that_each_system_tells() -> None:
    """Printed by macOS and by Windows, and in a file of Linux."""
    ioreg = '    "IOPlatformSerialNumber" = "C02"\n    "IOPlatformUUID" = "9BEC61B2-0000-1111-2222-333344445555"\n'
    assert machine_id.of_ioreg(ioreg) == ("9bec61b2-0000-1111-2222-333344445555",)
    registry = "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\r\n    MachineGuid    REG_SZ    0A1B-2C3D\r\n\r\n"
    assert machine_id.of_registry(registry) == ("0a1b-2c3d",)
    assert machine_id.of_ioreg("") == machine_id.of_registry("") == ()
    assert all(one == one.strip().lower() for one in machine_id.candidates())
