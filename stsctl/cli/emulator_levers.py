"""`stsctl emulator clock`, `fail` and `reset`: what a person moves on a running emulator."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import Duration, json_option
from stsctl.duration import parse_duration, render_duration
from stsctl.emulator import remote
from stsctl.errors import UsageError
from stsctl.formats.interface import rfc3339

if TYPE_CHECKING:
    from stsctl.cli.app import App


class Signed(click.Command):
    """A command whose argument may begin with a minus, as -10m."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts what begins with a minus and a digit behind the options."""
        signed = [each for each in args if re.match("-[0-9]", each)]
        others = [each for each in args if each not in signed]
        return super().parse_args(ctx, [*others, "--", *signed] if signed else args)


@click.command("clock", cls=Signed)
@click.argument("move", required=False)
@json_option
@click.pass_obj
def clock(app: App, *, move: str | None, as_json: bool) -> None:
    """Move the emulator's clock, or show it: what has expired, what policies see, how old an MFA is.

    MOVE is +50m, -10m or reset. Signatures and the codes of MFA devices stay on this machine's clock. stsctl follows
    in a shell that "emulator env" set up; other programs go on by this machine's clock.
    """
    running = app.emulator
    ahead = running.ahead if move is None else remote.move_clock(running, _by(move))
    now = app.wall() + ahead
    if as_json:
        app.report.answer({"now": rfc3339(now), "ahead_seconds": ahead.total_seconds()})
        return
    app.report.data(f"{rfc3339(now)}  {described(ahead)}")


def _by(move: str) -> timedelta | None:
    if move == "reset":
        return None
    sign = {"+": 1, "-": -1}.get(move[:1])
    if sign is None:
        raise UsageError(f'"{move}" is no way to move a clock', hint="write it as +50m, -10m or reset")
    return sign * parse_duration(move[1:])


def described(ahead: timedelta) -> str:
    """How the emulator's clock stands to this machine's."""
    if not ahead:
        return "as this machine's"
    return f"{render_duration(abs(ahead))} {'ahead of' if ahead > timedelta() else 'behind'} this machine's"


@click.command("reset")
@click.pass_obj
def reset(app: App) -> None:
    """Begin from the seed again: what was made since and all sessions are gone, the clock is back.

    URL, access keys and MFA devices of the seed stay as they are; what stsctl holds of before is not used any more.
    """
    remote.reset(app.emulator)
    app.report.notice("the emulator is as its seed says")
    app.report.lines(["  eval $(stsctl emulator env)      tells this shell that it is another one now"])


@click.command("fail")
@click.argument("action", required=False)
@click.option("--throttle", type=click.IntRange(1, 1_000_000), metavar="N", help="Throttle the next N calls.")
@click.option("--slow", type=Duration(), metavar="TIME", help="Let every call wait so long before it is answered.")
@click.option("--unavailable", is_flag=True, help="Answer that the service is unavailable.")
@click.option("--times", type=click.IntRange(1, 1_000_000), metavar="N", help="Only for the next N calls.")
@click.option("--list", "listing", is_flag=True, help="Show the faults that are still to come.")
@click.option("--clear", is_flag=True, help="Take the faults of ACTION back, or all.")
@json_option
@click.pass_obj
def fail(
    app: App,
    *,
    action: str | None,
    throttle: int | None,
    slow: timedelta | None,
    unavailable: bool,
    times: int | None,
    listing: bool,
    clear: bool,
    as_json: bool,
) -> None:
    """Make calls fail on demand: ACTION is one of AWS's, as sts:AssumeRole, or has wildcards, as "s3:*"."""
    running = app.emulator
    if clear:
        remote.mend(running, action)
    elif not listing:
        wanted: list[tuple[str, int | None, timedelta | None]] = [("throttle", throttle, None)] if throttle else []
        wanted += [("slow", times, slow)] if slow else []
        wanted += [("unavailable", times, None)] if unavailable else []
        if action is None or not wanted:
            raise UsageError("nothing is to fail", hint="stsctl emulator fail sts:AssumeRole --throttle 3")
        for fault, left, lasts in wanted:
            remote.fail(running, action, fault, times=left, lasts=lasts)
    _show(app, remote.faults(running), as_json=as_json)


def _show(app: App, faults: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        app.report.answer(faults)
    elif not faults:
        app.report.notice("nothing is to fail")
    else:
        app.report.rows((str(each["action"]), _fault(each), _calls(each)) for each in faults)


def _fault(fault: dict[str, object]) -> str:
    seconds = timedelta(seconds=float(str(fault["seconds"])))
    return f"{fault['fault']} {render_duration(seconds)}" if seconds else str(fault["fault"])


def _calls(fault: dict[str, object]) -> str:
    return "every call" if fault["left"] is None else f"the next {fault['left']}"
