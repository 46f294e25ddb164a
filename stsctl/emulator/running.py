"""What is known of a running emulator: the file that it leaves in its state folder while it runs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.host import files

PREFIX = "/_stsctl/"
"""The paths of the control plane."""
TOKEN_HEADER = "x-stsctl-control"  # noqa: S105 - the name of a header
"""Where a request to the control plane carries its token."""
ALREADY_RUNNING = 75
"""The exit status of an emulator that found another in its state folder (sysexits.h, EX_TEMPFAIL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One running emulator: where it answers, which process it is, and the token of its control plane.

    `instance` is another at each start and reset; sessions are told apart by it. Its present is
    `ahead` of the machine's. `process_started` is what
    `process_table.Process.started` says of `pid`.
    """

    url: str
    port: int
    pid: int
    process_started: str
    instance: str
    control_token: Secret
    seed: str
    started_at: datetime
    ahead: timedelta = timedelta()


def file_in(folder: Path) -> Path:
    """Where the emulator of this state folder says that it runs."""
    return folder / "running.json"


def log_in(folder: Path) -> Path:
    """The journal of the emulator of this state folder."""
    return folder / "log"


def former_log_in(folder: Path) -> Path:
    """The journal of the emulator that was before it."""
    return folder / "log.before"


def lock_in(folder: Path) -> Path:
    """What an emulator holds as long as it runs, so that a state folder has one at most."""
    return folder / "lock"


def write(folder: Path, running: Running) -> None:
    """Says that `running` runs; raises FileError."""
    content = {
        "url": running.url,
        "port": running.port,
        "pid": running.pid,
        "process_started": running.process_started,
        "instance": running.instance,
        "control_token": running.control_token.reveal(),
        "seed": running.seed,
        "started_at": running.started_at.isoformat(),
        "clock_ahead": running.ahead.total_seconds(),
    }
    files.replace(file_in(folder), json.dumps(content, indent=1).encode())


def read(folder: Path) -> Running | None:
    """What the file says, None where it says nothing that can be understood; raises FileError."""
    content = files.read(file_in(folder))
    try:
        facts = json.loads(content or b"")
        return Running(
            url=str(facts["url"]),
            port=int(facts["port"]),
            pid=int(facts["pid"]),
            process_started=str(facts["process_started"]),
            instance=str(facts["instance"]),
            control_token=Secret(str(facts["control_token"])),
            seed=str(facts["seed"]),
            started_at=datetime.fromisoformat(facts["started_at"]),
            ahead=timedelta(seconds=facts.get("clock_ahead", 0)),
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
