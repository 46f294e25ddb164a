"""A real pinentry for terminals, on a real pty."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pexpect
import pytest

from tests.conftest import missing
from tests.program import STSCTL, Organisation, somebody
from tests.program import organisation as shared_organisation

organisation = shared_organisation

ASK = """
import os, sys
from datetime import timedelta
from stsctl.errors import PersonNeededError
from stsctl.host.dialogue import Dialogue
try:
    dialogue = Dialogue(environ=os.environ, programs=("pinentry",), terminal="/dev/tty")
    print("answer:", ascii(dialogue.ask("MFA code of phone: ", hidden=False, timeout=timedelta(seconds=60))))
except PersonNeededError as error:
    print("needed:", error.message)
"""


@pytest.fixture
def terminal(tmp_path: Path) -> pexpect.spawn:
    """A terminal on which pinentry-curses asks."""
    program = shutil.which("pinentry-curses")
    if program is None:
        missing("pinentry-curses")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pinentry").symlink_to(str(program))
    environ = {**os.environ, "PATH": f"{tmp_path}/bin", "TERM": "xterm", "PYTHON": sys.executable, "ASK": ASK}
    shell = '/bin/stty -g; "$PYTHON" -c "$ASK" > "$HOME/out"; /bin/stty -g; /bin/cat "$HOME/out"'
    spawned = pexpect.spawn("/bin/sh", ["-c", f"trap : INT; {shell}"], env=environ, encoding="utf-8", timeout=60)
    spawned.expect(r"([0-9a-f:]{20,})\r\n")
    spawned.settings = spawned.match[1]
    spawned.expect_exact("<Cancel>")
    return spawned


def finish(terminal: pexpect.spawn) -> str:
    """What was printed; the terminal's settings must be those from before the question."""
    rest: str = terminal.read()
    terminal.close()
    _, settings, said = rest.partition(terminal.settings)
    assert settings, rest
    return said.strip()


def test_an_answer(terminal: pexpect.spawn) -> None:
    """It has the terminal while it asks, and gives it back."""
    terminal.send("123456\r")
    assert finish(terminal) == "answer: '123456'"


def test_cancel_is_a_no(terminal: pexpect.spawn) -> None:
    """The button behind the field and OK."""
    terminal.send("\t\t\r")
    assert finish(terminal) == "needed: the question was not answered"


def test_ctrl_c(terminal: pexpect.spawn) -> None:
    """It reaches the pinentry, which has the terminal, and ends it; that is no reason to ask again elsewhere."""
    terminal.send("\x03")
    assert finish(terminal) == "needed: the question was not answered"


def test_who_wants_a_pinentry_has_it_on_the_terminal(home: Path, organisation: Organisation) -> None:
    """prompt_with = "pinentry", without a desktop: it is lent the terminal."""
    program = shutil.which("pinentry-curses")
    if program is None:
        missing("pinentry-curses")
    me = somebody(home, organisation)
    (home / "pinentry").symlink_to(str(program))
    environ = {**me.environ, "PATH": str(home), "STSCTL_PROMPT_WITH": "pinentry", "TERM": "xterm"}
    terminal = pexpect.spawn(str(STSCTL), ["assume", "hub"], env=environ, encoding="utf-8", timeout=100)
    terminal.expect_exact("<Cancel>")
    code = me.code()
    terminal.send(f"{code}\r")
    shown = terminal.read()
    assert "stsctl exec hub" in shown
    assert code not in shown
