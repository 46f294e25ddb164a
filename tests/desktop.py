"""A desktop that nobody sees: an X server without a screen, and a hand that types into the windows on it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import missing

_GRABBED = """
import ctypes, sys, time
x = ctypes.CDLL("libX11.so.6")
x.XOpenDisplay.restype = x.XDefaultRootWindow.restype = ctypes.c_void_p
display = ctypes.c_void_p(x.XOpenDisplay(None))
root = ctypes.c_void_p(x.XDefaultRootWindow(display))
for _ in range(600):
    if x.XGrabKeyboard(display, root, 0, 1, 1, 0) == 1:  # AlreadyGrabbed
        sys.exit()
    x.XUngrabKeyboard(display, 0)
    x.XSync(display, 0)
    time.sleep(0.05)
sys.exit("nobody grabs the keyboard")
"""
"""Waits until somebody has the keyboard for themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window on a desktop. The id alone is that of another, once this one's program has ended."""

    id: str
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """An X server, by the name that DISPLAY gives it."""

    display: str

    def windows(self) -> list[Window]:
        """The questions of stsctl that are shown now."""
        found = self._do("search", "--onlyvisible", "--name", "^stsctl$", check=False).split()
        programs = {each: self._do("getwindowpid", each, check=False).strip() for each in found}
        return [Window(id=each, program=program) for each, program in programs.items() if program]

    def window(self, *, after: Window | None = None) -> Window:
        """The question that is shown, as soon as one is (`after` another), with the keyboard."""
        ends = time.monotonic() + 100
        while not (found := [each for each in self.windows() if each != after]):
            assert time.monotonic() < ends, "no question is shown"
            time.sleep(0.05)
        self._do("windowfocus", "--sync", found[-1].id)
        if Path("/proc", found[-1].program, "comm").read_text().startswith("pinentry"):
            # It takes the keyboard for itself, and what comes while it does is lost.
            subprocess.run([sys.executable, "-c", _GRABBED], env={"DISPLAY": self.display}, check=True)
        return found[-1]

    def type(self, text: str, *, after: Window | None = None) -> Window:
        """Types an answer into the question, when it is shown."""
        window = self.window(after=after)
        for _ in range(3):
            self._do("type", "--clearmodifiers", "--delay", "40", text)
            self._do("key", "Return")
            if self._closes(window):
                return window
            # Nothing came, or not the end of it: as somebody would, from the beginning.
            self._do("windowfocus", "--sync", window.id, check=False)
            self._do("key", "--repeat", "40", "BackSpace")
        pytest.fail("the question takes no answer")

    def _closes(self, window: Window) -> bool:
        ends = time.monotonic() + 15
        while window in self.windows():
            if time.monotonic() > ends:
                return False
            time.sleep(0.05)
        return True

    def cancel(self) -> None:
        """Closes the question, when it is shown."""
        self.window()
        self._do("key", "Escape")

    def _do(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["xdotool", *words],
            env={"DISPLAY": self.display, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=100,
            check=check,
        )
        return done.stdout


@pytest.fixture(scope="session")
def desktop() -> Iterator[Desktop]:
    """A desktop for a whole run."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            missing(program)
    argv = ["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        number = server.stdout.readline().strip()
        assert number.isdigit()
        yield Desktop(display=f":{number}")
        server.terminate()
