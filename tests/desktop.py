"""A desktop that nobody sees: an X server without a screen, and a hand that types into the windows on it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import missing

_SETTLED = 0.7
"""Seconds after which a window has the keyboard for itself: a pinentry grabs it, and loses what comes before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """An X server, by the name that DISPLAY gives it."""

    display: str

    def windows(self) -> list[str]:
        """The questions of stsctl that are shown now."""
        return self._do("search", "--onlyvisible", "--name", "^stsctl$", check=False).split()

    def window(self) -> str:
        """The question that is shown, as soon as one is, with the keyboard."""
        found = self._do("search", "--sync", "--onlyvisible", "--name", "^stsctl$").split()[-1]
        self._do("windowfocus", "--sync", found)
        time.sleep(_SETTLED)
        return found

    def type(self, text: str) -> None:
        """Types an answer into the question, when it is shown."""
        self.window()
        self._do("type", "--clearmodifiers", "--delay", "40", text)
        self._do("key", "Return")

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
