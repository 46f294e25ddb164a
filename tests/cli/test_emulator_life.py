"""`stsctl emulator …` as a person types it: one life of an emulator, in a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.program import SEALED, STSCTL, Done

CONFIG = f"""{SEALED}
[source.work]
type = "environment"

[role.read-only]
role_arn = "arn:aws:iam::111111111111:role/ReadOnly"
from = "work"

[role.locked]
role_arn = "arn:aws:iam::111111111111:role/Locked"
from = "work"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A person's shell: variables that `emulator env` sets stay."""

    home: Path
    environ: dict[str, str]

    def run(self, *words: str) -> Done:
        """`stsctl` with `words`, to its end."""
        run = subprocess.run(
            [str(STSCTL), *words], env=self.environ, capture_output=True, text=True, timeout=60, cwd=self.home
        )
        return Done(status=run.returncode, out=run.stdout, err=run.stderr)

    def ok(self, *words: str) -> str:
        """What `stsctl` prints, where it must succeed."""
        done = self.run(*words)
        assert done.status == 0, f"stsctl {' '.join(words)}: {done}"
        return done.out

    def set_up(self, principal: str = "alice") -> None:
        """eval $(stsctl emulator env --as …)."""
        text = self.ok("emulator", "env", "--as", principal, "--shell", "sh")
        printed = subprocess.run(["sh", "-c", f"{text}\nenv"], capture_output=True, text=True, env={"PATH": "/bin"})
        for line in printed.stdout.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(("AWS_", "STSCTL_")):
                self.environ[name] = value

    def ends(self, *words: str) -> datetime:
        """When the session of a role ends, as `credential-process` says."""
        answer = json.loads(self.ok("credential-process", *words))
        return datetime.fromisoformat(answer["Expiration"])

    def clock(self, *words: str) -> timedelta:
        """Moves the clock; how far it is ahead."""
        return timedelta(seconds=json.loads(self.ok("emulator", "clock", *words, "--json"))["ahead_seconds"])


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell with an emulator of its own."""
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")
    home = tmp_path_factory.mktemp("home")
    (home / "seal.key").write_text("A" * 43 + "=\n")
    (home / "seal.key").chmod(0o600)
    (home / ".config" / "stsctl").mkdir(parents=True)
    (home / ".config" / "stsctl" / "config.toml").write_text(CONFIG)
    shell = Shell(home=home, environ={"HOME": str(home), "PATH": os.environ["PATH"]})
    shell.ok("emulator", "start")
    yield shell
    shell.ok("emulator", "stop")


@pytest.fixture(autouse=True)
def _from_the_seed(shell: Shell) -> None:
    shell.ok("emulator", "reset")
    shell.set_up()


def test_stsctl_follows_the_clock(shell: Shell) -> None:
    """A held session is used while the emulator's clock allows, renewed when it does not, and never from its future."""
    first = shell.ends("read-only")
    assert shell.clock("+30m") == timedelta(minutes=30)
    assert shell.ends("read-only") == first
    assert "29 min" in shell.ok("list") or "30 min" in shell.ok("list")
    assert shell.clock("+45m") == timedelta(minutes=75)
    assert shell.ok("list") == ""
    later = shell.ends("read-only")
    assert later > first + timedelta(hours=1)
    assert shell.clock("-10h") == timedelta(minutes=75 - 600)
    assert shell.ends("read-only", "--refresh") < first
    assert shell.clock("reset") == timedelta()
    assert shell.run("emulator", "clock", "50m").status == 2
    assert shell.run("emulator", "clock", "+soon").status == 2


def test_a_shell_of_before_the_reset_is_told(shell: Shell) -> None:
    """What is held of the emulator before is not handed out, and the error says what to type."""
    shell.ends("read-only")
    shell.ok("emulator", "reset")
    done = shell.run("credential-process", "read-only")
    assert (done.status, done.out) == (2, "")
    assert "eval $(stsctl emulator env)" in done.err
    key = shell.environ["AWS_ACCESS_KEY_ID"]
    shell.set_up()
    assert shell.environ["AWS_ACCESS_KEY_ID"] == key
    shell.ends("read-only")


def test_faults_come_and_go(shell: Shell) -> None:
    """stsctl outlasts two throttled calls, reports more, and the service that is unavailable, with status 6."""
    assert "the next 2" in shell.ok("emulator", "fail", "sts:Assume*", "--throttle", "2")
    shell.ends("read-only")
    shell.ok("emulator", "fail", "sts:AssumeRole", "--throttle", "9")
    done = shell.run("credential-process", "read-only", "--refresh")
    assert done.status == 6
    assert "throttles" in done.err
    shell.ok("emulator", "fail", "--clear")
    shell.ok("emulator", "fail", "sts:AssumeRole", "--unavailable", "--times", "9")
    assert json.loads(shell.ok("emulator", "fail", "--list", "--json"))[0]["left"] == 9
    assert shell.run("credential-process", "read-only", "--refresh").status == 6
    shell.ok("emulator", "fail", "sts:AssumeRole", "--clear")
    shell.ends("read-only", "--refresh")
    assert shell.run("emulator", "fail", "sts:AssumeRole").status == 2


def test_the_log_says_who_asked_for_what(shell: Shell) -> None:
    """Each request is a line with its outcome; a refusal says which statement did not apply."""
    shell.ends("read-only", "--refresh")
    shell.run("credential-process", "locked")
    lines = [line.split("\t") for line in shell.ok("emulator", "log", "--service", "STS").splitlines()]
    assert lines[-2][1:5] == [
        "ok",
        "sts:AssumeRole",
        "arn:aws:iam::111111111111:user/alice",
        "arn:aws:iam::111111111111:role/ReadOnly",
    ]
    assert lines[-2][5].startswith("allowed by")
    assert lines[-1][1] == "AccessDenied"
    assert '"ServiceOnly"' in lines[-1][5]
    denied = [json.loads(line) for line in shell.ok("emulator", "log", "--denied", "--json").splitlines()]
    assert {each["outcome"] for each in denied} == {"refused"}
    assert shell.ok("emulator", "log", "--service", "s3") == ""


def test_the_log_is_followed(shell: Shell) -> None:
    """With --follow what is asked appears while it waits."""
    with subprocess.Popen(
        [str(STSCTL), "emulator", "log", "--follow", "--denied"], env=shell.environ, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        time.sleep(0.5)
        shell.run("credential-process", "locked")
        found = ""
        while "role/Locked" not in found:
            found = process.stdout.readline()
        process.terminate()
    assert "AccessDenied" in found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bind", "0.0.0.0"), "--i-know"),
        (("--bind", "::"), "--i-know"),
        (("--bind", "everywhere", "--i-know"), "no address"),
    ],
)
def test_it_listens_elsewhere_only_when_that_is_known(shell: Shell, words: tuple[str, ...], said: str) -> None:
    """An address that others reach has to be asked for twice."""
    done = shell.run("emulator", "start", *words)
    assert done.status == 2
    assert said in done.err


def test_a_state_lasts_a_restart(shell: Shell, tmp_path: Path) -> None:
    """With --state, what a person made is there when the emulator starts again, at the same place."""
    other = Shell(home=tmp_path, environ={"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    other.ok("emulator", "start", "--state", str(tmp_path / "state"), "--bind", "0.0.0.0", "--i-know")
    try:
        other.set_up()
        before = dict(other.environ)
        assert before["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
        other.ok("emulator", "clock", "+5m")
        other.ok("emulator", "stop")
        assert other.run("emulator", "clock").status == 1
        assert other.run("emulator", "start", "--state", str(tmp_path / "state")).status == 0
        other.set_up()
        assert other.environ == before
        assert other.clock() == timedelta(minutes=5)
    finally:
        other.ok("emulator", "stop")


def test_what_to_type_next_is_of_the_seed(shell: Shell, tmp_path: Path) -> None:
    """Where there may be no alice and no hub, nobody is told to become them."""
    assert "emulator keys alice" in shell.run("emulator", "start").err
    other = Shell(home=tmp_path, environ={"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    (tmp_path / "org.toml").write_text("[account.111111111111.user.bob]\nkey.main = {}\n")
    assert "1 account, 1 user, 0 roles" in other.run("emulator", "seed", "--check", "org.toml").err
    done = other.run("emulator", "start", "--seed", "org.toml")
    try:
        assert ("alice" in done.err, "emulator env --as PRINCIPAL" in done.err) == (False, True), done
    finally:
        other.ok("emulator", "stop")


def test_the_example_seed_is_right(shell: Shell, tmp_path: Path) -> None:
    """The printed example passes the check, a mistake in it is said with its line, and the built-in seed is printed."""
    example = shell.ok("emulator", "seed", "--example")
    path = tmp_path / "org.toml"
    path.write_text(example, encoding="utf-8")
    done = shell.run("emulator", "seed", "--check", str(path))
    assert (done.status, done.out) == (0, "")
    assert "3 accounts" in done.err
    path.write_text(example.replace('groups = ["engineers"]', 'groups = ["engineer"]'), encoding="utf-8")
    done = shell.run("emulator", "seed", "--check", str(path))
    assert done.status == 3
    line = example[: example.index('groups = ["engineers"]')].count("\n") + 1
    assert f"org.toml:{line}:" in done.err
    assert '"engineers"' in done.err
    assert "alice" in shell.ok("emulator", "seed")


def test_every_part_of_the_example_is_explained(shell: Shell) -> None:
    """Every table of the example stands below a comment, or belongs to one that does."""
    paragraphs = shell.ok("emulator", "seed", "--example").split("\n\n")
    commented = {
        line.split("]")[0].strip("[")
        for text in paragraphs
        if text.lstrip("\n").startswith("#")
        for line in text.splitlines()
        if line.startswith("[")
    }
    for text in paragraphs:
        for line in text.splitlines():
            if line.startswith("["):
                table = line.split("]")[0].strip("[")
                beginnings = {table.rsplit(".", count)[0] for count in range(table.count(".") + 1)}
                assert beginnings & commented, table
