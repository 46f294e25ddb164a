"""~/.aws/credentials is the old file or the new one, whenever the one that changes it is killed or fails."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.host import aws_files
from tests.traced import Traced

OLD = b"[a]\nx = 1\n"
NEW = b"[a]\nx = 1\n\n[prod]\nx = 2\n"

# How often these are called is the allocator's affair and differs from run to run; none of them touches a file.
OF_MEMORY = {"brk", "futex", "madvise", "mmap", "mprotect", "mremap", "munmap"}

CHANGING = """
from pathlib import Path
import filelock
from stsctl.host import aws_files, files
def act(path, locks):
    try:
        aws_files.change(Path(path), lambda text: text + b"\\n[prod]\\nx = 2\\n", locks=Path(locks))
    except files.FileError:
        return 1
    return 0
"""


class Machine:
    """A folder with the file, and a way to run the change under strace."""

    def __init__(self, folder: Path, traced: Traced) -> None:
        self.path = folder / "aws" / "credentials"
        self.locks = folder / "locks"
        self._trace = folder / "trace"
        self._traced = traced

    def run(self, *inject: str) -> int:
        """Changes the old file, with nothing else there, and with what is injected; how that ended."""
        for folder in (self.path.parent, self.locks):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        self.path.write_bytes(OLD)
        options = [part for one in inject for part in ("-e", one)]
        return self._traced.run(self._trace, str(self.path), str(self.locks), options=options)

    def calls(self) -> list[tuple[str, int]]:
        """The calls of the change, without those of memory, each as the nth of its name."""
        assert self.run() == 0
        counted: Counter[str] = Counter()
        for line in self._trace.read_text().splitlines():
            if match := re.match(r"(\w+)\(", line):
                counted[match[1]] += 1
        return [
            (name, nth)
            for name, count in counted.items()
            if name not in OF_MEMORY | {"exit_group"}
            for nth in range(1, count + 1)
        ]

    def drafts(self) -> list[Path]:
        """What lies beside the file."""
        return [path for path in self.path.parent.iterdir() if path != self.path]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine with strace on it."""
    with Traced(CHANGING) as traced:
        yield Machine(tmp_path, traced)


def test_a_kill_at_every_system_call_leaves_the_old_or_the_new(machine: Machine) -> None:
    """And whoever changes the file next finds no lock in the way, and leaves no draft with secrets."""
    calls = machine.calls()
    assert {"openat", "write", "fsync", "flock"} <= {name for name, _ in calls}
    left = Counter[bytes]()
    for name, nth in calls:
        assert machine.run(f"inject={name}:signal=SIGKILL:when={nth}") == -9, (name, nth)
        left[machine.path.read_bytes()] += 1
        assert machine.path.stat().st_mode & 0o077 in (0, 0o044)
        assert all(draft.stat().st_mode & 0o077 == 0 for draft in machine.drafts())
        assert aws_files.change(machine.path, lambda _: OLD + NEW, locks=machine.locks)
        assert machine.drafts() == []
    assert left.keys() == {OLD, NEW}


@pytest.mark.parametrize(("call", "error"), [("write", "ENOSPC"), ("fsync", "EIO"), ("fsync", "ENOSPC")])
def test_a_disk_that_fails_leaves_the_old(machine: Machine, call: str, error: str) -> None:
    """No draft stays behind, and the failure is told as one of ours."""
    nth = next(nth for name, nth in reversed(machine.calls()) if name == call and (call != "fsync" or nth == 1))
    assert machine.run(f"inject={call}:error={error}:when={nth}") == 1
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
