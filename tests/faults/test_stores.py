"""Killed, and refused by the file system, at every step of a write: what is held is the old or the new, whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret, Session
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.held import Held
from stsctl.stores.index import Entry, Index
from stsctl.stores.sealed_file import SealedFileStore
from stsctl.stores.sealing_key import KeyFile, create_key_file
from tests.traced import FILE_CALLS, ROOT, Traced, steps

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def session(key: str, hour: int) -> Session:
    """A session of an hour, obtained in that hour."""
    obtained_at = NOW + timedelta(hours=hour)
    return Session(
        credentials=Credentials(
            access_key_id=f"ASIA{key}{hour}",
            secret_access_key=Secret(f"secret {key} {hour}"),
            session_token=Secret(f"token {key} {hour}"),
            expires_at=obtained_at + timedelta(hours=1),
        ),
        request_key=key,
        obtained_at=obtained_at,
    )


def entry(of: Session) -> Entry:
    """Its entry."""
    return Entry(
        request_key=of.request_key,
        name=of.request_key,
        access_key_id=of.credentials.access_key_id,
        obtained_at=of.obtained_at,
        expires_at=of.expires_at,
        store="sealed-file",
    )


KEYS = LongTermKeys(
    name="work",
    credentials=Credentials(access_key_id="AKIA1", secret_access_key=Secret("long-term secret")),
    identity=Arn.parse("arn:aws:iam::111111111111:user/alice"),
    account_id="111111111111",
    added_at=NOW,
)


def open_held(folder: Path) -> Held:
    """What is held under a folder."""
    store = SealedFileStore(folder / "sealed", KeyFile(path=folder / "key"))
    return Held(store, Index(folder / "index"), folder / "locks")


def renew(folder: Path) -> None:
    """The write under test: one session is renewed, another one ended meanwhile, and a third is new."""
    held = open_held(folder)
    held.hold(session("renewed", 2), entry(session("renewed", 2)))
    held.hold(session("new", 2), entry(session("new", 2)))


def prepare(folder: Path) -> None:
    """What was held before."""
    create_key_file(folder / "key")
    held = open_held(folder)
    for each in (session("renewed", 0), session("ended", 0)):
        held.hold(each, entry(each))
    held.hold_keys(KEYS)


def check(folder: Path) -> None:
    """Everything is the old or the new, private and usable."""
    held = open_held(folder)
    renewed, new, ended = held.session("renewed"), held.session("new"), held.session("ended")
    assert renewed in (session("renewed", 0), session("renewed", 2))
    assert new in (None, session("new", 2))
    assert ended in (None, session("ended", 0))
    assert held.keys("work") == KEYS
    for each in held.entries():
        assert each in (entry(session("renewed", 0)), entry(session("renewed", 2)), entry(session("ended", 0)), NEW)
    assert new is not None or NEW not in held.entries()
    assert [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []
    assert list(folder.rglob("*.bad")) == []
    renew(folder)
    assert (held.session("renewed"), held.session("new")) == (session("renewed", 2), session("new", 2))
    assert held.session("ended") is None
    shutil.rmtree(folder / "index")
    assert held.drop_all() == 2
    assert len(list((folder / "sealed").glob("*.sealed"))) == 2  # the keys and the manifest
    assert held.keys("work") == KEYS


NEW = entry(session("new", 2))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which something is held, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


RENEWING = """
from pathlib import Path
import cryptography.exceptions, cryptography.hazmat.primitives.ciphers.aead, filelock
from stsctl.errors import StsctlError
from tests.faults.test_stores import renew
def act(folder):
    try:
        renew(Path(folder))
    except StsctlError as error:
        return 8 if "full" in (error.hint or "") else 9
    return 0
"""

TRACE = ("-e", f"trace={','.join(FILE_CALLS)}")


@pytest.fixture
def renewer() -> Iterator[Traced]:
    """What renews."""
    with Traced(RENEWING) as renewer:
        yield renewer


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("fault", "statuses", "calls"),
    [("signal=SIGKILL", (-9,), FILE_CALLS), ("error=ENOSPC", (0, 8), ("openat", "mkdir", "write", "fsync", "rename"))],
    ids=["killed", "disk full"],
)
def test_a_write_ends_well_wherever_it_ends(
    prepared: Path, renewer: Traced, tmp_path: Path, fault: str, statuses: tuple[int, ...], calls: tuple[str, ...]
) -> None:
    """At each system call of a renewal the process is killed, or told (and says) the disk is full; nothing is lost."""
    folder = copy(prepared, tmp_path / "whole")
    assert renewer.run(tmp_path / "trace", str(folder), options=TRACE) == 0
    found = [step for step in steps(tmp_path / "trace") if step.call in calls]
    assert {step.call for step in found} >= set(calls) - {"mkdir", "link"}
    for step in found:
        folder = copy(prepared, tmp_path / f"{step.call} {step.nth}")
        injection = step.injecting(fault)
        options = (*TRACE, "-e", injection)
        assert renewer.run(tmp_path / "trace", str(folder), options=options) in statuses, injection
        check(folder)


def copy(prepared: Path, folder: Path) -> Path:
    """The prepared folder again."""
    shutil.copytree(prepared, folder)
    return folder


def test_everything_that_many_processes_hold_at_once_is_listed(prepared: Path, tmp_path: Path) -> None:
    """Twenty processes each hold a session at the same moment: without the index, `logout --all` finds all of them."""
    folder = copy(prepared, tmp_path / "crowd")
    code = """
import os, sys
from pathlib import Path
import cryptography.hazmat.primitives.ciphers.aead, filelock
from tests.faults.test_stores import entry, open_held, session
children = []
for number in range(20):
    child = os.fork()
    if child:
        children.append(child)
        continue
    try:
        one = session(f"crowd {number}", 0)
        open_held(Path(sys.argv[1])).hold(one, entry(one))
        os._exit(0)
    finally:
        os._exit(1)
print([os.waitpid(child, 0)[1] for child in children].count(0))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("20\n", "")
    shutil.rmtree(folder / "index")
    assert open_held(folder).drop_all() == 22


BEGINNING = """
from pathlib import Path
import cryptography.exceptions, cryptography.hazmat.primitives.ciphers.aead, filelock
from tests.faults.test_stores import KEYS, open_held
def act(folder):
    open_held(Path(folder)).hold_keys(KEYS)
    return 0
"""


def test_the_first_keys_are_kept_wherever_the_beginning_ended(tmp_path: Path) -> None:
    """Killed while the sealing key and its header are made, the next one goes on: no key seals what none can open."""
    with Traced(BEGINNING) as beginner:
        assert beginner.run(tmp_path / "trace", str(tmp_path / "whole"), options=TRACE) == 0
        found = steps(tmp_path / "trace")
        assert {step.call for step in found} >= {"mkdir", "openat", "write", "link", "rename"}
        for step in found:
            folder = tmp_path / f"{step.call} {step.nth}"
            injection = step.injecting("signal=SIGKILL")
            assert beginner.run(tmp_path / "trace", str(folder), options=(*TRACE, "-e", injection)) == -9
            kept = open_held(folder).keys("work")
            assert kept in (None, KEYS)
            open_held(folder).hold_keys(KEYS)
            assert open_held(folder).keys("work") == KEYS
            assert [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []
