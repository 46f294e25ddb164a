"""python -m stsctl.emulator: runs one emulator until it is told to stop."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import secrets
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from stsctl.credentials import Secret
from stsctl.emulator import running, seed
from stsctl.emulator.journal import Journal
from stsctl.emulator.organisation import Organisation
from stsctl.errors import StsctlError
from stsctl.host import files, process_table

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from stsctl.emulator.emulation import Emulation


def main(arguments: list[str] | None = None) -> int:
    """Runs an emulator; the status says how it ended."""
    parser = argparse.ArgumentParser(prog="python -m stsctl.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--seed", type=Path, help="a TOML file with the organisation (default: the built-in one)")
    parser.add_argument("--state", type=Path, required=True, help="the folder for running.json and the log")
    options = parser.parse_args(arguments)
    try:
        return _run(options.state, options.seed, options.port)
    except StsctlError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - whoever started it reads this
        return error.status


def _run(folder: Path, seed_file: Path | None, port: int) -> int:
    from filelock import FileLock, Timeout

    files.private_folder(folder)
    lock = FileLock(running.lock_in(folder), mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return running.ALREADY_RUNNING
    with lock:
        chosen = seed.read(seed_file) if seed_file else seed.built_in()
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            _serve(folder, chosen, port)
        except KeyboardInterrupt:
            return 0
        finally:
            files.remove(running.file_in(folder))
    return 0


def _serve(folder: Path, chosen: Organisation, port: int) -> None:
    _forget_environment()
    with contextlib.suppress(FileNotFoundError):
        running.log_in(folder).replace(running.former_log_in(folder))
    # Appended to by one process, private from birth.
    descriptor = os.open(running.log_in(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "a", encoding="utf-8") as log:  # noqa: PTH123 - a descriptor
        logging.basicConfig(stream=log, level=logging.WARNING)
        token = Secret(secrets.token_urlsafe(32))
        emulation, server = _listening(chosen, port, token, Journal(log))
        with server:
            described = _described(emulation, server, token, chosen)

            def publish() -> None:
                running.write(folder, replace(described, instance=emulation.instance, ahead=emulation.clock.ahead))

            emulation.published = publish
            publish()
            server.serve_forever()


def _listening(chosen: Organisation, port: int, token: Secret, journal: Journal) -> tuple[Emulation, BaseWSGIServer]:
    from stsctl.emulator.emulation import Emulation
    from stsctl.emulator.listening import bind, serve, url_of

    try:
        # Its identity providers name the port, so it is known before there is anything to serve.
        with bind(port) as listener:
            emulation = Emulation(chosen, url=url_of(listener), token=token, journal=journal)
            emulation.ports.open_all(chosen)
            return emulation, serve(emulation, listener)
    except (OSError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise StsctlError(f"the emulator cannot listen on port {port}: {reason}") from error


def _described(emulation: Emulation, server: BaseWSGIServer, token: Secret, chosen: Organisation) -> running.Running:
    process = process_table.look_up(os.getpid())
    return running.Running(
        url=emulation.url,
        port=server.port,
        pid=os.getpid(),
        process_started=process.started if process else "",
        instance=emulation.instance,
        control_token=token,
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
