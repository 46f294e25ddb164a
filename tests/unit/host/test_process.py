from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.errors import HelperError, StsctlError
from stsctl.host import process
from stsctl.host.process import CannotStartError, CommandNotFoundError

SOON = timedelta(seconds=30)


def _become(
    *argv: str, environ: Mapping[str, str] | None = None, prelude: str = ""
) -> subprocess.CompletedProcess[str]:
    """What is seen from outside of a process that becomes `argv`; one that could not says why, as the CLI would."""
    script = (
        "import os, sys\nfrom stsctl.host import process\nfrom stsctl.errors import StsctlError\n"
        f"environ = {dict(environ) if environ is not None else 'dict(os.environ)'}\n"
        f"{prelude}\n"
        "try:\n    process.replace(sys.argv[1:], environ)\n"
        "except StsctlError as error:\n    print(error.message, file=sys.stderr)\n    sys.exit(error.status)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script, *argv], capture_output=True, text=True, timeout=60, check=False, cwd=Path.cwd()
    )


def _script(path: Path, text: str, mode: int = 0o700) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


class TestReplace:
    """replace()."""

    def test_the_program_takes_the_place_of_this_process(self) -> None:
        """The process id stays, so signals and the terminal are the program's own."""
        run = _become("sh", "-c", "echo $$", prelude="print(os.getpid(), flush=True)")
        first, second = run.stdout.split()
        assert first == second

    def test_its_status_is_the_programs(self) -> None:
        """Whatever status the program ends with is what the caller sees."""
        assert _become("sh", "-c", "exit 37").returncode == 37

    def test_it_has_the_environment_that_it_was_given_and_no_other(self) -> None:
        """Nothing of this process's own environment leaks in."""
        run = _become("/usr/bin/env", environ={"A": "1", "B": "é"})
        assert sorted(run.stdout.splitlines()) == ["A=1", "B=é"]

    def test_the_program_is_found_by_the_path_that_it_will_have(self, tmp_path: Path) -> None:
        """PATH is the given environment's, not this process's."""
        _script(tmp_path / "only-here", "#!/bin/sh\necho found\n")
        assert _become("only-here", environ={"PATH": str(tmp_path)}).stdout == "found\n"

    def test_a_script_without_an_interpreter_runs_in_sh(self, tmp_path: Path) -> None:
        """As in every shell (execvp(3))."""
        path = _script(tmp_path / "bare", 'echo "$0" "$@"\n')
        assert _become(path, "a b", "c").stdout == f"{path} a b c\n"

    def test_what_was_written_before_comes_before(self) -> None:
        """Buffered output is not lost with the process that held it."""
        assert _become("echo", "second", prelude="print('first')").stdout == "first\nsecond\n"

    def test_signals_have_their_usual_effect(self) -> None:
        """Python ignores SIGPIPE; a program that inherited that would not end quietly in `program | head`."""
        run = _become("sh", "-c", "kill -PIPE $$; echo survived")
        assert run.returncode == -signal.SIGPIPE
        assert run.stdout == ""

    @pytest.mark.parametrize("name", ["no-such-program", "", "./no/such/file"])
    def test_a_program_that_is_not_there_is_127(self, name: str) -> None:
        """The status that shells give, and the name as it was typed."""
        run = _become(name)
        assert run.returncode == 127
        assert run.stderr == f'cannot start "{name}": there is no such program\n'

    def test_a_file_that_is_no_program_is_126(self, tmp_path: Path) -> None:
        """The status that shells give to what they found and could not start."""
        assert _become(str(tmp_path)).returncode == 126
        assert _become(_script(tmp_path / "data", "x", mode=0o600)).returncode == 126

    def test_a_name_that_no_system_takes_is_126(self) -> None:
        """A NUL cannot be passed on; that is said, not thrown."""
        with pytest.raises(CannotStartError, match="arguments"):
            process.replace(["sh\0"], {})

    def test_after_a_failure_the_signals_are_as_before(self) -> None:
        """This process goes on to report the failure, as Python is used to."""
        before = signal.getsignal(signal.SIGPIPE)
        with pytest.raises(CommandNotFoundError):
            process.replace(["no-such-program"], {"PATH": "/bin"})
        assert signal.getsignal(signal.SIGPIPE) == before


class TestRun:
    """run()."""

    def test_the_answer_is_what_was_written_to_stdout(self) -> None:
        """All of it and as it was; the environment is the given one, and stdin is empty."""
        answer = process.run(["sh", "-c", "cat; echo $A é"], environ={**os.environ, "A": "1"}, timeout=SOON)
        assert answer == "1 é\n"

    def test_no_shell_touches_the_arguments(self) -> None:
        """A list of arguments stays a list, whatever is in it."""
        answer = process.run(["printf", "%s|", "a b", "$HOME", "*", ";id"], environ=os.environ, timeout=SOON)
        assert answer == "a b|$HOME|*|;id|"

    def test_stderr_goes_where_ours_goes(self, capfd: pytest.CaptureFixture[str]) -> None:
        """What a helper has to say to the person ("touch your key") is seen at once."""
        process.run(["sh", "-c", "echo touch it >&2"], environ=os.environ, timeout=SOON)
        assert capfd.readouterr().err == "touch it\n"

    def test_a_failure_names_the_program_and_its_status_but_not_what_it_wrote(self) -> None:
        """A code or a key that was already printed is in no message, cause or context."""
        with pytest.raises(HelperError, match='"sh" failed with status 3') as caught:
            process.run(["sh", "-c", "echo hush; exit 3"], environ=os.environ, timeout=SOON)
        _assert_nowhere("hush", caught.value)

    def test_an_answer_that_is_no_text_is_not_shown(self) -> None:
        """The bytes would be in the UnicodeDecodeError."""
        with pytest.raises(HelperError, match="no text") as caught:
            process.run(["printf", "hush\\377"], environ=os.environ, timeout=SOON)
        _assert_nowhere("hush", caught.value)

    def test_after_the_timeout_all_that_it_started_is_gone(self, tmp_path: Path) -> None:
        """A helper's own children are killed with it, and what it wrote is not repeated."""
        script = f"echo hush; sleep 300 & echo $! >{tmp_path}/pid; wait"
        with pytest.raises(HelperError, match=r"no answer within 3 seconds") as caught:
            process.run(["sh", "-c", script], environ=os.environ, timeout=timedelta(seconds=3))
        _assert_nowhere("hush", caught.value)
        child = int((tmp_path / "pid").read_text())
        deadline = time.monotonic() + 30
        while _alive(child) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _alive(child)

    def test_a_child_that_left_the_group_does_not_hold_us(self, tmp_path: Path) -> None:
        """Something that keeps stdout open after its parent was killed is not waited for."""
        script = f"setsid sh -c 'echo $$ >{tmp_path}/pid; exec sleep 300' & wait"
        with pytest.raises(HelperError, match="no answer"):
            process.run(["sh", "-c", script], environ=os.environ, timeout=timedelta(seconds=3))
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    def test_a_helper_ended_by_ctrl_c_is_an_interrupt(self) -> None:
        """The person pressed Ctrl-C, whichever of the two processes the terminal sent it to."""
        with pytest.raises(KeyboardInterrupt):
            process.run(["sh", "-c", "kill -INT $$"], environ=os.environ, timeout=SOON)

    @pytest.mark.parametrize(
        ("argv", "expected"),
        [(["no-such-program"], CommandNotFoundError), (["/"], CannotStartError), (["sh", "\0"], CannotStartError)],
    )
    def test_what_cannot_be_started_says_so(self, argv: list[str], expected: type[StsctlError]) -> None:
        """The same errors as for a program to become."""
        with pytest.raises(expected, match="cannot start"):
            process.run(argv, environ=os.environ, timeout=SOON)


def _alive(pid: int) -> bool:
    """Whether `pid` still runs; a zombie that nobody reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _assert_nowhere(text: str, error: BaseException) -> None:
    """`text` is in no message, nor in an exception that a traceback would show with it."""
    shown: BaseException | None = error
    while shown is not None:
        assert text not in repr(shown)
        shown = shown.__cause__ if shown.__suppress_context__ else shown.__context__
