"""stsctl as a process of its own, without the start of an interpreter: forked of one that has loaded all it may need.

A test starts stsctl thousands of times. What it does then is the same as if it had been started: the process is new,
alone in a session, and has the arguments, the variables, the folder and the three streams that it was given.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

_AHEAD = ("botocore.auth", "botocore.session", "botocore.httpsession", "cryptography.hazmat.primitives.ciphers.aead")
"""What is slow to load, and looks at no variable when it is loaded (as `keyring` does)."""
_USUAL = {"LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}
_AT_THE_START = ("LANG", "LC_", "MALLOC_", "PYTHON")
"""How variables begin that an interpreter looks at once, when it starts."""
_LATER = "PYTHON_KEYRING_BACKEND"
"""One that begins so, and is looked at when the package is loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a process ended."""

    status: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Forked:
    """A process that runs."""

    def __init__(self, words: Sequence[str], connection: socket.socket) -> None:
        self._words = words
        self._connection = connection
        self._said = connection.makefile("r")  # one reader: both lines may be there at once
        self.pid = int(self._said.readline())

    def wait(self, timeout: float) -> int:
        """Its status; raises subprocess.TimeoutExpired, and nothing of it is left then."""
        self._connection.settimeout(timeout)
        try:
            status = int(self._said.readline())
        except TimeoutError:
            self.end()
            raise subprocess.TimeoutExpired(["stsctl", *self._words], timeout) from None
        self._close()
        return status

    def end(self) -> None:
        """Ends it, with what it started, where nobody has waited for it."""
        if self._connection.fileno() == -1:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._close()

    def _close(self) -> None:
        self._said.close()
        self._connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The interpreter that is forked."""

    address: str

    def start(
        self, words: Sequence[str], *, environ: Mapping[str, str], folder: Path, streams: Sequence[IO[str]]
    ) -> Forked:
        """`stsctl` with `words`; the streams are its standard ones."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.address)
        wanted = json.dumps({"words": list(words), "environ": dict(environ), "folder": str(folder)}).encode()
        socket.send_fds(connection, [len(wanted).to_bytes(8)], [stream.fileno() for stream in streams])
        connection.sendall(wanted)
        return Forked(words, connection)

    def run(
        self, words: Sequence[str], *, environ: Mapping[str, str], folder: Path, given: str | None, timeout: float
    ) -> Done:
        """The same, to its end."""
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(_stream(text)) for text in (given or "", "", "")]
            status = self.start(words, environ=environ, folder=folder, streams=streams).wait(timeout)
            for stream in streams:
                stream.seek(0)
            return Done(status=status, out=streams[1].read(), err=streams[2].read())


def is_usual(environ: Mapping[str, str]) -> bool:
    """Whether an interpreter that is started with these variables would be the same as the one that is forked."""
    return {name: environ[name] for name in environ if name.startswith(_AT_THE_START) and name != _LATER} == _USUAL


@cache
def ready() -> Ready:
    """One for this process, which ends with it."""
    folder = tempfile.mkdtemp(prefix="ready-")
    address = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(128)
        ends, mine = os.pipe()
        os.set_inheritable(ends, True)
        listening.set_inheritable(True)
        process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(listening.fileno()), str(ends)],
            env=_USUAL,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(listening.fileno(), ends),
        )
        os.close(ends)

    @atexit.register
    def end() -> None:
        os.close(mine)
        process.wait()
        Path(address).unlink()
        Path(folder).rmdir()

    return Ready(address=address)


def _stream(text: str) -> IO[str]:
    stream = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - whoever asks closes it
    stream.write(text)
    stream.seek(0)
    return stream


# The interpreter that is forked.


def _serve(listening: socket.socket, ends: int) -> None:
    woken, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    while True:
        found, _, _ = select.select([listening, ends, woken], [], [])
        if woken in found:
            os.read(woken, 1 << 16)
            _reap(running)
        if ends in found:
            break
        if listening in found:
            connection, _ = listening.accept()
            streams, wanted = _asked(connection)
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for each in (listening, connection, *running.values()):
                    each.close()
                for number in (ends, woken, wakes):
                    os.close(number)
                _be(streams, **wanted)
            for stream in streams:
                os.close(stream)
            connection.sendall(f"{process}\n".encode())
            running[process] = connection
    for process in running:
        os.kill(process, signal.SIGKILL)


def _reap(running: dict[int, socket.socket]) -> None:
    """Says of each that has ended how."""
    while running:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with running.pop(process) as connection, contextlib.suppress(BrokenPipeError):
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _asked(connection: socket.socket) -> tuple[list[int], dict[str, Any]]:
    """The three streams of a process, and what it is to be."""
    length, streams, _, _ = socket.recv_fds(connection, 8, 3)
    wanted = b""
    while len(wanted) < int.from_bytes(length):
        wanted += connection.recv(1 << 20)
    return streams, json.loads(wanted)


def _be(streams: list[int], words: list[str], environ: dict[str, str], folder: str) -> NoReturn:
    """What the interpreter does for `stsctl`, from the first line of the program to its end."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    os.chdir(folder)
    sys.argv = [str(Path(sys.executable).parent / "stsctl"), *words]
    status: object = 0
    try:
        from stsctl.__main__ import main

        main()
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end
        sys.excepthook(*sys.exc_info())
        status = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status if isinstance(status, int) else 1)


def _load() -> None:
    import stsctl

    for module in pkgutil.walk_packages(stsctl.__path__, "stsctl."):
        if not module.name.startswith(("stsctl.emulator.", "stsctl.pytest_plugin", "stsctl.hook")):
            importlib.import_module(module.name)
    for name in _AHEAD:
        importlib.import_module(name)
    gc.freeze()


if __name__ == "__main__":
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as _listening:
        _serve(_listening, int(sys.argv[2]))
