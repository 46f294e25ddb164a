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
from pathlib import Path

import pexpect

from benchmarks.goal import at_most
from stsctl.picking import About, Picker
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


def keys() -> list[float]:
    """Milliseconds of each key of some queries: what is found, and the lines that are shown."""
    texts = {
        name: f"arn:aws:iam::{100000000000 + number}:role/{name}\naccount {number}\nwork"
        for number, name in enumerate(names())
    }
    took = []
    known, found_by = [*texts], [*texts.values()]
    for query in ("prod billing admin", "read-only 12", "e", "a 1 2 3", "pbadm", "100000004711", "zzz"):
        picker = Picker(Search(known, lambda: found_by, {}), about=lambda _: About(), details=lambda _: ())
        for letter in query:
            begin = time.perf_counter()
            picker.press(letter)
            picker.lines(120, 40)
            took.append((time.perf_counter() - begin) * 1000)
    return took


def main() -> None:
    """Measures and prints."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        configure(Path(folder))
        opened, empty = opening(Path(folder), runs)
    took = keys()
    sys.stdout.write(f"picker, {ROLES} roles\n")
    sys.stdout.write(
        f"{'first screen':42}{opened:>8.1f} ms {opened / empty:>6.1f}   goal {at_most(opened / empty, 8)}\n"
    )
    sys.stdout.write(f"{'a key, median':42}{statistics.median(took):>8.1f} ms\n")
    sys.stdout.write(f"{'a key, longest':42}{max(took):>8.1f} ms          goal {at_most(max(took), 20)}\n")


if __name__ == "__main__":
    main()
