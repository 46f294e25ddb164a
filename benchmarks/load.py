"""A thousand processes that each want a session that is held, at once: none fails, and how many a second there are.

`make bench`, or `python -m benchmarks.load [PROCESSES]`. All run against a real keyring, as SDKs start what `stsctl
profile hook` wrote, beside as many that are empty programs of the same interpreter, in turns.
"""

from __future__ import annotations

import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.goal import at_least
from benchmarks.run import Place
from stsctl.emulator import control
from tests.secret_service import SecretService, available

_GOAL = 0.8
_TURNS = 5
_AT_A_TIME = 16
"""How many an SDK, Terraform or a shell loop starts before it waits; starting all of them measures the starting."""


def hook(place: Place, name: str) -> list[str]:
    """The command that SDKs are given for a role."""
    place.run("profile", "hook", name)
    config = (place.folder / ".aws" / "config").read_text(encoding="utf-8")
    found = re.search(rf"credential_process = (.*{name}.*)", config)
    assert found is not None, config
    place.run("credential-process", name)  # leaves the record that the hook goes by
    return shlex.split(found[1])


def crowd(argv: Sequence[str], environ: Mapping[str, str], count: int, at_a_time: int, out: Path) -> Counter[int]:
    """How `count` processes ended, so many of them at a time; their answers are in `out`."""
    statuses: Counter[int] = Counter()
    with out.open("ab") as file:
        running: list[subprocess.Popen[bytes]] = []
        for _ in range(count):
            running.append(
                subprocess.Popen(argv, env=dict(environ), stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd="/")
            )
            if len(running) >= at_a_time:
                statuses[running.pop(0).wait()] += 1
        statuses.update(process.wait() for process in running)
    return statuses


def main() -> None:
    """Measures and prints."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    if not available():
        sys.stdout.write("no gnome-keyring here: a crowd on a hit is not measured\n")
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        running = control.start(folder / "emulator")
        try:
            with SecretService.start(folder / "k") as service:
                place = Place(folder=folder / "home", running=running, store="keyring", more=service.environment)
                place.prepare()
                _measure(place, hook(place, "prod-admin"), count, folder / "answers")
        finally:
            control.stop(folder / "emulator", running)


def _measure(place: Place, argv: list[str], count: int, out: Path) -> None:
    empty = [argv[0], "-c", "pass"]
    rates: dict[str, list[float]] = {"hook": [], "empty": []}
    failed = 0
    for _ in range(_TURNS):
        for what, command in (("hook", argv), ("empty", empty)):
            begin = time.perf_counter()
            statuses = crowd(command, place.environ, count // _TURNS, _AT_A_TIME, out)
            rates[what].append(statuses.total() / (time.perf_counter() - begin))
            failed += statuses.total() - statuses[0]
    answers = Counter(out.read_bytes().splitlines())
    ratio = statistics.median(hook / empty for hook, empty in zip(rates["hook"], rates["empty"], strict=True))
    sys.stdout.write(f"{count} processes on a hit, {_AT_A_TIME} at a time, from a real keyring\n")
    sys.stdout.write(f"{failed:6} failed, {len(answers)} different answers\n")
    sys.stdout.write(
        f"{statistics.median(rates['hook']):6.0f} a second, of python -c pass {statistics.median(rates['empty']):.0f}: "
        f"x {ratio:.2f}  goal {at_least(ratio, _GOAL)}\n"
    )
    sys.stdout.write(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
