"""The picker on a real terminal: in a shell, in `eval $(…)`, in a window that changes its size."""

from __future__ import annotations

import time
from collections.abc import Callable

import pexpect
import pyte
import pytest

from tests.program import READ_ONLY, Me
from tests.terminal.test_assume import me, organisation, shell, terminals

__all__ = ["me", "organisation", "shell", "terminals"]

LIMIT = 100
"""Seconds; the machine may be busy."""


class Window:
    """What a person sees of a terminal."""

    def __init__(self, terminal: pexpect.spawn) -> None:
        self.terminal = terminal
        lines, columns = terminal.getwinsize()
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self._screen)

    def resize(self, lines: int, columns: int) -> None:
        """Makes the window another size."""
        self._screen.resize(lines, columns)
        self.terminal.setwinsize(lines, columns)

    def until(self, text: str) -> list[str]:
        """The lines of the screen, once one of them has `text`."""
        end = time.monotonic() + LIMIT
        while not any(text in line for line in self._screen.display):
            assert time.monotonic() < end, self._screen.display
            try:
                self._stream.feed(self.terminal.read_nonblocking(4096, timeout=1))
            except pexpect.TIMEOUT:
                continue
        return [line.rstrip() for line in self._screen.display]


@pytest.fixture
def window(shell: pexpect.spawn) -> Window:
    """A terminal with a shell in it."""
    return Window(shell)


def test_a_name_is_picked(window: Window) -> None:
    """`stsctl assume` without a name shows all names; a few letters and Enter take one, and the screen is as before."""
    window.terminal.sendline("stsctl assume")
    assert any(line.startswith("▌") for line in window.until("Esc leaves"))
    window.terminal.send("ead")
    assert "read-only" in window.until("1 found")[1]
    window.terminal.send("\r")
    window.until("you are")
    window.terminal.sendline("stsctl list | sed s/^/held=/")
    window.until("held=read-only")


def test_found_by_whatever_is_known(me: Me, window: Window) -> None:
    """The account by what it is called, a tag, the region, in any order; its line and the pane say what it is."""
    role = (
        f'role_arn = "{READ_ONLY}"\nfrom = "work"\nregion = "eu-west-9"\ntags = {{ team = "blue" }}\naliases = ["r"]\n'
    )
    with me.config.open("a") as file:
        file.write(f'\n[accounts]\n111111111111 = "Sandbox"\n[role.reader]\n{role}')
    window.terminal.sendline("stsctl assume; echo status=$?")
    window.until("Esc leaves")
    window.terminal.send("blue sandbox west-9")
    window.until("> blue sandbox west-9")
    window.until("1. sts:AssumeRole reader")
    shown = "\n".join(window.until("1 found"))
    assert "▌  reader" in shown
    assert "Sandbox 111111111111 ReadOnly" in shown
    assert f"{READ_ONLY}  Sandbox  eu-west-9\nteam=blue · also r\nnot held, asks nobody\nwork → reader" in shown
    window.terminal.send("\x1b")
    window.until("status=130")


def test_within_eval(window: Window) -> None:
    """`eval $(stsctl env)` where nothing is current lets pick, although its stdout is a pipe."""
    window.terminal.sendline("eval $(stsctl env)")
    window.until("Esc leaves")
    window.terminal.send("ead")
    window.until("1 found")
    window.terminal.send("\r")
    window.terminal.sendline('echo "role=$STSCTL_ROLE."')
    window.until("role=read-only.")


def test_several_for_a_program(window: Window) -> None:
    """Tab marks more than one for `exec`, which then runs the program in each."""
    window.terminal.sendline("stsctl exec -- printenv STSCTL_ROLE")
    window.until("Tab marks")
    for name in ("ead", "long"):
        window.terminal.send(name)
        window.until("1 found")
        window.terminal.send("\t")
        window.terminal.send("\x15")
    window.until("2 marked")
    window.terminal.send("\r")
    lines = window.until("2 in all")
    assert {"read-only │ read-only", "long      │ long"} <= set(lines)
    assert not any("running" in line for line in lines)


def test_what_programs_say_goes_where_it_is_sent(window: Window) -> None:
    """At a terminal, too, `each … > FILE` writes into the file: the bar that moves meanwhile takes nothing of it."""
    window.terminal.sendline("stsctl each read-only long -- printenv STSCTL_ROLE > said; sort said | sed s/^/it-/")
    lines = window.until("it-read-only │ read-only")
    assert "it-long      │ long" in lines
    assert not any("running" in line for line in lines)


@pytest.mark.parametrize("key", ["\x1b", "\x03"])
def test_leaving(window: Window, key: str) -> None:
    """Escape and Ctrl-C leave with status 130, and the terminal echoes as it did."""
    window.terminal.sendline("stsctl assume; echo status=$?")
    window.until("Esc leaves")
    window.terminal.send(key)
    window.until("status=130")
    window.terminal.sendline("echo it-$((40 + 2))")
    lines = window.until("it-42")
    assert any("echo it-$((40 + 2))" in line for line in lines)


def test_another_size(window: Window) -> None:
    """A window that is made smaller is drawn anew within its new size."""
    window.terminal.sendline("stsctl assume; echo status=$?")
    window.until("Esc leaves")
    window.resize(6, 40)
    window.terminal.send("ead")
    assert window.until("> ead")[0] == "> ead"
    assert window.until("1 found")[5].startswith("1 found")
    window.terminal.send("\r")
    window.until("status=0")


def test_a_terminal_that_cannot(terminals: Callable[..., pexpect.spawn]) -> None:
    """Where the cursor cannot be moved the names are said, as where there is no terminal."""
    terminal = terminals(TERM="dumb")
    terminal.expect_exact("ready> ")
    terminal.sendline("stsctl assume; echo status=$?")
    terminal.expect_exact("which role? there are")
    terminal.expect_exact("status=2")
