"""The running emulators that these tests share with others, and one for each file that has a seed of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import emulator, emulator_from, shared_emulator

__all__ = ["emulator", "emulator_from", "shared_emulator"]


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One emulator for all tests of a file, from its SEED: each makes what it changes by names of its own."""
    folder = tmp_path_factory.mktemp("emulator")
    seed = folder / "seed.toml"
    seed.write_text(request.module.SEED)
    found = control.start(folder / "state", seed=seed)
    yield found
    control.stop(folder / "state", found)
