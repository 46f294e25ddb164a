"""What a million issued sessions cost: memory each, and how fast AssumeRole is beside none.

`make bench`, or `python -m benchmarks.sessions [COUNT]`. Nothing goes over HTTP, where a million calls would take an
hour: AssumeRole goes through the whole application, signature and all, and the sessions that fill it are kept without
being asked for. An emulator that holds none and one that holds them all take turns. Prints each figure beside its goal;
never fails on one.
"""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.emulated import ROLE, SESSION, assume_role, policy, seed, signed
from stsctl.emulator.directory.principals import IssuedSession, Kind, PolicyText
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.world import identifiers
from tests.unit.emulator.front import HOST, Front

_BATCHES = 20
_CALLS = 150
_MORE_CALLS = 2000


def main(count: int) -> None:
    """Measures and prints."""
    none, many = _Emulator(0), _Emulator(count)
    pairs = [(none.ask("batch"), many.ask("batch")) for _ in range(_BATCHES)]
    ratio = statistics.median(alone / beside for alone, beside in pairs)
    alone, beside = (statistics.median(each) for each in zip(*pairs, strict=True))
    held = many.ask("later")
    rows = [
        (f"AssumeRole beside {count:,} sessions", f"{ratio:.0%} of the rate beside none", "goal 90 %"),
        ("  processor per call", f"{alone * 1e6:,.0f} µs alone, {beside * 1e6:,.0f} µs beside them", ""),
        ("memory of a session with two tags and a policy", f"{many.ask('memory') / count:,.0f} bytes", ""),
        (f"  held of them when over, {_MORE_CALLS:,} calls later", f"{held:,.0f} of {count:,}", "goal 0"),
    ]
    width = max(len(name) for name, *_ in rows)
    for name, figure, goal in rows:
        print(f"{name:{width}}  {figure:>38}  {goal}".rstrip())  # noqa: T201 - its purpose
    none.end()
    many.end()


class _Emulator:
    """One in a process of its own that holds so many sessions, so that two of them take turns on the same machine."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_answer, args=(theirs, count), daemon=True)
        self._process.start()

    def ask(self, what: str) -> float:
        """A figure: the seconds of a call, in a `batch`; the bytes of the `memory`; what is held `later`."""
        self._pipe.send(what)
        figure: float = self._pipe.recv()
        return figure

    def end(self) -> None:
        """Ends it."""
        self._pipe.send("end")
        self._process.join()


def _answer(pipe: Connection, count: int) -> None:
    front, numbers = Front(seed()), itertools.count()
    # The application does not hand it out.
    (sessions,) = (found for found in gc.get_objects() if isinstance(found, Sessions))
    _batch(front, numbers, _CALLS)
    at_rest = _resident()
    _fill(sessions, count)
    filled = _resident() - at_rest
    while (what := pipe.recv()) != "end":
        match what:
            case "batch":
                pipe.send(_batch(front, numbers, _CALLS))
            case "memory":
                pipe.send(filled)
            case "later":
                front.clock.ahead = timedelta(hours=2)
                _batch(front, numbers, _MORE_CALLS)
                pipe.send(front.status()["sessions"] - _MORE_CALLS)


def _batch(front: Front, numbers: Iterator[int], calls: int) -> float:
    """The processor's seconds that an AssumeRole takes."""
    requests = [_parts(signed(HOST, assume_role(next(numbers)))) for _ in range(calls)]
    began = time.process_time()
    for headers, body in requests:
        assert front.send("POST", "/", headers, body).status == 200
    return (time.process_time() - began) / calls


def _parts(request: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """Header fields and body of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    fields = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    return [(name, value) for name, value in fields], body


def _fill(sessions: Sessions, count: int) -> None:
    """Keeps sessions such as AssumeRole issues, which last an hour."""
    now = datetime.now(UTC).replace(microsecond=0)
    account, text = ROLE.split(":")[4], PolicyText(label="session policy", text=policy(SESSION))
    first = IssuedSession(
        access_key_id="",
        kind=Kind.SESSION_OF_ROLE,
        account=account,
        principal="Deployer",
        principal_id="AROAEXAMPLE",
        issued_at=now,
        expires_at=now + timedelta(hours=1),
        policies=(text,),
    )
    for number in range(count):
        key_id, tags = identifiers.access_key_id("ASIA", account), (("project", "blue"), ("build", str(number)))
        ends_at = now + timedelta(hours=1, seconds=number % 60)
        made = replace(first, access_key_id=key_id, name=f"build-{number}", tags=tags, expires_at=ends_at)
        sessions.keep(made, now=now)


def _resident() -> int:
    """This process's resident memory in bytes (VmRSS, so Linux only; 0 elsewhere)."""
    gc.collect()
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
