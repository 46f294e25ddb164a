"""Programs and their arguments as configurations write them: run as they stand, without a shell."""

from __future__ import annotations

import re
import shlex

from stsctl.errors import UsageError

_SHELL = re.compile(r"[|;&<>`]|\$\(")


def command(text: str) -> tuple[str, ...]:
    """A program and its arguments, as a shell would part them; raises UsageError for what only a shell could run."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f'"{text}" has a quote that does not end') from error
    if not words:
        raise UsageError("the program is missing")
    if any(_SHELL.search(word) for word in words):
        raise UsageError("it is run without a shell, so it can use none", hint="put the line into a script of its own")
    return words


def runs_stsctl(process: str) -> bool:
    """Whether a credential_process starts stsctl: as a program, as a module, as its hook, or inside a shell's line."""
    try:
        words = [part for word in shlex.split(process) for part in word.split()]
    except ValueError:
        words = process.split()
    for position, word in enumerate(words):
        parts = re.split(r"[/\\]", word.lower())
        if parts[-1] in {"stsctl", "stsctl.exe"} and (position == 0 or words[position - 1] != "--"):
            return True
        if "stsctl" in parts[:-1] and parts[-1].endswith((".pyc", ".py")):
            return True
    return False
