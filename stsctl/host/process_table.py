"""The processes of this machine, as far as stsctl has to know them: name, parent, and since when."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stsctl.dataclass import dataclass

_PS = "/bin/ps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process. `name` is its program's, without folders; `started` differs from any other that has its `pid`."""

    pid: int
    parent: int
    name: str
    started: str


def look_up(pid: int) -> Process | None:
    """The process that now has `pid`; None where there is none, or no way to ask."""
    return _from_proc(pid) if sys.platform == "linux" else from_ps(pid)


def _from_proc(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # proc_pid_stat(5): "pid (name) state parent … start", the name may hold blanks and brackets of its own. The start
    # counts from the boot, so the boot belongs to it.
    name, _, rest = stat.partition("(")[2].rpartition(")")
    fields = rest.split()
    if fields[0] in "ZX":  # it has ended, and only its parent has not asked yet how
        return None
    return Process(pid=pid, parent=int(fields[1]), name=name, started=f"{boot}+{fields[19]}")


def from_ps(pid: int) -> Process | None:
    """The same by way of ps(1), for systems without /proc."""
    if os.name != "posix":
        return None
    import subprocess  # where there is /proc, nobody waits for it to be loaded

    try:
        answer = subprocess.run(  # noqa: S603 - a fixed program and a number
            [_PS, "-o", "ppid=,lstart=,comm=", "-p", str(pid)],
            env={"LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    # "  812 Fri Nov 21 23:44:07 2025 /bin/zsh"; a login shell's name starts with a dash.
    fields = answer.stdout.split(maxsplit=6)
    if len(fields) != 7:
        return None
    name = fields[6].strip().rpartition("/")[2].removeprefix("-")
    return Process(pid=pid, parent=int(fields[0]), name=name, started=" ".join(fields[1:6]))
