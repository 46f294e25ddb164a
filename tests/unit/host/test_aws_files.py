"""A change of AWS's files: private, whole, through links, and none where nothing changes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stsctl.host import aws_files


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    """Where the locks are: not beside the file."""
    return tmp_path / "locks"


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_missing_file_is_made_private(tmp_path: Path, locks: Path) -> None:
    """With its folder, and nothing else in it."""
    path = tmp_path / ".aws" / "credentials"
    assert aws_files.change(path, lambda before: before + b"new", locks=locks)
    assert (path.read_bytes(), mode(path), mode(path.parent)) == (b"new", 0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o600, 0o600), (0o400, 0o400), (0o440, 0o400)])
def test_a_mode_is_kept_only_where_it_is_stricter(tmp_path: Path, locks: Path, before: int, after: int) -> None:
    """Nobody else can read it afterwards, and what was not to be written stays so."""
    path = tmp_path / "credentials"
    path.write_bytes(b"old")
    path.chmod(before)
    aws_files.change(path, lambda _: b"new", locks=locks)
    assert (path.read_bytes(), mode(path)) == (b"new", after)


def test_a_link_stays_a_link(tmp_path: Path, locks: Path) -> None:
    """The file that it leads to is replaced, also where that is not there yet."""
    link, goal = tmp_path / "credentials", tmp_path / "elsewhere" / "file"
    link.symlink_to(goal)
    assert aws_files.change(link, lambda _: b"one", locks=locks)
    assert aws_files.change(link, lambda before: before + b" two", locks=locks)
    assert link.is_symlink()
    assert (goal.read_bytes(), list(goal.parent.iterdir())) == (b"one two", [goal])


def test_no_change_writes_nothing(tmp_path: Path, locks: Path) -> None:
    """The file stays the very same, and a missing one missing."""
    path = tmp_path / "credentials"
    path.write_bytes(b"old")
    inode = path.stat().st_ino
    assert not aws_files.change(path, lambda before: before, locks=locks)
    assert path.stat().st_ino == inode
    assert not aws_files.change(tmp_path / "none", lambda before: before, locks=locks)
    assert not (tmp_path / "none").exists()


def test_an_edit_that_is_refused_writes_nothing(tmp_path: Path, locks: Path) -> None:
    """And frees the lock."""
    path = tmp_path / "credentials"
    path.write_bytes(b"old")

    def refuse(_: bytes) -> bytes:
        raise ValueError

    with pytest.raises(ValueError):
        aws_files.change(path, refuse, locks=locks)
    assert path.read_bytes() == b"old"
    assert aws_files.change(path, lambda _: b"new", locks=locks)


def test_only_its_own_drafts_are_cleared(tmp_path: Path, locks: Path) -> None:
    """The remains of a killed change go, a person's files of nearly such a name stay."""
    path = tmp_path / "credentials"
    draft, theirs = tmp_path / ".credentials.0123456789abcdef.stsctl", tmp_path / ".credentials.0123456789abcdef"
    for one in (path, draft, theirs):
        one.write_bytes(b"old")
    aws_files.change(path, lambda _: b"new", locks=locks)
    assert (draft.exists(), theirs.exists(), path.read_bytes()) == (False, True, b"new")
