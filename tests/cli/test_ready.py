"""What the tests take for a start of stsctl is one: the same answers, statuses and processes."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.program import STSCTL, Me, until_gone
from tests.ready import is_usual


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("assume", "nobody"),
        ("assume", "--no-such-flag"),
        ("plan", "prod-admin", "--json"),
        ("env", "--shell", "bash"),
        ("exec", "read-only", "--", "sh", "-c", "pwd; tr '\\0' '\\n' </proc/self/environ; exit 7"),
        ("exec", "read-only", "--", "/nowhere/program"),
        ("exec", "read-only", "--", "sh", "-c", "kill -TERM $$"),
    ],
    ids=" ".join,
)
def test_a_fork_is_a_start(me: Me, words: tuple[str, ...]) -> None:
    """Output, errors and status are those of the program itself."""
    me.ok("assume", "read-only")
    assert me.run(*words) == me.program(str(STSCTL), *words)


def test_it_reads_what_it_is_given(me: Me) -> None:
    """Standard input, and its end."""
    text = "{}\n"
    assert me.run("policy", "check", "-", given=text) == me.program(str(STSCTL), "policy", "check", "-", given=text)


def test_it_is_alone(me: Me) -> None:
    """It leads a session of its own, and has the three streams and no other file."""
    shown = me.ok("exec", "read-only", "--", "sh", "-c", "ps -o sid= -p $$; echo $$; ls /proc/$$/fd")
    session, process, *files = shown.split()
    assert session == process != str(os.getsid(0))
    assert set(files) <= {"0", "1", "2", "10", "255"}, "of which the last two are a shell's own"


def test_whoever_takes_too_long_is_gone(me: Me) -> None:
    """After the time limit neither it nor what it started is left."""
    with pytest.raises(subprocess.TimeoutExpired):
        me.run("exec", "read-only", "--", "sh", "-c", f"echo $$ > {me.home}/pid; sleep 60", timeout=3)
    until_gone(int((me.home / "pid").read_text()))


def test_what_an_interpreter_looks_at_is_not_passed_over() -> None:
    """Where a variable makes it another interpreter, the program itself is started."""
    usual = {"LANG": "C.UTF-8", "PYTHONWARNINGS": "error", "PYTHON_KEYRING_BACKEND": "x", "HOME": "/"}
    assert is_usual(usual)
    assert not is_usual(usual | {"PYTHONIOENCODING": "ascii"})
    assert not is_usual(usual | {"LC_ALL": "C"})
    assert not is_usual({**usual, "LANG": "C"})
