"""Guard rails: no test reaches the network beyond loopback, or the real home, keyring or AWS files."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

REQUIRE_REAL = os.environ.get("STSCTL_REQUIRE_REAL") == "1"

_KEEP = {
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "PYTEST_CURRENT_TEST",
    "PYTEST_XDIST_WORKER",
    "STSCTL_REQUIRE_REAL",
    "CI",
}

# A shell starts its background jobs with Ctrl-C ignored, and whatever they start inherits that: what the tests press
# would reach nobody.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def missing(what: str) -> None:
    """Skips a test that needs `what`, or fails it where everything real has to be there."""
    if REQUIRE_REAL:
        pytest.fail(f"{what} is not there, and STSCTL_REQUIRE_REAL=1")
    pytest.skip(f"needs {what}")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own; every variable that could point elsewhere is gone."""
    for name in list(os.environ):
        if name not in _KEEP and not name.startswith(("PYTEST_", "COV_")):
            monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for variable, place in {
        "XDG_CONFIG_HOME": ".config",
        "XDG_STATE_HOME": ".local/state",
        "XDG_CACHE_HOME": ".cache",
        "XDG_DATA_HOME": ".local/share",
    }.items():
        monkeypatch.setenv(variable, str(folder / place))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return folder


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine fails the test."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                raise AssertionError(f"a test tried to connect to {host}")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
