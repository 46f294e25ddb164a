from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stsctl.host import process_table
from stsctl.host.process_table import Process
from tests.conftest import missing

Read = Callable[[int], Process | None]
both = pytest.mark.parametrize("read", [process_table.look_up, process_table.from_ps])


@pytest.fixture(autouse=True)
def _ps() -> None:
    if shutil.which("ps") is None:
        missing("ps")


def _program(folder: Path, name: str) -> Path:
    return Path(shutil.copy(str(shutil.which("sleep")), folder / name))


@both
@pytest.mark.parametrize("name", ["sleep", "a) (b c"])
def test_a_process_is_found_with_its_name_and_parent(read: Read, name: str, tmp_path: Path) -> None:
    """Also where the name has blanks and brackets, which /proc does not escape."""
    child = subprocess.Popen([_program(tmp_path, name), "300"])
    try:
        first, second = read(child.pid), read(child.pid)
    finally:
        child.kill()
        child.wait()
    assert first is not None
    assert (first.pid, first.parent, first.name) == (child.pid, os.getpid(), name)
    assert first == second


@both
def test_a_process_that_has_ended_is_none(read: Read) -> None:
    """There is nothing to tell of a number that no process has."""
    child = subprocess.Popen(["true"])
    child.wait()
    assert read(child.pid) is None


def test_when_a_process_started_tells_it_from_others() -> None:
    """A process that gets the number of an earlier one started at another time, or after another boot."""
    mine, first = process_table.look_up(os.getpid()), process_table.look_up(1)
    assert mine is not None
    assert first is not None
    assert mine.started != first.started
    assert Path("/proc/sys/kernel/random/boot_id").read_text().strip() in mine.started
