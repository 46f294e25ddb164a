"""The hook beside the whole program: whatever changes, both give one answer, or the hook gives none."""

from __future__ import annotations

import contextlib
import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl import hook
from stsctl.arn import Arn
from stsctl.cli.app import App
from stsctl.cli.credential_process import command
from stsctl.cli.report import Report
from stsctl.configuration import StoreName
from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import StsctlError
from stsctl.host import hook_file
from stsctl.lifetime import Maximum
from stsctl.request import Endpoint
from stsctl.stores import codec
from stsctl.stores.holdings import PlanHoldings
from stsctl.stores.index import KeysEntry
from stsctl.stores.interface import Item, Kind
from stsctl.stores.learned import Learned
from stsctl.target import Wanted
from tests.program import as_root
from tests.secret_service import SecretService

# The keyring package leaves a connection open when it fails, for Python to close.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

ADMIN = "arn:aws:iam::222222222222:role/Admin"
BEGAN = datetime.now(UTC).replace(microsecond=0)
NAMES = ("admin", "through", "other", "adm")

CONFIGURATIONS = tuple(
    f"""
[defaults]
{more}

[role.admin]
aliases = ["adm"]
role_arn = "{role}"
from = "work"
session_name = "{{user}}@{{host}}"
{last}

[role.through]
role_arn = "arn:aws:iam::111111111111:role/Through"
from = "admin"
policy_file = "narrow.json"
"""
    for more in ("", 'duration = "2h"', 'session_store = "memory"')
    for role in (ADMIN, ADMIN.replace("Admin", "Audit"))
    for last in ("", 'external_id = "another"')
)
PROFILES = (
    f"[profile other]\nrole_arn = {ADMIN}\nsource_profile = work-keys\n[profile work-keys]\n",
    f"[profile other]\nrole_arn = {ADMIN}\nsource_profile = work-keys\nduration_seconds = 900\n[profile work-keys]\n",
    "[profile something]\nregion = eu-west-1\n",
)
POLICIES = tuple(
    f'{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:{action}", "Resource": "*"}}]}}'
    for action in ("Get*", "Put*")
)
SHARED = tuple(f"[work-keys]\naws_access_key_id = AKIA{16 * who}\naws_secret_access_key = s\n" for who in "AB")
VARIABLES: Mapping[str, tuple[str | None, ...]] = {
    "AWS_REGION": (None, "eu-central-1", "us-west-2"),
    "STSCTL_DURATION": (None, "90m"),
    "STSCTL_SESSION_NAME": (None, "someone"),
    "STSCTL_SESSION_STORE": (None, "memory", "nonsense"),
    "AWS_CONFIG_FILE": (None, "/nowhere"),
    "USER": ("me", "you"),
    "EDITOR": (None, "vi"),
    "STSCTL_DEBUG": (None, "1"),
    "PYTHON_KEYRING_BACKEND": (None, "keyring.backends.null.Keyring"),
}


class At(App):
    """A run at a time of the test's choosing."""

    at: datetime

    def wall(self) -> datetime:
        """That time."""
        return self.at


class Person:
    """Somebody whose files, variables and clock change; nothing here has keys, so that a miss is an error at once."""

    def __init__(self, home: Path, service: SecretService) -> None:
        self.home = home
        self.environ = {"HOME": str(home), "USER": "me", "PATH": "/usr/bin:/bin", **service.environment}
        del self.environ["PYTHON_KEYRING_BACKEND"]
        self.now = BEGAN
        self.obtained = 0

    @property
    def config(self) -> Path:
        """The folder of the configuration."""
        return self.home / ".config" / "stsctl"

    def app(self, err: io.StringIO | None = None) -> At:
        """A run of the whole program."""
        app = At(self.environ, Report(self.environ, debug="STSCTL_DEBUG" in self.environ))
        app.at = self.now
        return app

    def whole(self, name: str) -> tuple[str | None, str]:
        """What the whole program answers and says beside it; None where it fails."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                command.main([name], parent=as_root(self.app()), standalone_mode=False)
            except StsctlError:
                return None, err.getvalue()
        return out.getvalue(), err.getvalue()

    def hook(self, name: str) -> str | None:
        """What the hook answers."""
        environ = {os.fsencode(key): os.fsencode(value) for key, value in self.environ.items()}
        line = hook.answer(name, environ, self.now.timestamp())
        return None if line is None else line.decode()

    def obtain(self, name: str, lasts: timedelta = timedelta(hours=1)) -> None:
        """Holds another session, as though it had just been obtained."""
        app = self.app()
        with contextlib.suppress(StsctlError):
            plan = app.plan(app.target(Wanted(name=name)))
            self.obtained += 1
            session = Session(
                credentials=Credentials(
                    access_key_id=f"ASIA{self.obtained:016}",
                    secret_access_key=Secret(f"secret/{self.obtained}+"),
                    session_token=Secret(f"token/{self.obtained}=="),
                    expires_at=self.now + lasts,
                ),
                request_key=plan.request_key,
                obtained_at=self.now,
                identity=Arn.parse("arn:aws:sts::222222222222:assumed-role/Admin/me"),
                account_id="222222222222",
            )
            PlanHoldings(app.held, plan, Wanted(name=name), None).hold(session, plan, len(plan.steps) - 1)

    def drop(self, name: str) -> None:
        """Forgets the session that is held."""
        app = self.app()
        with contextlib.suppress(StsctlError):
            app.held.drop(app.plan(app.target(Wanted(name=name))).request_key)

    def beneath(self, name: str) -> None:
        """Puts another session into the store, of which the index does not know."""
        app = self.app()
        with contextlib.suppress(StsctlError):
            held = app.held.session(app.plan(app.target(Wanted(name=name))).request_key)
            if held is not None:
                other = replace(held, credentials=replace(held.credentials, secret_access_key=Secret("another/0+")))
                store = app.stores.open(StoreName.KEYRING)
                store.put(Item(kind=Kind.SESSION, key=held.request_key, value=codec.session_text(other)))

    def other_keys(self, key_id: str) -> None:
        """Lists keys under the name of the source."""
        entry = KeysEntry(
            name="work",
            access_key_id=key_id,
            identity="arn:aws:iam::111111111111:user/me",
            account_id="111111111111",
            added_at=BEGAN,
            store="keyring",
        )
        with contextlib.suppress(StsctlError):
            self.app().keys_index.put_keys(entry)

    def write(self, path: Path, content: str) -> None:
        """Writes a file as an editor does that does not replace it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def person(home: Path, secret_service: SecretService, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody with a configuration and keys."""
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    found = Person(home, secret_service)
    found.write(found.config / "added.toml", '[source.work]\ntype = "keys"\n')
    found.write(found.config / "config.toml", CONFIGURATIONS[0])
    found.write(found.config / "narrow.json", POLICIES[0])
    found.write(home / ".aws" / "config", PROFILES[0])
    found.write(home / ".aws" / "credentials", SHARED[0])
    found.other_keys("AKIA" + "A" * 16)
    return found


def settle() -> None:
    """Waits until a file that was just changed can no longer be changed unnoticed."""
    time.sleep(0.03)


def changes(person: Person, name: str, chance: random.Random) -> Mapping[str, Callable[[], object]]:
    """What can happen between two runs."""
    config = person.config / "config.toml"

    def rewritten(path: Path, contents: tuple[str, ...]) -> None:
        before = path.stat() if path.exists() else None
        person.write(path, chance.choice(contents))
        if before is not None and chance.random() < 0.5:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def variable() -> None:
        which = chance.choice(list(VARIABLES))
        value = chance.choice(VARIABLES[which])
        person.environ.pop(which, None)
        if value is not None:
            person.environ[which] = value

    def rights() -> None:
        folder = chance.choice((person.config, config, person.home / ".local" / "state" / "stsctl"))
        if folder.exists():
            folder.chmod(chance.choice((0o700, 0o777)))

    def learned() -> None:
        maximum = Maximum(at_least=timedelta(hours=chance.choice((1, 2))))
        app = person.app()
        with contextlib.suppress(StsctlError):
            request = app.plan(app.target(Wanted(name=name))).steps[-1].request
            assert isinstance(request.endpoint, Endpoint)
            Learned(folder=app.paths.learned).learn_maximum(Arn.parse(ADMIN), request.endpoint, maximum)

    return {
        "configuration": lambda: rewritten(config, CONFIGURATIONS),
        "profiles": lambda: rewritten(person.home / ".aws" / "config", PROFILES),
        "shared": lambda: rewritten(person.home / ".aws" / "credentials", SHARED),
        "policy": lambda: rewritten(person.config / "narrow.json", POLICIES),
        "removed": lambda: (person.home / ".aws" / "credentials").unlink(missing_ok=True),
        "touched": config.touch,
        "variable": variable,
        "rights": rights,
        "clock": lambda: setattr(person, "now", person.now + timedelta(minutes=chance.choice((-30, 5, 20, 45)))),
        "renewed": lambda: person.obtain(name, timedelta(minutes=chance.choice((20, 60)))),
        "beneath": lambda: person.beneath(name),
        "dropped": lambda: person.drop(name),
        "other keys": lambda: person.other_keys(chance.choice(("AKIA" + "A" * 16, "AKIA" + "C" * 16))),
        "learned": learned,
        "nothing": lambda: None,
    }


def restored(person: Person) -> None:
    """Makes everything plain again, so that there is something to hit."""
    person.environ = {name: value for name, value in person.environ.items() if name not in VARIABLES} | {"USER": "me"}
    for folder in (person.config, person.config / "config.toml", person.home / ".local" / "state" / "stsctl"):
        folder.chmod(0o700)
    person.write(person.config / "config.toml", CONFIGURATIONS[0])
    person.write(person.home / ".aws" / "config", PROFILES[0])
    person.write(person.home / ".aws" / "credentials", SHARED[0])


@pytest.mark.parametrize("seed", range(2))
def test_the_hook_gives_what_the_whole_program_gives_or_nothing(person: Person, seed: int) -> None:
    """After any change of files, rights, variables, the clock or the sessions, a hit is what the whole program says."""
    chance = random.Random(seed)
    happened: list[str] = []
    hits, name = 0, ""
    for _ in range(50):
        if not name or person.whole(name)[0] is None:
            restored(person)
            for each in NAMES:
                person.obtain(each)
            settle()
            for each in NAMES:
                person.whole(each)
        name = chance.choice(NAMES)
        change, happen = chance.choice(list(changes(person, name, chance).items()))
        happen()
        settle()
        happened.append(f"{change} ({name})")
        for each in NAMES:
            line = person.hook(each)
            if line is not None:
                assert person.whole(each) == (line, ""), (each, happened)
                hits += 1
    assert hits >= 20


def test_the_hook_is_a_program_that_turns_into_the_whole_one(person: Person) -> None:
    """On a hit it prints the line and nothing else; on a miss stsctl itself answers, whatever lies in the folder."""
    data = person.home / ".local" / "share" / "stsctl"
    hook_file.install(data)
    planted = person.home / "planted"
    (planted / "stsctl").mkdir(parents=True)
    (planted / "stsctl" / "__init__.py").write_text("raise SystemExit(99)")
    person.now = datetime.now(UTC)
    person.obtain("admin")
    settle()
    line, _ = person.whole("admin")

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, env=person.environ, cwd=planted, capture_output=True, text=True, check=False)

    for program in (hook_file.command_in(data), (str(Path(sys.executable).parent / "stsctl"), "credential-process")):
        done = run(*program, "admin")
        assert (done.returncode, done.stdout, done.stderr) == (0, line, "")
        done = run(*program, "nothing")
        assert done.returncode == 3, done
        assert 'there is no role, source or AWS profile "nothing"' in done.stderr
    loaded = run(sys.executable, "-Ximporttime", *hook_file.command_in(data)[1:], "admin")
    assert "stsctl" not in loaded.stderr
    assert loaded.stdout == line
