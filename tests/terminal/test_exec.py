"""`stsctl exec` at a terminal, with `--serve` and without: a shell sees no difference, and nobody is asked twice."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pexpect
import pytest

from stsctl.emulator import remote
from stsctl.host.stopwatch import Stopwatch
from tests.conftest import missing
from tests.crowd import until
from tests.program import Me, Organisation, somebody
from tests.program import organisation as shared_organisation
from tests.real.test_exec_serve import clocked, companions, early

__all__ = ["clocked", "early"]
organisation = shared_organisation

PROMPT = "ready> "
EXEC = pytest.mark.parametrize("words", ["exec", "exec --serve"])


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody with keys in the environment."""
    return somebody(home, organisation)


def hears_hangups() -> None:
    """A terminal's end is heard of, also where whoever runs the tests wants to hear of none (nohup)."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def shell_of(me: Me) -> pexpect.spawn:
    """A shell with job control, as a person has it."""
    environ = {**me.environ, "TERM": "vt100", "NO_COLOR": "1", "PS1": PROMPT}
    found = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], env=environ, cwd=str(me.home), encoding="utf-8", timeout=100,
        dimensions=(24, 100), preexec_fn=hears_hangups,
    )  # fmt: skip
    found.delaybeforesend = None
    found.expect_exact(PROMPT)
    return found


@pytest.fixture
def shell(me: Me) -> Iterator[pexpect.spawn]:
    """The person's shell."""
    found = shell_of(me)
    yield found
    found.close(force=True)


def types(shell: pexpect.spawn, line: str) -> str:
    """What a command shows."""
    shell.sendline(line)
    shell.expect_exact("\r\n")
    shell.expect_exact(PROMPT)
    return (shell.before or "").replace("\r", "").replace("\x1b[?2004h", "").replace("\x1b[?2004l", "")


@EXEC
def test_ctrl_z_stops_the_program_and_fg_goes_on_with_it(shell: pexpect.spawn, words: str) -> None:
    """The shell has the terminal meanwhile; afterwards the program reads from it again."""
    shell.sendline(f"stsctl {words} read-only -- sh -c 'echo begun; read line; echo \"read $line\"'")
    shell.expect_exact("begun\r\n")
    shell.send("\x1a")
    shell.expect_exact("Stopped")
    shell.expect_exact(PROMPT)
    assert "Stopped" in types(shell, "jobs")
    shell.sendline("fg")
    shell.expect_exact("\r\n")
    shell.sendline("on")
    shell.expect_exact("read on")
    shell.expect_exact(PROMPT)
    assert types(shell, "jobs").strip() == ""


@EXEC
@pytest.mark.parametrize(("key", "status"), [("\x03", 130), ("\x1c", 131)])
def test_keys_that_end_a_program(shell: pexpect.spawn, words: str, key: str, status: int) -> None:
    """Ctrl-C and Ctrl-\\ are the program's, and so is the status."""
    shell.sendline(f"stsctl {words} read-only -- sh -c 'echo begun; exec sleep 300'")
    shell.expect_exact("begun\r\n")
    shell.send(key)
    shell.expect_exact(PROMPT)
    assert types(shell, "echo status=$?").strip() == f"status={status}"


@EXEC
def test_a_program_that_takes_ctrl_c_for_itself(shell: pexpect.spawn, words: str) -> None:
    """It hears of each once, and ends as it likes."""
    script = "trap 'echo heard' INT; echo begun; for n in 1 2 3; do sleep 1.5; done; exit 3"
    shell.sendline(f'stsctl {words} read-only -- sh -c "{script}"')
    shell.expect_exact("begun\r\n")
    shell.send("\x03")
    shell.expect_exact(PROMPT)
    assert (shell.before or "").count("heard") == 1
    assert types(shell, "echo status=$?").strip() == "status=3"


@EXEC
def test_an_editor(shell: pexpect.spawn, me: Me, words: str) -> None:
    """It draws on the whole terminal, follows its size, is stopped and goes on, and leaves the terminal as it was."""
    if shutil.which("vim") is None:
        missing("vim")
    before = types(shell, "stty -g")
    shell.sendline(f"stsctl {words} read-only -- vim -u NONE -N -n text")
    shell.expect_exact("[New]")
    shell.setwinsize(30, 90)
    size = me.home / "size"

    def followed() -> bool:
        shell.send(":call writefile([&lines . ' ' . &columns], 'size')\r")
        until(size.exists, "what the editor writes")
        found = size.read_text()
        size.unlink()
        return found == "30 90\n"

    until(followed, "the editor to follow the terminal's size")
    shell.send("ihello\x1b")
    shell.send(":suspend\r")
    shell.expect_exact("Stopped")
    shell.expect_exact(PROMPT)
    shell.sendline("fg")
    shell.expect_exact("hello")
    shell.send(":wq\r")
    shell.expect_exact(PROMPT)
    assert (me.home / "text").read_text() == "hello\n"
    assert types(shell, "stty -g") == before


@EXEC
def test_a_shell_within_has_jobs_of_its_own(shell: pexpect.spawn, words: str) -> None:
    """It stops and continues programs, and is stopped itself by its `suspend`."""
    shell.sendline(f"stsctl {words} read-only -- bash --norc --noprofile")
    shell.expect_exact(PROMPT)
    shell.sendline("sh -c 'echo begun; exec sleep 300'")
    shell.expect_exact("begun\r\n")
    shell.send("\x1a")
    shell.expect_exact(PROMPT)
    assert "Stopped" in types(shell, "jobs")
    types(shell, "kill -9 %1")
    # bash sometimes hears of the end of a stopped job only when it waits for another program.
    until(lambda: types(shell, "/bin/true; jobs").strip() == "", "the end of the job")
    assert types(shell, "echo $STSCTL_ROLE").strip() == "read-only"
    assert "Stopped" in types(shell, "suspend")
    assert types(shell, "echo outer $STSCTL_ROLE.").strip() == "outer ."
    shell.sendline("fg")
    shell.expect_exact(PROMPT)
    assert types(shell, "echo $STSCTL_ROLE").strip() == "read-only"
    types(shell, "exit 5")
    assert types(shell, "echo status=$?").strip() == "status=5"


@EXEC
def test_in_the_background_and_in_a_pipe(shell: pexpect.spawn, words: str) -> None:
    """Its job is the shell's to wait for and to end, with whatever else is in it."""
    types(shell, f"stsctl {words} read-only -- sleep 300 &")
    assert re.search(r"Running\s+stsctl", types(shell, "jobs"))
    types(shell, "kill %1")
    types(shell, "wait %1")
    assert types(shell, "echo status=$?").strip() == "status=143"
    assert types(shell, f"echo in | stsctl {words} read-only -- tr i o | cat").strip() == "on"


@EXEC
def test_a_terminal_that_is_closed_ends_the_program(shell: pexpect.spawn, me: Me, words: str) -> None:
    """It is hung up on like any other."""
    shell.sendline(f"stsctl {words} read-only -- sh -c 'echo $$; exec sleep 300'")
    shell.expect(r"(\d+)\r\n")
    program = int(shell.match[1])
    shell.close()
    until(lambda: not Path(f"/proc/{program}").exists(), "the end of the program")
    until(lambda: not companions(me), "the end of what served it")


@EXEC
def test_how_long_a_program_takes_is_learned(
    shell: pexpect.spawn, me: Me, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody is there whom it can be told the next time, and of a program, not of a shell."""
    monkeypatch.chdir(me.home)
    Stopwatch(me.state / "run-times", "read-only", ["true"]).note(2 * 3600)
    (file,) = (me.state / "run-times").iterdir()
    shown = types(shell, f"stsctl {words} read-only -- true")
    assert ("this took 2h before" in shown) == (words == "exec")
    until(lambda: len(file.read_text().split()) == 2, "the time")
    types(shell, f"echo exit | stsctl {words} read-only")
    assert [*(me.state / "run-times").iterdir()] == [file]


# ── who is asked ──


def test_a_code_is_asked_for_before_the_program_begins_and_not_again(shell: pexpect.spawn, me: Me) -> None:
    """By the process beside it, on the same terminal; what will need the person later is said beforehand."""
    shell.sendline("stsctl exec --serve prod-admin -- sh -c 'echo begun; read line; echo \"read $line\"'")
    shell.expect("MFA code of .*: ")
    shell.sendline(me.code())
    shell.expect_exact("its renewal needs you")
    shell.expect_exact("begun\r\n")
    shell.sendline("typed")
    shell.expect_exact("read typed")
    shell.expect_exact(PROMPT)


def test_ctrl_c_at_the_question(shell: pexpect.spawn, me: Me) -> None:
    """It is said once, the program does not begin, and nothing is left that would wait for the answer."""
    shell.sendline("stsctl exec --serve prod-admin -- echo begun")
    shell.expect("MFA code of .*: ")
    shell.send("\x03")
    shell.expect_exact(PROMPT)
    assert (shell.before or "").count("interrupted") == 1
    assert "begun" not in (shell.before or "")
    assert types(shell, "echo status=$?").strip() == "status=130"
    until(lambda: not companions(me), "the end of the one that asked")


def test_whoever_is_killed_at_the_question_leaves_the_terminal_as_it_was(shell: pexpect.spawn, me: Me) -> None:
    """The process that asks does not go on asking for one that is gone."""
    before = types(shell, "stty -g")
    shell.sendline("exec_serve() { stsctl exec --serve prod-admin -- echo begun; }; exec_serve")
    shell.expect("MFA code of .*: ")
    first = min(companions(me))
    os.kill(first, signal.SIGKILL)
    shell.expect_exact(PROMPT)
    until(lambda: not companions(me), "the end of the one that asked")
    assert types(shell, "stty -g") == before


def test_the_passphrase_of_sealed_files_is_typed_once(early: Me, clocked: Organisation) -> None:
    """Before the program begins; the renewal, which writes to the store, has it."""
    early.configure_as_usual(store='[defaults]\nstore = "sealed-file"\n\n[sealed_file]\nkey = "passphrase"\n')
    shell = shell_of(early)
    fetch = 'curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" $AWS_CONTAINER_CREDENTIALS_FULL_URI'
    shell.sendline(f"stsctl exec --serve read-only -- sh -c 'stty -echo; while read line; do {fetch}; done'")
    for question in ("new passphrase for the sealed files: ", "the same once more: "):
        shell.expect_exact(question)
        shell.sendline("hush hush")

    def fetched() -> str:
        shell.sendline("")
        shell.expect('"AccessKeyId": "(\\w+)"')
        return str(shell.match[1])

    first = fetched()
    remote.move_clock(clocked.running, timedelta(minutes=45))
    until(lambda: fetched() != first, "the next session")
    assert "passphrase" not in (shell.before or "")
    shell.close(force=True)
    assert early.calls().count("AssumeRole") == 2
