"""Drafts that killed writers left are swept by who writes next beside them, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stsctl.host import aws_files, drafts, files

HOUR = 3600
ABANDONED = ".gone.json.0123456789abcdef.stsctl"


def left(folder: Path, name: str, *, seconds_ago: float) -> Path:
    """A file that was changed last so long ago."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(b"left")
    when = path.stat().st_mtime - seconds_ago
    os.utime(path, (when, when))
    return path


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("write", [files.replace, files.create])
def test_a_draft_that_was_left_is_swept_by_the_next_write(tmp_path: Path, write: object) -> None:
    """Of whatever file it was; one that may still be written stays, and so does one beside other files."""
    folder = tmp_path / "state"
    left(folder, ABANDONED, seconds_ago=HOUR + 60)
    young = left(folder, ".session.json.fedcba9876543210.stsctl", seconds_ago=HOUR - 60)
    elsewhere = left(tmp_path / "elsewhere", ABANDONED, seconds_ago=HOUR + 60)
    assert callable(write)
    write(folder / "new", b"new")
    assert names(folder) == sorted(["new", young.name])
    assert elsewhere.exists()


@pytest.mark.parametrize(
    "name",
    [
        "gone.json.0123456789abcdef.stsctl",
        ".gone.json.0123456789abcdef",
        ".gone.json.0123456789abcde.stsctl",
        ".gone.json.0123456789ABCDEF.stsctl",
        ".gone.json.0123456789abcdef.stsctl~",
        ".gone.json.0123456789abcdef.stsctl\n",
        ".0123456789abcdef.stsctl",
        ".gone.json.swp",
        "session.json",
    ],
)
def test_nothing_else_is_swept(tmp_path: Path, name: str) -> None:
    """What is not of a draft's exact form is somebody's, however old."""
    left(tmp_path / "state", name, seconds_ago=1000 * HOUR)
    files.replace(tmp_path / "state" / "new", b"new")
    assert names(tmp_path / "state") == sorted([name, "new"])


def test_links_and_folders_are_no_drafts(tmp_path: Path) -> None:
    """Whatever they are called."""
    folder = tmp_path / "state"
    goal = left(tmp_path / "elsewhere", "goal", seconds_ago=2 * HOUR)
    folder.mkdir()
    (folder / ".a.0123456789abcdef.stsctl").mkdir()
    (folder / ".b.0123456789abcdef.stsctl").symlink_to(goal)
    for path in folder.iterdir():
        os.utime(path, (0, 0), follow_symlinks=False)
    files.replace(folder / "new", b"new")
    assert len(names(folder)) == 3
    assert goal.exists()


def test_a_draft_that_cannot_be_removed_is_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it keep another from being removed; two who sweep at once are no failure either."""
    folder = tmp_path / "state"
    left(folder, ABANDONED, seconds_ago=2 * HOUR)
    left(folder, ".other.0123456789abcdef.stsctl", seconds_ago=2 * HOUR)
    tried: list[str] = []

    def unlink(entry: os.DirEntry[str]) -> None:
        tried.append(entry.name)
        raise FileNotFoundError

    monkeypatch.setattr(os, "unlink", unlink)
    files.replace(folder / "new", b"new")
    assert len(tried) == 2


def test_among_a_persons_files_only_stsctls_drafts_are_swept(tmp_path: Path) -> None:
    """Another program's file of a similar name stays; of the file itself every draft goes: there is no other writer."""
    aws = tmp_path / ".aws"
    for name in (".credentials.0123456789abcdef", ".config.0123456789abcdef.tmp"):
        left(aws, name, seconds_ago=1000 * HOUR)
    left(aws, ".credentials.0123456789abcdef.stsctl", seconds_ago=0)
    left(aws, ".config.0123456789abcdef.stsctl", seconds_ago=2 * HOUR)
    left(aws, ".config.fedcba9876543210.stsctl", seconds_ago=0)
    assert aws_files.change(aws / "credentials", lambda _: b"new", locks=tmp_path / "locks")
    assert names(aws) == sorted(
        [
            ".config.0123456789abcdef.tmp",
            ".config.fedcba9876543210.stsctl",
            ".credentials.0123456789abcdef",
            "credentials",
        ]
    )


def test_a_draft_is_known_by_its_name(tmp_path: Path) -> None:
    """Each has one of its own, beside its file."""
    path = tmp_path / "a.b"
    one, other = drafts.beside(path), drafts.beside(path)
    assert one != other
    assert one.parent == other.parent == tmp_path
    assert drafts.is_draft(one.name)
    assert drafts.is_draft(other.name)
