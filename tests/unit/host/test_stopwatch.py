from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.host import stopwatch
from stsctl.host.stopwatch import Stopwatch
from tests.crowd import until

HOUR = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where times are kept; it is made when there is one."""
    return tmp_path / "run-times"


def test_the_longest_of_the_last_few_times_counts(folder: Path) -> None:
    """What was long ago is forgotten: commands get faster, too."""
    watch = Stopwatch(folder, "admin", ["apply"])
    assert watch.longest() is None
    for seconds in (2 * HOUR, HOUR, 60):
        watch.note(seconds)
    assert watch.longest() == timedelta(hours=2)
    for _ in range(4):
        watch.note(600)
    assert watch.longest() == timedelta(minutes=10)


def test_each_role_folder_and_command_line_is_another_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An apply elsewhere takes another time."""
    Stopwatch(folder, "admin", ["apply", "x"]).note(HOUR)
    assert Stopwatch(folder, "admin", ["apply", "x"]).longest() == timedelta(hours=1)
    assert Stopwatch(folder, "other", ["apply", "x"]).longest() is None
    assert Stopwatch(folder, "admin", ["apply x"]).longest() is None
    monkeypatch.chdir(tmp_path)
    assert Stopwatch(folder, "admin", ["apply", "x"]).longest() is None


def test_nothing_is_kept_of_the_command_line(folder: Path) -> None:
    """Nor can anybody else read the rest."""
    Stopwatch(folder, "admin", ["deploy", "--password", "canary"]).note(HOUR)
    (file,) = folder.iterdir()
    assert file.read_text() == "3600.0\n"
    assert "deploy" not in file.name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_short_is_not_kept(folder: Path) -> None:
    """No session ends within it."""
    Stopwatch(folder, "admin", ["ls"]).note(59)
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", b"x\n", b"-1\n", b"nan\n", b"inf\n", b"1e300\n", b"\xff", b"3600\nx\n"])
def test_a_damaged_file_says_nothing(folder: Path, content: bytes) -> None:
    """It is overwritten when the command has run again."""
    watch = Stopwatch(folder, "admin", ["apply"])
    watch.note(HOUR)
    (file,) = folder.iterdir()
    file.write_bytes(content)
    assert watch.longest() is None
    watch.note(HOUR)
    assert watch.longest() == timedelta(hours=1)


def test_commands_of_long_ago_are_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder does not grow for ever."""
    monkeypatch.setattr(stopwatch, "_COMMANDS", 3)
    for number in range(6):
        Stopwatch(folder, "admin", [str(number)]).note(HOUR)
        os.utime(max(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns), (number, number))
    assert Stopwatch(folder, "admin", ["0"]).longest() is None
    assert Stopwatch(folder, "admin", ["5"]).longest() is not None
    assert len(list(folder.iterdir())) == 3


_RUN = """
import os, sys
from pathlib import Path
from stsctl.host import stopwatch
stopwatch.Stopwatch(Path(sys.argv[1]), "admin", ["apply"]).start()
os.execvp("sh", ["sh", "-c", "cat /proc/self/task/$$/children; ls /proc/self/fd | wc -l; sleep 1; kill -9 $$"])
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs a handle for processes")
def test_a_process_that_becomes_a_program_is_timed_to_its_end(folder: Path) -> None:
    """However it ends; it has no child and no descriptor for it, and the one that waits is gone, too."""
    watch = Stopwatch(folder, "admin", ["apply"])
    watch.note(HOUR)
    (file,) = folder.iterdir()
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(folder)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    assert done.stdout.split() == ["4"]  # stdin, stdout, stderr, and the folder that ls reads
    until(lambda: len(file.read_text().split()) == 2, "the time")
    took = float(file.read_text().split()[1])
    assert 0.9 <= took <= time.monotonic() - began + 0.1  # it is kept in tenths


def test_the_process_that_waits_needs_no_package() -> None:
    """It stays for as long as the program does, for hundreds of programs perhaps."""
    script = f"import runpy, sys; runpy.run_path({stopwatch.__file__!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    assert not [each for each in done.stdout.split() if each.startswith("stsctl")]
