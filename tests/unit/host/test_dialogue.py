"""Dialogues on the desktop: what each kind of program is told, and what its answers mean.

zenity, and the pinentries of GTK and curses, are tried for real in tests/real and tests/terminal; kdialog and osascript
are programs of these tests that do what the real ones are documented to do.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.errors import PersonNeededError
from stsctl.host.dialogue import Dialogue

SOON = timedelta(seconds=30)

PINENTRY = """
import sys
def say(text):
    sys.stdout.write(text + chr(10)); sys.stdout.flush()
log = open("{log}", "w")
say("OK Pleased to meet you, process 1234")
for line in sys.stdin:
    log.write(line); log.flush()
    if line.startswith("GETPIN"):
        {reply}
    elif line.startswith("SETTIMEOUT"):
        say("ERR 536871187 Unknown IPC command <User defined source 1>")
    else:
        say("# noted"); say("OK")
"""


class Desk:
    """A folder of programs, and an environment with a screen in which only they are found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"PATH": str(folder), "DISPLAY": ":9", "PINENTRY_USER_DATA": "as it is"}

    def install(self, name: str, program: str) -> None:
        """A program in Python."""
        path = self.folder / name
        path.write_text(f"#!{sys.executable} -IS\n{program}\n")
        path.chmod(0o700)

    def pinentry(self, reply: str, name: str = "pinentry") -> Path:
        """A pinentry that does `reply` when it is to ask; gives the log of what it was told."""
        log = self.folder / f"{name}.log"
        self.install(name, PINENTRY.format(log=log, reply=reply))
        return log

    def entry(self, name: str, then: str) -> Path:
        """A program that notes its arguments, and then does something; gives the note."""
        note = self.folder / f"{name}.json"
        self.install(name, f"import json, os, sys\njson.dump(sys.argv[1:], open({str(note)!r}, 'w'))\n{then}")
        return note

    def ask(self, *programs: str, hidden: bool = False, timeout: timedelta = SOON, question: str = "code: ") -> str:
        """What a dialogue by one of the kinds `programs` gives."""
        return Dialogue(environ=self.environ, programs=programs).ask(question, hidden=hidden, timeout=timeout)

    def refused(self, *programs: str, timeout: timedelta = SOON) -> tuple[str, bool]:
        """Why it gives nothing, and whether the question was shown."""
        with pytest.raises(PersonNeededError) as caught:
            self.ask(*programs, timeout=timeout)
        return caught.value.message, caught.value.asked


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desktop without any program."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return Desk(folder)


class TestPinentry:
    """The protocol of GnuPG's programs."""

    def test_the_question_and_the_answer_are_escaped(self, desk: Desk) -> None:
        """Percent signs and line ends go both ways; an answer may come in several lines, with remarks between."""
        log = desk.pinentry("say('S PASSWORD_FROM_CACHE'); say('D 12%25'); say('D %0a\u00e9 x'); say('OK')")
        assert desk.ask("pinentry", question='50%\nMFA code of phone for "prod": ') == "12%\n\u00e9 x"
        told = log.read_text().splitlines()
        assert 'SETDESC 50%25%0AMFA code of phone for "prod"' in told
        assert (told[0], told[-1]) == ("SETTITLE stsctl", "GETPIN")

    def test_an_empty_answer_is_one(self, desk: Desk) -> None:
        """No data before the OK: the field was left empty."""
        desk.pinentry("say('OK')")
        assert desk.ask("pinentry") == ""

    @pytest.mark.parametrize("code", [83886179, 83886278, 83886142])
    def test_who_cancels_is_asked_no_more(self, desk: Desk, code: int) -> None:
        """Cancelled, closed or timed out by itself: the question was shown, and no other program shows it again."""
        desk.pinentry(f"say('ERR {code} Operation cancelled <Pinentry>')")
        shown = desk.entry("zenity", "print('123456')")
        assert desk.refused("pinentry", "zenity") == ("the question was not answered", True)
        assert not shown.exists()

    @pytest.mark.parametrize(
        "reply",
        [
            "say('ERR 83918950 Inappropriate ioctl for device <Pinentry>')",
            "say('ERR')",
            "say('ERR 0')",
            "say('ERR ' + '9' * 6000)",
            "say('INQUIRE QUALITY x')",
            "say('PIN: ')",
            "[say('D ' + 'x' * 900) for _ in range(9)]; say('OK')",
            "say('D ' + 'x' * 5000); say('OK')",
            "sys.exit(0)",
            "import os; os.kill(os.getpid(), 9)",
        ],
    )
    def test_one_that_cannot_show_it_leaves_it_to_the_next(self, desk: Desk, reply: str) -> None:
        """Without a screen, gone, or with an answer that is none: another pinentry is tried."""
        desk.pinentry(reply)
        desk.pinentry("say('D 123456'); say('OK')", name="pinentry-gtk-2")
        assert desk.ask("pinentry") == "123456"

    def test_a_long_question_fits_in_a_line(self, desk: Desk) -> None:
        """The protocol's lines have 1000 bytes; the longest ARN would not fit."""
        log = desk.pinentry("say('OK')")
        desk.ask("pinentry", question="\U0001f511%" * 3000)
        assert all(len(line) <= 1000 for line in log.read_bytes().splitlines())

    def test_its_environment_is_the_persons(self, desk: Desk) -> None:
        """DISPLAY, and PINENTRY_USER_DATA, by which some pinentries choose how they look."""
        desk.pinentry("import os; say('D ' + os.environ['DISPLAY'] + os.environ['PINENTRY_USER_DATA']); say('OK')")
        assert desk.ask("pinentry") == ":9as it is"


class TestOthers:
    """The programs that show one question and end."""

    def test_zenity(self, desk: Desk) -> None:
        """Its texts have marks of their own; a secret is hidden, a code is not."""
        note = desk.entry("zenity", "print('12 34')")
        assert desk.ask("zenity", question="code of a_b\\c: ") == "12 34"
        assert json.loads(note.read_text()) == [
            "--entry",
            "--title=stsctl",
            "--text=code of a__b\\\\c:",
            "--timeout=32",
        ]
        desk.ask("zenity", hidden=True)
        assert "--hide-text" in json.loads(note.read_text())

    def test_kdialog(self, desk: Desk) -> None:
        """Qt would take a question with tags in it for HTML."""
        note = desk.entry("kdialog", "print('123456')")
        assert desk.ask("kdialog", question="code of <b>: ") == "123456"
        assert json.loads(note.read_text()) == ["--title", "stsctl", "--inputbox", "code of \u2039b\u203a:"]
        desk.ask("kdialog", hidden=True)
        assert json.loads(note.read_text())[2] == "--password"

    def test_osascript(self, desk: Desk) -> None:
        """The question is an argument of the script and no part of it."""
        note = desk.entry("osascript", "print('123456')")
        question = '" & (do shell script "x") & "'
        assert desk.ask("osascript", question=question, hidden=True) == "123456"
        words = json.loads(note.read_text())
        assert words[-2:] == ["--", f"{question}:"]
        assert not any("do shell script" in word for word in words[:-1])
        assert any("with hidden answer" in word for word in words)

    @pytest.mark.parametrize("status", [1, 5])
    def test_a_closed_window_is_no_answer(self, desk: Desk, status: int) -> None:
        """Nothing else is shown then."""
        desk.entry("zenity", f"print('123456'); sys.exit({status})")
        assert desk.refused("zenity", "kdialog") == ("the question was not answered", True)

    def test_a_program_that_crashes_leaves_it_to_the_next(self, desk: Desk) -> None:
        """As kdialog does where the screen cannot be reached."""
        desk.entry("kdialog", "os.abort()")
        desk.entry("zenity", "print('123456')")
        assert desk.ask("kdialog", "zenity") == "123456"


def test_nobody_answers_in_time(desk: Desk) -> None:
    """The program is ended, with all that it started; who waits for the same answer need not ask again."""
    children = desk.folder / "children"
    desk.entry(
        "zenity",
        "import subprocess, time\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
        f"open({str(children)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\ntime.sleep(99)",
    )
    begun = time.monotonic()
    assert desk.refused("zenity", timeout=timedelta(seconds=3)) == ("nobody answered within 3 seconds", True)
    assert time.monotonic() - begun < 60
    pids = [int(text) for text in children.read_text().split()]
    assert len(pids) == 2
    end = time.monotonic() + 20
    while any(_runs(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(_runs(pid) for pid in pids)


def test_a_pinentry_that_says_nothing_is_ended_in_time(desk: Desk) -> None:
    """Not even a greeting."""
    desk.install("pinentry", "import time; time.sleep(99)")
    assert desk.refused("pinentry", timeout=timedelta(seconds=1)) == ("nobody answered within 1 seconds", True)


def test_sigterm_leaves_no_window(desk: Desk) -> None:
    """Whoever ends stsctl ends its question."""
    window = desk.folder / "window"
    desk.entry("zenity", f"open({str(window)!r}, 'w').write(str(os.getpid()))\nimport time; time.sleep(99)")
    asking = (
        "from datetime import timedelta; from stsctl.host.dialogue import Dialogue; import os\n"
        "try: Dialogue(environ=os.environ).ask('code: ', hidden=False, timeout=timedelta(seconds=60))\n"
        "except KeyboardInterrupt: os._exit(130)"
    )
    process = subprocess.Popen([sys.executable, "-c", asking], env=desk.environ, start_new_session=True)
    end = time.monotonic() + 30
    while not (window.exists() and window.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    process.terminate()
    assert process.wait(timeout=30) == 130
    assert not _runs(int(window.read_text()))


def test_without_a_desktop_no_program_is_started(desk: Desk) -> None:
    """Over SSH and in services there is no screen, and a program would wait for one."""
    started = desk.entry("zenity", "print('123456')")
    for screen in (None, ""):
        desk.environ = {"PATH": str(desk.folder)} | ({} if screen is None else {"DISPLAY": screen})
        assert desk.refused("zenity") == ("nobody can be asked: there is no desktop", False)
    assert not started.exists()
    desk.environ["WAYLAND_DISPLAY"] = "wayland-0"
    assert desk.ask("zenity") == "123456"


def test_without_any_program_it_is_said_what_was_tried(desk: Desk) -> None:
    """Nothing was shown, so others who wait may try for themselves."""
    assert desk.refused("pinentry", "kdialog") == (
        "nobody can be asked: the question could not be shown (pinentry, kdialog)",
        False,
    )


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has looked at yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
