"""What often runs, or has to be there at once, loads none of the heavy packages: told by the modules, not by time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import Me

HEAVY = {"boto3", "botocore", "keyring", "rich", "moto", "cryptography", "flask", "werkzeug", "urllib3"}
SLOW = {"asyncio", "email", "http", "logging", "random", "secrets", "socket", "ssl", "subprocess", "urllib.request"}
"""Of the standard library, what Click does without."""
CALLING = {
    "stsctl.cli.authorities",
    "stsctl.cli.keychain",
    "stsctl.cli.proofs",
    "stsctl.host.process",
    "stsctl.policy",
    "stsctl.sources.client",
}
"""Of stsctl, what asks AWS, people or programs for something."""
KEEPING = {"stsctl.broker", "stsctl.host.lock", "stsctl.rotation", "stsctl.stores.held"}
"""Of stsctl, what has to do with the secrets that are kept."""
READING = HEAVY | SLOW | CALLING | KEEPING
"""What a command that reads the configuration and the index has no use for."""

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
    """What a command answers, and what was loaded by its end: modules, and the packages that they are in."""
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words], env=os.environ | environ, capture_output=True, text=True, check=True
    )
    return run.stdout, _loaded(run.stderr)


def _loaded(stderr: str) -> set[str]:
    modules = stderr.rpartition("modules: ")[2].split()
    assert "stsctl.cli" in modules
    names = [module.split(".") for module in modules]
    return {".".join(name[:length]) for name in names for length in range(1, len(name) + 1)}


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
        (["list"], ""),
        (["list", "--json"], "[]"),
        (["shell-init", "bash"], "stsctl()"),
        (["env", "--unset", "--shell", "bash"], "STSCTL_SESSION"),
    ],
    ids=" ".join,
)
def test_commands_that_need_no_secret_load_nothing_heavy(words: list[str], answer: str) -> None:
    """No SDK, keyring, cryptography, nor what could ask or keep anything: and the answer is right all the same."""
    text, loaded = _run(*words, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert answer in text
    assert loaded & READING == set()


@pytest.mark.usefixtures("configured")
def test_a_plan_asks_the_sdk_only_for_addresses_of_other_kinds() -> None:
    """AWS's regional hosts are known; for others botocore's rules are read, and no client is made."""
    text, loaded = _run("plan", "prod-admin")
    assert "https://sts.us-east-1.amazonaws.com" in text
    assert loaded & READING == set()
    text, loaded = _run("plan", "prod-admin", AWS_USE_FIPS_ENDPOINT="1")
    assert "https://sts-fips.us-east-1.amazonaws.com" in text
    assert loaded & HEAVY <= {"botocore", "urllib3"}


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_load_nothing_heavy(shell: str) -> None:
    """The names of roles and profiles are offered without an SDK."""
    environ = {"_STSCTL_COMPLETE": f"{shell}_complete", "COMP_WORDS": "stsctl assume ", "COMP_CWORD": "2"}
    text, loaded = _run(**(environ | ({"COMP_CWORD": ""} if shell == "fish" else {})))
    assert "prod-admin" in text
    assert "legacy" in text
    assert loaded & (READING | {"stsctl.plan", "stsctl.cli.app"}) == set()


def test_a_session_that_is_held_is_handed_out_with_nothing_that_could_get_another(me: Me) -> None:
    """What calls, asks and signs stays away, and so do the SDK and the terminal package; the store's own is needed."""
    me.ok("assume", "read-only")
    done = me.program(sys.executable, "-c", _PROGRAM, "env", "read-only", "--shell", "bash")
    assert "export AWS_SESSION_TOKEN" in done.out
    assert _loaded(done.err) & ((HEAVY | SLOW | CALLING) - {"cryptography"}) == set()


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
    assert {"botocore", "ssl", "stsctl.sources.client", "stsctl.broker"} <= _loaded(run.stderr)
