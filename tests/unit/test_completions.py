"""The completion scripts, in the real shells, and what they are told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import missing

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = ROOT / "completions"

_CONFIG = """
[source.work]
type = "keys"

[role.prod-admin]
role_arn = "arn:aws:iam::222222222222:role/Admin"
from = "work"
description = "production, all of it"

[role.prod-reader]
role_arn = "arn:aws:iam::222222222222:role/Reader"
from = "prod-admin"
description = "two\\nplain,prod-forged\\nlines"
"""

_CREDENTIALS = """
[written]
# managed by stsctl: prod-admin
aws_access_key_id = ASIAEXAMPLEEXAMPLE00
aws_secret_access_key = x
aws_session_token = x
"""


@pytest.fixture(autouse=True)
def configured(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some roles, an AWS profile, and the stsctl of this interpreter in the search path."""
    (home / ".config" / "stsctl").mkdir(parents=True)
    (home / ".config" / "stsctl" / "config.toml").write_text(_CONFIG)
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(_CREDENTIALS)
    (home / ".aws" / "config").write_text("[profile legacy]\nrole_arn = arn:aws:iam::111111111111:role/Old\n")
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    return home


def _offered(shell: str, words: str, position: int) -> list[str]:
    """What stsctl itself says to a shell that completes `words`."""
    environ = {"_STSCTL_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    run = subprocess.run(
        [sys.executable, "-m", "stsctl"], env=os.environ | environ, capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    return run.stdout.strip("\n").split("\n") if run.stdout.strip() else []


@pytest.mark.parametrize(
    ("words", "position", "expected"),
    [
        ("stsctl assume pro", 2, ["prod-admin", "prod-reader"]),
        ("stsctl exec ", 2, ["prod-admin", "prod-reader", "work", "legacy"]),
        ("stsctl assume prod-admin --from w", 4, ["work"]),
        ("stsctl cred", 1, ["credential-process"]),
        ("stsctl assume prod-admin --mfa d", 4, ["direct"]),
        ("stsctl profile p", 2, ["prune"]),
        ("stsctl keys remove ", 3, ["work"]),
        ("stsctl profile remove ", 3, ["written"]),
    ],
)
def test_names_and_words_are_offered(words: str, position: int, expected: list[str]) -> None:
    """Roles, sources, profiles, commands and choices, wherever they may stand."""
    assert _offered("bash", words, position) == [f"plain,{word}" for word in expected]


def test_what_begins_otherwise_is_found() -> None:
    """Where no name begins so, one that has the letters is offered; in bash only where it is the only one."""
    assert _offered("bash", "stsctl assume admin", 2) == ["plain,prod-admin"]
    assert _offered("bash", "stsctl assume pread", 2) == ["plain,prod-reader"]
    assert _offered("bash", "stsctl assume rod-", 2) == []
    assert _offered("zsh", "stsctl assume rod-", 2)[1::3] == ["prod-admin", "prod-reader"]


def test_a_configuration_that_cannot_be_read_offers_nothing(configured: Path) -> None:
    """A Tab shows no error and no traceback."""
    (configured / ".config" / "stsctl" / "config.toml").write_text("[role.")
    assert _offered("bash", "stsctl assume ", 2) == []


def test_a_description_cannot_pass_for_a_name() -> None:
    """A line break in a description is no new line to the shell."""
    lines = _offered("zsh", "stsctl assume prod-r", 2)
    assert lines[:2] == ["plain", "prod-reader"]
    assert len(lines) == 3


def _shell(*argv: str) -> str:
    if not shutil.which(argv[0]):
        missing(argv[0])
    return subprocess.run(argv, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout


def test_bash_completes_names() -> None:
    """The committed script, sourced by bash, fills in the names."""
    script = f"""
        source {SCRIPTS / "stsctl.bash"}
        COMP_WORDS=(stsctl assume prod) COMP_CWORD=2
        _stsctl_completion stsctl prod assume
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    assert _shell("bash", "--norc", "-c", script).split() == ["prod-admin", "prod-reader"]


def test_fish_completes_names() -> None:
    """The committed script, sourced by fish, fills in the names, with what they are."""
    script = f"source {SCRIPTS / 'stsctl.fish'}; complete --do-complete 'stsctl assume prod'"
    lines = _shell("fish", "--no-config", "-c", script).splitlines()
    assert [line.split("\t")[0] for line in lines] == ["prod-admin", "prod-reader"]


def test_fish_shows_what_a_name_is_to_its_end() -> None:
    """A description may have commas, which end nothing."""
    script = f"source {SCRIPTS / 'stsctl.fish'}; complete --do-complete 'stsctl assume prod-a'"
    assert _shell("fish", "--no-config", "-c", script) == "prod-admin\tproduction, all of it\n"


def test_zsh_completes_names() -> None:
    """The committed script, found in zsh's fpath by compinit, fills in the names."""
    if not shutil.which("zsh"):
        missing("zsh")
    pexpect = pytest.importorskip("pexpect")
    zsh = pexpect.spawn("zsh", ["-f", "-i"], encoding="utf-8", timeout=100, dimensions=(40, 160))
    try:
        zsh.sendline(
            f"PS1='ready> '; fpath=({SCRIPTS} $fpath); autoload -U compinit; compinit -D -u; print compinit-done"
        )
        zsh.expect("\ncompinit-done")
        zsh.expect("ready> ")
        zsh.send("stsctl assume prod-ad\t")
        zsh.expect("prod-admin ")
    finally:
        zsh.close(force=True)


def test_completing_changes_nothing(configured: Path) -> None:
    """A Tab leaves no file behind."""
    before = sorted(configured.rglob("*"))
    _offered("bash", "stsctl assume ", 2)
    assert sorted(configured.rglob("*")) == before
