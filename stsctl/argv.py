"""Programs and their arguments as configurations write them: run as they stand, without a shell."""

from __future__ import annotations

import re

from stsctl.errors import UsageError

_SHELL = re.compile(r"[|;&<>`]|\$\(")


def command(text: str) -> tuple[str, ...]:
    """A program and its arguments, as a shell would part them; raises UsageError for what only a shell could run."""
    import shlex

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
    """Whether a credential_process starts stsctl: as a program, as a module, as its hook, or from within a shell."""
    import shlex

    try:
        words = [part for word in shlex.split(process) for part in word.split()]
    except ValueError:
        words = process.split()
    for position, word in enumerate(words):
        *folders, name = re.split(r"[/\\]", word.lower())
        # Elsewhere than in front it may be an argument, a profile's name for one.
        if name in {"stsctl", "stsctl.exe"} and (position == 0 or "credential-process" in words[position:]):
            return True
        if "stsctl" in folders and name.endswith(".pyc"):
            return True
    return False
