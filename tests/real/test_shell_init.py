"""The function that shell-init defines, in real shells; the `stsctl` on the PATH is a stand-in for the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from stsctl import prompt, shell_init
from stsctl.cli import completions, stsctl
from stsctl.credentials import Secret
from stsctl.formats import environment
from stsctl.formats.shell import SHELLS
from tests.conftest import missing

PROGRAM = """\
#!/bin/sh
printf '%s|' "$@" >>"$LOG"
echo >>"$LOG"
case "$1 $*" in
assume*--json*) echo '{"Credentials": {}}' ;;
assume*bad*) exit 5 ;;
assume*--export*) echo "you are prod" >&2; cat "$TEXTS/export" ;;
logout*other*--export*) cat "$TEXTS/nothing" ;;
logout*--export*) cat "$TEXTS/unset" ;;
cat*) cat; exit 3 ;;
prompt*) cat "$TEXTS/prompt" ;;
esac
"""
ARGV = {
    "bash": ("bash", "--norc", "-c"),
    "zsh": ("zsh", "-f", "-c"),
    "sh": ("dash", "-c"),
    "fish": ("fish", "--no-config", "-c"),
    "nu": ("nu", "--no-config-file", "-c"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A shell in which the function is defined, beside a stand-in for the program."""

    name: str
    folder: Path

    def run(self, script: str, *, status: int | None = 0, **variables: str) -> str:
        """What `script` writes to stdout; the shell has to end with `status` (None: any failure)."""
        begin = {
            "fish": f"source {self.folder}/init\n",
            "nu": f"source {self.folder}/init\n",
            "sh": f'set -eu\neval "$(cat {self.folder}/init)"\n',
            "bash": f'set -euo pipefail\neval "$(cat {self.folder}/init)"\n',
            "zsh": f'set -eu\nsetopt pipefail\neval "$(cat {self.folder}/init)"\n',
        }[self.name]
        run = subprocess.run(
            [*ARGV[self.name], begin + script],
            env={
                "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "LC_ALL": "C.UTF-8",
                "LOG": str(self.folder / "log"),
                "TEXTS": str(self.folder),
                **variables,
            },
            input="from stdin",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert run.returncode == status or (status is None and run.returncode != 0), run.stderr
        return run.stdout

    @property
    def calls(self) -> list[str]:
        """What the program was called with, an argument before each bar."""
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []


def text_for(shell: str) -> str:
    """What shell-init prints, with everything that it can."""
    return shell_init.text(shell, [] if shell == shell_init.PLAIN else [*shell_init.FLAGS])


@pytest.fixture(params=sorted(ARGV))
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    """Each shell in turn."""
    name: str = request.param
    program = shutil.which(ARGV[name][0])
    if program is None:
        if name == "nu":
            pytest.skip("needs nu")
        missing(ARGV[name][0])
    (tmp_path / "init").write_text(text_for(name))
    changes = {"STSCTL_ROLE": Secret("prod admin"), "AWS_ACCESS_KEY_ID": Secret("ASIAEXAMPLE"), "AWS_PROFILE": None}
    (tmp_path / "export").write_text(SHELLS[name].render(changes))
    (tmp_path / "unset").write_text(SHELLS[name].render(environment.unset({environment.SESSION: "key"})))
    (tmp_path / "nothing").write_text(SHELLS[name].render({}))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "stsctl").write_text(PROGRAM)
    (tmp_path / "bin" / "stsctl").chmod(0o700)
    return Shell(name=name, folder=tmp_path)


def _show(shell: Shell) -> str:
    return (
        "^sh -c 'echo $AWS_ACCESS_KEY_ID/$AWS_PROFILE'"
        if shell.name == "nu"
        else "sh -c 'echo $AWS_ACCESS_KEY_ID/$AWS_PROFILE'"
    )


def test_what_is_assumed_is_exported(shell: Shell) -> None:
    """After `stsctl assume` a child of this shell has the session, and not what would contradict it."""
    assert shell.run(f"stsctl assume prod --tag a=b\n{_show(shell)}", AWS_PROFILE="old") == "ASIAEXAMPLE/\n"
    assert shell.calls == [f"assume|prod|--tag|a=b|--export|{shell.name}|"]


def test_a_refused_assume_changes_nothing_and_keeps_its_status(shell: Shell) -> None:
    """The shell sees the program's own status, and keeps the session that it had."""
    if shell.name == "nu":
        script = f"try {{ stsctl assume bad }} catch {{ print $env.LAST_EXIT_CODE }}\n{_show(shell)}"
    elif shell.name == "fish":
        script = f"stsctl assume bad; or echo $status\n{_show(shell)}"
    else:
        script = f"stsctl assume bad || echo $?\n{_show(shell)}"
    assert shell.run(script, AWS_ACCESS_KEY_ID="ASIABEFORE") == "5\nASIABEFORE/\n"
    assert shell.calls == [f"assume|bad|--export|{shell.name}|"]


@pytest.mark.parametrize("shell", ["bash", "sh", "zsh"], indirect=True)
def test_a_refused_assume_ends_a_strict_script(shell: Shell) -> None:
    """Under `set -e` the function fails as the program would."""
    assert shell.run("stsctl assume bad\necho went-on", status=5) == ""


def test_an_export_that_fails_is_a_failure(shell: Shell) -> None:
    """`stsctl assume prod && terraform apply` stops when nothing could be exported."""
    (shell.folder / "export").write_text(SHELLS[shell.name].failure)
    then = "; print went-on" if shell.name == "nu" else " && echo went-on"
    assert "went-on" not in shell.run(f"stsctl assume prod{then}", status=None)


@pytest.mark.parametrize("option", ["--json", "--help", "-h"])
def test_an_assume_that_only_answers_exports_nothing(shell: Shell, option: str) -> None:
    """What is asked for as JSON, or is help, is not for this shell."""
    out = shell.run(f"stsctl assume prod {option}")
    assert out == ('{"Credentials": {}}\n' if option == "--json" else "")
    assert shell.calls == [f"assume|prod|{option}|"]


def test_the_rest_goes_through_as_it_is(shell: Shell) -> None:
    """Arguments with blanks, `--`, stdin, stdout and the status are the program's."""
    script = "stsctl cat 'a  b' '*' -- -x"
    if shell.name == "nu":
        script = "'from stdin' | " + script
    assert shell.run(script, status=3) == "from stdin"
    assert shell.calls == ["cat|a  b|*|--|-x|"]


def test_stsctl_alone_goes_through(shell: Shell) -> None:
    """Without arguments nothing is unset or out of range."""
    shell.run("stsctl")
    assert shell.calls == ["|"]


def test_a_logout_takes_back_what_is_gone(shell: Shell) -> None:
    """The variables of a session that is forgotten do not stay behind."""
    before = {"STSCTL_ROLE": "prod admin", "AWS_ACCESS_KEY_ID": "ASIABEFORE"}
    assert shell.run(f"stsctl logout\n{_show(shell)}", **before) == "/\n"
    assert shell.calls == [f"logout|--export|{shell.name}|"]


def test_a_logout_of_another_session_leaves_this_one(shell: Shell) -> None:
    """Where the program has nothing to take back, nothing is."""
    before = {"STSCTL_ROLE": "prod admin", "AWS_ACCESS_KEY_ID": "ASIABEFORE"}
    assert shell.run(f"stsctl logout other\n{_show(shell)}", **before) == "ASIABEFORE/\n"


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"], indirect=True)
def test_completion_is_enabled(shell: Shell) -> None:
    """The shell knows afterwards what completes `stsctl`."""
    ask = {
        "bash": "complete -p stsctl",
        "fish": "complete -c stsctl",
        "zsh": f"autoload -Uz compinit; compinit -u -D; . {shell.folder}/init; echo $_comps[stsctl]",
    }[shell.name]
    assert "_stsctl_completion" in shell.run(ask)


@pytest.mark.parametrize("shell", ["bash", "zsh"], indirect=True)
def test_a_name_in_the_prompt_is_only_shown(shell: Shell) -> None:
    """These two expand what is in a prompt, of which a role's name is no part that they may."""
    name = "$(touch ~/ran)`touch ~/ran`%F{red}\\u\\$100%"
    (shell.folder / "prompt").write_text(prompt.painted(name, "red", shell.name) + "\n")
    show = {"bash": 'printf "%s\\n" "${PS1@P}"', "zsh": "setopt promptsubst; print -P -- $PROMPT"}[shell.name]
    shown = shell.run(f"PS1='ready> '\n_stsctl_prompted\n_stsctl_prompted\n{show}", PROMPT="")
    assert f"\x1b[31m{name}\x1b[0m" in shown.replace("\1", "").replace("\2", "")
    assert shown.endswith(" ready> \n")
    assert shown.count("ready") == 1
    assert not (shell.folder / "ran").exists()


@pytest.mark.parametrize("shell", ["nu"], indirect=True)
def test_nu_completes_what_stsctl_offers(shell: Shell) -> None:
    """Names with what they are; one that nu would read otherwise is in quotes."""
    (shell.folder / "bin" / "stsctl").write_text("#!/bin/sh\nprintf 'plain,prod\\tA role, mine\\nplain,a $b\\n'\n")
    offered = json.loads(shell.run('_stsctl_complete "stsctl assume p" | get completions | to json'))
    assert offered == [{"value": "prod", "description": "A role, mine"}, {"value": '"a $b"', "description": ""}]


def test_what_has_to_be_otherwise_in_clicks_scripts_is_found_there() -> None:
    """A click that writes them otherwise would bring back what was mended."""
    for shell, changes in completions.OURS.items():
        text = completions.script(shell, stsctl)
        assert all(ours in text for _, ours in changes)


def test_every_shell_of_env_but_cmd_has_one() -> None:
    """cmd has no functions; the others are all there."""
    assert {*shell_init.SHELLS, "cmd"} == set(SHELLS)
    for shell in shell_init.SHELLS:
        assert "@SHELL@" not in text_for(shell)
