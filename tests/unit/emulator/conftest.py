"""The running emulators that these tests share with others."""

from __future__ import annotations

from tests.emulator_fixture import emulator, emulator_from, shared_emulator

__all__ = ["emulator", "emulator_from", "shared_emulator"]
