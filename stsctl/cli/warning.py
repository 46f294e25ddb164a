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


def ask(app: App, role: str, what: str) -> None:
    """Asks the person on the terminal; raises AnswerIsNo unless they say yes, PersonNeededError where none is there."""
    shown = what if len(what) <= _LONGEST else f"{what[:_LONGEST]}…"
    answer = app.machine.ask_on_terminal(f'"{visible(role)}" warns before this: {visible(shown)}\nrun it? [y/N] ')
    if answer.strip().lower() not in ("y", "yes"):
        raise AnswerIsNo("it was not run")


def before(app: App, role: str, program: Sequence[str] | None, *, agreed: bool) -> None:
    """Asks before a program runs as a role, where that warns of it; where nobody can be asked it is only said."""
    patterns = app.marks_of(role).warn_before
    if not patterns or not program or agreed:
        return
    line = shlex.join(program)
    if destructive.found(line, patterns) is None:
        return
    if app.machine.can_ask():
        ask(app, role, line)
    else:
        app.report.notice(f'"{role}" warns before this, and nobody can be asked: {visible(line)}')
