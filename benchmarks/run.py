"""How long commands take, as ratios to an empty program of the same interpreter in the same run.

`make bench`, or `python -m benchmarks.run [RUNS]`. Every command runs in a bare environment, with its bytecode cached.
Prints each figure beside its goal, where it has one; never fails on a figure.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.goal import at_most
from stsctl.cli.emulator import BUILT_IN_CONFIG
from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.formats import environment
from tests.secret_service import SecretService, available

BIN = Path(sys.executable).parent
_EMPTY = (str(BIN / "python"), "-c", "pass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is measured: a command, the ratio that it should stay below, and the share of the runs that it gets."""

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    goal: float | None = None
    share: float = 1.0


@dataclass(slots=True, kw_only=True)
class Place:
    """A home of its own, whose shell is alice at an emulator."""

    folder: Path
    running: Running
    store: str
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment of a command."""
        bare = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8", **self.more}
        changes = environment.emulator(self.running.url, self.running.instance, None, bare)
        return environment.child(bare, changes)

    def prepare(self) -> None:
        """Writes the configuration, keeps alice's keys, and gets the session that is then held."""
        alice = control.principal(self.running, "alice")
        config = BUILT_IN_CONFIG.format(mfa_serial=alice.mfa_serial)
        home = self.folder / ".config" / "stsctl"
        home.mkdir(parents=True)
        sealed = f'[defaults]\nstore = "{self.store}"\n\n[sealed_file]\nkey_file = "{home / "key"}"\n\n'
        (home / "config.toml").write_text(sealed + config[config.index("[role.hub]") :], encoding="utf-8")
        self.run("keys", "add", "work", "--stdin", given=environment.pair(alice.credentials))
        self.run("assume", "prod-admin", "--mfa-token", control.code(self.running, "alice"))

    def run(self, *words: str, given: str = "") -> None:
        """Runs stsctl; raises CalledProcessError, with what it said shown, where it fails."""
        done = subprocess.run(
            [BIN / "stsctl", *words], env=self.environ, input=given, text=True, check=False, capture_output=True
        )
        if done.returncode:
            sys.stderr.write(done.stderr)
            done.check_returncode()

    def subject(self, name: str, *words: str, goal: float | None = None, share: float = 1.0) -> Subject:
        """A stsctl command to measure here."""
        return Subject(name=name, argv=(str(BIN / "stsctl"), *words), environ=self.environ, goal=goal, share=share)


@contextmanager
def _places() -> Iterator[tuple[Place, Place | None]]:
    """One place with sealed files, and one with a keyring where there can be one."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        running = control.start(folder / "emulator")
        stack.callback(control.stop, folder / "emulator", running)
        sealed = Place(folder=folder / "sealed", running=running, store="sealed-file")
        sealed.prepare()
        if not available():
            yield sealed, None
            return
        service = stack.enter_context(SecretService.start(folder / "k"))
        keyring = Place(folder=folder / "keyring", running=running, store="keyring", more=service.environment)
        keyring.prepare()
        yield sealed, keyring


def subjects(sealed: Place, keyring: Place | None) -> list[Subject]:
    """Everything that is measured."""
    complete = {"_STSCTL_COMPLETE": "bash_complete", "COMP_WORDS": "stsctl assume pr", "COMP_CWORD": "2"}
    found = [
        Subject(name="python -c pass", argv=_EMPTY, environ=sealed.environ),
        sealed.subject("stsctl --help", "--help", goal=8),
        sealed.subject("stsctl plan prod-admin", "plan", "prod-admin", goal=8),
        sealed.subject("stsctl list", "list", goal=8),
        Subject(name="completion of a name", argv=(str(BIN / "stsctl"),), environ=sealed.environ | complete, goal=8),
        sealed.subject("stsctl env, held (sealed file)", "env", "prod-admin", goal=8),
        sealed.subject("credential-process, held (sealed file)", "credential-process", "prod-admin"),
    ]
    if keyring is not None:
        found.append(keyring.subject("stsctl env, held (keyring)", "env", "prod-admin", goal=8))
        found.append(keyring.subject("credential-process, held (keyring)", "credential-process", "prod-admin"))
    found.append(sealed.subject("assume read-only, cold", "assume", "read-only", "--refresh", share=0.5))
    return found


def milliseconds(subject: Subject) -> float:
    """How long one run takes; raises CalledProcessError where it fails."""
    begin = time.perf_counter()
    subprocess.run(
        subject.argv, env=dict(subject.environ), check=True, stdin=subprocess.DEVNULL, capture_output=True, cwd="/"
    )
    return (time.perf_counter() - begin) * 1000


def measure(
    all_of_them: list[Subject], runs: int, once: Callable[[Subject], float] = milliseconds
) -> list[tuple[Subject, float, int]]:
    """The median of each, in milliseconds, and of how many runs.

    The subjects take turns, in another order each time, so that what else the machine does, and what one leaves to the
    next, falls on all of them alike.
    """
    times: dict[str, list[float]] = {subject.name: [] for subject in all_of_them}
    for subject in all_of_them:
        once(subject)
    for turn in range(runs):
        for subject in random.Random(turn).sample(all_of_them, len(all_of_them)):  # noqa: S311 - an order
            if turn < runs * subject.share:
                times[subject.name].append(once(subject))
    return [(each, statistics.median(times[each.name]), len(times[each.name])) for each in all_of_them]


def main() -> None:
    """Measures and prints."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    with _places() as (sealed, keyring):
        measured = measure(subjects(sealed, keyring), runs)
        if keyring is None:
            sys.stdout.write("no gnome-keyring here: the keyring is not measured\n")
    unit = measured[0][1]
    sys.stdout.write(f"{'':42}{'median':>10}{'ratio':>8}{'runs':>6}   goal\n")
    for subject, median, count in measured:
        goal = at_most(median / unit, subject.goal) if subject.goal is not None else ""
        sys.stdout.write(f"{subject.name:42}{median:7.0f} ms{median / unit:8.1f}{count:6}   {goal}".rstrip() + "\n")
    sys.stdout.write(f"Python {sys.version.split()[0]} on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
