"""`stsctl access collect`: many accounts read into a folder, in an organization of the emulator's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.emulator import control
from tests.program import PRODUCTION, WORK, Me, Organisation, somebody, start

CLOSED = "333333333333"
_ALL = '{ Version = "2012-10-17", Statement = [ { Effect = "Allow", Action = "*", Resource = "*" } ] }'


def _trust(account: str) -> str:
    allowed = f'{{ Effect = "Allow", Principal = {{ AWS = "{account}" }}, Action = "sts:AssumeRole" }}'
    return f'{{ Version = "2012-10-17", Statement = [ {allowed} ] }}'


MORE = f"""
[account.{PRODUCTION}.role.Reader]
trust = {_trust(WORK)}
policies.all = {_ALL}

[account.{CLOSED}.role.Reader]
trust = {_trust(CLOSED)}
policies.all = {_ALL}

[organization]
management_account = "{WORK}"
accounts = ["{PRODUCTION}", "{CLOSED}"]
scps = ["NoLeaving"]

[organization.scp.NoLeaving]
Version = "2012-10-17"
Statement = [{{ Effect = "Deny", Action = "organizations:LeaveOrganization", Resource = "*" }}]
"""


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """Three accounts, of which the third lets nobody in."""
    found = start(tmp_path_factory.mktemp("collect"), more=MORE)
    yield found
    control.stop(found.folder, found.running)


@pytest.fixture
def me(home: Path, organization: Organisation) -> Me:
    """Somebody of the management account."""
    return somebody(home, organization)


def collect(me: Me, *words: str, status: int) -> dict[str, object]:
    """What was read, as JSON."""
    done = me.run("access", "collect", "policies", "--via", "Reader", "--as", "work", "--json", *words)
    assert done.status == status, done
    answer: dict[str, object] = json.loads(done.out)
    return answer


def test_what_can_be_read_is_and_the_rest_is_said(me: Me) -> None:
    """An account that refuses keeps nobody from the others; the next time only that one is asked."""
    answer = collect(me, status=1)
    assert sorted(answer["read"]) == [WORK, PRODUCTION]  # type: ignore[call-overload]
    assert list(answer["failed"]) == [CLOSED]  # type: ignore[call-overload]
    folder = me.home / "policies"
    assert sorted(path.name for path in folder.iterdir()) == [f"{WORK}.json", f"{PRODUCTION}.json", "organization.json"]
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    again = collect(me, status=1)
    assert (again["read"], again["fresh"]) == ([], [WORK, PRODUCTION])
    assert me.calls().count("AssumeRole!") == 2
    assert collect(me, "--account", PRODUCTION, "--max-age", "0", status=0)["read"] == [PRODUCTION]


def test_questions_are_answered_from_the_folder(me: Me) -> None:
    """With the organization's own policies; answers from old ones say how old they are."""
    collect(me, "--account", PRODUCTION, "--account", WORK, status=0)
    asked = ("access", "can", f"{PRODUCTION}:Reader", "organizations:LeaveOrganization", "--policies", "policies")
    done = me.run(*asked)
    assert (done.status, "service control policy NoLeaving of root" in done.out) == (8, True), done
    assert "ago" not in done.err
    path = me.home / "policies" / f"{WORK}.json"
    old = path.stat().st_mtime - 3 * 3600
    os.utime(path, (old, old))
    assert "3 h ago" in me.run(*asked).err
    assert ", 3 h ago" in me.run("explain", "read-only", "--policies", "policies").out


def test_nothing_is_changed_and_no_session_is_kept(me: Me) -> None:
    """Only reading operations are called, and the sessions inside the accounts are nobody's afterwards."""
    before = len(me.organisation.journal())
    collect(me, "--account", PRODUCTION, status=0)
    called = {entry["action"] for entry in me.organisation.journal()[before:]}
    assert all(action.split(":")[1].startswith(("Get", "List", "Describe", "AssumeRole")) for action in called), called
    assert json.loads(me.ok("list", "--json")) == []
