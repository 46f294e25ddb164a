"""The agent as it is used: a process of its own, that keeps sessions fresh while an emulator's clock goes on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from stsctl.agent import door, messages
from stsctl.agent.door import Door
from stsctl.agent.messages import Ask
from stsctl.emulator import control
from stsctl.host import private_socket, process_table
from tests import program
from tests.program import HUB, READ_ONLY, STSCTL, Me, Organisation, somebody

CONFIGURATION = f"""
[source.work]
type = "profile"
profile = "base"

[role.read-only]
role_arn = "{READ_ONLY}"
from = "work"

[role.hub]
role_arn = "{HUB}"
from = "work"
mfa_serial = "{{mfa_serial}}"

[role.audit]
role_arn = "{program.AUDIT}"
from = "hub"
"""


@pytest.fixture(scope="module")
def own_organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An emulator of these tests' own: they move its clock."""
    found = program.start(tmp_path_factory.mktemp("agent"))
    yield found
    control.stop(found.folder, found.running)


@pytest.fixture
def me(home: Path, own_organisation: Organisation) -> Iterator[Me]:
    """Somebody whose keys are in a file, where an agent finds them as well."""
    person = somebody(home, own_organisation)
    person.configure(CONFIGURATION.format(mfa_serial=person.mfa_serial))
    _as_profile(person)
    # The emulator's clock is known from its folder in the person's state, as if they had started it.
    (person.state / "emulator").parent.mkdir(parents=True)
    (person.state / "emulator").symlink_to(own_organisation.folder)
    yield person
    person.run("agent", "stop")


def _as_profile(person: Me) -> None:
    """Their keys, in a file in place of the environment."""
    credentials = person.home / ".aws" / "credentials"
    credentials.parent.mkdir(exist_ok=True)
    credentials.write_text(
        f"[base]\naws_access_key_id = {person.keys.access_key_id}\n"
        f"aws_secret_access_key = {person.keys.secret_access_key.reveal()}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        person.environ.pop(name, None)


def status(me: Me) -> dict[str, Any]:
    """What the agent says; it looks for what there is to do at the same time."""
    found: dict[str, Any] = json.loads(me.ok("agent", "status", "--json"))
    return found


def session(me: Me, name: str) -> dict[str, Any]:
    """What it says of one session."""
    found: dict[str, Any] = next((each for each in status(me)["sessions"] if each["name"] == name), {})
    return found


def until(true: Callable[[], Any], seconds: float = 60) -> Any:
    """Waits until something is so."""
    limit = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < limit, "it never was so"
        time.sleep(0.1)
    return found


def on_terminal(me: Me, *words: str) -> str:
    """What a command shows on a terminal."""
    environ = {**me.environ, "TERM": "dumb"}
    found = pexpect.spawn(str(STSCTL), list(words), env=environ, cwd=str(me.home), encoding="utf-8", timeout=60)
    found.expect(pexpect.EOF)
    return str(found.before)


def renewed(me: Me, name: str, before: str) -> bool:
    """Whether a session ends later than it did before."""
    return str(session(me, name).get("expires_at", "")) > before


def later(me: Me, length: str) -> None:
    """So much later."""
    me.ok("emulator", "clock", f"+{length}")


def test_a_session_is_renewed_before_anybody_waits_for_it(me: Me) -> None:
    """By one call, in the background; who asks then is given it at once, and AWS knows it."""
    me.ok("assume", "read-only")
    first = me.key_id("read-only")
    me.ok("agent", "start")
    before = session(me, "read-only")["expires_at"]
    me.calls()
    later(me, "39m")
    until(lambda: renewed(me, "read-only", before))
    assert me.calls() == ["AssumeRole"]
    second = me.session("read-only")
    assert second["AccessKeyId"] != first
    assert me.calls() == []
    aws = me.program(str(program.BIN / "aws"), "sts", "get-caller-identity", **_variables(second))
    assert "assumed-role/ReadOnly" in aws.out, aws


def _variables(answer: dict[str, Any]) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
    }


def test_it_waits_where_aws_is_asked_too_often(me: Me) -> None:
    """The session that is held stays, the status says why, and when there is an answer again it is renewed."""
    me.ok("assume", "read-only")
    me.ok("agent", "start")
    before = session(me, "read-only")["expires_at"]
    me.ok("emulator", "fail", "sts:AssumeRole", "--throttle", "1000")
    later(me, "39m")
    found = until(lambda: (each := session(me, "read-only")) and each["standing"] == "retrying" and each)
    assert found["expires_at"] == before
    assert found["renewed_at"]
    assert me.run("credential-process", "read-only").status == 0
    me.ok("emulator", "fail", "--clear")
    later(me, "4m")
    until(lambda: renewed(me, "read-only", before))
    assert session(me, "read-only")["standing"] == "fresh"


def test_what_needs_a_person_is_told_and_not_tried(me: Me) -> None:
    """As long as the code serves it is renewed; afterwards nobody is called, and the next command says so, once."""
    me.ok("assume", "audit", "-t", me.code())
    me.ok("agent", "start")
    before = session(me, "audit")["expires_at"]
    later(me, "41m")
    until(lambda: renewed(me, "audit", before))
    later(me, "12h")
    me.calls()
    until(lambda: session(me, "audit")["standing"] == "needs you")
    notices = me.state / "agent" / "emulator" / "notices"
    until(lambda: notices.is_dir() and list(notices.iterdir()))
    assert me.calls() == []
    assert "needs you" in me.ok("agent", "status")
    notice = 'stsctl: "audit" has ended, and another session needs you'
    assert notice not in me.run("list", "--names").err  # nobody reads what no terminal shows
    assert notice in on_terminal(me, "list", "--names")
    assert notice not in on_terminal(me, "list", "--names")


def test_who_logs_out_means_it(me: Me) -> None:
    """What is logged out of is not renewed, whether it lasts or has ended."""
    me.ok("assume", "read-only")
    me.ok("agent", "start")
    assert session(me, "read-only")
    me.ok("logout", "read-only")
    until(lambda: not session(me, "read-only"))
    me.calls()
    later(me, "2h")
    status(me)
    assert me.calls() == []


def test_there_is_one_and_it_ends_when_it_should(me: Me) -> None:
    """A second start finds the first; what one that was killed left is in nobody's way; a signal ends it."""
    assert me.run("agent", "status").status == 1
    me.ok("agent", "start")
    pid = int(status(me)["pid"])
    assert f"process {pid}" in me.run("agent", "start").err
    assert me.run("agent", "start", "--foreground").status == 1
    os.kill(pid, signal.SIGKILL)
    until(lambda: me.run("agent", "status").status == 1)
    assert list((me.home.parent / "run" / "stsctl").glob("*.sock"))
    me.ok("agent", "start")
    other = int(status(me)["pid"])
    assert other != pid
    os.kill(other, signal.SIGTERM)
    until(lambda: me.run("agent", "status").status == 1)
    assert not list((me.home.parent / "run" / "stsctl").glob("*.sock"))
    assert me.run("agent", "stop").err == "stsctl: no agent is running\n"
    me.ok("agent", "start")
    last = int(status(me)["pid"])
    connection = private_socket.connect(_socket(me), 20)
    assert connection is not None
    with connection:
        _socket(me).unlink()  # as when the system takes the folder of who has signed out away
        connection.sendall(messages.request_line(Ask.STATUS, {}))  # it would look by itself, half a minute later
        until(lambda: process_table.look_up(last) is None)


def test_it_has_nothing_of_the_shell_that_started_it(me: Me) -> None:
    """No credentials in its environment, no terminal, no open files, no folder, and memory that no other reads."""
    secret = "AWS_SECRET_ACCESS_KEY-canary"
    me.ok("agent", "start", AWS_SECRET_ACCESS_KEY=secret, GITHUB_TOKEN=secret, STSCTL_ROLE="x")
    found = status(me)
    process = Path(f"/proc/{found['pid']}")
    environ = (process / "environ").read_bytes()
    assert b"canary" not in environ
    assert b"STSCTL_ROLE" not in environ
    assert b"STSCTL_EMULATOR" in environ
    assert (process / "cwd").readlink() == Path("/")
    assert int((process / "stat").read_text().rpartition(")")[2].split()[3]) == found["pid"]  # its own session
    open_files = [str(each.readlink()) for each in (process / "fd").iterdir() if each.is_symlink()]
    assert {each for each in open_files if each.startswith("/")} <= {
        "/dev/null", str(me.state / "agent" / "emulator" / "log"),
        *(each for each in open_files if each.endswith((".lock",)) or each.startswith("/dev/urandom")),
    }  # fmt: skip
    assert "Max core file size        0" in (process / "limits").read_text()
    assert found["memory"]["dumpable"] is False
    # A process whose memory others may not read belongs, in /proc, to root.
    assert (process / "mem").stat().st_uid == 0


def test_a_session_that_the_configuration_does_not_lead_to_is_left_alone(me: Me) -> None:
    """Where a shell's own variables had a say in it the agent, which has none of them, gets no other in its place."""
    me.ok("assume", "read-only", "--region", "us-east-1")
    me.ok("assume", "hub", "-t", me.code())
    me.environ["AWS_REGION"] = "eu-west-1"
    me.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
    me.ok("agent", "start")
    me.calls()
    later(me, "39m")
    until(lambda: session(me, "hub")["standing"] == "refused")
    assert "in a shell with other keys" in session(me, "hub")["why"]
    until(lambda: session(me, "read-only")["standing"] == "fresh")


def test_when_aws_is_gone_sessions_stay(me: Me, other_organisation: Organisation, home: Path) -> None:
    """What is held is given out as long as it lasts, and the status says why there is no other."""
    (me.state / "emulator").unlink()
    person = somebody(home, other_organisation)
    person.configure(CONFIGURATION.format(mfa_serial=person.mfa_serial))
    _as_profile(person)
    (me.state / "emulator").symlink_to(other_organisation.folder)
    person.ok("assume", "read-only")
    person.ok("agent", "start")
    person.ok("agent", "lock")
    later(person, "42m")
    os.kill(other_organisation.running.pid, signal.SIGKILL)
    person.ok("agent", "unlock")
    found = until(lambda: (each := session(person, "read-only")) and each["standing"] == "retrying" and each)
    assert "127.0.0.1" in found["why"]
    assert person.run("credential-process", "read-only").status == 0


def test_sdks_fetch_a_role_from_it(me: Me) -> None:
    """By the two variables that every SDK knows; while it is locked they open nothing."""
    assert "no agent is running" in me.run("agent", "env", "read-only", "--shell", "bash").err
    me.ok("agent", "start")
    exported = me.program("bash", "-c", 'eval "$(stsctl agent env read-only --shell bash)"; env -0').out
    pairs = (each.split("=", 1) for each in exported.split("\0")[:-1])
    variables = {name: value for name, value in pairs if name.startswith("AWS_")}
    assert "AWS_ACCESS_KEY_ID" not in variables
    url = variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/role/read-only")
    found = me.program(str(program.BIN / "aws"), "sts", "get-caller-identity", **variables)
    assert "assumed-role/ReadOnly" in found.out, found
    before = session(me, "read-only")["expires_at"]
    later(me, "39m")
    until(lambda: renewed(me, "read-only", before))
    assert status(me)["served"] == ["read-only"]
    again = me.ok("agent", "env", "read-only", "--shell", "bash")
    assert variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] in again
    me.ok("agent", "lock")
    refused = me.program(str(program.BIN / "aws"), "sts", "get-caller-identity", **variables)
    assert refused.status != 0
    assert "locked" in refused.err


def test_a_command_starts_it_where_that_is_configured(me: Me) -> None:
    """And nobody waits for it."""
    me.config.write_text(me.config.read_text() + "\n[agent]\nauto_start = true\nkeep = ['read-*']\n")
    assert me.run("list").status == 0
    assert me.run("agent", "status").status == 1
    me.ok("assume", "hub", "-t", me.code())
    until(lambda: me.run("agent", "status").status == 0)
    until(lambda: session(me, "read-only").get("standing") == "fresh")
    assert {each["name"] for each in status(me)["sessions"]} == {"hub", "read-only"}


def test_a_section_of_the_credentials_file_follows_its_session(me: Me) -> None:
    """In place, the rest of the file as it was; `profile list` says so, and `profile remove` ends it."""
    path = me.home / ".aws" / "credentials"
    theirs = path.read_bytes()
    me.ok("profile", "write", "read-only", "--profile", "ro", "--keep-fresh")
    until(lambda: me.run("agent", "status").status == 0)
    (listed,) = json.loads(me.ok("profile", "list", "--json"))
    assert listed["kept_fresh"]
    later(me, "39m")
    until(lambda: session(me, "read-only") and _written(me)["expires_at"] > listed["expires_at"])
    found = me.program(str(program.BIN / "aws"), "--profile", "ro", "sts", "get-caller-identity")
    assert "assumed-role/ReadOnly" in found.out, found
    assert path.read_bytes().startswith(theirs)
    later(me, "14h")  # the session ended while nobody looked, and is got again
    before = _written(me)["expires_at"]
    until(lambda: session(me, "read-only") is not None and _written(me)["expires_at"] > before)
    me.ok("profile", "remove", "ro")
    assert path.read_bytes() == theirs
    later(me, "39m")
    until(lambda: session(me, "read-only").get("standing") == "fresh")
    assert path.read_bytes() == theirs


def _written(me: Me) -> dict[str, Any]:
    (found,) = json.loads(me.ok("profile", "list", "--json"))
    return dict(found)


def test_an_agent_of_another_version_is_said(me: Me) -> None:
    """After an upgrade the old one goes on, until somebody starts it anew."""
    old = {
        "pid": 1, "version": "0.0.9", "started_at": "2026-05-01T12:00:00Z", "log": "log", "locked": False,
        "keys_held": 0, "memory": {"dumpable": False, "swappable": False}, "trouble": None,
        "sessions": [], "served": [],
    }  # fmt: skip
    with contextlib.closing(Door(me.home.parent / "run" / "stsctl" / "emulator.sock", lambda _: old)) as other:
        threading.Thread(target=other.serve, daemon=True).start()
        assert "the agent is of stsctl 0.0.9" in me.run("agent", "status").err
        assert "the agent is of stsctl 0.0.9" in me.run("agent", "start").err


def test_a_configuration_that_is_being_written_ends_nothing(me: Me) -> None:
    """As long as it cannot be read that is in the status; then it counts as it is now."""
    me.ok("assume", "read-only")
    me.ok("agent", "start")
    assert session(me, "read-only")
    sound = me.config.read_text()
    me.config.write_text("[role.read-only")
    pid = int(until(lambda: (found := _fresh_status(me))["trouble"] and found)["pid"])
    me.config.write_text(sound)
    until(lambda: _fresh_status(me)["trouble"] is None)
    assert status(me)["pid"] == pid
    assert session(me, "read-only")["standing"] == "fresh"


def _fresh_status(me: Me) -> dict[str, Any]:
    """What the agent says, asked by no command: those read the configuration too."""
    found = door.ask(_socket(me), Ask.STATUS)
    assert found is not None
    return found


def _socket(me: Me) -> Path:
    return me.home.parent / "run" / "stsctl" / "emulator.sock"


PASSPHRASE = "passphrase-canary"


def test_a_passphrase_is_asked_for_once(me: Me) -> None:
    """Three commands and the agent itself need it; when it is locked it is forgotten, and `unlock` asks for it."""
    me.configure(
        CONFIGURATION.format(mfa_serial=me.mfa_serial),
        store='[defaults]\nstore = "sealed-file"\n[sealed_file]\nkey = "passphrase"\n',
    )
    me.ok("agent", "start")
    _typing(me, ("assume", "read-only"), "new passphrase", "once more")
    for _ in range(2):
        assert me.session("read-only")
    before = session(me, "read-only")["expires_at"]
    later(me, "39m")
    until(lambda: renewed(me, "read-only", before))
    me.ok("agent", "lock")
    assert me.run("credential-process", "read-only").status == 4
    _typing(me, ("agent", "unlock"), "passphrase of the sealed files")
    assert status(me)["keys_held"] == 1
    assert me.session("read-only")
    for path in me.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert PASSPHRASE.encode() not in path.read_bytes(), path


def _typing(me: Me, words: tuple[str, ...], *questions: str) -> None:
    """Runs a command on a terminal, and types the passphrase at each question."""
    environ = {**me.environ, "TERM": "dumb"}
    found = pexpect.spawn(str(STSCTL), list(words), env=environ, cwd=str(me.home), encoding="utf-8", timeout=60)
    found.delaybeforesend = None
    for question in questions:
        found.expect_exact(question)
        found.waitnoecho()
        found.sendline(PASSPHRASE)
    found.expect(pexpect.EOF)
    found.close()
    assert found.exitstatus == 0, found.before
