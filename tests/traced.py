"""A change under strace, in a process that is forked with everything imported: its calls are the same every time.

What an interpreter does before, and how often, is nobody's promise: it differs with what was compiled, and by whom.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.conftest import missing

ROOT = Path(__file__).parent.parent

FILE_CALLS = ("openat", "mkdir", "write", "fsync", "flock", "link", "rename", "unlink")
CHANGES = re.compile(r"openat\(.*O_CREAT|write\((?!2\b)|(mkdir|fsync|flock|link|rename|unlink)\(")
"""How the line of a call begins that changes a file."""

_FORKING = """
import ctypes, gc, json, os, signal, sys
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))  # PR_SET_PTRACER: where only a parent may trace
gc.freeze()
for line in iter(sys.stdin.readline, ""):
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    try:
        print(os.getpid(), flush=True)
        signal.raise_signal(signal.SIGSTOP)
        os._exit(act(*json.loads(line)))
    finally:
        os._exit(70)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The nth call of a sort that a process makes, as strace shows it."""

    call: str
    nth: int
    line: str

    def injecting(self, fault: str) -> str:
        """What tells strace to have it end so."""
        return f"inject={self.call}:{fault}:when={self.nth}"


class Traced:
    """Runs the function `act` that `code` defines, each time in a process of its own, traced from its first call on."""

    def __init__(self, code: str) -> None:
        if shutil.which("strace") is None:
            missing("strace")
        self._process = subprocess.Popen(
            [sys.executable, "-B", "-c", code + _FORKING],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, trace: Path, *words: str, options: Sequence[str] = ()) -> int:
        """How the process ended; `options` are strace's, and `trace` has what it saw."""
        assert self._process.stdin is not None
        print(json.dumps(words), file=self._process.stdin, flush=True)
        child = int(self._line())
        while "State:\tT" not in _status(child):
            time.sleep(0.005)
        with subprocess.Popen(["strace", "-qq", "-p", str(child), "-o", str(trace), *options]) as tracer:
            while "TracerPid:\t0\n" in _status(child):
                if tracer.poll() is not None:
                    os.kill(child, signal.SIGKILL)
                    missing("leave to trace")
                time.sleep(0.005)
            os.kill(child, signal.SIGCONT)
            return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


def steps(trace: Path, wanted: re.Pattern[str] = CHANGES) -> list[Step]:
    """The calls in a trace whose lines match."""
    seen: Counter[str] = Counter()
    found = []
    for line in trace.read_text().splitlines():
        call = line.partition("(")[0]
        seen[call] += 1
        if wanted.match(line):
            found.append(Step(call=call, nth=seen[call], line=line))
    return found


def _status(process: int) -> str:
    return Path(f"/proc/{process}/status").read_text()
