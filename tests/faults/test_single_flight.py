"""One person, one question: however many processes ask at once, there is one prompt and one call a hop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import missing
from tests.crowd import Crowd, sessions
from tests.gate import Gate
from tests.program import KEYRING, Me
from tests.secret_service import SecretService, available

CHAIN = ["GetSessionToken", "AssumeRole", "AssumeRole"]


def ask_at_once(me: Me, crowd: Crowd, *names: str) -> None:
    """Starts `credential-process` for each name; the prompt is answered when all the others wait for it."""
    for name in names:
        crowd.start("credential-process", name)
    crowd.until_waiting(len(names) - 1)
    me.let_go()


@pytest.mark.crowd
@pytest.mark.timeout(600)
def test_500_processes_that_ask_for_one_cold_role_make_one_prompt_and_one_call_a_hop(me: Me, tmp_path: Path) -> None:
    """All 500 answer with one session, of one prompt and three calls."""
    me.configure_as_usual(hub=me.code_process(held=True))
    with Crowd(me, tmp_path / "crowd") as crowd:
        for _ in range(500):
            crowd.fork("credential-process", "prod-admin")
        crowd.until_waiting(499)
        me.let_go()
        done = crowd.done()
    assert (len(done), len(sessions(done))) == (500, 1)
    assert me.prompts() == 1
    assert me.calls() == CHAIN


@pytest.mark.crowd
@pytest.mark.timeout(600)
def test_100_and_100_for_two_roles_behind_one_hub_share_its_prompt_and_its_calls(me: Me, tmp_path: Path) -> None:
    """Two roles behind one hub and one device: one prompt, one call for each of the two hops they share."""
    me.configure_as_usual(hub=me.code_process(held=True))
    with Crowd(me, tmp_path / "crowd") as crowd:
        for name in ["prod-admin", "audit"] * 100:
            crowd.fork("credential-process", name)
        crowd.until_waiting(199)
        me.let_go()
        done = crowd.done()
    assert len(sessions(done[::2])) == len(sessions(done[1::2])) == 1
    assert len(sessions(done)) == 2
    assert me.prompts() == 1
    assert me.calls() == [*CHAIN, "AssumeRole"]


@pytest.mark.crowd
@pytest.mark.timeout(600)
def test_40_processes_share_one_prompt_through_a_real_keyring(
    me: Me, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With the session in the Secret Service it is the same."""
    if not available():
        missing("gnome-keyring and dbus-daemon")
    me.configure_as_usual(store=KEYRING, hub=me.code_process(held=True))
    with (
        SecretService.start(tmp_path_factory.mktemp("k")) as service,
        Crowd(me, tmp_path / "crowd") as crowd,
    ):
        # On a slow machine forty of them take the keyring's time: it gets as long as where there is a dialogue.
        me.environ |= {**service.environment, "DISPLAY": ":0"}
        ask_at_once(me, crowd, *["prod-admin"] * 40)
        assert len(sessions(crowd.done())) == 1
    assert me.prompts() == 1
    assert me.calls() == CHAIN


def test_roles_without_anything_in_common_do_not_wait_for_one_another(me: Me, tmp_path: Path) -> None:
    """While one role's prompt is open, a role that needs none is had."""
    me.configure_as_usual(hub=me.code_process(held=True))
    with Crowd(me, tmp_path / "crowd") as crowd:
        crowd.start("credential-process", "prod-admin")
        crowd.start("credential-process", "audit")
        crowd.until_waiting(1)
        assert me.key_id("read-only")
        me.let_go()
        crowd.done()


def test_a_refusal_is_shared_with_those_who_wait_for_it(me: Me, tmp_path: Path) -> None:
    """Eight processes that want what STS refuses make one call, and each says where it failed and why."""
    with Gate(me.organisation.running.url) as gate, Crowd(me, tmp_path / "crowd") as crowd:
        for _ in range(8):
            crowd.start("credential-process", "locked", AWS_ENDPOINT_URL=gate.url)
        gate.wait()
        crowd.until_waiting(7)
        gate.open()
        for each in crowd.done():
            assert each.status == 5, each
            assert 'role "locked" refused: hop 1 of 1' in each.err
            assert "AccessDenied" in each.err
    assert me.calls() == ["AssumeRole!"]


def test_a_refusal_that_is_over_is_nobody_elses(me: Me) -> None:
    """Who asks after a refusal makes a call of their own: a policy may have been mended meanwhile."""
    for _ in range(2):
        assert me.run("credential-process", "locked").status == 5
    assert me.calls() == ["AssumeRole!", "AssumeRole!"]


def test_nobody_else_fails_for_want_of_a_terminal(me: Me, tmp_path: Path) -> None:
    """One who cannot ask fails for itself; another that waits, and has a code, gets the session."""
    me.code_process(held=True)
    with Crowd(me, tmp_path / "crowd") as crowd:
        holder = crowd.start("credential-process", "hub", STSCTL_MFA_PROCESS=me.home / "code")
        until_prompt(me)
        crowd.start("credential-process", "hub", "--no-prompt")
        crowd.start("credential-process", "hub")
        crowd.start("credential-process", "hub", "-t", me.code())
        crowd.until_waiting(3)
        holder.kill()
        me.let_go()
        done = crowd.done()[1:]
    assert done[2].status == 0, done[2]
    for each in done[:2]:
        assert each.status in (0, 4), each


def test_who_waits_says_for_whom(me: Me, tmp_path: Path) -> None:
    """The one that holds the lock is named, with its process, and what it is doing."""
    me.configure_as_usual(hub=me.code_process(held=True))
    with Crowd(me, tmp_path / "crowd") as crowd:
        first = crowd.start("credential-process", "prod-admin")
        until_prompt(me)
        crowd.start("credential-process", "prod-admin")
        crowd.until_waiting(1)
        me.let_go()
        assert f"(process {first.pid})" in crowd.done()[1].err


def test_a_wait_has_an_end(me: Me, tmp_path: Path) -> None:
    """Who has waited long enough for another's prompt gives up, and says for whom it waited."""
    me.configure_as_usual(hub=me.code_process(held=True))
    with Crowd(me, tmp_path / "crowd") as crowd:
        first = crowd.start("credential-process", "prod-admin")
        until_prompt(me)
        done = me.run("credential-process", "prod-admin", STSCTL_LOCK_TIMEOUT="1s")
        assert done.status == 6, done
        assert f"(process {first.pid})" in done.err
        me.let_go()
        sessions(crowd.done())


def until_prompt(me: Me) -> None:
    """Returns when a code has been asked for."""
    from tests.crowd import until

    until(lambda: me.prompts() == 1, "a prompt")
