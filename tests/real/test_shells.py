"""What people type, in real shells. That any value survives is in tests/properties/test_shell_quoting.py."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Credentials, Secret, Session
from stsctl.formats import environment
from stsctl.formats.shell import SHELLS
from tests.shells import MODES, Mode

NOW = datetime(2026, 1, 31, 11, 0, tzinfo=UTC)
SESSION = Session(
    credentials=Credentials(
        access_key_id="ASIAEXAMPLE",
        secret_access_key=Secret("wJalr/XUtn+FEMI"),
        session_token=Secret("t0ken//++=="),
        expires_at=NOW + timedelta(hours=1),
    ),
    account_id="222222222222",
    request_key="ab" * 32,
    obtained_at=NOW,
)
OWN = ("AWS_", "STSCTL_")


def _environ(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}


def _ours(environ: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(OWN)}


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_child_of_the_shell_gets_what_a_child_of_exec_would(mode: Mode, tmp_path: Path) -> None:
    """`eval` of `env` and `exec` make the same environment, stale variables of other tools included."""
    changes = environment.export(SESSION, {}, role="prod admin (*)", region="eu-west-1")
    before = _environ(tmp_path) | {"AWS_SECURITY_TOKEN": "stale", "AWS_PROFILE": "other", "AWS_REGION": "us-east-1"}
    after = mode.environment_after([SHELLS[mode.shell].render(changes)], environ=before, folder=tmp_path)
    assert _ours(after) == _ours(environment.child(before, changes))


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_unset_leaves_nothing_behind(mode: Mode, tmp_path: Path) -> None:
    """After `env` and then `env --unset` a child has no variable of stsctl's, also when it is done twice."""
    shell = SHELLS[mode.shell]
    changes = environment.export(SESSION, {}, role="prod", region="eu-west-1", depth=1)
    exported = environment.child({}, changes)
    texts = [
        shell.render(changes),
        *[shell.render(environment.unset(exported))] * 2,
    ]
    assert _ours(mode.environment_after(texts, environ=_environ(tmp_path), folder=tmp_path)) == {}


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_after_a_failure_the_next_command_is_not_run(mode: Mode, tmp_path: Path) -> None:
    """`eval $(stsctl env) && terraform apply` stops when there was nothing to export."""
    (tmp_path / "text").write_text(SHELLS[mode.shell].failure)
    then = "; print went-on" if mode.shell == "nu" else " && echo went-on"
    run = mode.run(mode.reads.format("cat text") + then, environ=_environ(tmp_path), folder=tmp_path)
    assert b"went-on" not in run.stdout
    assert run.returncode != 0


@pytest.mark.parametrize("mode", [mode for mode in MODES if "set -eu" in mode.begin], ids=str)
def test_after_a_failure_a_strict_script_ends(mode: Mode, tmp_path: Path) -> None:
    """Under `set -e` the failed `eval` ends the script by itself."""
    (tmp_path / "text").write_text(SHELLS[mode.shell].failure)
    run = mode.run(mode.reads.format("cat text") + "\necho went-on", environ=_environ(tmp_path), folder=tmp_path)
    assert b"went-on" not in run.stdout
    assert run.returncode != 0


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh"])
def test_without_awk_an_odd_value_is_a_failure_and_nothing_is_exported(shell: str, tmp_path: Path) -> None:
    """A machine that cannot spell out a value keeps the session that it had."""
    mode = next(mode for mode in MODES if mode.argv[0] == shell)
    odd = SHELLS["sh"].render(environment.export(SESSION, {}, role="odd*")).replace("awk", "no-such-awk")
    (tmp_path / "text").write_text(odd)
    environ = _environ(tmp_path) | {"AWS_ACCESS_KEY_ID": "AKIABEFORE", "AWS_PROFILE": "before"}
    run = mode.run(f"set +e; {mode.reads.format('cat text')} && echo went-on; env", environ=environ, folder=tmp_path)
    lines = run.stdout.decode().splitlines()
    assert "went-on" not in lines
    assert {"AWS_ACCESS_KEY_ID=AKIABEFORE", "AWS_PROFILE=before"} <= set(lines)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.reads == "eval $({})"], ids=str)
def test_no_value_is_an_argument_of_the_program_that_spells_it_out(mode: Mode, tmp_path: Path) -> None:
    """Arguments are for every user of the machine to see; so awk, where it is called, reads from its stdin."""
    real = shutil.which("awk")
    (tmp_path / "awk").write_text(f'#!/bin/sh\necho "$*" >>"{tmp_path}/arguments"\nexec {real} "$@"\n')
    (tmp_path / "awk").chmod(0o700)
    environ = _environ(tmp_path)
    environ["PATH"] = f"{tmp_path}:{environ['PATH']}"
    text = SHELLS[mode.shell].render({"X": Secret("hush *")})
    assert mode.environment_after([text], environ=environ, folder=tmp_path)["X"] == "hush *"
    if mode.shell != "fish":
        assert (tmp_path / "arguments").read_text() == "-f -\n"


def test_zsh_that_globs_what_it_expands_takes_ordinary_values(tmp_path: Path) -> None:
    """`setopt globsubst extendedglob` makes patterns of everything; keys and tokens have nothing it could change."""
    mode = Mode(shell="zsh", argv=("zsh", "-f", "-o", "globsubst", "-o", "extendedglob"), reads="eval $({})")
    text = SHELLS["zsh"].render(environment.export(SESSION, {}, role="prod-admin", region="eu-west-1"))
    after = mode.environment_after([text], environ=_environ(tmp_path), folder=tmp_path)
    assert after["AWS_SESSION_TOKEN"] == "t0ken//++=="


def test_fish_says_that_a_universal_variable_is_in_the_way_and_keeps_it(tmp_path: Path) -> None:
    """A universal AWS_PROFILE is the person's own; what to type to be rid of it is said on stderr."""
    mode = Mode(shell="fish", argv=("fish",), reads="{} | source")  # without its configuration it keeps nothing
    (tmp_path / "text").write_text(SHELLS["fish"].render(environment.export(SESSION, {}, role="prod")))
    script = "set -Ux AWS_PROFILE mine; cat text | source; and fish -c 'echo $AWS_PROFILE $AWS_ACCESS_KEY_ID'"
    run = mode.run(script, environ=_environ(tmp_path), folder=tmp_path)
    assert run.stdout.decode().split() == ["mine", "ASIAEXAMPLE"]
    assert run.stderr.decode().count("stsctl:") == 1
    assert "set -eU AWS_PROFILE" in run.stderr.decode()
