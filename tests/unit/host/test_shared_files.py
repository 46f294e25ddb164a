"""Files of others: which are meant, and which are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stsctl.errors import ConfigurationError
from stsctl.host import shared_files
from stsctl.host.witness import Witness


def test_a_pattern_means_the_files_that_are_there_in_order(tmp_path: Path) -> None:
    """Hidden ones are not meant, nor those of folders below; a plain path is itself."""
    for name in ("b.toml", "a.toml", ".hidden.toml", "c.txt", "below/d.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert shared_files.matching(tmp_path / "*.toml") == [tmp_path / "a.toml", tmp_path / "b.toml"]
    assert shared_files.matching(tmp_path / "none.toml") == [tmp_path / "none.toml"]
    assert shared_files.matching(tmp_path / "none" / "*.toml") == []
    with pytest.raises(ConfigurationError, match="a pattern of folders"):
        shared_files.matching(tmp_path / "*" / "d.toml")


def test_a_pattern_for_thousands_is_refused(tmp_path: Path) -> None:
    """A hundred files are read, and no more are looked at."""
    for number in range(shared_files.MOST + 1):
        (tmp_path / f"{number}.toml").touch()
    with pytest.raises(ConfigurationError, match="more than 100 files"):
        shared_files.matching(tmp_path / "*.toml")


def test_only_plain_files_of_bounded_size_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for at a pipe, and nothing fills the memory."""
    monkeypatch.setattr(shared_files, "LARGEST", 1 << 20)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    with (tmp_path / "large").open("wb") as file:
        file.truncate((1 << 20) + 1)
    for name, why in {
        "pipe": "no plain file",
        "folder": "no plain file",
        "zero": "others can change",
        "large": "larger than 1 MiB",
    }.items():
        with pytest.raises(ConfigurationError, match=why):
            shared_files.read(tmp_path / name)
    (tmp_path / "large").write_bytes(b"x" * (1 << 20))
    assert shared_files.read(tmp_path / "large") == b"x" * (1 << 20)
    assert shared_files.read(tmp_path / "none") is None
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(ConfigurationError, match="leads nowhere"):
        shared_files.read(tmp_path / "round")


@pytest.mark.parametrize("what", ["t", "t/a.toml", "real", "real/r.toml"])
def test_what_others_can_change_is_not_read(tmp_path: Path, what: str) -> None:
    """Neither the file nor its folder, nor those that links lead to."""
    for name in ("t", "real"):
        (tmp_path / name).mkdir(mode=0o755)
    (tmp_path / "real" / "r.toml").write_text("# r")
    (tmp_path / "t" / "a.toml").write_text("# a")
    (tmp_path / "t" / "link.toml").symlink_to(tmp_path / "real" / "r.toml")
    read = tmp_path / "t" / ("a.toml" if what == "t/a.toml" else "link.toml")
    assert shared_files.read(read) is not None
    (tmp_path / what).chmod(0o777)
    with pytest.raises(ConfigurationError, match="others can change"):
        shared_files.read(read)


def test_what_is_open_is_what_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who puts another file in its place between the look and the reading is found out."""
    (tmp_path / "a.toml").write_text("# a")
    (tmp_path / "theirs").write_text("# theirs")
    (tmp_path / "theirs").chmod(0o666)
    real = os.open

    def swapped(path: Path, flags: int) -> int:
        (tmp_path / "theirs").rename(tmp_path / "a.toml")
        return real(path, flags)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(ConfigurationError, match="others can change"):
        shared_files.read(tmp_path / "a.toml")


def test_links_may_not_lead_out_of_a_folder(tmp_path: Path) -> None:
    """Where that is asked for: neither of the file itself, nor on the way."""
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_text("s")
    (inside / "p").write_text("p")
    (inside / "link").symlink_to("../secret")
    (inside / "up").symlink_to("..")
    (inside / "fine").symlink_to("p")
    (tmp_path / "in-another").mkdir()
    (tmp_path / "in-another" / "p").write_text("p")
    for path in (inside / "link", inside / "up" / "secret", tmp_path / "in-another" / "p"):
        with pytest.raises(ConfigurationError, match="leads out of"):
            shared_files.read(path, within=str(inside))
    assert shared_files.read(inside / "fine", within=str(inside)) == b"p"


def test_a_project_is_looked_for_upwards_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest one; home is nobody's project, and a folder that is gone is in none."""
    home = tmp_path / "h"
    deep = home / "src" / "app" / "sub"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    for place in (tmp_path, home):
        (place / shared_files.PROJECT).touch()
    (tmp_path / "link").symlink_to(home)
    for same in (home, tmp_path / "link"):
        assert shared_files.project(same) is None
    assert shared_files.project(tmp_path / "other") == home / shared_files.PROJECT
    for folder in (home / "src", deep):
        (folder / shared_files.PROJECT).symlink_to("nowhere")
        assert shared_files.project(home) == folder / shared_files.PROJECT
    monkeypatch.chdir(home)
    assert shared_files.project(home) is None
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert shared_files.project(home) is None


def test_a_project_is_not_looked_for_on_another_file_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is mounted there may be anybody's."""
    (tmp_path / "mounted").mkdir()
    (tmp_path / shared_files.PROJECT).touch()
    monkeypatch.chdir(tmp_path / "mounted")
    real = os.stat

    def stat(path: object, **options: object) -> os.stat_result:
        found = real(path, **options)  # type: ignore[call-overload]
        if str(path).endswith("mounted"):
            return os.stat_result((*found[:2], found.st_dev + 1, *found[3:]))
        assert isinstance(found, os.stat_result)
        return found

    monkeypatch.setattr(os, "stat", stat)
    assert shared_files.project(Path("/nowhere")) is None


def test_whoever_watches_sees_files_come_and_go(tmp_path: Path) -> None:
    """The folder of a pattern is looked at, and a file that is not there."""
    (tmp_path / "a.toml").touch()
    witness = Witness({})
    with witness.watching():
        shared_files.matching(tmp_path / "*.toml")
        shared_files.read(tmp_path / "a.toml")
        shared_files.read(tmp_path / "none.toml")
    assert {os.fsdecode(path) for path in witness.files} == {
        str(tmp_path), str(tmp_path / "a.toml"), str(tmp_path / "none.toml"),
    }  # fmt: skip
    assert {os.fsdecode(path) for path in witness.rights} >= {str(tmp_path), str(tmp_path / "a.toml")}
