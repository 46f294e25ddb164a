"""Tokens of Identity Center are nowhere but in the store: in nothing that is said, in no file, on no command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.sign_in import at_identity_center
from stsctl.stores.held import Held
from stsctl.stores.index import Index
from stsctl.stores.sealed_file import SealedFileStore
from stsctl.stores.sealing_key import KeyFile
from tests.cli.test_identity_center import CENTER
from tests.cli.test_identity_center import organisation as organisation
from tests.conftest import missing
from tests.program import STSCTL, Done, Me, Organisation, somebody
from tests.signing_in import browser
from tests.test_leaks import _found, _private
from tests.unit.emulator.center import START_URL

SCOPES = ("sso:account:access",)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody whose browser signs in by itself."""
    person = somebody(home, organisation)
    person.configure(CENTER)
    person.environ["BROWSER"] = browser(person)
    return person


def tokens(me: Me) -> set[str]:
    """Every secret of the sign-in that is held."""
    store = SealedFileStore(me.state / "sealed" / "emulator", KeyFile(path=me.home / "seal.key"))
    held = Held(store, Index(me.state / "index" / "emulator" / "sealed-file"), me.state / "locks")
    key = at_identity_center(START_URL, "eu-central-1", SCOPES, me.organisation.running.instance)
    found = held.sign_in(key)
    assert found is not None
    secrets: list[Secret | None] = [found.token, found.refresh_token]
    clients = [held.registration(f"{key} browser"), held.registration(f"{key} device"), found.client]
    secrets += [client.secret for client in clients if client]
    return {secret.reveal() for secret in secrets if secret is not None}


COMMANDS = (
    ("sso", "login"),
    ("sso", "accounts"),
    ("sso", "roles", "--json"),
    ("sso", "import", "--diff"),
    ("sso", "import"),
    ("assume", "list"),
    ("whoami",),
    ("list", "--json"),
    ("plan", "admin"),
    ("config", "show"),
    ("assume", "admin", "--refresh"),
    ("sso", "login", "nowhere"),
    ("sso", "login"),
)


def test_no_command_shows_a_token_with_debugging_on(me: Me) -> None:
    """Each command, with --debug: no token on stdout or stderr, nor in a file that is not the store's."""
    secrets: set[str] = set()
    seen: list[tuple[tuple[str, ...], Done]] = []
    for words in COMMANDS:
        done = me.run("--debug", *words)
        assert "Traceback" not in done.err, done
        seen.append((words, done))
        secrets |= tokens(me)
    seen.append((("sso", "logout"), me.run("--debug", "sso", "logout")))
    assert len(secrets) >= 5
    for words, done in seen:
        assert not _found(secrets, done.out + done.err), f"stsctl --debug {' '.join(words)} shows a token"
    _private(me.home, secrets)


def test_no_token_is_an_argument_of_any_process(me: Me) -> None:
    """Neither stsctl nor the browser that it starts has a token on its command line."""
    if shutil.which("strace") is None:
        missing("strace")
    log = me.home / "trace"
    tracing = ("strace", "-f", "-qq", "-s", "100000", "-e", "trace=execve", "-o", str(log))
    done = me.program(*tracing, str(STSCTL), "assume", "list")
    if "ptrace" in done.err:
        missing("leave to trace")
    assert done.status == 0, done
    traced = log.read_bytes()
    log.unlink()
    assert b"/authorize?" in traced
    assert not _found(tokens(me), traced)


def test_a_shared_token_is_private(me: Me) -> None:
    """share_token puts it where SDKs look, for its owner alone, and nowhere else; signing out takes it away."""
    me.configure(CENTER.replace('sso_region = "eu-central-1"', 'sso_region = "eu-central-1"\nshare_token = true'))
    me.ok("assume", "list")
    (file,) = (me.home / ".aws" / "sso" / "cache").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["accessToken"] in tokens(me)
    secrets = tokens(me)
    me.ok("sso", "logout")
    assert not file.exists()
    _private(me.home, secrets)
