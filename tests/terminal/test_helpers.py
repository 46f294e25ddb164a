"""Helper programs (mfa_process and the like) that use the terminal themselves."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect

RUN = """
import os, sys
from datetime import timedelta
from stsctl.errors import StsctlError
from stsctl.host import process
try:
    answer = process.run(sys.argv[2:], environ=os.environ, timeout=timedelta(seconds=float(sys.argv[1])))
    print("answer:", ascii(answer), flush=True)
except StsctlError as error:
    print("error:", error.message, flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
HELPER = 'printf "PIN: " >/dev/tty; read pin </dev/tty; echo "code for $pin"'


def spawn(script: str) -> pexpect.spawn:
    """A terminal in which sh runs `script`; Ctrl-C leaves that sh alone."""
    environ = {**os.environ, "PYTHON": sys.executable, "RUN": RUN, "HELPER": HELPER, "TERM": "dumb"}
    return pexpect.spawn(
        "/bin/sh", ["-c", f"trap : INT; {script}"], env=environ, encoding="utf-8", timeout=100, cwd=str(Path.cwd())
    )


def test_a_helper_may_ask_on_the_terminal() -> None:
    """It is not stopped for reading, and afterwards the terminal is ours again."""
    terminal = spawn('"$PYTHON" -c "$RUN" 100 sh -c "$HELPER"; read line; echo "line=<$line>"')
    terminal.expect("PIN: ")
    terminal.sendline("1234")
    terminal.expect("answer: 'code for 1234")
    terminal.sendline("next")
    terminal.expect("line=<next>")


def test_ctrl_c_while_a_helper_asks_is_an_interrupt_of_ours() -> None:
    """The terminal sends it to the helper; the person meant the whole command."""
    terminal = spawn('"$PYTHON" -c "$RUN" 100 sh -c "$HELPER"; echo over')
    terminal.expect("PIN: ")
    terminal.send("\x03")
    terminal.expect("interrupted\r\n")
    terminal.expect("over")


def test_a_killed_helper_leaves_the_terminal_as_it_was() -> None:
    """One that turned the echo off and gave no answer in time does not leave it off."""
    terminal = spawn('stty -g; "$PYTHON" -c "$RUN" 1.5 sh -c "stty -echo </dev/tty; $HELPER"; stty -g')
    terminal.expect(r"([0-9a-f:]{20,})\r\n")
    settings = terminal.match[1]
    terminal.expect("no answer within 1.5 seconds")
    assert terminal.read().rstrip().endswith(settings)
