"""Homes that cannot be written to, and disks that are full: an error that says so, and nothing half written."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import STSCTL, Done, Me


def _one_error(done: Done) -> None:
    assert done.status not in {0, 70}, done
    assert done.out == "", done
    assert done.err.count("stsctl: error:") == 1, done
    assert "Traceback" not in done.err


@contextlib.contextmanager
def _mounted(folder: Path, options: str) -> Iterator[None]:
    """A file system of its own at `folder`; where none may be mounted, the test is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("needs leave to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _without_privilege(me: Me, *words: str) -> Done:
    """`stsctl` as somebody whom permissions bind: root may write everywhere, and gives up that right."""
    if os.geteuid():
        return me.run(*words)
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    drop = "-dac_override,-dac_read_search,-fowner"
    return me.program("setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}", str(STSCTL), *words)


@pytest.mark.parametrize("store", ["sealed-file", "memory"])
def test_a_home_that_cannot_be_written_to(me: Me, store: str) -> None:
    """It is named with the folder, and what to do about it."""
    (me.home / ".local").mkdir()
    (me.home / ".local").chmod(0o500)
    try:
        done = _without_privilege(me, "--store", store, "credential-process", "read-only")
    finally:
        (me.home / ".local").chmod(0o700)
    _one_error(done)
    assert ".local" in done.err
    assert "permission denied" in done.err


def test_a_file_system_that_is_read_only(me: Me) -> None:
    """It is named, and so are the variables that choose another place."""
    with _mounted(me.home / ".local", "size=1m,ro"):
        done = me.run("credential-process", "read-only")
    _one_error(done)
    assert "read-only file system" in done.err
    assert "XDG_STATE_HOME" in done.err


def test_reading_needs_no_place_to_write(me: Me) -> None:
    """What only reads works where nothing can be written."""
    with _mounted(me.home / ".local", "size=1m,ro"):
        for words in (("plan", "prod-admin"), ("config", "show"), ("config", "path"), ("list",), ("--help",)):
            assert me.run(*words).status == 0, words


def test_a_held_session_needs_no_place_to_write(me: Me) -> None:
    """What is held is served from a file system that has become read-only."""
    with _mounted(me.home / ".local", "size=1m"):
        held = me.key_id("read-only")
        subprocess.run(["mount", "-o", "remount,ro", str(me.home / ".local")], check=True)
        assert me.key_id("read-only") == held


def test_a_full_disk(me: Me) -> None:
    """It is an error that says the disk is full; with room again it works, and what was held before is still held."""
    with _mounted(me.home / ".local", "size=256k"):
        held = me.key_id("read-only")
        filler = me.home / ".local" / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            for _ in range(300):
                file.write(b"\0" * 1024)
                file.flush()
        done = me.run("credential-process", "long")
        _one_error(done)
        assert "no space left" in done.err
        assert "disk is full" in done.err
        assert me.key_id("read-only") == held
        filler.unlink()
        assert me.key_id("long")
        assert me.key_id("read-only") == held
        assert not [path for path in me.state.rglob(".*") if path.is_file()]


@pytest.mark.parametrize("limit", [0, 100, 400])
def test_files_that_may_not_grow(me: Me, limit: int) -> None:
    """Where a write ends half way (a quota, a limit) nothing half written is taken for a session afterwards."""

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with me.start(str(STSCTL), "credential-process", "read-only", preexec_fn=little) as process:
        out, err = process.communicate(timeout=180)
    done = Done(status=process.returncode, out=out, err=err)
    if done.status:
        _one_error(done)
    key = me.key_id("read-only")
    assert me.key_id("read-only") == key
    assert not [path for path in me.state.rglob(".*") if path.is_file()]


def test_the_credentials_file_survives_a_full_disk(me: Me) -> None:
    """`profile write` onto a full disk fails, and the person's file is what it was, byte for byte."""
    me.key_id("read-only")
    with _mounted(me.home / ".aws", "size=64k"):
        file = me.home / ".aws" / "credentials"
        before = "# mine\n[default]\naws_access_key_id = AKIAEXAMPLEEXAMPLE01\n"
        file.write_text(before)
        with contextlib.suppress(OSError), (me.home / ".aws" / "filler").open("wb") as filler:
            for _ in range(80):
                filler.write(b"\0" * 1024)
                filler.flush()
        done = me.run("profile", "write", "read-only")
        _one_error(done)
        assert file.read_text() == before
        assert sorted(path.name for path in file.parent.iterdir()) == ["credentials", "filler"]


def test_a_held_session_that_the_index_has_lost_needs_no_place_to_write_either(me: Me) -> None:
    """Where the index cannot be mended the session is served all the same."""
    with _mounted(me.home / ".local", "size=1m"):
        held = me.key_id("read-only")
        shutil.rmtree(me.state / "index")
        subprocess.run(["mount", "-o", "remount,ro", str(me.home / ".local")], check=True)
        assert me.key_id("read-only") == held


def test_a_session_that_the_index_has_lost_is_listed_again(me: Me) -> None:
    """Once it was served it can be seen, and forgotten by its name."""
    me.key_id("read-only")
    shutil.rmtree(me.state / "index")
    me.key_id("read-only")
    assert me.ok("list").startswith("read-only\t")
    me.ok("logout", "read-only")
    assert me.run("list").out == ""
