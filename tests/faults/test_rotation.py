"""`keys rotate`, killed at every call that changes a file or asks AWS: what is kept works, and nothing else changed."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from stsctl.cli import stsctl
from stsctl.cli.app import App
from stsctl.cli.report import Report
from stsctl.credentials import Credentials
from stsctl.emulator import control
from stsctl.host import drafts
from stsctl.stores import records
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.index import KeysEntry
from tests.emulator_fixture import client
from tests.program import WORK, Me
from tests.traced import CHANGES, FILE_CALLS, Step, Traced, steps

ROTATE = ["keys", "rotate", "mine"]
STEPS = re.compile(rf'{CHANGES.pattern}|sendto\(.*?, "Action=(Create|Update|Delete)AccessKey')
"""Killed where it is about to ask AWS, it has been told all that it asked before, and AWS has only half a request more.

Where it only looks, it is the same as at the next step.
"""

ROTATING = f"""
from stsctl.cli import main, stsctl
stsctl.main({ROTATE}, standalone_mode=False)
def act():
    try:
        main({ROTATE})
    except SystemExit as end:
        return end.code
"""
"""The first one has loaded what all the others need."""


@pytest.fixture
def kept(me: Me) -> Me:
    """Somebody with one pair of keys, in the store."""
    iam = client(me.organisation.running, "iam", me.keys)
    for key in iam.list_access_keys()["AccessKeyMetadata"]:
        if key["AccessKeyId"] != me.keys.access_key_id:
            iam.delete_access_key(AccessKeyId=key["AccessKeyId"])
    me.configure("")
    me.ok("keys", "add", "mine", "--stdin", given=pair(me.keys))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del me.environ[name]
    return me


def pair(keys: Credentials) -> str:
    """As `keys add --stdin` reads it."""
    return f"{keys.access_key_id}\n{keys.secret_access_key.reveal()}\n"


def alice(me: Me) -> Credentials:
    """The keys of an administrator."""
    return control.principal(me.organisation.running, f"{WORK}:alice").credentials


def key_id(me: Me) -> str:
    """The key that a new process takes from the store; IAM was asked with it, and took it."""
    (mine,) = json.loads(me.ok("keys", "list", "--last-used", "--json"))
    assert "created_at" in mine
    return str(mine["access_key_id"])


@dataclass
class Machine:
    """A person's files, and AWS as an administrator sees it; nothing here starts a process."""

    me: Me
    iam: Any = field(init=False)

    def __post_init__(self) -> None:
        self.iam = client(self.me.organisation.running, "iam", alice(self.me))

    def at_aws(self) -> dict[str, str]:
        """Whether each key of the user is active."""
        listed = self.iam.list_access_keys(UserName=self.me.user)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    def keys(self) -> LongTermKeys:
        """The pair in the store."""
        found = App(os.environ, Report(os.environ)).keys_held.keys("mine")
        assert found is not None
        return found

    def files(self) -> dict[Path, tuple[int, bytes]]:
        """Every file of the person's, with its rights, but for locks."""
        locks = self.me.state / "locks"
        paths = (path for path in self.me.home.rglob("*") if path.is_file() and path.parent != locks)
        return {path: (path.stat().st_mode & 0o777, path.read_bytes()) for path in paths}

    def drafts(self) -> list[Path]:
        """What writers left that were killed."""
        return [path for path in self.files() if drafts.is_draft(path.name)]


@pytest.fixture
def machine(kept: Me, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One with another user's keys in the store beside; this process is in the person's environment."""
    kept.ok("keys", "add", "other", "--stdin", given=pair(alice(kept)))
    for name, value in kept.environ.items():
        monkeypatch.setenv(name, value)
    return Machine(kept)


def check(
    machine: Machine, old: LongTermKeys, before: dict[Path, tuple[int, bytes]], may_change: frozenset[Path]
) -> None:
    """The pair in the store works; each file is the old or the new, private; nothing else changed."""
    kept, at_aws = machine.keys(), machine.at_aws()
    assert at_aws[kept.credentials.access_key_id] == "Active"
    assert len(at_aws) <= 2
    same = replace(kept, credentials=old.credentials, rotation=old.rotation, added_at=old.added_at)
    assert same == old
    for path, (mode, content) in machine.files().items():
        if before.get(path) == (mode, content):
            continue
        assert mode == 0o600, path
        if path not in before:
            assert drafts.is_draft(path.name), path
        elif path.name == "added.toml":
            ids = old.credentials.access_key_id, kept.credentials.access_key_id
            assert content == before[path][1].replace(*(each.encode() for each in ids))
        elif path.name.startswith("keys-"):
            listed, was = records.parse(KeysEntry, content), records.parse(KeysEntry, before[path][1])
            assert listed is not None
            assert was is not None
            new = kept.credentials.access_key_id, kept.added_at
            assert (listed.access_key_id, listed.added_at) == new
            assert replace(listed, access_key_id=was.access_key_id, added_at=was.added_at) == was
        else:
            assert path in may_change, path  # the sealed pair, which opens, as was seen
    assert machine.files().keys() >= before.keys()


def different(found: list[Step]) -> list[Step]:
    """Without those about a lock that was taken before: they are the same each time, and change nothing besides it."""
    seen = set()
    kept = []
    for step in found:
        lock = re.search(r"/locks/\w+\.\w+", step.line)
        if lock is None or (step.call, lock[0]) not in seen:
            kept.append(step)
        if lock is not None:
            seen.add((step.call, lock[0]))
    return kept


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_every_step_it_never_loses_a_key(machine: Machine, tmp_path: Path) -> None:
    """The store's pair works, and the next rotation leaves that one at AWS, and none besides."""
    trace, tracing = tmp_path / "trace", ("-y", "-e", f"trace={','.join(FILE_CALLS)},sendto")
    with Traced(ROTATING) as traced:
        first = machine.files()
        assert traced.run(trace, options=tracing) == 0
        may_change = frozenset(path for path, found in machine.files().items() if found != first[path])
        assert len(may_change) == 3
        found = different(steps(trace, STEPS))
        assert {step.call for step in found} == {*FILE_CALLS, "sendto"} - {"mkdir", "link"}
        assert len([step for step in found if step.call == "sendto"]) == 3
        for step in found:
            old, before = machine.keys(), machine.files()
            assert traced.run(trace, options=(*tracing, "-e", step.injecting("signal=SIGKILL"))) == -9, step
            check(machine, old, before, may_change)
            stsctl.main(ROTATE, standalone_mode=False)
            assert machine.at_aws() == {machine.keys().credentials.access_key_id: "Active"}, step
    left = machine.drafts()
    assert left
    for draft in left:
        os.utime(draft, (0, 0))
    stsctl.main(ROTATE, standalone_mode=False)
    assert machine.drafts() == []


def test_a_rotation_that_is_over_is_told(kept: Me) -> None:
    """Each step is said, no secret among it; added.toml names the new key, and `keys list` how old it is."""
    before = key_id(kept)
    done = kept.run("keys", "rotate", "mine")
    assert done.status == 0, done
    after = key_id(kept)
    assert (done.out, before != after) == ("", True)
    assert [f"{before} is {what}" in done.err for what in ("deactivated", "deleted")] == [True, True]
    assert after in (kept.config.parent / "emulator" / "added.toml").read_text()
    assert f"mine\t{after}" in kept.ok("keys", "list", "--last-used")
    assert "0 days old" in kept.ok("keys", "list", "--last-used")


def test_two_at_once_rotate_one_after_the_other(kept: Me) -> None:
    """Neither meets the other's second key."""
    with ThreadPoolExecutor() as both:
        outcomes = [*both.map(lambda _: kept.run(*ROTATE), range(2))]
    assert [done.status for done in outcomes] == [0, 0], outcomes
    assert Machine(kept).at_aws() == {key_id(kept): "Active"}


def test_a_file_of_the_console_is_taken(kept: Me) -> None:
    """Its byte order mark too; a file of another sort is refused without a word of what is in it."""
    path = kept.home / "accessKeys.csv"
    pair = f"{kept.keys.access_key_id},{kept.keys.secret_access_key.reveal()}"
    path.write_text(f"\ufeffAccess key ID,Secret access key\r\n{pair}\r\n", encoding="utf-8")
    done = kept.run("keys", "add", "other", "--from-csv", str(path))
    assert done.status == 0, done
    assert "still has them in plain text" in done.err
    path.write_text(f"Secret access key\n{pair}\n", encoding="utf-8")
    done = kept.run("keys", "add", "third", "--from-csv", str(path))
    assert done.status == 3, done
    assert kept.keys.secret_access_key.reveal() not in done.err
