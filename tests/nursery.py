"""stsctl in hundreds of processes at once, where starting as many interpreters would be most of the work.

Each is a process of its own with an environment, a session and files of its own, forked from one that has imported
everything and done nothing yet.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.traced import ROOT

_NURSERY = """
import gc, importlib, json, os, pkgutil, select, signal, sys
import cryptography.hazmat.primitives.ciphers.aead, filelock, http.client, ssl, tomllib
import stsctl.cli, stsctl.formats, stsctl.host, stsctl.sources, stsctl.stores
for package in (stsctl.cli, stsctl.formats, stsctl.host, stsctl.sources, stsctl.stores):
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(found.name)
gc.freeze()

def become(words, environ, out, err):
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(environ["HOME"])
    stsctl.cli.main(words)

children, said = set(), b""
while True:
    if select.select([0], [], [], 0.02)[0]:
        read = os.read(0, 1 << 20)
        if not read:
            break
        *lines, said = (said + read).split(b"\\n")
        for line in lines:
            child = os.fork()
            if child == 0:
                try:
                    become(**json.loads(line))
                except SystemExit as end:
                    sys.stdout.flush()
                    os._exit(end.code or 0)
                finally:
                    os._exit(99)
            children.add(child)
            os.write(1, f"started {child}\\n".encode())
    while children:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            break
        children.remove(child)
        os.write(1, f"ended {child} {os.waitstatus_to_exitcode(status)}\\n".encode())
for child in children:
    os.kill(child, signal.SIGKILL)
"""


class Nursery:
    """Starts them, and knows how each ended."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-B", "-c", _NURSERY], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._statuses: dict[int, int] = {}

    def start(self, *words: str, environ: Mapping[str, str], out: Path, err: Path) -> int:
        """Its process id."""
        assert self._process.stdin is not None
        asked = {"words": words, "environ": dict(environ), "out": str(out), "err": str(err)}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        while True:
            what, *numbers = self._heard()
            if what == "started":
                return int(numbers[0])
            self._statuses[int(numbers[0])] = int(numbers[1])

    def wait(self, process: int) -> int:
        """The status with which it ends."""
        while process not in self._statuses:
            _, ended, status = self._heard()
            self._statuses[int(ended)] = int(status)
        return self._statuses[process]

    def _heard(self) -> list[str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the nursery has ended"
        return line.split()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
