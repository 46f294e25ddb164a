"""The live table on a real terminal: what is held, what its keys do, and how it leaves the terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pexpect
import pytest

from tests.program import LOCKED, READ_ONLY, Me
from tests.terminal.test_assume import ask_for, me, organisation, terminals, type_line
from tests.terminal.test_picker import Window

__all__ = ["me", "organisation", "terminals"]

KEYS = "q quit"


def watch(window: Window, *, begun: str = "stsctl list --watch; echo status=$?") -> list[str]:
    """Opens the table."""
    window.terminal.sendline(begun)
    return window.until(KEYS)


def press(window: Window, keys: str, then: str) -> list[str]:
    """What is shown after these keys, once it says that."""
    window.terminal.send(keys)
    return window.until(then)


@pytest.fixture
def window(terminals: Callable[..., pexpect.spawn]) -> Window:
    """A terminal with a shell in it, of the kind that pyte is."""
    return opened(terminals)


def opened(terminals: Callable[..., pexpect.spawn], **variables: str) -> Window:
    """One with more variables."""
    terminal = terminals(TERM="linux", **variables)
    terminal.expect_exact("ready> ")
    return Window(terminal)


@pytest.fixture
def as_before(window: Window) -> Callable[[], None]:
    """Asserts that the terminal is set as it was when the test began."""
    before = type_line(window.terminal, "stty -g").split()[-1]

    def check() -> None:
        window.terminal.sendline(f"test $(stty -g) = {before} && echo as-$((40 + 2))")
        window.until("as-42")

    return check


def test_renewing_and_dropping(me: Me, window: Window, as_before: Callable[[], None]) -> None:
    """A key renews by one call, another drops once that is answered; to watch asks AWS nothing."""
    type_line(window.terminal, "stsctl assume long")
    type_line(window.terminal, "stsctl assume read-only")
    first = me.key_id("read-only")
    me.calls()
    lines = watch(window)
    assert any(line.startswith("▌  long") for line in lines)
    assert any(line.startswith(" ● read-only") for line in lines)
    assert " here     read-only, 111111111111 ReadOnly, 1 h 00 min left" in lines
    press(window, "j", "── read-only")
    assert me.calls() == []
    press(window, "r", '"read-only" is renewed')
    assert me.calls() == ["AssumeRole"]
    press(window, "d", 'drop "read-only"')
    press(window, "y", '"read-only" is dropped')
    lines = press(window, "\x1b[A", "── long")
    press(window, "\x1bOA\x1b[99~", "── long")  # of another terminal's keys none leaves
    assert not any("● read-only" in line for line in lines)
    press(window, "q", "status=0")
    as_before()
    assert me.key_id("read-only") != first


def test_a_renewal_that_needs_a_person(me: Me, window: Window) -> None:
    """It leaves the table, asks as usual, and comes back to it; so it does where the person does not answer."""
    ask_for(window.terminal, "stsctl assume hub --no-session")
    window.terminal.sendline(me.code())
    window.terminal.expect_exact("ready> ")
    me.calls()
    assert any("an MFA code for hub, from" in line for line in watch(window))
    press(window, "r", "MFA code of")
    press(window, f"{me.code()}\r", '"hub" is renewed')
    window.until(KEYS)
    assert me.calls() == ["AssumeRole"]
    press(window, "r", "MFA code of")
    press(window, "\x03", '"hub": interrupted')
    press(window, "\x1b", "status=0")


def test_what_goes_wrong_is_said_below(me: Me, window: Window) -> None:
    """A refusal, and a configuration that is broken meanwhile; what is mended is noticed."""
    type_line(window.terminal, "stsctl assume read-only")
    watch(window)
    said = me.config.read_text()
    me.config.write_text(said.replace(READ_ONLY, LOCKED))
    press(window, "r", "role/Locked: AccessDenied")
    window.until(KEYS)
    me.config.write_text("[role")
    window.until("config.toml:1")
    me.config.write_text(said)
    press(window, "", "▌● read-only")
    press(window, "r", '"read-only" is renewed')


def test_the_agent(me: Me, window: Window) -> None:
    """It is seen to come, to be locked and to go, and says when it renews; so is a session that comes meanwhile."""
    type_line(window.terminal, "stsctl assume read-only")
    assert watch(window)[0].startswith(" agent    none runs")
    me.ok("agent", "start")
    try:
        window.until("keeps 1 session fresh, next read-only at ")
        window.until("renews it at ")
        me.ok("assume", "long")
        window.until("   long ")
        me.ok("agent", "lock")
        window.until("is locked, and renews nothing: stsctl agent unlock")
    finally:
        me.ok("agent", "stop")
    window.until("none runs")


def test_the_console(me: Me, terminals: Callable[..., pexpect.spawn]) -> None:
    """It is opened as the role at the cursor, in the person's browser, and the table stays."""
    browser = me.script("browser", f'curl -sS -o /dev/null -D {me.home}/head "$1"')
    window = opened(terminals, BROWSER=f"{browser} %s")
    type_line(window.terminal, "stsctl assume read-only")
    watch(window)
    press(window, "c", "the console is open as arn:aws:sts::111111111111:assumed-role/ReadOnly/")
    assert "SigninToken=" in (me.home / "head").read_text()
    press(window, "q", "status=0")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_ended_from_outside(
    me: Me, window: Window, as_before: Callable[[], None], number: signal.Signals, status: int
) -> None:
    """The terminal is as it was before, whoever ends the program."""
    watch(window, begun="sh -c 'echo $$ > pid; exec stsctl list --watch'; echo status=$?")
    os.kill(int((me.home / "pid").read_text()), number)
    window.until(f"status={status}")
    as_before()


def test_no_store_is_opened(me: Me, window: Window) -> None:
    """What is held is read from the index: a store that nobody can open is missed by the one who renews."""
    type_line(window.terminal, "stsctl assume read-only")
    (me.home / "seal.key").unlink()
    assert any(line.startswith("▌● read-only") for line in watch(window))
    press(window, "r", "seal.key")
    press(window, "q", "status=0")


def test_another_size(window: Window) -> None:
    """A window that is made smaller is drawn anew within its new size, and so is one that is made larger."""
    type_line(window.terminal, "stsctl assume read-only")
    watch(window)
    window.resize(8, 50)
    window.terminal.send("/")
    lines = window.until("Enter keeps it")
    assert len(lines) == 8
    assert lines[7].startswith(" Enter keeps it")
    window.resize(30, 100)
    window.terminal.send("\x1b")
    window.until("── read-only")


def test_stopping_and_going_on(window: Window, as_before: Callable[[], None]) -> None:
    """Ctrl-Z gives the shell its terminal back, and `fg` the table its own."""
    type_line(window.terminal, "set -m; stsctl assume read-only")
    watch(window)
    press(window, "\x1a", "Stopped")
    as_before()
    window.terminal.sendline("fg")
    window.until("stsctl list --watch")
    press(window, "/", "Enter keeps it")
    press(window, "\x03", "ready>")
    as_before()


def test_where_it_cannot_be_shown(me: Me, terminals: Callable[..., pexpect.spawn]) -> None:
    """No terminal, or one whose cursor cannot be moved: an error, and what to type in its place."""
    done = me.run("list", "--watch")
    assert done.status == 2
    assert "--watch needs a terminal" in done.err
    assert "hint: stsctl list --json" in done.err
    terminal = terminals(TERM="dumb")
    terminal.expect_exact("ready> ")
    terminal.sendline("stsctl list --watch; echo status=$?")
    terminal.expect_exact("this terminal cannot be a full screen")
    terminal.expect_exact("hint: stsctl list")
    terminal.expect_exact("status=2")
