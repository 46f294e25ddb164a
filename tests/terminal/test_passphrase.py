"""The passphrase of a certificate's key, typed at a terminal."""

from __future__ import annotations

import pexpect
import pytest

from tests.anywhere import PASSPHRASE, anywhere, certified, lock
from tests.program import STSCTL, Me

__all__ = ["anywhere", "certified"]

QUESTION = 'passphrase of the private key of source "web-1": '


@pytest.fixture
def terminal(certified: Me) -> pexpect.spawn:
    """A terminal in which the session of a role is wanted, with a key under a passphrase."""
    lock(certified)
    environ = {**certified.environ, "TERM": "dumb"}
    words = ["credential-process", "server"]
    found = pexpect.spawn(str(STSCTL), words, env=environ, cwd=str(certified.home), encoding="utf-8", timeout=60)
    found.delaybeforesend = None
    found.expect_exact(QUESTION)
    return found


def test_it_is_asked_for_and_not_shown(terminal: pexpect.spawn) -> None:
    """A mistyped one is asked for again; nothing of either is seen."""
    terminal.sendline("mistyped-canary")
    terminal.expect_exact(QUESTION)
    assert "mistyped-canary" not in (terminal.before or "")
    terminal.sendline(PASSPHRASE)
    terminal.expect_exact('"AccessKeyId"')
    terminal.expect(pexpect.EOF)
    assert PASSPHRASE not in (terminal.before or "")


def test_three_times_and_no_more(terminal: pexpect.spawn) -> None:
    """Then it is said that it is another one."""
    for _ in range(2):
        terminal.sendline("wrong")
        terminal.expect_exact(QUESTION)
    terminal.sendline("wrong")
    terminal.expect("the passphrase of .* is another")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 3


def test_ctrl_c_leaves_nothing(terminal: pexpect.spawn, certified: Me) -> None:
    """Nobody was asked for a session, and none is held."""
    before = len(certified.organisation.journal())
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert len(certified.organisation.journal()) == before
    assert certified.ok("list", "--json").strip() == "[]"
