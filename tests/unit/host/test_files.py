"""Files that are private from birth and replaced whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stsctl.host import files
from stsctl.host.files import FileError

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture(autouse=True)
def open_umask() -> object:
    """Nothing is private by luck: the umask of these tests takes no right away."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """The rights of a file."""
    return path.stat().st_mode & 0o777


def test_a_missing_file_has_no_bytes(tmp_path: Path) -> None:
    """A file that is not there, or whose folder is a file, reads as None."""
    (tmp_path / "file").write_bytes(b"")
    assert files.read(tmp_path / "none") is None
    assert files.read(tmp_path / "file" / "none") is None


def test_folders_are_private_with_all_that_lead_to_them(tmp_path: Path) -> None:
    """Whoever can write to a folder above can put another in its place; folders that were there stay as they are."""
    (tmp_path / "there").mkdir(mode=0o755)
    files.private_folder(tmp_path / "there" / "one" / "two")
    there = tmp_path / "there"
    assert [mode(path) for path in (there, there / "one", there / "one" / "two")] == [0o755, 0o700, 0o700]


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A folder is no file; the error names it."""
    with pytest.raises(FileError, match="cannot read"):
        files.read(tmp_path)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Content comes back byte for byte, also in place of other content."""
    path = tmp_path / "new" / "folder" / "file"
    files.replace(path, b"old\r\n\0")
    assert files.read(path) == b"old\r\n\0"
    files.replace(path, b"new")
    assert files.read(path) == b"new"
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["file"]


def test_files_and_folders_are_private(tmp_path: Path) -> None:
    """Whatever the umask, only the owner can read a file or enter a folder, also where the old file was open to all."""
    path = tmp_path / "folder" / "file"
    files.replace(path, b"1")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)
    files.replace(path, b"2")
    assert mode(path) == 0o600
    assert files.create(tmp_path / "folder" / "other", b"3")
    assert mode(tmp_path / "folder" / "other") == 0o600


def test_a_link_is_replaced(tmp_path: Path) -> None:
    """What a link leads to stays as it is, and nothing appears where there was nothing."""
    goal, link, dangling = tmp_path / "goal", tmp_path / "link", tmp_path / "dangling"
    goal.write_bytes(b"theirs")
    link.symlink_to(goal)
    dangling.symlink_to(tmp_path / "nowhere")
    for each in (link, dangling):
        files.replace(each, b"ours")
        assert not each.is_symlink()
        assert each.read_bytes() == b"ours"
    assert goal.read_bytes() == b"theirs"
    assert not (tmp_path / "nowhere").exists()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """When the replacing fails, the old content stays and no draft remains."""
    goal = tmp_path / "goal"
    goal.mkdir()
    (goal / "kept").write_bytes(b"")
    with pytest.raises(FileError, match="goal"):
        files.replace(goal, b"new")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["goal", "home"]
    assert (goal / "kept").exists()


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path: Path) -> None:
    """A write that the system refuses (a limit on the size of files here) leaves the old file, whole, and no draft."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from stsctl.host import files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: files.replace(Path(sys.argv[1]), b'x' * 10000)\n"
        "except files.FileError as error: print(error.message)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f'cannot write "{path}": file too large\n'
    assert path.read_bytes() == b"old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "home"]


def test_a_new_file_is_written_only_where_there_is_none(tmp_path: Path) -> None:
    """`create` leaves a file, and a link that leads nowhere, as they are."""
    path = tmp_path / "folder" / "file"
    assert files.create(path, b"first") is True
    assert files.create(path, b"second") is False
    assert path.read_bytes() == b"first"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    assert files.create(link, b"third") is False
    assert not (tmp_path / "nowhere").exists()


def test_a_file_is_removed_once(tmp_path: Path) -> None:
    """`remove` says whether there was a file; what it cannot remove is an error."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    assert files.remove(path) is True
    assert files.remove(path) is False
    path.mkdir()
    with pytest.raises(FileError, match="cannot remove"):
        files.remove(path)


def test_a_file_is_moved(tmp_path: Path) -> None:
    """`move` gives a file another name; one that is not there is an error."""
    path, goal = tmp_path / "file", tmp_path / "aside"
    path.write_bytes(b"content")
    files.move(path, goal)
    assert (path.exists(), goal.read_bytes()) == (False, b"content")
    with pytest.raises(FileError, match="cannot rename"):
        files.move(path, goal)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """Where a file is in the way of a folder, the error names it."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match="cannot make the folder"):
        files.replace(tmp_path / "file" / "folder" / "new", b"")
