"""python -m stsctl.emulator: runs one emulator until it is told to stop."""

from __future__ import annotations

import argparse
import contextlib
import gc
import ipaddress
import logging
import os
import secrets
import signal
import socket
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, NoReturn

from stsctl.credentials import Secret
from stsctl.emulator import running
from stsctl.emulator.seeds import seed
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.state.change_log import ChangeLog
from stsctl.emulator.web.visitors import Visitors
from stsctl.emulator.world.journal import Journal
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.host import files, process_table

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from stsctl.emulator.emulation import Emulation


def main(arguments: list[str] | None = None) -> int:
    """Runs an emulator; the status says how it ended."""
    parser = argparse.ArgumentParser(prog="python -m stsctl.emulator", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder for running.json and the log")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--bind", default="127.0.0.1", help="the address to listen on (default: loopback)")
    parser.add_argument("--seed", type=Path, help="a TOML file with the organisation (default: the built-in one)")
    parser.add_argument("--state", type=Path, help="the folder for the state that outlives the emulator")
    options = parser.parse_args(arguments)
    try:
        with contextlib.ExitStack() as stack:
            files.private_folder(options.folder)
            if not _locked(running.lock_in(options.folder), stack):
                return running.ALREADY_RUNNING
            return _run(options, stack)
    except StsctlError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - whoever started it reads this
        return error.status


def _locked(place: Path, stack: contextlib.ExitStack) -> bool:
    """Whether nobody else holds this lock; it is held until `stack` ends."""
    from filelock import FileLock, Timeout

    lock = FileLock(place, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    stack.callback(lock.release)
    return True


def _run(options: argparse.Namespace, stack: contextlib.ExitStack) -> int:
    log = _change_log(options.state, stack)
    text, name = _seed(options.seed, log)
    chosen = seed.parse(text, name)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _serve(options, chosen, log, text.decode())
    except KeyboardInterrupt:
        return 0
    finally:
        files.remove(running.file_in(options.folder))
    return 0


def _change_log(folder: Path | None, stack: contextlib.ExitStack) -> ChangeLog | None:
    if folder is None:
        return None
    files.private_folder(folder)
    if not _locked(folder / "lock", stack):
        raise StsctlError(f'another emulator has its state in "{folder}"')
    return ChangeLog(folder)


def _seed(path: Path | None, log: ChangeLog | None) -> tuple[bytes, str]:
    """The seed as TOML, and what it is called: the one of the file, of the state, or the built-in one."""
    begun = log.begun if log else None
    if path is None:
        chosen = (begun["seed"], begun["name"]) if begun else (seed.built_in_text(), seed.BUILT_IN)
        return str(chosen[0]).encode(), str(chosen[1])
    content = seed.content_of(path)
    if log is not None and begun is not None and str(begun["seed"]).encode() != content:
        raise ConfigurationError(f'the state in "{log.path.parent}" began with another seed than "{path}" is now')
    return content, str(path)


def _serve(options: argparse.Namespace, chosen: Organisation, log: ChangeLog | None, text: str) -> None:
    from stsctl.emulator.emulation import Emulation
    from stsctl.emulator.protocol.listening import serve, url_of
    from stsctl.emulator.state.persistence import Persistence

    gc.disable()  # what is loaded stays: looking through it for garbage takes a twentieth of the start
    _forget_environment()
    with _journal(options.folder) as journal, _bound(options) as listener:
        # Its identity providers name the port, so it is known before there is anything to serve.
        emulation = Emulation(
            chosen,
            url=url_of(listener),
            token=Secret(secrets.token_urlsafe(32)),
            journal=Journal(journal),
            visitors=Visitors(from_elsewhere=not ipaddress.ip_address(options.bind).is_loopback),
            persistence=Persistence(log, text, chosen.name) if log else None,
        )
        emulation.ports.open_all(chosen)
        with serve(emulation, listener) as server:
            if options.state is not None:
                files.replace(options.state / "port", str(server.port).encode())
            described = _described(emulation, server, chosen)

            def publish() -> None:
                running.write(
                    options.folder, replace(described, instance=emulation.instance, ahead=emulation.clock.ahead)
                )

            emulation.published = publish
            publish()
            gc.freeze()
            gc.enable()
            server.serve_forever()


def _journal(folder: Path) -> IO[str]:
    """A new journal, private from birth; the one of before is kept beside it."""
    with contextlib.suppress(FileNotFoundError):
        running.log_in(folder).replace(running.former_log_in(folder))
    descriptor = os.open(running.log_in(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    journal = open(descriptor, "a", encoding="utf-8")  # noqa: PTH123, SIM115 - a descriptor, and the caller's to close
    logging.basicConfig(stream=journal, level=logging.WARNING)
    return journal


def _bound(options: argparse.Namespace) -> socket.socket:
    """The port that was asked for; else the one that a state had before, or a free one."""
    from stsctl.emulator.protocol.listening import bind

    former = options.state / "port" if options.state else None
    if former is not None and not options.port:
        with contextlib.suppress(OSError, OverflowError, ValueError):
            return bind(int(files.read(former) or b"0"), options.bind)
    try:
        return bind(options.port, options.bind)
    except (OSError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise StsctlError(f"the emulator cannot listen on port {options.port}: {reason}") from error


def _described(emulation: Emulation, server: BaseWSGIServer, chosen: Organisation) -> running.Running:
    process = process_table.look_up(os.getpid())
    return running.Running(
        url=emulation.url,
        port=server.port,
        pid=os.getpid(),
        process_started=process.started if process else "",
        instance=emulation.instance,
        control_token=emulation.token,
        seed=chosen.name,
        started_at=datetime.now(UTC),
    )


def _forget_environment() -> None:
    """moto and botocore would let these change who owns what, and where requests go."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MOTO_")):
            del os.environ[name]
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # or every web page might read its answers


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
