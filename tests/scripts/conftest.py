"""A person at a fresh machine, in the shell of their choice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.conftest import missing
from tests.program import BIN

SHELLS = {"bash": ("--norc", "--noprofile"), "zsh": ("-f",), "fish": ("--no-config",)}


class Typist:
    """Types lines into a shell on a terminal, and reads what becomes of them."""

    def __init__(self, shell: str, home: Path) -> None:
        program = shutil.which(shell)
        if program is None:
            missing(shell)
        self.shell = shell
        self._count = 0
        self._terminal = pexpect.spawn(
            str(program),
            list(SHELLS[shell]),
            env=fresh(home) | {"TERM": "xterm", "SHELL": str(program)},
            cwd=str(home),
            encoding="utf-8",
            timeout=120,
            dimensions=(80, 300),
        )

    def types(self, line: str, *answers: tuple[str, str], status: int = 0) -> str:
        """Types a line as it stands, and what it asks for; gives what was shown, once its status is what it should be.

        `answers` are pairs: what the terminal shows, and what the person types then.
        """
        self._count += 1
        self._terminal.sendline(line)
        for question, answer in answers:
            self._terminal.expect_exact(question)
            self._terminal.sendline(answer)
        # The echo of this line has the variable in it, and not a number: only its output matches.
        variable = "$status" if self.shell == "fish" else "$?"
        self._terminal.sendline(f"echo done-{self._count}-{variable}-")
        self._terminal.expect(rf"done-{self._count}-([0-9]+)-\r")
        assert int(self._terminal.match[1]) == status, f"{line}: {self._terminal.before}"
        return str(self._terminal.before)

    def says(self, words: str) -> str:
        """What `echo` makes of `words`."""
        self._count += 1
        self._terminal.sendline(f'echo "says-{self._count}: {words} :end"')
        # Not the line's own echo, in which there is a variable's name.
        self._terminal.expect(rf"says-{self._count}: ([^$\r\n]*) :end\r")
        return str(self._terminal.match[1])

    def shows(self, line: str) -> str:
        """Types a line, and gives all that is shown until the shell has done it, however it ends."""
        self._count += 1
        self._terminal.sendline(line)
        self._terminal.sendline(f"echo end-{self._count}-$HOME-")
        self._terminal.expect(rf"end-{self._count}-/[^\r]*-\r")
        return str(self._terminal.before)

    def close(self) -> None:
        """Closes the terminal."""
        self._terminal.close(force=True)


def fresh(home: Path) -> dict[str, str]:
    """The environment on a fresh machine: nothing of AWS's, nothing of stsctl's, no keyring."""
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


@pytest.fixture(params=list(SHELLS))
def typist(request: pytest.FixtureRequest, home: Path) -> Iterator[Typist]:
    """Somebody in bash, in zsh and in fish."""
    found = Typist(request.param, home)
    yield found
    found.close()
