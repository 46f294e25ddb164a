"""The question that a role with `warn = true` has asked before what looks destructive."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stsctl import destructive
from stsctl.errors import AnswerIsNo
from stsctl.formats.visible import visible

if TYPE_CHECKING:
    from stsctl.cli.app import App

_LONGEST = 200
_NAMED = 5
"""Of so many roles the names are said."""


def ask(app: App, roles: Sequence[str], what: str, *, typed: bool = False) -> None:
    """Asks the person on the terminal; raises AnswerIsNo unless they say yes, PersonNeededError where none is there.

    With `typed` the line is still being edited, and the cursor stands at its end.
    """
    shown = what if len(what) <= _LONGEST else f"{what[:_LONGEST]}…"
    begin = "\n" if typed else ""
    answer = app.machine.ask_on_terminal(f"{begin}{_who(roles)} before this: {visible(shown)}\nrun it? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise AnswerIsNo("it was not run")


def before(app: App, roles: Sequence[str], program: Sequence[str] | None, *, agreed: bool) -> None:
    """Asks, once, before a program runs as roles that may warn of it; where nobody can be asked it is only said."""
    if not program or agreed:
        return
    line = shlex.join(program)
    warned = [role for role in roles if _is_marked(line, app.marks_of(role).warn_before)]
    if warned and app.machine.can_ask():
        ask(app, warned, line)
    elif warned:
        app.report.notice(f"{_who(warned)} before this, and nobody can be asked: {visible(line)}")


def _is_marked(line: str, patterns: tuple[str, ...]) -> bool:
    return bool(patterns) and destructive.found(line, patterns) is not None


def _who(roles: Sequence[str]) -> str:
    named = ", ".join(f'"{visible(role)}"' for role in roles[:_NAMED])
    if len(roles) > _NAMED:
        return f"{named} and {len(roles) - _NAMED} more warn"
    return f"{named} {'warns' if len(roles) == 1 else 'warn'}"
