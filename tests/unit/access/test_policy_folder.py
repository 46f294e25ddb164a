"""Folders of policies: what is kept of them is what they hold, as long as it is whole and they have not changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.organisation import Account, account_id, write
from stsctl.access.facts import Facts
from stsctl.access.index import Index
from stsctl.access.snapshot import merged
from stsctl.cli.policy_folder import PolicyFolder, read
from stsctl.errors import ConfigurationError

ACCOUNTS = 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four accounts and their organization."""
    write(tmp_path / "details", ACCOUNTS)
    return tmp_path / "details"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where what is kept goes."""
    return tmp_path / "kept"


def roles(index: Index) -> list[str]:
    """The roles that an index knows."""
    return sorted(index.trusted)


def test_it_holds_what_its_files_hold(folder: Path, kept: Path) -> None:
    """The first time and the second, everything is there that reading all of it gives; only its owner can read it."""
    everything = merged([read(path) for path in sorted(folder.glob("*.json"))])
    for _ in range(2):
        found = PolicyFolder.open(folder, kept)
        assert dict(found.snapshot.users) == everything.users
        assert dict(found.snapshot.roles) == everything.roles
        assert dict(found.snapshot.groups) == everything.groups
        assert everything.groups
        assert dict(found.snapshot.managed) == everything.managed
        assert dict(found.snapshot.versions) == everything.versions
        assert (found.snapshot.memberships, found.snapshot.gaps) == (everything.memberships, everything.gaps)
        assert sorted(found.index()) == sorted(everything.arns())
    (file,) = kept.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_facts_are_the_same_as_json(folder: Path) -> None:
    """Written and read again."""
    facts = Facts.of(read(folder / f"{account_id(2)}.json"))
    assert Facts.from_value(json.loads(json.dumps(facts.value()))) == facts


def test_a_file_is_read_again_where_it_has_changed_and_nowhere_else(folder: Path, kept: Path) -> None:
    """One that cannot be told from what it was is not looked into; another version of it is."""
    PolicyFolder.open(folder, kept)
    first, second = (folder / f"{account_id(number)}.json" for number in (0, 3))
    before = first.stat()
    with first.open("r+b") as file:  # the same length, in the same place on the disk
        content = file.read().replace(b'role/Vendor"', b'role/Wendor"').replace(b'"Vendor"', b'"Wendor"')
        file.seek(0)
        file.write(content)
    os.utime(first, ns=(before.st_atime_ns, before.st_mtime_ns))
    second.write_bytes(second.read_bytes().replace(b'role/Vendor"', b'role/Xendor"'))
    found = roles(PolicyFolder.open(folder, kept).index())
    assert Account(0, ACCOUNTS).role("Vendor") in found
    assert Account(3, ACCOUNTS).role("Xendor") in found
    assert Account(3, ACCOUNTS).role("Vendor") not in found
    second.unlink()
    assert Account(3, ACCOUNTS).role("Xendor") not in roles(PolicyFolder.open(folder, kept).index())


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b"Hub-1", b"Hub-X"),
        lambda content: b"",
        lambda content: b"\x00" * 100,
    ],
    ids=["cut off", "another role", "empty", "zeros"],
)
def test_what_is_damaged_is_not_trusted(folder: Path, kept: Path, damage: Callable[[bytes], bytes]) -> None:
    """Everything is read anew, and kept anew."""
    right = roles(PolicyFolder.open(folder, kept).index())
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert roles(PolicyFolder.open(folder, kept).index()) == right
    assert file.read_bytes() == whole


def test_what_others_can_read_is_not_trusted(folder: Path, kept: Path) -> None:
    """Nor what another version wrote, whatever its digest says."""
    PolicyFolder.open(folder, kept)
    (file,) = kept.iterdir()
    file.chmod(0o644)
    PolicyFolder.open(folder, kept)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_changes_meanwhile_is_no_answer(folder: Path, kept: Path) -> None:
    """The index is of another one then."""
    found = PolicyFolder.open(folder, kept)
    path = folder / f"{account_id(0)}.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ConfigurationError, match="was changed meanwhile"):
        found.snapshot.roles[Account(0, ACCOUNTS).role("Admin")]


def test_a_folder_that_cannot_be_kept_is_only_slower(folder: Path, tmp_path: Path) -> None:
    """Where there is no place for it nothing is kept, and the answer is the same."""
    (tmp_path / "file").write_bytes(b"")
    assert roles(PolicyFolder.open(folder, tmp_path / "file").index())
