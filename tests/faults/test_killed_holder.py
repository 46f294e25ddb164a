"""Whoever holds the lock may be killed at any moment: another takes over, and nothing half done is left."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.crowd import Crowd, sessions, until
from tests.gate import Gate
from tests.program import STSCTL, Me

CHAIN = ["GetSessionToken", "AssumeRole", "AssumeRole"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_in_the_prompt(me: Me, tmp_path: Path, number: signal.Signals) -> None:
    """The next one asks, once, and all that waited have one session of one call a hop."""
    me.configure_as_usual(hub=me.code_process(held=True))
    with Crowd(me, tmp_path / "crowd") as crowd:
        holder = crowd.start("credential-process", "prod-admin")
        until(lambda: me.prompts() == 1, "a prompt")
        for _ in range(3):
            crowd.start("credential-process", "prod-admin")
        crowd.until_waiting(3)
        holder.send_signal(number)
        holder.wait()
        me.let_go()
        first, *others = crowd.done()
    assert first.status == {signal.SIGKILL: -9, signal.SIGTERM: -15, signal.SIGINT: 130}[number]
    assert len(sessions(others)) == 1
    assert me.prompts() == 2
    assert me.calls() == CHAIN


@pytest.mark.parametrize("answered", [False, True], ids=["before STS answers", "when STS has answered"])
def test_killed_in_the_call(me: Me, tmp_path: Path, answered: bool) -> None:
    """The next one calls, with a code of its own, and all that waited have one session."""
    me.configure_as_usual(hub=me.code_process())
    with (
        Gate(me.organisation.running.url, answers=answered) as gate,
        Crowd(me, tmp_path / "crowd") as crowd,
    ):
        holder = crowd.start("credential-process", "prod-admin", AWS_ENDPOINT_URL=gate.url)
        gate.wait()
        for _ in range(3):
            crowd.start("credential-process", "prod-admin", AWS_ENDPOINT_URL=gate.url)
        crowd.until_waiting(3)
        holder.kill()
        holder.wait()
        gate.open()
        _, *others = crowd.done()
    assert len(sessions(others)) == 1
    assert me.prompts() == 2
    assert Counter(me.calls())["AssumeRole"] == 2


def _files(me: Me) -> int:
    """How many files `credential-process read-only` puts in their place when nothing is held."""
    log = me.home / "trace"
    done = me.program(
        "strace", "-f", "-qq", "-o", str(log), "-e", "trace=rename,renameat,renameat2", str(STSCTL),
        "credential-process", "read-only", PYTHONDONTWRITEBYTECODE="1",
    )  # fmt: skip
    if done.status != 0 or not log.exists():
        missing("strace, and leave to trace")
    return sum("rename" in line and "= 0" in line for line in log.read_text().splitlines())


def test_killed_at_each_file_it_writes(me: Me) -> None:
    """Killed before any of its files is in place, it leaves what the next one can use, and all of it is found again."""
    if shutil.which("strace") is None:
        missing("strace")
    count = _files(me)
    assert count >= 3
    for nth in range(1, count + 1):
        shutil.rmtree(me.state)
        inject = f"inject=rename,renameat,renameat2:signal=SIGKILL:when={nth}"
        killed = me.program(
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, str(STSCTL), "credential-process", "read-only",
            PYTHONDONTWRITEBYTECODE="1",
        )  # fmt: skip
        assert killed.status in (-9, 137), killed
        assert killed.out == ""
        key = me.key_id("read-only")
        assert me.key_id("read-only") == key
        assert "1 session forgotten" in me.run("logout", "--all").err
        assert me.key_id("read-only") != key


def test_killed_while_it_has_learned_a_code_is_spent(me: Me, tmp_path: Path) -> None:
    """A code that STS took for one that was killed is not taken again: the next one says so, and does not hang."""
    code = me.code()
    with Gate(me.organisation.running.url, answers=True) as gate, Crowd(me, tmp_path / "crowd") as crowd:
        holder = crowd.start("credential-process", "hub", "-t", code, AWS_ENDPOINT_URL=gate.url)
        gate.wait()
        holder.kill()
        holder.wait()
    done = me.run("credential-process", "hub", "-t", code)
    assert done.status == 5, done
    assert "invalid MFA one time pass code" in done.err
