from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stsctl.host import shells
from tests.conftest import missing

_ASK = "import os; from stsctl.host import shells; print(shells.calling(os.environ))"


def _ask_from(*argv: str, **environ: str) -> str:
    """What a process that `argv` starts takes its calling shell to be; the command is in $ASK."""
    if shutil.which(argv[0]) is None:
        missing(argv[0])
    run = subprocess.run(
        argv,
        env={**os.environ, "PYTHON": sys.executable, "ASK": _ASK, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stdout.strip()


@pytest.mark.parametrize(
    ("argv", "shell"),
    [
        (("bash", "--norc", "-c", '"$PYTHON" -c "$ASK"; :'), "bash"),
        (("bash", "--norc", "-c", 'echo $("$PYTHON" -c "$ASK"; :)'), "bash"),
        (("dash", "-c", '"$PYTHON" -c "$ASK"; :'), "sh"),
        (("zsh", "-f", "-c", '"$PYTHON" -c "$ASK"; :'), "zsh"),
        (("zsh", "-f", "-c", 'eval "echo $("$PYTHON" -c "$ASK"; :)"'), "zsh"),
        (("fish", "--no-config", "-c", '"$PYTHON" -c "$ASK"; true'), "fish"),
        (("fish", "--no-config", "-c", 'echo (env "$PYTHON" -c "$ASK"); true'), "fish"),
    ],
)
def test_the_shell_that_called_is_found(argv: tuple[str, ...], shell: str) -> None:
    """Also from within a substitution, and whatever $SHELL says."""
    assert _ask_from(*argv, SHELL="/bin/other") == shell


def test_wrappers_in_between_do_not_matter() -> None:
    """`timeout`, `uv run` and the like are no shells; the one they were typed in is meant."""
    wrapper = "import os, subprocess, sys; subprocess.run([sys.executable, '-c', os.environ['ASK']])"
    script = f'timeout 50 "$PYTHON" -c "{wrapper}"; :'
    assert _ask_from("zsh", "-f", "-c", script, SHELL="/bin/bash") == "zsh"


def test_a_recipe_of_make_is_run_by_sh(tmp_path: Path) -> None:
    """The nearest shell counts: the one that reads the output, not the one in which make was typed."""
    (tmp_path / "Makefile").write_text('all:\n\t@"$$PYTHON" -c "$$ASK"; :\n')
    assert _ask_from("zsh", "-f", "-c", f"make -s -C {tmp_path}; :") == "sh"


@pytest.mark.parametrize(("own", "shell"), [("/usr/bin/fish", "fish"), ("/opt/xonsh", "sh"), (None, "sh")])
def test_without_a_calling_shell_it_is_the_persons_own(
    own: str | None, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process whose parents are no shells falls back to $SHELL, and to sh where that is none it knows."""
    monkeypatch.setattr(os, "getppid", lambda: 0)
    assert shells.calling({} if own is None else {"SHELL": own}) == shell


def test_a_subshell_is_the_persons_own() -> None:
    """$SHELL, and /bin/sh for whoever has none."""
    assert shells.subshell({"SHELL": "/usr/bin/fish"}) == ["/usr/bin/fish"]
    assert shells.subshell({}) == ["/bin/sh"]
