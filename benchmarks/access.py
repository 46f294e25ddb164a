"""How long questions about a whole organisation take, beside their goals, at a hundredth, a tenth and full size.

`python -m benchmarks.access [ACCOUNTS...]`. Every size has a process of its own, so that its memory is its own, too.
The files are those of benchmarks/organisation.py. Times are of the processor; paths and who-can are asked once each,
and the median and the longest are shown. Never fails on a figure.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from benchmarks.organisation import PEOPLE, PIPELINES, Account, account_id, write
from stsctl.access.caller import plain
from stsctl.access.can import Surroundings, who_can
from stsctl.access.goal import to, to_administrators
from stsctl.access.index import Index
from stsctl.access.paths import Search
from stsctl.access.snapshot import Snapshot
from stsctl.cli.policy_folder import PolicyFolder

_T = TypeVar("_T")
SIZES = (5, 50, 500)
PAIRS = 40
_AROUND = Surroundings(now=datetime(2026, 1, 1, tzinfo=UTC))


def main(sizes: list[int]) -> None:
    """Measures each size in a process of its own."""
    if len(sizes) > 1:
        for size in sizes:
            subprocess.run([sys.executable, "-m", "benchmarks.access", str(size)], check=True)
        return
    for name, figure, goal in measured(sizes[0]):
        print(f"{name:52}  {figure:>22}  {goal}".rstrip())  # noqa: T201 - its purpose


Row = tuple[str, str, str]


def measured(accounts: int) -> Iterator[Row]:
    """One size: the folder, then what is asked of it, for which accounts are read as they are met."""
    with tempfile.TemporaryDirectory() as place:
        folder, kept = Path(place, "details"), Path(place, "kept")
        write(folder, accounts)
        _, first = _timed(lambda: _opened(folder, kept))
        changed = folder / f"{account_id(0)}.json"
        changed.write_bytes(changed.read_bytes() + b"\n")
        _, once_more = _timed(lambda: _opened(folder, kept))
        (snapshot, index), known = _timed(lambda: _opened(folder, kept))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        yield f"{accounts} accounts: {len(snapshot.roles):,} roles, {len(snapshot.users):,} users", "", ""
        yield "  read and index, no file known", f"{first:,.1f} s", "goal 20 s"
        yield "  the same, one account changed", f"{once_more:,.2f} s", ""
        yield "  the same, all files known", f"{known:,.2f} s", ""
        yield "  memory, at its highest", f"{memory:,.0f} MiB", "goal 1,024 MiB"
        yield from _answered(snapshot, index, accounts)


def _answered(snapshot: Snapshot, index: Index, accounts: int) -> Iterator[Row]:
    search = Search(snapshot=snapshot, index=index, around=_AROUND)
    took = [_timed(lambda each=each: _ways(search, *each))[1] for each in _pairs(accounts)]  # type: ignore[misc]
    yield f"  paths, {len(took)} pairs", _milliseconds(took), "goal 200 ms"
    start = plain(snapshot.users[f"arn:aws:iam::{account_id(PEOPLE)}:user/user-5"])
    found, seconds = _timed(lambda: search.find(start, to_administrators(snapshot, index, _AROUND)))
    yield f"  paths --to-any, {len(found.paths)} found", f"{seconds * 1000:,.0f} ms", ""
    asked = [
        ("s3:GetObject", "arn:aws:s3:::data-7/x"),
        ("iam:CreateUser", "*"),
        ("sts:AssumeRole", Account(accounts - 1, accounts).role("ReadOnly")),
        ("logs:PutLogEvents", f"arn:aws:sqs:eu-west-1:{account_id(4)}:work-1"),
    ]
    took = [_timed(lambda each=each: list(who_can(snapshot, *each, _AROUND, index)))[1] for each in asked]  # type: ignore[misc]
    yield f"  who-can, {len(took)} questions", _milliseconds(took), "goal 2,000 ms"


def _opened(folder: Path, kept: Path) -> tuple[Snapshot, Index]:
    found = PolicyFolder.open(folder, kept)
    return found.snapshot, found.index()


def _pairs(accounts: int) -> Iterator[tuple[str, str]]:
    """People and pipelines on their ways to all sorts of roles; some get there, and some do not."""
    goals = ("Admin", "ReadOnly", "Deployer", "Vendor", "lambda-8", "app-21", "app-33", "glue-11")
    for number in range(PAIRS):
        account = Account(3 + number * 7 % max(1, accounts - 3), accounts)
        start = (
            f"arn:aws:iam::{account_id(PEOPLE)}:user/user-{number % 10}",
            f"arn:aws:iam::{account_id(PIPELINES)}:role/Pipeline-{account.number % 20}",
            f"arn:aws:iam::{account.id}:user/user-{number % 10}",
        )[number % 3]
        yield start, account.role(goals[number % len(goals)])


def _ways(search: Search, start: str, goal: str) -> None:
    holder = search.snapshot.holder(start)
    assert holder is not None
    search.find(plain(holder), to(goal))


def _timed(act: Callable[[], _T]) -> tuple[_T, float]:
    begin = time.process_time()
    return act(), time.process_time() - begin


def _milliseconds(took: list[float]) -> str:
    return f"{statistics.median(took) * 1000:,.0f} ms, {max(took) * 1000:,.0f} ms"


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or list(SIZES))
