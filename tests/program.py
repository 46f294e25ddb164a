"""stsctl as people run it: whole processes, in a home and an environment of their own, against a real emulator.

A folder's conftest.py imports the fixtures: `organisation` (one emulator for a run) and `me` (one of its people).
"""

from __future__ import annotations

import itertools
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pytest

from stsctl.cli import stsctl
from stsctl.cli.app import App
from stsctl.credentials import Credentials
from stsctl.emulator import control
from stsctl.emulator.running import Running, log_in
from stsctl.formats import environment
from tests.conftest import missing
from tests.ready import Done, is_usual, ready

BIN = Path(sys.executable).parent
STSCTL = BIN / "stsctl"

WORK, PRODUCTION = "111111111111", "222222222222"
HUB = f"arn:aws:iam::{WORK}:role/Hub"
READ_ONLY = f"arn:aws:iam::{WORK}:role/ReadOnly"
LONG = f"arn:aws:iam::{WORK}:role/Long"
LOCKED = f"arn:aws:iam::{WORK}:role/Locked"
ADMIN = f"arn:aws:iam::{PRODUCTION}:role/Admin"
AUDIT = f"arn:aws:iam::{PRODUCTION}:role/Audit"
EXTERNAL_ID = "x-emulated-42"
SECOND_ID = "x-emulated-43"

_PEOPLE = 400
"""How many tests of a run there may be that share an emulator."""
_ANY = '{ Effect = "Allow", Action = "*", Resource = "*" }'
_BECOME = '"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"'


def _role(account: str, name: str, trusted: str, *, condition: str = "", longest: str = "1h") -> str:
    principal = trusted if trusted.startswith("{") else f'{{ AWS = "{trusted}" }}'
    only_if = f", Condition = {{ {condition} }}" if condition else ""
    tagging = (
        f', {{ Effect = "Allow", Principal = {principal}, Action = ["sts:TagSession", "sts:SetSourceIdentity"] }}'
        if condition
        else ""
    )
    actions = '"sts:AssumeRole"' if condition else _BECOME
    return f"""
[account.{account}.role.{name}]
max_duration = "{longest}"
trust = {{ Version = "2012-10-17", Statement = [
    {{ Effect = "Allow", Principal = {principal}, Action = [{actions}]{only_if} }}{tagging} ] }}
policies.all = {{ Version = "2012-10-17", Statement = [ {_ANY} ] }}
"""


def _seed(people: int = 60) -> str:
    """The roles of the built-in organisation and a few more, and people enough for each test to have its own.

    A device's code is good once, so tests that shared a person would wait for one another's.
    """
    everybody = f"arn:aws:iam::{WORK}:root"
    text = f"""
[account.{WORK}]
[account.{WORK}.user.alice]
key.main = {{}}
mfa = {{}}
policies.all = {{ Version = "2012-10-17", Statement = [ {_ANY} ] }}
"""
    for number in range(people):
        text += f"""
[account.{WORK}.user.p{number:03}]
key.main = {{}}
key.second = {{}}
mfa = {{}}
policies.all = {{ Version = "2012-10-17", Statement = [ {_ANY} ] }}
"""
    with_mfa = 'Bool = { "aws:MultiFactorAuthPresent" = "true" }'
    ids = f'StringEquals = {{ "sts:ExternalId" = ["{EXTERNAL_ID}", "{SECOND_ID}"] }}'
    text += _role(WORK, "Hub", everybody, condition=with_mfa, longest="12h")
    text += _role(WORK, "ReadOnly", everybody)
    text += _role(WORK, "Long", everybody, longest="6h")
    text += _role(WORK, "Locked", '{ Service = "ec2.amazonaws.com" }')
    text += f"[account.{PRODUCTION}]\n"
    text += _role(PRODUCTION, "Admin", HUB, condition=ids, longest="4h")
    text += _role(PRODUCTION, "Audit", HUB)
    return text


CONFIGURATION = f"""
[source.work]
type = "environment"

[role.hub]
role_arn = "{HUB}"
from = "work"
mfa_serial = "{{mfa_serial}}"

[role.prod-admin]
role_arn = "{ADMIN}"
from = "hub"
external_id = "{EXTERNAL_ID}"

[role.audit]
role_arn = "{AUDIT}"
from = "hub"

[role.read-only]
role_arn = "{READ_ONLY}"
from = "work"

[role.long]
role_arn = "{LONG}"
from = "work"

[role.locked]
role_arn = "{LOCKED}"
from = "work"
"""

SEALED = """
[defaults]
store = "sealed-file"

[sealed_file]
key_file = "~/seal.key"
"""

KEYRING = """
[defaults]
store = "keyring"
"""


def as_root(app: App) -> click.Context:
    """What a command is run under that is run in this process: the options that it then remembers are stsctl's."""
    return click.Context(stsctl, obj=app, **stsctl.context_settings)


@dataclass(slots=True, kw_only=True)
class Organisation:
    """An emulator that runs, and where it writes what it was asked."""

    running: Running
    folder: Path
    people: Iterator[str]
    _journal: list[dict[str, str]] = field(default_factory=list, repr=False)
    _read: int = 0

    def journal(self) -> list[dict[str, str]]:
        """Every request so far; other lines in the log are none. What was read before is not read again."""
        with log_in(self.folder).open("rb") as log:
            log.seek(self._read)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                if line.startswith(b"{"):
                    self._journal.append(json.loads(line))
        return self._journal


@dataclass(slots=True, kw_only=True)
class Me:
    """One person with a home, keys in the environment, and a configuration for the organisation's roles."""

    home: Path
    organisation: Organisation
    user: str
    environ: dict[str, str] = field(repr=False)
    keys: Credentials = field(repr=False)
    mfa_serial: str
    _asked_before: int = 0

    # ── running ──

    def run(self, *words: str, given: str | None = None, timeout: float = 180, **options: Any) -> Done:
        """`stsctl` with `words`, to its end; keywords in capitals are environment variables, None takes one away."""
        environ = self._environ(dict(options))
        if not is_usual(environ) or not all(name.isupper() for name in options):
            return self.program(str(STSCTL), *words, given=given, timeout=timeout, **options)
        return ready().run(words, environ=environ, folder=self.home, given=given, timeout=timeout)

    def program(self, *argv: str, given: str | None = None, timeout: float = 180, **options: Any) -> Done:
        """Any program, in this person's environment."""
        with self.start(
            *argv, stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL, **options
        ) as process:
            try:
                out, err = process.communicate(given, timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Done(status=process.returncode, out=out, err=err)

    def start(self, *argv: str, **options: Any) -> subprocess.Popen[str]:
        """Starts a program, in a session of its own: no terminal of the one who runs the tests is reached."""
        environ = self._environ(options)
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen(argv, env=environ, cwd=self.home, text=True, start_new_session=True, **options)

    def _environ(self, options: dict[str, Any]) -> dict[str, str]:
        """The variables of a process; takes those out of `options` that are said there."""
        environ = dict(self.environ)
        for name in [name for name in options if name.isupper()]:
            value = options.pop(name)
            environ.pop(name, None)
            if value is not None:
                environ[name] = str(value)
        return environ

    def ok(self, *words: str, **options: Any) -> str:
        """What `stsctl` prints, where it must succeed."""
        done = self.run(*words, **options)
        assert done.status == 0, f"stsctl {' '.join(words)}: {done}"
        return done.out

    def session(self, *words: str, **options: Any) -> dict[str, Any]:
        """What `stsctl credential-process` answers."""
        answer: dict[str, Any] = json.loads(self.ok("credential-process", *words, **options))
        return answer

    def key_id(self, *words: str, **options: Any) -> str:
        """The access key id of the session, which tells it from every other."""
        return str(self.session(*words, **options)["AccessKeyId"])

    # ── what is written ──

    @property
    def config(self) -> Path:
        """The person's own configuration."""
        return self.home / ".config" / "stsctl" / "config.toml"

    @property
    def state(self) -> Path:
        """Where stsctl keeps what it knows."""
        return self.home / ".local" / "state" / "stsctl"

    def configure(self, text: str, *, store: str = SEALED) -> None:
        """Writes the configuration."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(store + text, encoding="utf-8")

    def configure_as_usual(self, *, store: str = SEALED, hub: str = "", more: str = "") -> None:
        """Writes the configuration for the organisation's roles; `hub` is added to that role, `more` to the end."""
        text = CONFIGURATION.format(mfa_serial=self.mfa_serial)
        self.configure(text.replace("[role.prod-admin]", f"{hub}\n\n[role.prod-admin]") + more, store=store)

    def aws_config(self, text: str) -> Path:
        """Writes ~/.aws/config."""
        path = self.home / ".aws" / "config"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def script(self, name: str, text: str) -> Path:
        """A shell script that can be run."""
        path = self.home / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    # ── the organisation ──

    def code(self) -> str:
        """A code of this person's device."""
        return control.code(self.organisation.running, f"{WORK}:{self.user}")

    def code_process(self, *, held: bool = False) -> str:
        """A line for the configuration: an `mfa_process` that notes each prompt in ~/prompts, and gives a code.

        With `held` it gives none before `let_go`.
        """
        before = f'until [ -e "{self.home}/go" ]; do sleep 0.05; done' if held else ":"
        ask = (
            "import sys; from pathlib import Path; from stsctl.emulator import control; "
            "print(control.code(control.find(Path(sys.argv[1])), sys.argv[2]))"
        )
        folder, who = self.organisation.folder, f"{WORK}:{self.user}"
        path = self.script(
            "code", f"echo $$ >> {self.home}/prompts\n{before}\n\"{sys.executable}\" -c '{ask}' '{folder}' '{who}'"
        )
        return f'mfa_process = ["{path}"]'

    def let_go(self) -> None:
        """Lets prompts that are held go on."""
        (self.home / "go").touch()

    def prompts(self) -> int:
        """How often `code_process` was run."""
        path = self.home / "prompts"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def calls(self) -> list[str]:
        """What STS was asked since the last look: operations, in order, `!` behind those it refused."""
        journal = self.organisation.journal()
        new, self._asked_before = journal[self._asked_before :], len(journal)
        calls = [each for each in new if each.get("action", "").startswith("sts:")]
        return [each["action"][4:] + ("!" if each["outcome"] == "refused" else "") for each in calls]


def until_gone(pid: int) -> None:
    """Waits until a process has ended; one that nobody has reaped yet has."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there")


def start(folder: Path, *, more: str = "", people: int = 60) -> Organisation:
    """An emulator with the organisation, and what else a seed says; whoever starts it stops it."""
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")
    seed = folder / "seed.toml"
    folder.mkdir(parents=True, exist_ok=True)
    seed.write_text(_seed(people) + more, encoding="utf-8")
    running = control.start(folder / "state", seed=seed)
    names = (f"p{number:03}" for number in itertools.count())
    return Organisation(running=running, folder=folder / "state", people=names)


@pytest.fixture(scope="session")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """One emulator for a whole run."""
    found = start(tmp_path_factory.mktemp("organisation"), people=_PEOPLE)
    yield found
    control.stop(found.folder, found.running)


@pytest.fixture
def other_organisation(tmp_path: Path) -> Iterator[Organisation]:
    """Another emulator, of the test's own."""
    found = start(tmp_path / "other", people=_PEOPLE)
    yield found
    control.stop(found.folder, found.running)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody whom no other test is, with sealed files and the usual configuration."""
    return somebody(home, organisation)


def somebody(home: Path, organisation: Organisation, *, runtime: Mapping[str, str] | None = None) -> Me:
    """Another person, in `home`."""
    user = next(organisation.people)
    found = control.principal(organisation.running, f"{WORK}:{user}")
    running = organisation.running
    pointed = environment.emulator(running.url, running.instance, found.credentials, {})
    base = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home.parent / "run"),
        "LANG": "C.UTF-8",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONWARNINGS": "error",
        **(runtime or {}),
    }
    assert found.mfa_serial is not None
    person = Me(
        home=home,
        organisation=organisation,
        user=user,
        environ=environment.child(base, pointed),
        keys=found.credentials,
        mfa_serial=found.mfa_serial,
    )
    (home / "seal.key").write_text("c3RzY3RsLXRlc3RzLXNlYWxpbmcta2V5LTMyLWJ5dGU=\n")
    (home / "seal.key").chmod(0o600)
    person.configure_as_usual()
    person.calls()
    return person
