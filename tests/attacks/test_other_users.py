"""Another user of the machine: what they can write is not gone by, and what is written they cannot read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import filelock  # noqa: F401 - as below
import pytest

from stsctl import configuration
from stsctl.cli.report import Report
from stsctl.cli.surroundings import Surroundings
from stsctl.host import files, ownership
from stsctl.host.lock import Lock
from tests.conftest import missing
from tests.program import Me

ME, NEIGHBOUR = 40001, 40002
"""Two users; nobody on a machine for tests has these ids."""


def acting_as(user: int, action: Callable[[], object]) -> object:
    """What `action` returns, or the message of its error, in a process of that user's."""
    if os.geteuid():
        missing("root, to be two other users")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            try:
                said = action()
            except Exception as error:  # noqa: BLE001 - it is told
                said = f"{type(error).__name__}: {error}"
            os.write(writing, json.dumps(said).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, "rb") as file:  # noqa: PTH123 - a descriptor
        answer = file.read()
    assert os.waitpid(child, 0)[1] == 0
    return json.loads(answer)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder like /tmp: everybody's, and each file its owner's."""
    configuration.load(b"#", b"#")  # loads what another user may not find where Python is installed
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o1777)
        yield folder


def surroundings(shared: Path) -> Surroundings:
    """Those of somebody who keeps everything in the shared folder."""
    environ = {"HOME": str(shared), "XDG_CONFIG_HOME": str(shared / "c"), "XDG_STATE_HOME": str(shared / "s")}
    return Surroundings(environ, Report(environ))


def planted(folder: Path, name: str, text: str) -> None:
    """A file of the neighbour's, for everybody to use."""

    def plant() -> None:
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.parent.chmod(0o755)
        path.chmod(0o644)

    assert acting_as(NEIGHBOUR, plant) is None


def test_a_configuration_that_another_user_put_there_is_refused(shared: Path) -> None:
    """Where a folder is everybody's, the one who comes first does not choose which program is run for a code."""
    planted(shared, "c/stsctl/config.toml", '[defaults]\nmfa_process = ["/bin/evil"]\n')
    said = acting_as(ME, lambda: surroundings(shared).configuration.defaults.mfa_process)
    assert str(said).startswith("ConfigurationError")
    assert "belongs to another user" in str(said)


def test_a_state_folder_that_another_user_made_is_refused(shared: Path) -> None:
    """Nobody waits for their locks, or takes what they wrote for the current session."""
    planted(shared, "s/stsctl/locks/one.lock", "")
    assert "belongs to another user" in str(acting_as(ME, lambda: str(surroundings(shared).paths.locks)))


def test_a_link_that_another_user_made_is_refused(shared: Path) -> None:
    """Also where it leads to a folder of one's own."""
    (shared / "mine").mkdir()
    os.chown(shared / "mine", ME, ME)
    assert acting_as(NEIGHBOUR, lambda: (shared / "s").mkdir()) is None
    assert acting_as(NEIGHBOUR, lambda: (shared / "s" / "stsctl").symlink_to(shared / "mine")) is None
    assert "belongs to another user" in str(acting_as(ME, lambda: str(surroundings(shared).paths.locks)))


def test_what_is_made_in_a_shared_folder_is_nobody_elses(shared: Path) -> None:
    """Files and locks below it can be neither read, nor replaced, nor held by others."""
    state = shared / "s" / "stsctl"
    one = state / "index" / "aws" / "one.json"

    def work() -> None:
        files.replace(one, b"{}")
        with Lock(surroundings(shared).paths.locks, "one") as lock:
            lock.acquire(timedelta(seconds=5))

    def lock() -> None:
        Lock(state / "locks", "one").acquire(timedelta())

    assert acting_as(ME, work) is None
    for action in (
        lambda: list(map(str, state.iterdir())),
        one.read_text,
        lambda: one.write_text("forged"),
        lambda: (state / "planted").write_text("forged"),
        one.unlink,
        lambda: state.rename(shared / "gone"),
        lock,
    ):
        assert "ermission denied" in str(acting_as(NEIGHBOUR, action)) or "not permitted" in str(
            acting_as(NEIGHBOUR, action)
        )
    assert one.read_text() == "{}"


def test_roots_files_are_everybodys(shared: Path) -> None:
    """What an administrator laid out, or a container has mounted, is read."""
    (shared / "c" / "stsctl").mkdir(parents=True)
    (shared / "c" / "stsctl" / "config.toml").write_text('[defaults]\nregion = "eu-west-1"\n')
    assert acting_as(ME, lambda: surroundings(shared).configuration.defaults.region) == "eu-west-1"


@pytest.mark.parametrize("what", ["config.toml", "added.toml", "emulator", "."])
def test_a_configuration_that_others_can_change_is_refused(me: Me, what: str) -> None:
    """The fix is in the hint; typed, it works. (Of an emulator there is an added.toml of its own.)"""
    folder = me.config.parent
    (folder / "emulator").mkdir()
    (folder / "emulator" / "added.toml").write_text("")
    path = folder / "emulator" / "added.toml" if what == "added.toml" else folder / what
    path.chmod(0o777)
    for words in (("credential-process", "read-only"), ("config", "show"), ("exec", "read-only", "--", "true")):
        done = me.run(*words)
        assert done.status == 3, done
        assert (done.out, "others can change" in done.err) == ("", True), done
    assert me.calls() == []
    hint = done.err.rpartition("hint: ")[2].strip()
    assert hint == f"chmod go-w {path}".removesuffix("/.")
    assert me.program("sh", "-c", hint).status == 0
    me.ok("credential-process", "read-only")


def test_a_state_folder_that_others_can_change_is_refused(me: Me) -> None:
    """Before anything is read or written there."""
    me.ok("credential-process", "read-only")
    me.state.chmod(0o777)
    before = sorted(me.state.rglob("*"))
    done = me.run("credential-process", "read-only")
    assert done.status == 3, done
    assert f"chmod go-w {me.state}" in done.err
    assert sorted(me.state.rglob("*")) == before


def test_a_group_of_ones_own_may_write(shared: Path) -> None:
    """Debian gives everybody a group of their own, and what is made there is writable for it; another's is refused."""
    import grp
    import pwd

    alone = next(
        (
            user
            for user in pwd.getpwall()
            if user.pw_uid and any(group.gr_name == user.pw_name and not group.gr_mem for group in grp.getgrall())
        ),
        None,
    )
    if alone is None or os.geteuid():
        missing("root, and a user with a group of their own")
    path = shared / "config.toml"
    for group, refused in ((grp.getgrnam(alone.pw_name).gr_gid, False), (ME, True), (0, False)):
        path.write_text("")
        os.chown(path, alone.pw_uid, group)
        path.chmod(0o664)
        assert ("others can change" in str(acting_as(alone.pw_uid, lambda: ownership.check(path)))) is refused


def test_doctor_says_what_is_refused(me: Me) -> None:
    """It goes on where other commands stop."""
    me.config.chmod(0o666)
    done = me.run("doctor")
    assert done.status == 8, done
    assert "others can change" in done.out + done.err
