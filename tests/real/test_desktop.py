"""Questions on a real desktop: real programs of Debian's, on an X server, with keys that are pressed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pexpect
import pytest

from tests.conftest import missing
from tests.crowd import Crowd, sessions
from tests.desktop import Desktop, Window
from tests.desktop import desktop as shared_desktop
from tests.program import STSCTL, Me, Organisation, somebody
from tests.program import organisation as shared_organisation

desktop = shared_desktop
organisation = shared_organisation

PROGRAMS = ("pinentry-gtk-2", "zenity")


@pytest.fixture
def me(home: Path, organisation: Organisation, desktop: Desktop) -> Me:
    """Somebody with a desktop and no terminal, whose role needs a code."""
    return somebody(home, organisation, runtime={"DISPLAY": desktop.display})


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest, me: Me) -> str:
    """The one program of that person's that asks."""
    name = str(request.param)
    only(me, name)
    return name


def only(me: Me, name: str) -> None:
    """Leaves one dialogue program on the person's PATH."""
    path = shutil.which(name)
    if path is None:
        missing(name)
    folder = me.home / "bin"
    folder.mkdir()
    (folder / name).symlink_to(str(path))
    me.environ["PATH"] = str(folder)


def test_a_code_is_typed_into_a_window(me: Me, desktop: Desktop, program: str) -> None:
    """As when an editor's SDK runs credential-process: the answer is on stdout, and the code nowhere."""
    code = me.code()
    process = me.start(str(STSCTL), "--debug", "credential-process", "hub")
    desktop.type(code)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert '"SessionToken"' in out
    assert code not in err


def test_a_window_that_is_closed_is_a_no(me: Me, desktop: Desktop, program: str) -> None:
    """Status 4, and what to type instead."""
    process = me.start(str(STSCTL), "credential-process", "hub")
    desktop.cancel()
    out, err = process.communicate(timeout=100)
    assert (process.returncode, out) == (4, "")
    assert 'an MFA code is needed for "hub": the question was not answered' in err
    assert "stsctl assume hub" in err


def test_a_window_goes_when_its_time_is_over(me: Me, desktop: Desktop, program: str) -> None:
    """It is shown, nobody comes, and it is not there any more."""
    process = me.start(str(STSCTL), "credential-process", "hub", STSCTL_PROMPT_TIMEOUT="4s")
    desktop.window()
    _, err = process.communicate(timeout=100)
    assert process.returncode == 4
    assert "nobody answered within 4 seconds" in err
    assert until_none(desktop) == []


def test_eight_processes_show_one_window(me: Me, desktop: Desktop, tmp_path: Path) -> None:
    """Whoever else wants the session waits for the one who asks, and all get the same."""
    only(me, "pinentry-gtk-2")
    me.calls()
    with Crowd(me, tmp_path / "crowd") as crowd:
        for _ in range(8):
            crowd.start("credential-process", "hub")
        desktop.window()
        crowd.until_waiting(7)
        assert len(desktop.windows()) == 1
        desktop.type(me.code())
        assert len(sessions(crowd.done())) == 1
    assert me.calls() == ["GetSessionToken", "AssumeRole"]


def test_one_no_is_everybodys(me: Me, desktop: Desktop, tmp_path: Path) -> None:
    """Eight processes, one window closed: none of the others shows it again."""
    only(me, "zenity")
    with Crowd(me, tmp_path / "crowd") as crowd:
        for _ in range(8):
            crowd.start("credential-process", "hub")
        desktop.window()
        crowd.until_waiting(7)
        desktop.cancel()
        assert {each.status for each in crowd.done()} == {4}
    assert desktop.windows() == []


def test_nobody_is_shown_what_they_asked_not_to_be_shown(me: Me, desktop: Desktop) -> None:
    """--no-prompt: no window either, and at once."""
    done = me.run("credential-process", "hub", STSCTL_NO_PROMPT="1")
    assert (done.status, "nobody may be asked" in done.err) == (4, True), done
    assert desktop.windows() == []


def test_who_wants_a_terminal_has_no_window(me: Me, desktop: Desktop) -> None:
    """prompt_with = "terminal": where there is none, nobody is asked."""
    done = me.run("credential-process", "hub", STSCTL_PROMPT_WITH="terminal")
    assert (done.status, "nobody can be asked: there is no terminal" in done.err) == (4, True), done
    assert desktop.windows() == []


def test_who_wants_a_window_has_it_beside_a_terminal(me: Me, desktop: Desktop) -> None:
    """prompt_with = "zenity": the terminal is left alone."""
    environ = {**me.environ, "STSCTL_PROMPT_WITH": "zenity", "TERM": "dumb"}
    with pexpect.spawn(str(STSCTL), ["assume", "hub"], env=environ, encoding="utf-8", timeout=100) as terminal:
        try:
            desktop.type(me.code())
        except AssertionError as error:
            raise AssertionError(terminal.read_nonblocking(10_000)) from error
        shown = terminal.read()
    assert "MFA code" not in shown
    assert "assumed-role/Hub" in shown


def test_the_passphrase_of_sealed_files(me: Me, desktop: Desktop, program: str) -> None:
    """It is asked for in a window too: twice when it is new, and once from then on."""
    me.configure_as_usual(store='[defaults]\nstore = "sealed-file"\n[sealed_file]\nkey = "passphrase"\n')
    process = me.start(str(STSCTL), "credential-process", "read-only")
    first = desktop.type("open, sesame")
    desktop.type("open, sesame", after=first)
    first_answer, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert "sesame" not in err
    process = me.start(str(STSCTL), "credential-process", "read-only")
    desktop.type("open, sesame")
    second_answer, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert first_answer == second_answer
    assert "sesame" not in err


def until_none(desktop: Desktop) -> list[Window]:
    """The windows that are still there after a moment."""
    end = time.monotonic() + 20
    while (left := desktop.windows()) and time.monotonic() < end:
        time.sleep(0.05)
    return left
