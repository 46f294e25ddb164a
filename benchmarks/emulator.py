"""How fast the emulator is, as ratios to moto's own server in the same run.

`make bench`, or `python -m benchmarks.emulator [TURNS]`. Both servers run with this interpreter, listen on loopback and
get the same signed bytes from the same client, in turns; what is shown is the median of the turns. moto looks neither
at the signature nor at any policy, the emulator at all of them. Prints each figure beside its goal; never fails on one.
"""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from benchmarks import raw_http
from benchmarks.emulated import assume_roles, identity, seed

_LIMIT = 30.0
"""So many seconds a server may take to start."""
_SETTLED = 1.0
"""Seconds of quiet before memory is read."""
_TURN = 0.7
"""Seconds that one server is kept busy at a time."""
_CLIENTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One that runs: its process, and how long it took from there to its first answer."""

    process: subprocess.Popen[bytes]
    port: int
    started_in: float

    @property
    def resident(self) -> float:
        """Its resident memory in MB (VmRSS, so Linux only; 0 elsewhere)."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))

    @property
    def worked(self) -> float:
        """The processor's seconds that it has used so far (Linux only; 0 elsewhere)."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        fields = stat.read_text().rpartition(")")[2].split() if stat.exists() else []
        return sum(int(ticks) for ticks in fields[11:13]) / 100


Command = Callable[[int, Path], list[str]]


def _emulator(port: int, folder: Path) -> list[str]:
    (folder / "seed.toml").write_text(seed(), encoding="utf-8")
    state = folder / f"state-{port}"
    return ["-m", "stsctl.emulator", "--port", str(port), "--folder", str(state), "--seed", str(folder / "seed.toml")]


def _moto(port: int, _folder: Path) -> list[str]:
    return ["-m", "moto.server", "--port", str(port)]


_SERVERS: dict[str, Command] = {"emulator": _emulator, "moto": _moto}


@contextmanager
def _running(command: Command, folder: Path) -> Iterator[Server]:
    """A server that has given its first answer, to GetCallerIdentity."""
    port = raw_http.free_port()
    asked = identity(port)
    argv = [sys.executable, *command(port, folder)]
    began = time.perf_counter()
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    ) as process:
        try:
            raw_http.first_answer(port, asked, _LIMIT)
            yield Server(process=process, port=port, started_in=time.perf_counter() - began)
        finally:
            process.send_signal(signal.SIGTERM)


def main(turns: int) -> None:
    """Measures and prints."""
    rows = [*_against_moto(turns)]
    width = max(len(name) for name, *_ in rows)
    for name, figure, goal in rows:
        print(f"{name:{width}}  {figure:>44}  {goal}".rstrip())  # noqa: T201 - its purpose


Row = tuple[str, str, str]


def _against_moto(turns: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        yield _starts(folder, turns)
        servers = {name: stack.enter_context(_running(command, folder)) for name, command in _SERVERS.items()}
        time.sleep(_SETTLED)
        rest = {name: server.resident for name, server in servers.items()}
        yield from _rates(servers, turns)
        yield _tails(servers, turns)
        yield _row("memory at rest", rest, lambda mb: f"{mb:.0f} MB", "goal 1.30 ×")


def _starts(folder: Path, turns: int) -> Row:
    times: dict[str, list[float]] = {name: [] for name in _SERVERS}
    for _ in range(turns):
        for name, command in _SERVERS.items():
            with _running(command, folder) as server:
                times[name].append(server.started_in)
    return _row("start to first answer", _medians(times), lambda s: f"{s * 1000:.0f} ms", "goal 1.20 ×")


def _rates(servers: dict[str, Server], turns: int) -> Iterator[Row]:
    """Calls of AssumeRole one after another on one connection; moto closes it after each, so it is opened again."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    costs: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(turns):
        for name, server in servers.items():
            asked, worked = cycle(assume_roles(server.port)), server.worked
            with raw_http.Connection(server.port) as connection:
                calls, seconds = raw_http.busy(connection, asked, _TURN)
            rates[name].append(calls / seconds)
            costs[name].append((server.worked - worked) / calls)
    yield _row("AssumeRole, one client", _medians(rates), lambda rate: f"{rate:,.0f}/s", "goal 3.00 ×")
    yield _row("  processor per call", _medians(costs), lambda s: f"{s * 1e6:,.0f} µs", "")


def _tails(servers: dict[str, Server], turns: int) -> Row:
    tails: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(turns):
        for name, server in servers.items():
            latencies = raw_http.crowd(server.port, cycle(assume_roles(server.port)), _CLIENTS, 2 * _TURN)
            tails[name].append(statistics.quantiles(latencies, n=100)[98])
    return _row(
        f"AssumeRole, p99 of {_CLIENTS} clients", _medians(tails), lambda s: f"{s * 1000:.1f} ms", "goal 1.00 ×"
    )


def _medians(figures: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(each) for name, each in figures.items()}


def _row(name: str, figures: dict[str, float], shown: Callable[[float], str], goal: str) -> Row:
    ours, theirs = figures["emulator"], figures["moto"]
    if not theirs:
        return name, "not measured here", goal
    return name, f"{shown(ours)} to moto's {shown(theirs)}: {ours / theirs:.2f} ×", goal


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
