"""Who you are now: the short answer of `assume`, on the terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stsctl.cli.report import Report
from stsctl.console_table import Color
from stsctl.formats.visible import visible

if TYPE_CHECKING:
    from stsctl.cli.obtaining import Obtained

_COLORS = {"turquoise": "cyan", "orange": "color(208)", "pink": "color(205)", "purple": "magenta"}
"""How rich calls those colours of a role that it has other names for."""


def left(length: timedelta) -> str:
    """A time that is left, as people say it."""
    minutes = max(round(length.total_seconds() / 60), 0)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} days"
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes} min" if minutes else "less than a minute"


def show(report: Report, obtained: Obtained, now: datetime, next_steps: list[str]) -> None:
    """Shows who the session makes the person, for how long and by which chain; one line where there is no terminal."""
    session = obtained.session
    ends = session.expires_at
    who = str(session.identity or obtained.plan.target.source.name)
    if not report.decorated:
        until = f" until {ends:%Y-%m-%d %H:%M:%S} UTC ({left(ends - now)})" if ends else ""
        report.notice(f"you are {who}{until}")
        return
    rows = [("you are", _who(obtained)), ("chain", " → ".join(map(_plain, obtained.plan.chain)))]
    if ends:
        rows.append(("ends", f"{ends.astimezone():%H:%M} (in {left(ends - now)})"))
    if obtained.region:
        rows.append(("region", _plain(obtained.region)))
    rows += [("next" if not i else "", _plain(step)) for i, step in enumerate(next_steps)]
    _panel(report, obtained.wanted.name, rows, style_of(obtained.marks.color))


def style_of(color: Color | None) -> str:
    """How rich is told of a role's colour, or of that of a role which has none."""
    named = (color or Color.GREEN).value
    return f"bold {_COLORS.get(named, named)}"


def _who(obtained: Obtained) -> str:
    session = obtained.session
    identity = session.identity
    if identity is None and not obtained.plan.steps:
        return f"whoever the credentials of {_plain(obtained.plan.target.source.name)} are"
    if identity is None:
        with_mfa = any(step.request.mfa_serial for step in obtained.plan.steps)
        return f"the user of {_plain(obtained.plan.target.source.name)}, {'with' if with_mfa else 'without'} MFA"
    if identity.session_role is None:
        return _plain(str(identity))
    name = f"[bold]{_plain(identity.session_role)}[/] as {_plain(identity.session_name or '')}"
    return f"{name}, account [bold]{session.account_id}[/]"


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(visible(text))


def _panel(report: Report, title: str, rows: list[tuple[str, str]], style: str) -> None:
    from rich import box
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(label, value)
    panel = Panel(table, title=f"[{style}]{_plain(title)}[/]", title_align="left", box=box.ROUNDED, expand=False)
    report.console().print(panel)
