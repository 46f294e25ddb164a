"""~/.aws/credentials is the old file or the new one, whenever the one that changes it is killed or fails."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from stsctl.host import aws_files
from tests.conftest import missing

OLD = b"[a]\nx = 1\n"
NEW = b"[a]\nx = 1\n\n[prod]\nx = 2\n"

# How often these are called is the allocator's affair and differs from run to run; none of them touches a file.
OF_MEMORY = {"brk", "futex", "madvise", "mmap", "mprotect", "mremap", "munmap"}

# What is imported on first use is imported before the mark, so that only the change itself lies between the two.
CHILD = """
import os, sys
from pathlib import Path
import filelock
from stsctl.host import aws_files, files
path, locks = map(Path, sys.argv[1:])
def marked(name):
    try: os.stat(name)
    except OSError: pass
marked("/begins-here")
try:
    aws_files.change(path, lambda text: text + b"\\n[prod]\\nx = 2\\n", locks=locks)
except files.FileError:
    sys.exit(1)
finally:
    marked("/ends-here")
"""


class Machine:
    """A folder with the file, and a way to run the change under strace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "aws" / "credentials"
        self.locks = folder / "locks"
        self.trace = folder / "trace"
        self.path.parent.mkdir()

    def run(self, *inject: str) -> subprocess.CompletedProcess[bytes]:
        """Changes the old file, with what is injected."""
        self.path.write_bytes(OLD)
        strace = ["strace", "-f", "-o", str(self.trace), *(part for one in inject for part in ("-e", one))]
        return subprocess.run(
            [*strace, sys.executable, "-B", "-S", "-c", CHILD, str(self.path), str(self.locks)],
            env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin", "PYTHONHASHSEED": "0"},
            capture_output=True,
            check=False,
        )

    def calls(self) -> list[tuple[str, int]]:
        """The calls of the change, without those of memory, each as the nth of its name since the process began."""
        self.run()
        counted: Counter[str] = Counter()
        found, inside = [], False
        for line in self.trace.read_text().splitlines():
            match = re.match(r"\d+ +(\w+)\(", line)
            if match is None:
                continue
            counted[match[1]] += 1
            if "/ends-here" in line:
                break
            if inside and match[1] not in OF_MEMORY:
                found.append((match[1], counted[match[1]]))
            inside = inside or "/begins-here" in line
        return found

    def drafts(self) -> list[Path]:
        """What lies beside the file."""
        return [path for path in self.path.parent.iterdir() if path != self.path]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with strace on it."""
    if shutil.which("strace") is None:
        missing("strace")
    machine = Machine(tmp_path)
    if b"Operation not permitted" in machine.run().stderr:
        missing("permission to trace")
    return machine


def test_a_kill_at_every_system_call_leaves_the_old_or_the_new(machine: Machine) -> None:
    """And whoever changes the file next finds no lock in the way, and no draft with secrets afterwards."""
    calls = machine.calls()
    assert {"openat", "write", "fsync", "flock"} <= {name for name, _ in calls}
    left = Counter[bytes]()
    for name, nth in calls:
        done = machine.run(f"inject={name}:signal=SIGKILL:when={nth}")
        assert done.returncode == -9, (name, nth, done)
        left[machine.path.read_bytes()] += 1
        assert machine.path.stat().st_mode & 0o077 in (0, 0o044)
        assert all(draft.stat().st_mode & 0o077 == 0 for draft in machine.drafts())
    assert left.keys() == {OLD, NEW}
    assert aws_files.change(machine.path, lambda _: OLD + NEW, locks=machine.locks)
    assert machine.drafts() == []


@pytest.mark.parametrize(("call", "error"), [("write", "ENOSPC"), ("fsync", "EIO"), ("fsync", "ENOSPC")])
def test_a_disk_that_fails_leaves_the_old(machine: Machine, call: str, error: str) -> None:
    """No draft stays behind, and the failure is told as one of ours."""
    nth = next(nth for name, nth in reversed(machine.calls()) if name == call and (call != "fsync" or nth == 1))
    done = machine.run(f"inject={call}:error={error}:when={nth}")
    assert done.returncode == 1, done.stderr
    assert machine.path.read_bytes() == OLD
    assert machine.drafts() == []


ADDER = """
import sys
from pathlib import Path
from stsctl.host import aws_files
path, locks, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].encode()
aws_files.change(path, lambda text: text + b"[" + name + b"]\\n", locks=locks)
"""


def test_no_change_of_many_at_once_is_lost(tmp_path: Path) -> None:
    """Each reads the file under the lock, right before it writes it."""
    path, locks = tmp_path / "credentials", tmp_path / "locks"
    names = [f"p{number}" for number in range(24)]
    children = [
        subprocess.Popen(
            [sys.executable, "-S", "-c", ADDER, str(path), str(locks), name],
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for name in names
    ]
    assert [child.wait() for child in children] == [0] * len(names)
    assert sorted(path.read_text().split()) == sorted(f"[{name}]" for name in names)
