"""What shell-init defines, in real shells on a real terminal: Enter, the prompt, the title, renewal, the way back."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator

import pexpect
import pyte
import pytest

from tests.conftest import missing
from tests.program import READ_ONLY, Me
from tests.terminal.test_assume import me, organisation

__all__ = ["me", "organisation"]

LIMIT = 100
"""Seconds; the machine may be busy."""
OLD = "2026-01-01T00:00:00Z"
CAREFUL = f"""
[source.file]
type = "process"
process = ["cat", "keys.json"]

[role.careful]
role_arn = "{READ_ONLY}"
from = "file"
color = "red"
warn = true
"""
FLAGS = "--renew --prompt --title"
BEGIN = {
    "bash": f'eval "$(stsctl shell-init bash {FLAGS})"',
    # Behind it what others do, zsh-autosuggestions for one: a widget of theirs that calls ours by a name of their own.
    "zsh": f'PS1="ready> "; eval "$(stsctl shell-init zsh {FLAGS})"; zle -A accept-line its-own; '
    "theirs() { zle its-own }; zle -N accept-line theirs",
    "fish": f'function fish_prompt; echo "ready> "; end; stsctl shell-init fish {FLAGS} | source',
    "nu": "$env.PROMPT_COMMAND = {|| 'ready> '}; $env.PROMPT_INDICATOR = ''; source init.nu",
}
ARGV = {
    "bash": ("--norc", "--noprofile"),
    "zsh": ("-f",),
    "fish": ("--no-config",),
    "nu": ("--no-config-file", "--no-history", "--no-std-lib"),
}
EXPORT = {"fish": "set -gx {} {}", "nu": "$env.{} = '{}'"}
SAY = {"nu": 'print $"{}=($env.{}?)."'}
"""How a shell does what the others do with `export` and `echo`."""


class Typed:
    """A shell on a terminal, and what a person sees of it."""

    def __init__(self, shell: str, me: Me) -> None:
        self.shell = shell
        self._terminal = pexpect.spawn(
            shell, list(ARGV[shell]), env=me.environ | {"TERM": "xterm-256color", "PS1": "ready> "},
            cwd=str(me.home), encoding="utf-8", timeout=LIMIT, dimensions=(40, 100),
        )  # fmt: skip
        self._terminal.delaybeforesend = None
        self.screen = pyte.Screen(100, 40)
        self._stream = pyte.Stream(self.screen)

    def close(self) -> None:
        """Closes the terminal."""
        self._terminal.close(force=True)

    def types(self, keys: str) -> None:
        """Presses keys."""
        self._terminal.send(keys)

    def until(self, seen: Callable[[list[str]], bool]) -> list[str]:
        """The lines of the screen that are not empty, once they are as they should be."""
        end = time.monotonic() + LIMIT
        while True:
            lines = [line.rstrip() for line in self.screen.display if line.strip()]
            if lines and seen(lines):
                return lines
            assert time.monotonic() < end, "\n".join(lines)
            try:
                shown = self._terminal.read_nonblocking(65536, timeout=0.2)
            except pexpect.TIMEOUT:
                continue
            self._stream.feed(shown)
            if "\x1b[6n" in shown:  # where is the cursor?
                self.types(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")

    def does(self, line: str, ready: str = "ready>") -> list[str]:
        """Types a line on a clear screen; what is seen when the shell asks for the next."""
        self.types(f"{line}\r")
        lines = self.until(lambda lines: any(line in each for each in lines) and _ready(lines, ready))
        self.types("\x0c")
        self.until(lambda lines: len(lines) == 1 and _ready(lines, ready))
        return lines

    def says(self, name: str, ready: str) -> str:
        """The value of a variable."""
        said = SAY.get(self.shell, 'echo "{}=${}."').format(name, name)
        lines = self.does(said, ready)
        found = re.search(rf"^{name}=([^$(]*)\.$", "\n".join(lines), re.MULTILINE)
        assert found, lines
        return found[1]

    def exports(self, name: str, value: str, ready: str) -> list[str]:
        """Sets a variable."""
        return self.does(EXPORT.get(self.shell, "export {}={}").format(name, value), ready)


def _ready(lines: list[str], ready: str) -> bool:
    """Whether the last line is a prompt with nothing behind it."""
    return re.fullmatch(rf"{ready}( +\S+ \S+ [AP]M)?", lines[-1]) is not None


@pytest.fixture(params=sorted(BEGIN))
def typed(request: pytest.FixtureRequest, me: Me) -> Iterator[Typed]:
    """Each shell in turn, with all that shell-init can."""
    shell = request.param
    if shutil.which(shell) is None:
        if shell == "nu":
            pytest.skip("needs nu")
        missing(shell)
    me.configure_as_usual(more=CAREFUL)
    keys = {"Version": 1, "AccessKeyId": me.keys.access_key_id, "SecretAccessKey": me.keys.secret_access_key.reveal()}
    (me.home / "keys.json").write_text(json.dumps(keys))
    (me.home / "init.nu").write_text(me.ok("shell-init", "nu", *FLAGS.split()))
    found = Typed(shell, me)
    found.types(f"{BEGIN[shell]}\r")
    found.until(lambda lines: any("shell-init" in line or "init.nu" in line for line in lines))
    found.does("")
    yield found
    found.close()


def test_a_session_from_assume_to_logout(me: Me, typed: Typed) -> None:
    """Everything that a person sees of a role that warns, in the order in which they see it."""
    ready = r"careful \d+m ready>"
    typed.does("stsctl assume careful", ready)
    assert typed.screen.title.startswith("careful")
    line = typed.screen.buffer[typed.screen.cursor.y]
    assert {line[column].fg for column in range(len("careful 59m"))} == {"red"}
    assert line[len("careful 59m ")].fg == "default"

    # Enter asks; a no leaves everything, and the line to be edited.
    gone = me.home / "gone"
    gone.mkdir()
    typed.types("rm -r gone\r")
    typed.until(lambda lines: lines[-1].startswith("run it? [y/N]"))
    typed.types("n\r")
    typed.until(lambda lines: re.match(rf"{ready} rm -r gone", lines[-1]) is not None)
    assert gone.exists()
    typed.types("\r")
    typed.until(lambda lines: lines[-1].startswith("run it? [y/N]"))
    typed.types("y\r")
    typed.until(lambda lines: _ready(lines, ready))
    assert not gone.exists()
    typed.does("", ready)
    if typed.shell in ("bash", "zsh"):
        typed.types("!rm\r")
        typed.until(lambda lines: lines[-1].startswith("run it? [y/N]"))
        typed.types("n\r")
        typed.until(lambda lines: re.match(ready, lines[-1]) is not None)
        typed.types("\x15")
        typed.does("", ready)

    # Another session in place of one that is due; the line before which that happens has it already.
    before = typed.says("AWS_ACCESS_KEY_ID", ready)
    me.ok("logout", "careful")
    assert typed.says("AWS_ACCESS_KEY_ID", ready) == before
    typed.exports("STSCTL_RENEW_AT", OLD, ready)
    after = typed.says("AWS_ACCESS_KEY_ID", ready)
    assert after.startswith("ASIA")
    assert after != before
    assert typed.says("STSCTL_RENEW_AT", ready) > OLD

    # One that cannot be had is spoken of on one line, and not again.
    (me.home / "keys.json").unlink()
    me.ok("logout", "careful")
    typed.exports("STSCTL_RENEW_AT", OLD, ready)
    lines = typed.does("cd .", ready)
    assert sum("was not renewed" in line for line in lines) == 1
    assert not any("was not renewed" in line for line in typed.does("cd .", ready))

    typed.does("stsctl logout --all")
    assert typed.says("STSCTL_ROLE", "ready>") == ""
    assert "careful" not in typed.screen.title
    (me.home / "gone").mkdir()
    typed.does("rm -r gone")
    assert not (me.home / "gone").exists()
