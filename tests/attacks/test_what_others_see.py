"""What other processes see of a secret: command lines, environments of programs that need none, core dumps, files."""

from __future__ import annotations

import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from stsctl.cli import stsctl
from tests.conftest import missing
from tests.program import STSCTL, Me

SHOWN = """\
#!/bin/sh
tr '\\0' '\\n' < /proc/$$/environ > {home}/{name}-environ
tr '\\0' ' ' < /proc/$PPID/cmdline > {home}/{name}-parent
{answer}
"""

PINENTRY = """echo OK Pleased to meet you
while read -r word rest; do
    case $word in
    GETPIN) echo "D $CODE"; echo OK ;;
    BYE) exit ;;
    *) echo OK ;;
    esac
done"""


def program(me: Me, name: str, answer: str) -> Path:
    """A stand-in for a program that stsctl looks for by name; it leaves the environment that it was given."""
    path = me.home / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(SHOWN.format(home=me.home, name=name, answer=answer))
    path.chmod(0o755)
    return path


def given(me: Me, name: str) -> str:
    """That environment."""
    return (me.home / f"{name}-environ").read_text()


def secrets(me: Me) -> set[str]:
    """The person's own keys, and a session's that the shell happens to have."""
    return {me.keys.secret_access_key.reveal()}


def test_who_shows_a_question_gets_no_keys(me: Me) -> None:
    """A pinentry, with all that it loads from its own configuration, has no use for them; it gets the rest."""
    program(me, "pinentry", PINENTRY)
    done = me.run(
        "credential-process", "hub", DISPLAY=":99", CODE=me.code(), PATH=f"{me.home}/bin:{me.environ['PATH']}"
    )
    assert done.status == 0, done
    assert "HOME=" in given(me, "pinentry")
    assert not [name for name in secrets(me) if name in given(me, "pinentry")]
    assert "SECRET" not in given(me, "pinentry")


def test_a_browser_gets_no_keys(me: Me) -> None:
    """Nor the address of the console on its command line: that is a page of this machine's, good for one visit."""
    fetch = "import sys, urllib.request as r; r.urlopen(sys.argv[1])"
    program(me, "my-browser", f'echo "$1" > {me.home}/asked\n{sys.executable} -c "{fetch}" "$1"')
    me.run("console", "read-only", BROWSER=f"{me.home}/bin/my-browser %s", PATH=f"{me.home}/bin:{me.environ['PATH']}")
    shown = given(me, "my-browser")
    assert not [name for name in secrets(me) if name in shown]
    assert "AWS_SECRET_ACCESS_KEY" not in shown
    assert (me.home / "asked").read_text().startswith("http://127.0.0.1:")


def test_a_program_of_the_configuration_gets_the_persons_environment(me: Me) -> None:
    """What a person named may need their keys: an `mfa_process` can be a script that asks AWS."""
    path = me.script("code", f"env > {me.home}/seen; echo {me.code()}")
    me.configure_as_usual(hub=f'mfa_process = ["{path}"]')
    me.ok("credential-process", "hub")
    assert me.keys.secret_access_key.reveal() in (me.home / "seen").read_text()


def test_a_crash_leaves_no_core_dump(me: Me) -> None:
    """A process that dies of a fault dumps nothing, whatever the person's own limit says; `exec` gives that back."""
    if shutil.which("prlimit") is None:
        missing("prlimit")
    shown = me.program(
        "prlimit", "--core=unlimited:unlimited", str(STSCTL), "exec", "read-only", "--", "sh", "-c", "ulimit -c"
    )
    assert shown.out == "unlimited\n", shown
    me.configure_as_usual(hub=me.code_process(held=True))
    with me.start("prlimit", "--core=unlimited:unlimited", str(STSCTL), "credential-process", "hub") as process:
        _until(lambda: me.prompts() == 1)
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        process.send_signal(signal.SIGSEGV)
        process.wait(60)
        me.let_go()  # for the program that was asked for a code, and is now nobody's
    assert re.search(r"Max core file size +0 ", limits), limits
    assert process.returncode == -signal.SIGSEGV
    assert [path for path in me.home.rglob("core*") if path.is_file()] == []


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def _leaves(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _leaves(found, f"{path} {name}")


def test_nothing_secret_can_be_an_argument() -> None:
    """No option and no argument takes a secret, so that none gets into a shell's history: it is typed, or on stdin."""
    takes = [
        f"{path} {option}"
        for path, command in _leaves(stsctl, "stsctl")
        for parameter in command.params
        for option in parameter.opts
        if not getattr(parameter, "is_flag", False)
    ]
    assert len(takes) > 100
    secret = re.compile(r"secret|password|passphrase|(?<!mfa-)token(?!-)|access-key|assertion(?!-)")
    assert [each for each in takes if secret.search(each.rpartition(" ")[2])] == []
