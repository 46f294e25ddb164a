"""Chains that begin with a sign-in at Identity Center, as whole processes against the emulator's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.emulator import control
from tests.program import STSCTL, Me, Organisation, somebody
from tests.signing_in import browser, opened, seed
from tests.unit.emulator.center import PRODUCTION, START_URL, WORK

CENTER = f"""
[source.acme]
type = "identity-center"
start_url = "{START_URL}"
sso_region = "eu-central-1"

[role.list]
type = "permission-set"
from = "acme"
account_id = "{PRODUCTION}"
role_name = "ListBuckets"

[role.admin]
type = "permission-set"
from = "acme"
account_id = "{PRODUCTION}"
role_name = "Administrator"

[role.work]
type = "permission-set"
from = "acme"
account_id = "{WORK}"
role_name = "ListBuckets"
"""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An organisation with an Identity Center."""
    folder = tmp_path_factory.mktemp("center")
    (folder / "seed.toml").write_text(seed(), encoding="utf-8")
    running = control.start(folder / "state", seed=folder / "seed.toml")
    people = (f"p{number:03}" for number in range(40))
    yield Organisation(running=running, folder=folder / "state", people=people)
    control.stop(folder / "state", running)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody with a browser, in which dora is the one who signs in."""
    person = somebody(home, organisation)
    person.configure(CENTER)
    person.environ["BROWSER"] = browser(person)
    return person


def who(me: Me, name: str, **options: str) -> str:
    """Whose session a name gives."""
    session = json.loads(me.ok("assume", name, "--json", **options))
    assert session["Credentials"]["AccessKeyId"].startswith("ASIA")
    return str(session["AssumedRoleUser"]["Arn"])


def test_one_sign_in_for_all_permission_sets(me: Me) -> None:
    """The browser opens once; each permission set's session is that of its role, and is held like any other."""
    assert f":{PRODUCTION}:assumed-role/AWSReservedSSO_ListBuckets_" in who(me, "list")
    assert f":{WORK}:assumed-role/AWSReservedSSO_ListBuckets_" in who(me, "work")
    assert len(opened(me)) == 1
    assert me.key_id("list") == me.key_id("list")
    assert "/dora" in me.ok("list", "--json")


def test_credential_process_opens_no_browser(me: Me) -> None:
    """An SDK that asks before anybody signed in is told what to type, and no page comes up."""
    done = me.run("credential-process", "list")
    assert done.status == 4, done
    assert done.err.endswith("stsctl: hint: stsctl sso login acme\n")
    assert opened(me) == []
    who(me, "list")
    assert me.key_id("work").startswith("ASIA")


def test_nobody_is_asked_with_no_prompt(me: Me) -> None:
    """--no-prompt opens nothing either."""
    assert me.run("assume", "list", "--no-prompt").status == 4
    assert opened(me) == []


def test_parallel_callers_open_one_browser(me: Me) -> None:
    """However many start at once, one page comes up, and all have their session."""
    names = ["list", "work", "admin", "list", "work"]
    started = [me.start(str(STSCTL), "assume", name, "--json") for name in names]
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert '"AccessKeyId"' in out
    assert len(opened(me)) == 1
