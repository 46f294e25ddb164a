"""One sign-in for stsctl, the AWS CLI and SDKs: `share_token`, both ways."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stsctl.emulator import control, remote
from tests.conftest import missing
from tests.program import BIN, Me, Organisation, somebody
from tests.real.test_emulator_identity_center import signed_in
from tests.signing_in import browser, opened, seed
from tests.unit.emulator.center import PRODUCTION, START_URL

SHARING = '[source.acme]\ntype = "identity-center"\nsso_session = "acme"\nshare_token = true\n'
PROFILES = f"""
[sso-session acme]
sso_start_url = {START_URL}
sso_region = eu-central-1
sso_registration_scopes = sso:account:access

[profile dora]
sso_session = acme
sso_account_id = {PRODUCTION}
sso_role_name = ListBuckets
region = eu-central-1

[profile admin]
sso_session = acme
sso_account_id = {PRODUCTION}
sso_role_name = Administrator
"""
_BOTO3 = "import boto3; print(boto3.Session(profile_name='dora').client('sts').get_caller_identity()['Arn'])"


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An organisation with an Identity Center."""
    folder = tmp_path_factory.mktemp("center")
    (folder / "seed.toml").write_text(seed(), encoding="utf-8")
    running = control.start(folder / "state", seed=folder / "seed.toml")
    yield Organisation(running=running, folder=folder / "state", people=(f"p{number:03}" for number in range(40)))
    control.stop(folder / "state", running)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody who shares a sign-in, and whose environment has no keys."""
    if not (BIN / "aws").exists():
        missing("the AWS CLI")
    person = somebody(home, organisation)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "PYTHONWARNINGS"):
        person.environ.pop(name, None)
    person.configure(SHARING)
    person.aws_config(PROFILES)
    person.environ["BROWSER"] = browser(person)
    return person


@pytest.fixture
def at(me: Me, organisation: Organisation) -> Iterator[Callable[..., None]]:
    """Puts the emulator's clock so far from the machine's, and lets stsctl follow it."""
    me.state.mkdir(parents=True, exist_ok=True)
    (me.state / "emulator").symlink_to(organisation.folder)

    def put(**length: float) -> None:
        remote.move_clock(organisation.running, None)
        remote.move_clock(organisation.running, timedelta(**length))

    yield put
    remote.move_clock(organisation.running, None)


def cached(me: Me) -> Path:
    """Where SDKs look for the token of the session."""
    return me.home / ".aws" / "sso" / "cache" / f"{hashlib.sha1(b'acme').hexdigest()}.json"


def who_signed_in(me: Me) -> str:
    """The id of the sign-in that stsctl holds."""
    (entry,) = (me.state / "index" / "emulator" / "sealed-file").glob("sign-in-*")
    return str(json.loads(entry.read_text())["id"])


def by_aws(me: Me) -> str:
    """Who the AWS CLI is with the profile, by its own provider."""
    done = me.program(str(BIN / "aws"), "sts", "get-caller-identity", "--profile", "dora")
    assert done.status == 0, done
    return str(json.loads(done.out)["Arn"])


def test_what_stsctl_signs_in_sdks_have(me: Me) -> None:
    """After `stsctl sso login` the AWS CLI and boto3 are who signed in; after `logout` they are nobody."""
    me.ok("sso", "login")
    assert by_aws(me).endswith("/dora")
    done = me.program(str(BIN / "python"), "-c", _BOTO3)
    assert done.out.strip().endswith("/dora"), done
    me.ok("sso", "logout")
    assert not cached(me).exists()
    assert me.program(str(BIN / "aws"), "sts", "get-caller-identity", "--profile", "dora").status != 0


def test_an_sdk_that_refreshes(me: Me, at: Callable[..., None]) -> None:
    """A token that the AWS CLI refreshed is taken over when stsctl's own ends: nobody signs in, and who it is, is the
    same.
    """
    at(minutes=-30)
    me.ok("assume", "dora")
    before = who_signed_in(me)
    at()
    said = json.loads(cached(me).read_text())
    soon = datetime.now(UTC) + timedelta(minutes=5)
    cached(me).write_text(json.dumps(said | {"expiresAt": f"{soon:%Y-%m-%dT%H:%M:%SZ}"}))
    assert by_aws(me).endswith("/dora")
    refreshed = json.loads(cached(me).read_text())
    assert refreshed["refreshToken"] != said["refreshToken"]
    at(minutes=45)
    assert me.ok("assume", "admin", "--json")
    assert len(opened(me)) == 1
    assert json.loads(cached(me).read_text()) == refreshed
    assert who_signed_in(me) == before


def test_what_aws_sso_login_left_is_taken_over(me: Me, organisation: Organisation) -> None:
    """Where stsctl has no sign-in, that of the AWS CLI is used, in the very form in which it is written."""
    tokens: dict[str, Any] = signed_in(organisation.running, "eve", "sso:account:access")
    cached(me).parent.mkdir(parents=True)
    cached(me).write_text(
        json.dumps(
            {
                "startUrl": START_URL,
                "region": "eu-central-1",
                "accessToken": tokens["accessToken"],
                "expiresAt": f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
                "clientId": tokens["clientId"],
                "clientSecret": tokens["clientSecret"],
                "registrationExpiresAt": f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}",
                "refreshToken": tokens["refreshToken"],
            }
        )
    )
    assert me.ok("sso", "roles") == "111111111111\twork\tListBuckets\n"
    assert opened(me) == []


def test_nothing_is_taken_that_was_not_shared(me: Me, organisation: Organisation) -> None:
    """Without share_token the AWS CLI's file is neither read nor written."""
    me.configure("")
    me.ok("sso", "login")
    assert not cached(me).exists()
    me.ok("assume", "dora")
    assert len(opened(me)) == 1
