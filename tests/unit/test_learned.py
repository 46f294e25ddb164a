"""What AWS's answers taught, across processes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl.arn import Arn
from stsctl.errors import PersonNeededError, RefusedError, StoreError, StsctlError, UnavailableError
from stsctl.lifetime import Maximum
from stsctl.request import Endpoint
from stsctl.stores.learned import Learned

HOUR = timedelta(hours=1)
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ROLE = Arn.parse_role("arn:aws:iam::222222222222:role/Admin")
OTHER_ROLE = Arn.parse_role("arn:aws:iam::333333333333:role/Admin")
AWS = Endpoint(partition="aws", region="eu-west-1")
EMULATOR = replace(AWS, url="http://127.0.0.1:4566", instance="one")
SERIAL = "arn:aws:iam::111111111111:mfa/alice"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where it is kept; not there yet."""
    return tmp_path / "learned"


@pytest.fixture
def learned(folder: Path) -> Learned:
    """Nothing learned yet."""
    return Learned(folder=folder)


# Role maxima


def test_a_maximum_is_remembered(learned: Learned, folder: Path) -> None:
    """What a role gave and refused is known to the next process, each side by itself; nothing is made up."""
    assert learned.maximum(ROLE, AWS) is None
    learned.learn_maximum(ROLE, AWS, Maximum(below=12 * HOUR))
    assert Learned(folder=folder).maximum(ROLE, AWS) == Maximum(below=12 * HOUR)
    learned.learn_maximum(ROLE, AWS, Maximum(at_least=2 * HOUR))
    assert Learned(folder=folder).maximum(ROLE, AWS) == Maximum(at_least=2 * HOUR, below=12 * HOUR)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (Maximum(at_least=4 * HOUR), Maximum(below=4 * HOUR)),
        (Maximum(at_least=4 * HOUR), Maximum(below=2 * HOUR)),
        (Maximum(below=4 * HOUR), Maximum(at_least=4 * HOUR)),
        (Maximum(below=4 * HOUR), Maximum(at_least=12 * HOUR)),
    ],
)
def test_a_contradiction_means_that_the_role_was_changed(learned: Learned, first: Maximum, then: Maximum) -> None:
    """Where a new answer contradicts an old one, only the new one counts."""
    learned.learn_maximum(ROLE, AWS, first)
    learned.learn_maximum(ROLE, AWS, then)
    assert learned.maximum(ROLE, AWS) == then


def test_a_maximum_belongs_to_a_role_of_an_endpoint(learned: Learned) -> None:
    """Another account's role of that name, and the same ARN in an emulator, are other roles; the region is not."""
    learned.learn_maximum(ROLE, AWS, Maximum(below=2 * HOUR))
    assert learned.maximum(OTHER_ROLE, AWS) is None
    assert learned.maximum(ROLE, EMULATOR) is None
    assert learned.maximum(ROLE, replace(AWS, region="us-east-1")) == Maximum(below=2 * HOUR)


# Used codes


def test_a_used_code(learned: Learned, folder: Path) -> None:
    """A code that was given to AWS is known to every process, for longer than AWS could take it, and no longer."""
    learned.spend(SERIAL, AWS, "123456", NOW)
    learned.spend(SERIAL, AWS, "654321", NOW + timedelta(seconds=30))
    other = Learned(folder=folder)
    for code in ("123456", "654321"):
        assert other.used(SERIAL, AWS, code, NOW + timedelta(seconds=90))
    assert not other.used(SERIAL, AWS, "111111", NOW)
    assert not other.used(SERIAL, AWS, "123456", NOW + timedelta(minutes=3))


def test_a_code_belongs_to_a_device(learned: Learned) -> None:
    """Another device may show the same code, and so may the same serial in an emulator."""
    learned.spend(SERIAL, AWS, "123456", NOW)
    assert not learned.used(f"{SERIAL}2", AWS, "123456", NOW)
    assert not learned.used(SERIAL, EMULATOR, "123456", NOW)


def test_old_codes_are_forgotten(learned: Learned, folder: Path) -> None:
    """The file does not grow with every code there ever was."""
    for number in range(10):
        learned.spend(SERIAL, AWS, f"{number:06}", NOW + timedelta(minutes=number))
    (file,) = folder.iterdir()
    assert len(json.loads(file.read_bytes())) == 3


def test_no_code_is_written_down(learned: Learned, folder: Path) -> None:
    """What is kept of a code is a digest, in a file of the owner's only."""
    learned.spend(SERIAL, AWS, "123456", NOW)
    (file,) = folder.iterdir()
    assert b"123456" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


# Failures


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("no", hint="h", code="AccessDenied", reason="why", request_id="r", operation="sts:AssumeRole"),
        RefusedError(""),
        UnavailableError("no network", hint="wait"),
        PersonNeededError("nobody", asked=True),
    ],
)
def test_a_failure_comes_back_whole(learned: Learned, folder: Path, error: StsctlError) -> None:
    """Kind, message, hint and all that AWS said are shared with those who began before it failed."""
    learned.failed("key", error, NOW + timedelta(seconds=1))
    found = Learned(folder=folder).failure("key", NOW)
    assert type(found) is type(error)
    assert vars(found) == vars(error)


def test_a_failure_is_for_those_who_were_waiting(learned: Learned) -> None:
    """Who began after it, who waits for something else, or who waited for ages is told nothing."""
    learned.failed("key", UnavailableError("no network"), NOW)
    assert learned.failure("key", NOW - timedelta(microseconds=1)) is not None
    assert learned.failure("key", NOW) is None
    assert learned.failure("key", NOW + timedelta(seconds=1)) is None
    assert learned.failure("other", NOW - timedelta(seconds=1)) is None
    assert learned.failure("key", NOW - timedelta(minutes=5)) is None


def test_other_failures_are_nobodys_business(learned: Learned) -> None:
    """A failure of this process's own store is not shared."""
    learned.failed("key", StoreError("mine"), NOW + timedelta(seconds=1))
    assert learned.failure("key", NOW) is None


# All of it may be lost


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"at": "x", "kind": "RefusedError", "at_least": "x", "below": -1}',
        b'{"at": 1777636801.0, "kind": "RefusedError", "message": "m", "hint": null, "facts": {"evil": 1}}',
        b'{"at": 1777636801.0, "kind": "RefusedError", "message": "m", "hint": null, "facts": []}',
        b'{"at": 1777636801.0, "kind": "SystemExit", "message": "m", "hint": null, "facts": {}}',
        b'{"at": 1777636801.0, "kind": "RefusedError"}',
        b'{"at_least": 1e300, "below": true}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_none(learned: Learned, folder: Path, content: bytes) -> None:
    """Whatever the files hold, nothing is known then, and it can be learned anew."""
    learned.learn_maximum(ROLE, AWS, Maximum(below=2 * HOUR))
    learned.spend(SERIAL, AWS, "123456", NOW)
    learned.failed("key", UnavailableError("x"), NOW + timedelta(seconds=1))
    files = list(folder.iterdir())
    assert len(files) == 3
    for file in files:
        file.write_bytes(content)
    assert learned.maximum(ROLE, AWS) in (None, Maximum(below=timedelta(seconds=1)))
    assert not learned.used(SERIAL, AWS, "123456", NOW)
    assert learned.failure("key", NOW) is None
    learned.learn_maximum(ROLE, AWS, Maximum(below=3 * HOUR))
    learned.spend(SERIAL, AWS, "123456", NOW)
    assert learned.maximum(ROLE, AWS) == Maximum(below=3 * HOUR)
    assert learned.used(SERIAL, AWS, "123456", NOW)


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    """Where nothing can be kept, nothing is learned; what it was to be learned from goes on."""
    (tmp_path / "file").write_text("not a folder")
    learned = Learned(folder=tmp_path / "file" / "learned")
    learned.learn_maximum(ROLE, AWS, Maximum(below=2 * HOUR))
    learned.spend(SERIAL, AWS, "123456", NOW)
    learned.failed("key", UnavailableError("x"), NOW + timedelta(seconds=1))
    assert learned.maximum(ROLE, AWS) is None
    assert not learned.used(SERIAL, AWS, "123456", NOW)
    assert learned.failure("key", NOW) is None


def test_a_file_that_cannot_be_read_is_none(learned: Learned, folder: Path) -> None:
    """A folder in a file's place, or a file of somebody else's, is no knowledge and no failure."""
    learned.learn_maximum(ROLE, AWS, Maximum(below=2 * HOUR))
    (file,) = folder.iterdir()
    file.unlink()
    file.mkdir()
    assert learned.maximum(ROLE, AWS) is None
    learned.learn_maximum(ROLE, AWS, Maximum(below=2 * HOUR))


# Sources


def test_what_kind_of_credentials_a_source_gives(learned: Learned, folder: Path) -> None:
    """It is known to the next process, until the source gives another kind."""
    assert learned.gives_sessions("key") is None
    learned.learn_gives_sessions("key", temporary=True)
    assert Learned(folder=folder).gives_sessions("key") is True
    learned.learn_gives_sessions("key", temporary=False)
    assert learned.gives_sessions("key") is False
    assert learned.gives_sessions("other") is None


def test_whose_keys_are(learned: Learned, folder: Path) -> None:
    """Whose keys are is known for the last ones that were seen at a place."""
    learned.learn_identity("pod", "ASIAEXAMPLE000000001", ROLE)
    assert Learned(folder=folder).identity("pod", "ASIAEXAMPLE000000001") == ROLE
    assert learned.identity("pod", "ASIAEXAMPLE000000002") is None
    assert learned.identity("other", "ASIAEXAMPLE000000001") is None
    learned.learn_identity("pod", "ASIAEXAMPLE000000002", OTHER_ROLE)
    assert learned.identity("pod", "ASIAEXAMPLE000000001") is None
    for path in folder.iterdir():
        path.write_text('{"access_key_id": "ASIAEXAMPLE000000002", "arn": "x", "gives_sessions": 1}')
    assert learned.identity("pod", "ASIAEXAMPLE000000002") is None
