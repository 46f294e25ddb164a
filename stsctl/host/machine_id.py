"""What the system calls this machine, as the Node package node-machine-id reads it.

Source: https://github.com/automation-stack/node-machine-id
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_LINUX = (Path("/var/lib/dbus/machine-id"), Path("/etc/machine-id"))
_MACOS = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
_WINDOWS = (
    r"C:\Windows\System32\reg.exe", "query", r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography", "/v", "MachineGuid",
)  # fmt: skip
_MACHINE_GUID = re.compile(r"MachineGuid\s+REG_SZ\s+(?P<id>\S+)")
_PLATFORM_UUID = re.compile(r'"IOPlatformUUID"\s*=\s*"(?P<id>[^"]+)"')


def candidates(platform: str = sys.platform) -> tuple[str, ...]:
    """The ids that it may have given: its older versions put two files together. None where there is none."""
    if platform == "darwin":
        return of_ioreg(_said(_MACOS))
    if platform == "win32":
        return of_registry(_said(_WINDOWS))
    texts = [text for path in _LINUX if (text := _text(path))]
    return tuple(dict.fromkeys((*texts[:1], "".join(texts)))) if texts else ()


def of_ioreg(text: str) -> tuple[str, ...]:
    """The id in what macOS prints of itself."""
    match = _PLATFORM_UUID.search(text)
    return (match["id"].lower(),) if match else ()


def of_registry(text: str) -> tuple[str, ...]:
    """The id in what Windows prints of its registry."""
    match = _MACHINE_GUID.search(text)
    return (match["id"].lower(),) if match else ()


def _said(command: tuple[str, ...]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip().lower()
    except OSError:
        return ""
