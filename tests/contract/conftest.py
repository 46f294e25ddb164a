"""The stores under contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.stores.interface import Store
from tests import kernel_keyring
from tests.conftest import missing
from tests.contract.opened import NAMES, kernel_service, open_store
from tests.secret_service import SecretService, available


@pytest.fixture(scope="session")
def secret_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    """A real keyring for all tests."""
    if not available():
        missing("gnome-keyring and dbus-daemon")
    with SecretService.start(tmp_path_factory.mktemp("keyring")) as service:
        yield service


@pytest.fixture(params=NAMES)
def store_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Each store's name, with what it needs around it."""
    name: str = request.param
    if name in ("keyring", "sealed by keyring"):
        service: SecretService = request.getfixturevalue("secret_service")
        service.revive()
        for variable, value in service.environment.items():
            monkeypatch.setenv(variable, value)
    if name == "kernel" and not kernel_keyring.available():
        missing("a kernel whose keyrings may be used")
    yield name
    if name == "kernel":
        kernel_keyring.clear(kernel_service(tmp_path))


@pytest.fixture
def store(store_name: str, tmp_path: Path) -> Store:
    """Each store, empty."""
    return open_store(store_name, tmp_path)
