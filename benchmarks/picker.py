"""How fast a role is found among thousands: the picker's first screen, and each key.

`python -m benchmarks.picker [RUNS]`, a part of `make bench`. Prints each figure beside its goal; never fails on one.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect

from benchmarks.goal import at_most
from stsctl.cli.app import App
from stsctl.cli.facts import Facts
from stsctl.cli.report import Report
from stsctl.picking import Picker
from stsctl.search import Search

ROLES = 5000
BIN = Path(sys.executable).parent


def names() -> list[str]:
    """As organisations call their roles."""
    dice = random.Random(1)  # noqa: S311 - the same names each time
    parts = (("prod", "staging", "dev", "sandbox"), ("billing", "web", "data", "search", "ml"))
    roles = ("admin", "read-only", "deploy", "support")
    return [f"{dice.choice(parts[0])}-{dice.choice(parts[1])}-{number}-{dice.choice(roles)}" for number in range(ROLES)]


def configure(home: Path) -> None:
    """Writes a configuration with all of them."""
    folder = home / ".config" / "stsctl"
    folder.mkdir(parents=True)
    text = ['[defaults]\nstore = "sealed-file"\n[sealed_file]\nkey_file = "~/key"\n[source.work]\ntype = "keys"\n']
    text += [
        f'[role.{name}]\nrole_arn = "arn:aws:iam::{100000000000 + number}:role/{name}"\nfrom = "work"\n'
        f'description = "of account number {number}"\n'
        for number, name in enumerate(names())
    ]
    (folder / "config.toml").write_text("".join(text), encoding="utf-8")


def opening(home: Path, runs: int) -> tuple[float, float]:
    """Milliseconds from typing `stsctl assume` to the first screen, and those of an empty Python program."""
    environ = {"HOME": str(home), "PATH": f"{BIN}:/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    opened, empty = [], []
    for _ in range(runs + 1):
        begin = time.perf_counter()
        subprocess.run([str(BIN / "python"), "-c", "pass"], env=environ, check=True)
        empty.append((time.perf_counter() - begin) * 1000)
        begin = time.perf_counter()
        terminal = pexpect.spawn(str(BIN / "stsctl"), ["assume"], env=environ, dimensions=(40, 120), timeout=60)
        terminal.delaybeforesend = None
        terminal.expect_exact("Esc leaves")
        opened.append((time.perf_counter() - begin) * 1000)
        terminal.send("\x03")
        terminal.expect(pexpect.EOF)
        terminal.close()
    # The first reads the configuration, and keeps its names for the next.
    return statistics.median(opened[1:]), statistics.median(empty[1:])


QUERIES = ("prod billing admin", "read-only 12", "e", "a 1 2 3", "pbadm", "100000004711", "zzz")
PASSES = 3
"""Of a key the fastest pass counts: what else the machine does is no matter of the picker's."""


def keys(home: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of each key of some queries: until what is found is shown, and until its plans are, too."""
    app = App({"HOME": str(home)}, Report({}))
    passes = [[took for query in QUERIES for took in typed(app, query)] for _ in range(PASSES)]
    shown, planned = zip(*[map(min, *of_key) for of_key in zip(*passes, strict=True)], strict=True)
    return [*shown], [*planned]


def typed(app: App, query: str) -> Iterator[tuple[float, float]]:
    """The milliseconds of each letter of a query, typed into a picker that has just been opened."""
    listing = app.listing()
    facts = Facts(app, listing)
    picker = Picker(Search(listing.names, listing.texts, {}), about=facts.about, details=facts.details)
    for letter in query:
        begin = time.perf_counter()
        picker.press(letter)
        took = []
        for facts.whole in (False, True):
            picker.lines(120, 40)
            took.append((time.perf_counter() - begin) * 1000)
        yield took[0], took[1]


def main() -> None:
    """Measures and prints."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        configure(Path(folder))
        opened, empty = opening(Path(folder), runs)
        shown, planned = keys(Path(folder))
    sys.stdout.write(f"picker, {ROLES} roles\n")
    sys.stdout.write(
        f"{'first screen':42}{opened:>8.1f} ms {opened / empty:>6.1f}   goal {at_most(opened / empty, 8)}\n"
    )
    sys.stdout.write(f"{'a key, median':42}{statistics.median(shown):>8.1f} ms\n")
    sys.stdout.write(f"{'a key, longest':42}{max(shown):>8.1f} ms          goal {at_most(max(shown), 20)}\n")
    sys.stdout.write(f"{'a key, with the plans of what is shown':42}{statistics.median(planned):>8.1f} ms\n")
    sys.stdout.write(f"{'the longest of them':42}{max(planned):>8.1f} ms\n")


if __name__ == "__main__":
    main()
