"""Whether a session lasts as long as what is run with it: what `exec` says beforehand, and learns for the next time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from shlex import quote
from typing import TYPE_CHECKING

from stsctl.duration import render_duration

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.obtaining import Obtained
    from stsctl.host.stopwatch import Stopwatch

_MINUTE = timedelta(minutes=1)


def warn(app: App, obtained: Obtained, program: Sequence[str] | None, *, served: bool = False) -> None:
    """Says so where the session ends within the time that the same command took before."""
    if program is None or obtained.session.expires_at is None:
        return
    took, left = app.stopwatch(obtained.wanted.name, program).longest(), obtained.session.left_at(app.now())
    if took is None or took < left:
        return
    whole, wanted = obtained.session.expires_at - obtained.session.obtained_at, took * 1.2
    if served:
        what_helps = f"renew it meanwhile: stsctl assume {quote(obtained.wanted.name)}"
    elif wanted < whole:
        what_helps = f"--min-remaining {_minutes(wanted)} renews it first, --serve meanwhile"
    else:
        what_helps = "--serve renews it meanwhile"
    ends = f'"{obtained.wanted.name}" ends in {_minutes(left)}'
    app.report.notice(f"{ends}, and this took {_minutes(took)} before: {what_helps}")


def measured(app: App, obtained: Obtained, program: Sequence[str] | None) -> Stopwatch | None:
    """What learns how long the program takes; None where it is a shell, or nobody is there whom it would be told."""
    if program is None or obtained.session.expires_at is None or sys.stderr is None or not sys.stderr.isatty():
        return None
    return app.stopwatch(obtained.wanted.name, program)


def _minutes(length: timedelta) -> str:
    return render_duration(max(length // _MINUTE, 0) * _MINUTE)
