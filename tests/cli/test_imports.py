"""What often runs, or has to be there at once, loads none of the heavy packages: told by the modules, not by time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"boto3", "botocore", "keyring", "rich", "moto", "cryptography", "flask", "werkzeug", "urllib3"}

# The modules are told at the very end, after everything that the command did.
_PROGRAM = """
import atexit, sys
atexit.register(lambda: sys.stderr.write("modules: " + " ".join(sys.modules) + "\\n"))
from stsctl.cli import main
main()
"""

_CONFIG = """
[role.prod-admin]
role_arn = "arn:aws:iam::222222222222:role/Admin"
from = "legacy"
"""
_AWS_CONFIG = """
[profile legacy]
role_arn = arn:aws:iam::111111111111:role/Hub
source_profile = base
mfa_serial = arn:aws:iam::111111111111:mfa/alice

[profile base]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = not-a-secret
"""


@pytest.fixture
def configured(home: Path) -> None:
    """A configuration and AWS profiles, with a chain from one to the other."""
    (home / ".config" / "stsctl").mkdir(parents=True)
    (home / ".config" / "stsctl" / "config.toml").write_text(_CONFIG)
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(_AWS_CONFIG)


def _run(*words: str, **environ: str) -> tuple[str, set[str]]:
    """What a command answers, and the packages that were loaded by its end."""
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words], env=os.environ | environ, capture_output=True, text=True, check=True
    )
    modules = run.stderr.rpartition("modules: ")[2].split()
    assert "stsctl.cli" in modules
    return run.stdout, {name.partition(".")[0] for name in modules}


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--help"], "credential-process"),
        (["assume", "--help"], "--duration"),
        (["--version"], "stsctl"),
        (["plan", "prod-admin"], "sts:AssumeRole"),
        (["plan", "prod-admin", "--json"], '"operation"'),
        (["config", "show"], "prod-admin"),
        (["list", "--names"], "legacy"),
        (["shell-init", "bash"], "stsctl()"),
        (["env", "--unset", "--shell", "bash"], "STSCTL_SESSION"),
    ],
    ids=" ".join,
)
def test_commands_that_need_no_secret_load_nothing_heavy(words: list[str], answer: str) -> None:
    """No SDK, keyring, terminal package or cryptography is imported, and the answer is right all the same."""
    text, packages = _run(*words, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert answer in text
    assert packages & HEAVY == set()


@pytest.mark.usefixtures("configured")
def test_a_plan_asks_the_sdk_only_for_addresses_of_other_kinds() -> None:
    """AWS's regional hosts are known; for others botocore's rules are read, and no client is made."""
    text, packages = _run("plan", "prod-admin")
    assert "https://sts.us-east-1.amazonaws.com" in text
    assert packages & HEAVY == set()
    text, packages = _run("plan", "prod-admin", AWS_USE_FIPS_ENDPOINT="1")
    assert "https://sts-fips.us-east-1.amazonaws.com" in text
    assert packages & HEAVY <= {"botocore", "urllib3"}


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_load_nothing_heavy(shell: str) -> None:
    """The names of roles and profiles are offered without an SDK."""
    environ = {"_STSCTL_COMPLETE": f"{shell}_complete", "COMP_WORDS": "stsctl assume ", "COMP_CWORD": "2"}
    text, packages = _run(**(environ | ({"COMP_CWORD": ""} if shell == "fish" else {})))
    assert "prod-admin" in text
    assert "legacy" in text
    assert packages & HEAVY == set()


@pytest.mark.usefixtures("configured")
def test_the_modules_of_a_run_are_seen() -> None:
    """A command that does need the SDK shows it, so that the tests above can fail."""
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "--store", "memory", "assume", "prod-admin", "--mfa-token", "123456"],
        env=os.environ | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "botocore" in {name.partition(".")[0] for name in run.stderr.rpartition("modules: ")[2].split()}
