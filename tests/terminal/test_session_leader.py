"""Which terminal a command is typed in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pexpect

FIND = "from stsctl.host import session_leader; print(session_leader.find())"


def show(script: str) -> tuple[int, list[str]]:
    """The number of a new terminal's first process, and what commands in it take their leader to be."""
    environ = {**os.environ, "PYTHON": sys.executable, "FIND": FIND}
    terminal = pexpect.spawn("/bin/sh", ["-c", script], env=environ, encoding="utf-8", timeout=100, cwd=str(Path.cwd()))
    return terminal.pid, terminal.read().splitlines()


def test_all_commands_of_a_terminal_have_one_leader_and_it_is_the_first_process() -> None:
    """Also in pipelines, substitutions and subshells, whoever their parent is."""
    ask = '"$PYTHON" -c "$FIND"'
    pid, lines = show(f"{ask}; {ask} | cat; echo \"$({ask})\"; sh -c '{ask}; :' </dev/null")
    assert len(lines) == 4
    assert len(set(lines)) == 1
    assert f"pid={pid}," in lines[0]


def test_another_terminal_has_another() -> None:
    """Two windows do not share a current session."""
    assert show('"$PYTHON" -c "$FIND"')[1] != show('"$PYTHON" -c "$FIND"')[1]


def test_without_a_terminal_there_is_none() -> None:
    """A service has no terminal, and so no current session."""
    run = subprocess.run([sys.executable, "-c", FIND], start_new_session=True, capture_output=True, check=True)
    assert run.stdout == b"None\n"
