"""`stsctl doctor` before a real Secret Service: open, locked, standing still."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from tests.program import BIN, STSCTL
from tests.secret_service import SecretService


def doctor(service: SecretService, home: Path) -> tuple[str, list[str], float]:
    """The kind of the keyring, what is said of the store, and how long it took."""
    environ = {"HOME": str(home), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **service.environment}
    began = time.monotonic()
    done = subprocess.run([STSCTL, "doctor", "--json"], env=environ, capture_output=True, text=True, timeout=100)
    took = time.monotonic() - began
    assert done.returncode in (0, 8), done.stderr
    answer = json.loads(done.stdout)
    said = [found["what"] for found in answer["findings"] if found["check"] == "store"]
    return answer["facts"]["keyring"], said, took


def test_the_keyring_is_told_with_its_kind(secret_service: SecretService, home: Path) -> None:
    """Open it is a Secret Service that nothing is said against, and nothing is left in it; locked, that is said."""
    kind, said, _ = doctor(secret_service, home)
    assert (kind, said) == ("Secret Service", [])
    assert secret_service.items() == {}
    secret_service.lock()
    assert doctor(secret_service, home)[1] == ["the keyring is locked"]


def test_a_keyring_that_stands_still_does_not_hold_up_the_doctor(secret_service: SecretService, home: Path) -> None:
    """It is given up after the store's own time limit, and said."""
    secret_service.stop()
    try:
        kind, said, took = doctor(secret_service, home)
    finally:
        secret_service.resume()
    assert kind == "none that answers"
    assert said == ["the keyring did not answer in 5 seconds"]
    assert took < 60
