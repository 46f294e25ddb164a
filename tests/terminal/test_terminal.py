"""Questions on a real pty: what the person sees and types, and the state that the terminal is left in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

ASK = """
import sys
from datetime import timedelta
from stsctl.errors import PersonNeededError
from stsctl.host.terminal import Terminal
try:
    answer = Terminal().ask("code: ", hidden=sys.argv[1] == "hidden", timeout=timedelta(seconds=float(sys.argv[2])))
except PersonNeededError as error:
    print("needed:", error.message)
    sys.exit(error.status)
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(130)
print("answer:", ascii(answer))
"""
BACKGROUND = """
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-c", *sys.argv[1:]], process_group=0, timeout=100).returncode)
"""
LONG = "100"


def spawn(script: str, **variables: str) -> pexpect.spawn:
    """A terminal in which sh runs `script`; Ctrl-C leaves that sh alone."""
    environ = {**os.environ, "PYTHON": sys.executable, "ASK": ASK, "TERM": "dumb", **variables}
    return pexpect.spawn(
        "/bin/sh", ["-c", f"trap : INT; {script}"], env=environ, encoding="utf-8", timeout=100, cwd=str(Path.cwd())
    )


def question(kind: str, seconds: str = LONG) -> pexpect.spawn:
    """A terminal with the question on it, whose settings are shown before and after."""
    terminal = spawn(
        f'stty -g; "$PYTHON" -c "$ASK" {kind} {seconds} >"$HOME/out"; echo status=$?; cat "$HOME/out"; stty -g'
    )
    terminal.expect(r"([0-9a-f:]{20,})\r\n")
    terminal.settings = terminal.match[1]
    terminal.expect("code: ")
    return terminal


def finish(terminal: pexpect.spawn) -> str:
    """What the terminal showed from here to its end; its settings must be those from before the question."""
    rest: str = terminal.read()
    terminal.close()
    assert rest.rstrip().endswith(terminal.settings)
    return rest.rstrip().removesuffix(terminal.settings)


def test_a_code_is_shown_as_it_is_typed() -> None:
    """People want to see the digits of a code; stdout has the answer alone."""
    terminal = question("shown")
    terminal.sendline("123456")
    assert finish(terminal) == "123456\r\nstatus=0\r\nanswer: '123456'\r\n"


def test_a_secret_is_not_shown() -> None:
    """Nothing of it appears, and what follows begins on a new line."""
    terminal = question("hidden")
    terminal.sendline("hush é'")
    assert finish(terminal) == '\r\nstatus=0\r\nanswer: "hush \\xe9\'"\r\n'


def test_a_line_can_be_corrected() -> None:
    """Erase and kill work as the terminal has them."""
    terminal = question("hidden")
    terminal.send("99\x1512x\x7f3\r")
    assert "answer: '123'" in finish(terminal)


def test_stdin_and_stdout_may_be_pipes() -> None:
    """As when an SDK runs credential-process: the question is not read from one nor written to the other."""
    terminal = spawn('echo wrong | "$PYTHON" -c "$ASK" shown 100 | sed "s/^/piped /"')
    terminal.expect("code: ")
    terminal.sendline("123456")
    assert terminal.read() == "123456\r\npiped answer: '123456'\r\n"


def test_nobody_answers() -> None:
    """The time-out is an error of its own, and what was half typed does not go to whatever reads next."""
    terminal = question("hidden", "4")
    terminal.send("half a sec")
    rest = finish(terminal)
    assert "status=4" in rest
    assert "needed: nobody answered within 4 seconds" in rest


def test_what_was_half_typed_is_not_left_for_the_shell() -> None:
    """After a time-out the next reader of the terminal gets what is typed then, and nothing from before."""
    terminal = spawn('"$PYTHON" -c "$ASK" hidden 4; echo next; read line; echo "line=<$line>"')
    terminal.expect("code: ")
    terminal.send("half a sec")
    terminal.expect("next\r\n")
    terminal.sendline("new")
    terminal.expect("line=<(.*)>")
    assert terminal.match[1] == "new"


def test_ctrl_c_interrupts() -> None:
    """KeyboardInterrupt, with the terminal as it was."""
    terminal = question("hidden")
    terminal.send("12\x03")
    rest = finish(terminal)
    assert "status=130" in rest
    assert "interrupted" in rest


def test_ctrl_d_is_no_answer() -> None:
    """An end of file is a person who would not answer."""
    terminal = question("shown")
    terminal.send("\x04")
    rest = finish(terminal)
    assert "status=4" in rest
    assert "needed: the question was not answered" in rest


def test_sigterm_leaves_the_echo_on() -> None:
    """Whoever ends the program does not leave a terminal that shows nothing."""
    named = "import os; print('pid', os.getpid(), flush=True)" + ASK
    terminal = spawn('stty -g; "$PYTHON" -c "$ASK" hidden 100; echo status=$?; stty -g', ASK=named)
    terminal.expect(r"([0-9a-f:]{20,})\r\n")
    terminal.settings = terminal.match[1]
    terminal.expect(r"pid (\d+)")
    process = int(terminal.match[1])
    terminal.expect("code: ")
    os.kill(process, 15)
    assert "status=143" in finish(terminal)


@pytest.mark.parametrize(("mode", "enter"), [("raw -echo", "\r"), ("raw -echo inlcr -icrnl", "\n")], ids=["raw", "zsh"])
def test_a_terminal_in_raw_mode_is_asked_all_the_same(mode: str, enter: str) -> None:
    """A full-screen program may have turned line editing and Ctrl-C off; it finds them off again.

    zsh has the two ends of a line change places while one is typed.
    """
    terminal = spawn(f'stty {mode}; stty -g; "$PYTHON" -c "$ASK" shown 20; stty -g')
    terminal.expect(r"([0-9a-f:]{20,})\r?\n")
    settings = terminal.match[1]
    terminal.expect("code: ")
    terminal.send(f"123456{enter}")
    terminal.expect("123456\r\n")
    rest = terminal.read()
    assert "answer: '123456'" in rest
    assert rest.rstrip().endswith(settings)


def test_a_background_process_is_refused_and_not_stopped() -> None:
    """It would be stopped by SIGTTIN as soon as it read, and wait for ever."""
    terminal = spawn('"$PYTHON" -c "$BACKGROUND" "$ASK" shown 100; echo status=$?', BACKGROUND=BACKGROUND)
    rest = terminal.read()
    assert "needed: nobody can be asked: this runs in the background" in rest
    assert "status=4" in rest


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, subprocess.PIPE])
def test_without_a_terminal_nobody_is_asked(stdin: int) -> None:
    """A service, cron or CI gets an error at once, and stdin is left alone."""
    run = subprocess.run(
        [sys.executable, "-c", ASK, "shown", LONG],
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        **({"input": "123456\n"} if stdin == subprocess.PIPE else {"stdin": stdin}),
    )
    assert run.returncode == 4
    assert run.stdout == "needed: nobody can be asked: there is no terminal\n"


def test_whether_somebody_could_be_asked_is_known_beforehand() -> None:
    """True in a terminal's foreground; False in its background, and without one."""
    check = "from stsctl.host.terminal import Terminal; print(Terminal().available())"
    terminal = spawn('"$PYTHON" -c "$ASK"; "$PYTHON" -c "$BACKGROUND" "$ASK"', ASK=check, BACKGROUND=BACKGROUND)
    assert re.findall("True|False", terminal.read()) == ["True", "False"]
    alone = subprocess.run([sys.executable, "-c", check], start_new_session=True, capture_output=True, check=True)
    assert alone.stdout == b"False\n"
