"""The socket at which the agent is asked: whose it is, and what may be said there."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stsctl.agent import door, messages
from stsctl.agent.door import Door
from stsctl.agent.messages import AgentError, Ask, Request
from stsctl.errors import ConfigurationError, PersonNeededError, UsageError
from stsctl.host import private_socket
from stsctl.host.private_socket import NotOursError
from tests.conftest import missing

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name is short enough for a socket's address."""
    with tempfile.TemporaryDirectory(prefix="sts-") as name:
        yield Path(name) / "run"


Opened = Callable[..., Path]


@pytest.fixture
def opened(folder: Path) -> Iterator[Opened]:
    """Opens a door; what is asked there is told again, or fails as the test wants."""
    doors: list[Door] = []

    def open_(answer: Callable[[Request], dict[str, Any]] | None = None, **options: Any) -> Path:
        path = folder / "agent.sock"
        found = Door(path, answer or (lambda request: {"asked": request.ask.value, **request.given}), **options)
        doors.append(found)
        threading.Thread(target=found.serve, daemon=True).start()
        return path

    yield open_
    for each in doors:
        each.close()


def said(path: Path, content: bytes) -> bytes:
    """What the door answers to any bytes at all."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(path))
        with contextlib.suppress(OSError):  # whoever is refused may find the door shut before all is said
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(4096):
                found += piece
        return found


def test_a_question_is_answered(opened: Opened) -> None:
    """With the texts that go with it; where nobody listens there is no answer."""
    path = opened()
    assert door.ask(path, Ask.SERVE, name="ö \n prod") == {"asked": "serve", "name": "ö \n prod"}
    assert door.ask(path.with_name("other.sock"), Ask.STATUS) is None
    assert door.ask(path.parent / "nowhere" / "agent.sock", Ask.STATUS) is None


def test_a_failure_is_told_with_its_hint(opened: Opened) -> None:
    """Whoever asks reads what the agent would have said."""

    def fail(request: Request) -> dict[str, Any]:
        raise PersonNeededError("the agent is locked", hint="stsctl agent unlock")

    with pytest.raises(AgentError, match="the agent is locked") as caught:
        door.ask(opened(fail), Ask.STATUS)
    assert caught.value.hint == "stsctl agent unlock"


def test_a_bug_is_told_without_what_was_in_hand(opened: Opened) -> None:
    """The class of the error, and nothing of its text."""

    def fail(request: Request) -> dict[str, Any]:
        raise ValueError("canary")

    with pytest.raises(AgentError) as caught:
        door.ask(opened(fail), Ask.STATUS)
    assert "ValueError" in caught.value.message
    assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"hello\n",
        b"[]\n",
        b"{}\n",
        b'{"ask":"status"}\n',
        b'{"ask":"status","given":[]}\n',
        b'{"ask":"status","given":{"a":1}}\n',
        b'{"ask":"dance","given":{}}\n',
        b'{"ask":["status"],"given":{}}\n',
        b'{"ask":"status","given":{},"more":1}\n',
        b"\xff\xfe\n",
        b"[" * 60_000 + b"\n",
        b"x" * (messages.LONGEST_REQUEST + 10) + b"\n",
        b"x" * (messages.LONGEST_REQUEST + 10),
    ],
)
def test_what_is_no_question_is_refused(opened: Opened, line: bytes) -> None:
    """Nothing of it comes back, and the next question is answered as ever."""
    path = opened()
    try:
        answer = said(path, line)
    except OSError:
        answer = b""
    if answer:
        assert set(json.loads(answer)) == {"failure", "hint"}
    assert door.ask(path, Ask.STATUS) == {"asked": "status"}


def test_who_says_nothing_is_in_nobodys_way(opened: Opened) -> None:
    """As many as there is room for, and one more who asks."""
    path = opened()
    silent = [socket.socket(socket.AF_UNIX) for _ in range(door._AT_ONCE - 1)]
    for each in silent:
        each.connect(str(path))
    assert door.ask(path, Ask.STATUS) == {"asked": "status"}
    for each in silent:
        each.close()


def test_whoever_was_let_in_is_answered_before_it_closes(folder: Path) -> None:
    """The one that asks the agent to end, say, although the program ends right behind that."""
    asked = threading.Event()

    def answer(_: Request) -> dict[str, Any]:
        asked.set()
        time.sleep(0.1)
        return {"asked": "stop"}

    found = Door(folder / "agent.sock", answer)
    threading.Thread(target=found.serve, daemon=True).start()
    with private_socket.connect(folder / "agent.sock", 20) as connection:  # type: ignore[union-attr]
        connection.sendall(messages.request_line(Ask.STOP, {}))
        assert asked.wait(20)
        found.close()
        connection.setblocking(False)
        assert messages.parse_answer(connection.recv(4096).rstrip(b"\n")) == {"asked": "stop"}
    assert not (folder / "agent.sock").exists()


def test_other_users_are_refused(opened: Opened) -> None:
    """Even one who could reach the socket: the system says who connected, and they get no answer."""
    path = opened(owner=os.geteuid() + 1)
    assert said(path, messages.request_line(Ask.STATUS, {})) == b""


def test_it_is_private(opened: Opened) -> None:
    """The folder is closed to others, and so is the socket."""
    path = opened()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_dead_agent_left_is_replaced(folder: Path, opened: Opened) -> None:
    """A socket on which nobody listens, or anything else in its place."""
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "agent.sock"))
    assert door.ask(folder / "agent.sock", Ask.STATUS) is None
    assert door.ask(opened(), Ask.STATUS) == {"asked": "status"}


def test_a_link_in_its_place_leads_nowhere(folder: Path, opened: Opened) -> None:
    """What it leads to stays as it is."""
    folder.mkdir(mode=0o700)
    theirs = folder.parent / "theirs"
    theirs.write_text("theirs")
    (folder / "agent.sock").symlink_to(theirs)
    opened()
    assert theirs.read_text() == "theirs"


def test_a_folder_that_others_can_enter_is_refused(folder: Path) -> None:
    """By who listens, and by who asks."""
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(NotOursError, match="others can enter"):
        private_socket.listen(folder / "agent.sock")
    with pytest.raises(NotOursError, match="others can enter"):
        door.ask(folder / "agent.sock", Ask.STATUS)


def test_a_folder_behind_a_link_is_refused(folder: Path) -> None:
    """Whoever planted it could change where it leads."""
    (folder.parent / "real").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "real")
    with pytest.raises(NotOursError, match="no folder of yours"):
        door.ask(folder / "agent.sock", Ask.STATUS)


def test_an_address_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """Before the system does, which would not say why."""
    path = tmp_path / ("long" * 30) / "agent.sock"
    with pytest.raises(ConfigurationError, match="too long"):
        private_socket.listen(path)
    assert private_socket.connect(path, 1) is None


def _forked() -> int:
    """As `os.fork`; what the child does here needs none of this process's threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _as_nobody(action: Callable[[], None]) -> int:
    """Does something as another user, in a process of its own; its status is 0 where that was done."""
    pid = _forked()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            action()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - whatever it is, the child ends here
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_can_neither_reach_it_nor_stand_in_for_it(folder: Path, opened: Opened) -> None:
    """The system keeps them out of the folder; and a folder of theirs, however private, is not asked in."""
    folder.parent.chmod(0o777)
    path = opened()
    assert _as_nobody(lambda: said(path, b"\n") and None) == 1
    theirs = folder.parent / "theirs"
    assert _as_nobody(lambda: theirs.mkdir(mode=0o700)) == 0
    with pytest.raises(NotOursError):
        door.ask(theirs / "agent.sock", Ask.STATUS)
    with pytest.raises(NotOursError):
        private_socket.listen(theirs / "agent.sock")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_who_listens_is_not_asked(folder: Path) -> None:
    """Should they have come to listen in this very folder, nothing is said to them."""
    if not hasattr(socket, "SO_PEERCRED"):
        missing("SO_PEERCRED")
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, NOBODY)
    folder.parent.chmod(0o711)
    listening = threading.Event()

    def listen() -> None:
        with socket.socket(socket.AF_UNIX) as planted:
            planted.bind(str(folder / "agent.sock"))
            planted.listen()
            planted.accept()

    pid = _forked()
    if pid == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        listen()
        os._exit(0)
    try:
        for _ in range(1000):
            if (folder / "agent.sock").exists():
                break
            listening.wait(0.01)
        os.chown(folder, 0, 0)
        listening.wait(0.2)
        with pytest.raises(NotOursError, match="another user listens"):
            door.ask(folder / "agent.sock", Ask.STATUS)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_a_request_without_what_it_needs() -> None:
    """Is refused by name."""
    with pytest.raises(UsageError, match='"serve" needs "name"'):
        Request(ask=Ask.SERVE, given={}).text("name")
