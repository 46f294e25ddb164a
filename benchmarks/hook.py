"""How long an SDK waits for a session that is held: the hook and the `stsctl` command, beside what else people use.

`make bench`, or `python -m benchmarks.hook [RUNS]`, with a real gnome-keyring, on a bus of its own. The unit is an
empty program of the same interpreter in the same run; stsctl is installed from its wheel, as people have it. Prints
each figure beside its goal, and never fails on one.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.goal import at_least, at_most
from benchmarks.run import BIN, Place, Subject, measure
from stsctl import hook
from stsctl.emulator import control
from stsctl.host import hook_file
from tests.secret_service import SecretService, available

ROOT = Path(__file__).parent.parent
NAME = "prod-admin"
SESSIONS, ROLES, AT_ONCE = 1000, 100, 8

_PEAK = (
    "import posix, sys; pid = posix.posix_spawn(sys.argv[1], sys.argv[1:], posix.environ); "
    "posix.write(2, str(posix.wait4(pid, 0)[2].ru_maxrss).encode())"
)
"""Starts a program and says how much memory it had at most (KiB); small itself, as Linux counts its starter's in."""
_BOTO3 = "import boto3; boto3.Session(profile_name='{}').get_credentials().get_frozen_credentials()"
_PACKAGE = "import keyring; assert keyring.get_password('{service}', '{username}')"


@dataclass(slots=True, kw_only=True)
class Figures:
    """What was measured, in milliseconds, and the lines about it."""

    medians: dict[str, float] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def say(self, what: str, value: float, unit: str, goal: float | None, *, least: bool = False) -> None:
        """One figure beside its goal."""
        beside = at_least if least else at_most
        verdict = "" if goal is None else beside(value, goal)
        self.lines.append(f"{what:58}{value:9.2f} {unit:4}{verdict}")


def installed(folder: Path) -> Path:
    """The programs of an environment with stsctl from its wheel, and without what a hit has no need of."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "--no-deps", ROOT], check=True)
    return folder / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A place where a session is held, and what runs the hook there."""

    place: Place
    hook: tuple[str, ...]

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment of a program."""
        return self.place.environ

    @property
    def item(self) -> dict[str, str]:
        """By what the keyring finds the session."""
        folder = self.place.folder / ".local" / "state" / "stsctl" / "index" / "emulator" / "keyring"
        (newest,) = sorted(folder.glob("session-*.json"), key=lambda path: path.stat().st_mtime)[-1:]
        text = newest.read_text(encoding="utf-8")
        key = text.partition('"request_key":"')[2].partition('"')[0]
        return {"service": "stsctl emulator", "username": f"session:{key}"}


@contextmanager
def held(folder: Path, bin: Path, *, many: bool = False) -> Iterator[Held]:  # noqa: A002 - the folder is called so
    """A home whose session rests in a keyring: alone, or among a thousand, beside a hundred roles."""
    with ExitStack() as stack:
        running = control.start(folder / "emulator")
        stack.callback(control.stop, folder / "emulator", running)
        service = stack.enter_context(SecretService.start(folder / "k"))
        place = Place(folder=folder / "home", running=running, store="keyring", more=service.environment)
        place.prepare()
        if many:
            _fill(place, service)
        data = folder / "home" / ".local" / "share" / "stsctl"
        hook_file.install(data)
        time.sleep(0.1)  # until what was just written can be told from any later change
        for _ in range(2):
            place.run("credential-process", NAME)
        yield Held(place=place, hook=(str(bin / "python"), *hook_file.command_in(data)[1:], NAME))


def _fill(place: Place, service: SecretService) -> None:
    """Puts more sessions into the keyring and the index, and more roles into the configuration."""
    import secretstorage
    from jeepney.io.blocking import open_dbus_connection

    from stsctl.stores.index import Entry, Index

    index = Index(place.folder / ".local" / "state" / "stsctl" / "index" / "emulator" / "keyring")
    with open_dbus_connection(service.environment["DBUS_SESSION_BUS_ADDRESS"]) as bus:
        keyring = secretstorage.get_default_collection(bus)
        for number in range(SESSIONS):
            key = f"{number:064x}"
            attributes = {"service": "stsctl emulator", "username": f"session:{key}"}
            keyring.create_item(f"session {number}", attributes, b"=" + b"s" * 1500)
            now = datetime.now(UTC)
            index.put(
                Entry(
                    request_key=key,
                    name=f"role-{number}",
                    access_key_id="ASIA",
                    obtained_at=now,
                    expires_at=now + timedelta(hours=1),
                    store="keyring (emulator)",
                )
            )
    config = place.folder / ".config" / "stsctl" / "config.toml"
    roles = (
        f'\n[role.role-{number}]\nrole_arn = "arn:aws:iam::111111111111:role/R{number}"\nfrom = "hub"\n'
        for number in range(ROLES)
    )
    config.write_text(config.read_text(encoding="utf-8") + "".join(roles), encoding="utf-8")


def subjects(one: Held, many: Held, bin: Path) -> Iterator[Subject]:  # noqa: A002 - as above
    """Everything that takes turns."""
    environ, home = one.environ, one.place.folder
    python = str(bin / "python")
    yield Subject(name="python -c pass", argv=(python, "-c", "pass"), environ=environ)
    yield Subject(name="hook", argv=one.hook, environ=environ)
    yield Subject(name="hook, many held", argv=many.hook, environ=many.environ)
    yield Subject(name="stsctl", argv=(python, str(bin / "stsctl"), "credential-process", NAME), environ=environ)
    yield Subject(name="prompt", argv=(python, str(bin / "stsctl"), "prompt"), environ=environ | _exported())
    package = _PACKAGE.format(**one.item)
    yield Subject(name="keyring", argv=(str(BIN / "python"), "-c", package), environ=environ, share=0.3)
    if secret_tool := shutil.which("secret-tool"):
        words = [word for pair in one.item.items() for word in pair]
        yield Subject(name="secret-tool", argv=(secret_tool, "lookup", *words), environ=environ)
    answer = home / "answer.json"
    answer.write_text(_output(one.hook, environ), encoding="utf-8")
    line = " ".join((*(f'"{word}"' for word in one.hook[:-1]), NAME))
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "config").write_text(f"[profile hook]\ncredential_process = {line}\n"
        f"[profile cat]\ncredential_process = cat {answer}\n", encoding="utf-8")  # fmt: skip
    keys = "aws_access_key_id = ASIAX\naws_secret_access_key = x\naws_session_token = x\n"
    (home / ".aws" / "credentials").write_text(f"[static]\n{keys}", encoding="utf-8")
    bare = {name: environ[name] for name in ("PATH", "HOME", "LANG", "DBUS_SESSION_BUS_ADDRESS")}
    aws = BIN / "aws"
    if aws.exists():
        words = ("configure", "get", "aws_session_token", "--profile", "static")
        yield Subject(name="aws", argv=(str(BIN / "python"), str(aws), *words), environ=bare, share=0.3)
    for profile in ("hook", "cat"):
        program = _BOTO3.format(profile)
        yield Subject(name=f"boto3, {profile}", argv=(str(BIN / "python"), "-c", program), environ=environ, share=0.5)


def milliseconds(subject: Subject) -> float:
    """One run, from the start to the end of the process; little is done around it, as the programs take little."""
    quiet = [(os.POSIX_SPAWN_OPEN, at, os.devnull, os.O_RDWR, 0) for at in (0, 1)]
    begin = time.perf_counter()
    pid = os.posix_spawn(subject.argv[0], subject.argv, subject.environ, file_actions=quiet)
    _, status = os.waitpid(pid, 0)
    assert status == 0, subject.name
    return (time.perf_counter() - begin) * 1000


def _exported() -> dict[str, str]:
    ends = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"STSCTL_ROLE": NAME, "STSCTL_SESSION": "0", "AWS_CREDENTIAL_EXPIRATION": ends}


def _output(argv: tuple[str, ...], environ: dict[str, str]) -> str:
    return subprocess.run(argv, env=environ, check=True, capture_output=True, text=True, cwd="/").stdout


def peak(one: Held) -> float:
    """How much memory a hit takes at most, in MiB."""
    argv = [one.hook[0], "-I", "-S", "-c", _PEAK, *one.hook]
    done = subprocess.run(argv, env=one.environ, check=True, capture_output=True, text=True, cwd="/")
    return int(done.stderr) / 1024


def at_once(one: Held, runs: int) -> float:
    """Milliseconds until eight hooks have answered that were started together."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        started = [
            subprocess.Popen(one.hook, env=one.environ, stdout=subprocess.DEVNULL, cwd="/") for _ in range(AT_ONCE)
        ]
        assert not any(process.wait() for process in started)
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def whole_program_runs(one: Held) -> int:
    """How many of ten runs were no hits, so that nobody takes another figure for the hook's."""
    environ = {os.fsencode(name): os.fsencode(value) for name, value in one.environ.items()}
    return sum(hook.answer(NAME, environ, time.time()) is None for _ in range(10))


def report(medians: dict[str, float], one: Held, runs: int) -> Figures:
    """The figures beside their goals."""
    unit, of_hook = medians["python -c pass"], medians["hook"]
    figures = Figures(medians=medians)
    figures.say("python -c pass", unit, "ms", None)
    figures.say("hook", of_hook / unit, "×", 0.85)
    figures.say("stsctl credential-process, installed from its wheel", medians["stsctl"] / unit, "×", 1.2)
    figures.say("stsctl prompt", medians["prompt"] / unit, "×", 1.2)
    if "secret-tool" in medians:
        figures.say("secret-tool lookup", medians["secret-tool"] / unit, "×", None)
    figures.say("keyring.get_password takes, of the hook's time", medians["keyring"] / of_hook, "×", 18, least=True)
    if "aws" in medians:
        what = "aws configure get (from a plain file) takes, of the hook's time"
        figures.say(what, medians["aws"] / of_hook, "×", 40, least=True)
    what = f"hook, {SESSIONS} sessions and {ROLES} roles, to one of each"
    figures.say(what, medians["hook, many held"] / of_hook, "×", 1.1)
    more = medians["boto3, hook"] - medians["boto3, cat"]
    figures.say("boto3 with the hook, more than with cat FILE", more, "ms", 25)
    figures.say("hook, memory at most", peak(one), "MiB", 10)
    figures.say(f"{AT_ONCE} hooks at once", at_once(one, runs), "ms", None)
    figures.say("runs that were no hits, of ten", whole_program_runs(one), "", 0)
    return figures


def main() -> None:
    """Measures and prints."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 31
    if not available():
        sys.stdout.write("no gnome-keyring here: the hook is not measured\n")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        bin = installed(folder / "installed")  # noqa: A001 - as above
        one = stack.enter_context(held(folder / "one", bin))
        many = stack.enter_context(held(folder / "many", bin, many=True))
        each = list(subjects(one, many, bin))
        # The record was of a home without ~/.aws/config.
        time.sleep(0.1)
        one.place.run("credential-process", NAME)
        medians = {subject.name: median for subject, median, _ in measure(each, runs, milliseconds)}
        figures = report(medians, one, runs)
    sys.stdout.write("".join(f"{line}\n" for line in figures.lines))
    if shutil.which("aws-vault") is None:
        sys.stdout.write("no aws-vault on the PATH: it is not measured\n")
    sys.stdout.write(f"Python {sys.version.split()[0]} on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
