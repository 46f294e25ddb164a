"""Starting an emulator in the background, finding it again, asking it, stopping it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import remote
from stsctl.emulator import running as record
from stsctl.emulator.remote import EmulatorError
from stsctl.emulator.running import Running
from stsctl.errors import UsageError
from stsctl.host import files, process_table

_START_LIMIT = timedelta(seconds=60)
_STOP_LIMIT = timedelta(seconds=30)
_PAUSE = timedelta(milliseconds=20)

_children: dict[int, subprocess.Popen[bytes]] = {}
"""The emulators that this very process started: whoever starts a process has to notice its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody of the emulated organisation: keys that make you them, and their MFA device, if any."""

    credentials: Credentials
    arn: str
    account: str
    mfa_serial: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Where a certificate of the emulator's own CA is, with its key; `profiles` are what can be had with it.

    Each is a profile's ARN, and the ARNs of its roles.
    """

    certificate: Path
    private_key: Path
    trust_anchor_arn: str
    profiles: tuple[tuple[str, tuple[str, ...]], ...]


def start(
    folder: Path,
    *,
    seed: Path | None = None,
    port: int | None = None,
    state: Path | None = None,
    bind: str | None = None,
) -> Running:
    """Starts an emulator that keeps its files in `folder`, and returns when it answers.

    Where one is running in `folder` already, or another `start` was faster, that one is returned. `seed` None is the
    built-in organisation (or that of the state), `port` None a free one, `bind` None loopback; what is in the folder
    `state` outlives it. Raises ConfigurationError for a seed that cannot be used, and EmulatorError with what the
    emulator said.
    """
    already = find(folder)
    if already is not None:
        return already
    _check(seed)
    files.private_folder(folder)
    complaints = folder / "complaints"
    files.replace(complaints, b"")
    options = {"seed": seed, "port": port, "state": state, "bind": bind}
    child = _spawn(folder, options, complaints)
    limit = time.monotonic() + _START_LIMIT.total_seconds()
    while time.monotonic() < limit:
        ended = child.poll()
        found = find(folder)
        if found is not None:
            if found.pid != child.pid:
                child.wait()  # the other one was faster, this one ends by itself
            return found
        if ended == record.ALREADY_RUNNING:  # another one is about to start here, unless it fails
            child = _spawn(folder, options, complaints)
        elif ended is not None:
            raise EmulatorError(f"the emulator did not start: {_last_line(complaints)}")
        time.sleep(_PAUSE.total_seconds())
    child.kill()
    child.wait()
    seconds = int(_START_LIMIT.total_seconds())
    raise EmulatorError(f"the emulator did not answer within {seconds} s", hint=f"cat {record.log_in(folder)}")


def find(folder: Path) -> Running | None:
    """The emulator that runs in `folder`, None where there is none; what a dead one left is removed."""
    found = record.read(folder)
    if found is None or _is_alive(found):
        return found
    files.remove(record.file_in(folder))
    return None


def stop(folder: Path, running: Running) -> None:
    """Ends an emulator, and returns when it is over; raises EmulatorError when it will not end."""
    if _is_alive(running):
        os.kill(running.pid, signal.SIGTERM)
    limit = time.monotonic() + _STOP_LIMIT.total_seconds()
    while _is_alive(running):
        if time.monotonic() > limit:
            raise EmulatorError(f"the emulator (process {running.pid}) does not end", hint=f"kill {running.pid}")
        time.sleep(_PAUSE.total_seconds())
    if running.pid in _children:
        _children.pop(running.pid).wait()
    find(folder)


def status(running: Running) -> dict[str, Any]:
    """How it is: `instance`, `seed`, `accounts`, and `sessions`, the number of those that last."""
    return remote.ask(running, "status")


def principal(running: Running, name: str) -> Principal:
    """Keys of somebody: `alice`, `111111111111:alice`, `111111111111:root`, or the ARN of a user, a root or a role.

    A role's are those of a session that starts now. Raises UsageError for nobody.
    """
    answer = remote.ask(running, "principal", name=name)
    token, ends = answer["session_token"], answer["expires_at"]
    serials = answer["mfa_serials"]
    return Principal(
        credentials=Credentials(
            access_key_id=answer["access_key_id"],
            secret_access_key=Secret(answer["secret_access_key"]),
            session_token=Secret(token) if token else None,
            expires_at=datetime.fromisoformat(ends) if ends else None,
        ),
        arn=answer["arn"],
        account=answer["account"],
        mfa_serial=serials[0] if serials else None,
    )


def variables(who: Principal) -> dict[str, str]:
    """The variables that make SDKs somebody."""
    keys = who.credentials
    found = {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.reveal(),
    }
    return found | ({"AWS_SESSION_TOKEN": keys.session_token.reveal()} if keys.session_token else {})


def code(running: Running, user: str) -> str:
    """A code of a user's MFA device that STS will take; waits, at most half a minute, where all were used.

    Raises UsageError for a user without a device.
    """
    while True:
        answer = remote.ask(running, "code", name=user)
        if answer["code"]:
            return str(answer["code"])
        time.sleep(min(float(answer["seconds"]), 30) + _PAUSE.total_seconds())


def certificate(running: Running, name: str, *, folder: Path, trust_anchor: str | None = None) -> Certificate:
    """Writes a certificate called `name`, and its key, into `folder`; only their owner can read them.

    Raises UsageError where there are such files already, or no trust anchor whose CA the emulator is.
    """
    found = folder / f"{name}.pem", folder / f"{name}-key.pem"
    for path in found:
        if path.exists():
            raise UsageError(f'"{path}" is there already', hint="take another name, or --folder")
    answer = remote.certificate(running, name, trust_anchor)
    for path, content in zip(found, (answer["certificate"], answer["private_key"]), strict=True):
        files.replace(path, content.encode())
    return Certificate(
        certificate=found[0],
        private_key=found[1],
        trust_anchor_arn=answer["trust_anchor_arn"],
        profiles=tuple((profile["arn"], tuple(profile["roles"])) for profile in answer["profiles"]),
    )


def _check(seed: Path | None) -> None:
    """Finds here, with its hint, what would otherwise go wrong in the child."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("moto", "flask")):
        raise EmulatorError("the emulator is not installed", hint="pip install 'stsctl[emulator]'")
    if seed is not None:
        from stsctl.emulator.seeds import seed as seeds

        seeds.read(seed)


def _spawn(folder: Path, options: Mapping[str, Path | str | int | None], complaints: Path) -> subprocess.Popen[bytes]:
    # -P: a module of its name in the folder is not taken for it, nor for one that it imports.
    argv = [sys.executable, "-P", "-m", "stsctl.emulator", "--folder", str(folder.absolute())]
    for name, value in options.items():
        if value is not None:
            argv += [f"--{name}", str(value.absolute() if isinstance(value, Path) else value)]
    own: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        own = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    with complaints.open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environ,
            cwd=folder,
            **own,
        )
    _children[child.pid] = child
    return child


def _is_alive(running: Running) -> bool:
    child = _children.get(running.pid)
    if child is not None and child.poll() is not None:
        return False
    process = process_table.look_up(running.pid)
    return process is not None and process.started == running.process_started


def _last_line(complaints: Path) -> str:
    lines = (files.read(complaints) or b"").decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
