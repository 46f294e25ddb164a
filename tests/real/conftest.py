"""The real programs that these tests stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.emulator_fixture import emulator, emulator_from, shared_emulator
from tests.secret_service import SecretService, available

__all__ = ["emulator", "emulator_from", "shared_emulator"]


@pytest.fixture
def secret_service(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SecretService]:
    """A real keyring, unlocked, that this process and the processes it starts find."""
    if not available():
        missing("gnome-keyring and dbus-daemon")
    with SecretService.start(tmp_path_factory.mktemp("keyring")) as service:
        for variable, value in service.environment.items():
            monkeypatch.setenv(variable, value)
        yield service


@pytest.fixture
def bare_bus(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A message bus without a keyring."""
    if not available():
        missing("dbus-daemon")
    folder = tmp_path_factory.mktemp("bus")
    with SecretService.start(folder, daemon=False) as service:
        for variable, value in service.environment.items():
            monkeypatch.setenv(variable, value)
        yield folder
