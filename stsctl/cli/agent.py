"""`stsctl agent`: one background process a user, which keeps sessions fresh and serves them on this machine."""

from __future__ import annotations

import sys
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from stsctl import __version__
from stsctl.agent.messages import Ask
from stsctl.cli.options import Acting, Group, json_option, name_argument
from stsctl.cli.panel import left
from stsctl.cli.statements import Statements, writer
from stsctl.credentials import Secret
from stsctl.errors import UsageError
from stsctl.formats import environment
from stsctl.formats.service_units import UNITS
from stsctl.formats.shell import SHELLS
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App


@click.group("agent", cls=Group)
def command() -> None:
    """Keep sessions fresh in the background, and serve them on this machine.

    One process a user renews what was asked for ahead of its end, where that needs nobody; tells when it needs you; has
    an address from which SDKs fetch a role's session; and remembers what a passphrase opened.
    """


@command.command("start")
@click.option("--foreground", is_flag=True, help="Stay in the foreground, for systemd and launchd.")
@click.pass_obj
def start(app: App, *, foreground: bool) -> None:
    """Start the agent, in the background. It keeps every session fresh that you asked for, until you log out of it."""
    if foreground:
        from stsctl.cli import agent_process

        agent_process.run(app)
        return
    status = app.agency.ask(Ask.STATUS)
    if status is not None:
        app.report.notice(f"the agent is running already (process {status['pid']})")
        _say_version(app, status)
        return
    with app.report.waiting("starting the agent"):
        status = app.agency.start()
    app.report.notice(f"the agent is running (process {status['pid']})")


@command.command("stop")
@click.pass_obj
def stop(app: App) -> None:
    """Stop the agent. Sessions stay in the store; nobody renews them."""
    app.report.notice("the agent is stopped" if app.agency.stop() else "no agent is running")


@command.command("status")
@json_option
@click.pass_obj
def status_(app: App, *, as_json: bool) -> None:
    """Say what the agent keeps fresh, when it renews next, and what will need you."""
    status = app.agency.need(Ask.STATUS)
    if as_json:
        app.report.answer(status)
        return
    _say_version(app, status)
    now = app.now()
    app.report.rows(_facts(status), aligned=True)
    if status["trouble"]:
        app.report.notice(f"it cannot see what is held: {status['trouble']}")
    if not status["sessions"]:
        app.report.notice("there is no session to keep fresh yet")
    else:
        app.report.data("")
        app.report.rows((_cells(each, now) for each in status["sessions"]), aligned=True)


def _facts(status: dict[str, Any]) -> list[tuple[str, str]]:
    memory = status["memory"]
    guarded = [
        what for what, is_open in (("no dumps", memory["dumpable"]), ("no swap", memory["swappable"])) if not is_open
    ]
    return [
        ("process", f"{status['pid']}, since {_clock(status['started_at'])}"),
        ("version", status["version"]),
        ("state", "locked" if status["locked"] else "keeping sessions fresh"),
        ("memory", ", ".join(guarded) or "not protected by this system"),
        ("keys held", str(status["keys_held"])),
        ("serves", ", ".join(status["served"]) or "nothing yet"),
        ("log", status["log"]),
    ]


def _cells(session: dict[str, Any], now: datetime) -> tuple[str, ...]:
    ends = datetime.fromisoformat(session["expires_at"])
    lasts = left(ends - now) if ends > now else "ended"
    next_at = session["renewed_at"]
    when = f"next {_clock(next_at)}" if next_at else ""
    since = f"since {_clock(session['since'])}" if session["since"] and session["why"] else ""
    return (session["name"], lasts, session["standing"], when, session["why"], since)


def _clock(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%H:%M:%S}"


def _say_version(app: App, status: dict[str, Any]) -> None:
    if status["version"] != __version__:
        app.report.notice(
            f"the agent is of stsctl {status['version']}, and this is {__version__}: stsctl agent stop, then start"
        )


@command.command("env", cls=Statements)
@name_argument()
@click.option("--shell", type=click.Choice(sorted(SHELLS)), help="The shell to write for; found out where not said.")
@click.pass_obj
def env(app: App, *, name: str | None, shell: str | None) -> None:
    """Export where SDKs fetch a role's session from the agent: eval $(stsctl agent env NAME).

    It is renewed as long as the agent runs, and has no end that a program could see coming. "stsctl env --unset" takes
    it back.
    """
    wanted = app.meant(Wanted(name=name) if name else None)
    if wanted != Wanted(name=wanted.name):
        raise UsageError(
            f'"{wanted.name}" was asked for with options of its own here, and the agent serves what the name means',
            hint=f"stsctl agent env {quote(wanted.name)}",
        )
    obtained = app.use(wanted, Acting())  # a person may be asked now, and not when a program fetches it
    place = app.agency.need(Ask.SERVE, name=wanted.name)
    changes = environment.serve(
        obtained.export(app.environ), app.environ, url=place["url"], token=Secret(place["token"])
    )
    app.report.data(writer(app, shell).render(changes))


@command.command("unit")
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(UNITS)),
    default="launchd" if sys.platform == "darwin" else "systemd",
    help="Whose: systemd's, or macOS's.",
)
@click.pass_obj
def unit(app: App, *, form: str) -> None:
    """Print what has systemd or launchd start the agent when you sign in.

    For ~/.config/systemd/user/stsctl-agent.service or ~/Library/LaunchAgents/stsctl.agent.plist.
    """
    app.report.data(UNITS[form](app.agency.command))


@command.command("lock")
@click.pass_obj
def lock(app: App) -> None:
    """Forget every key that the agent holds; it renews and serves nothing until you unlock it."""
    app.agency.need(Ask.LOCK)
    app.report.notice("the agent is locked")


@command.command("unlock")
@click.pass_obj
def unlock(app: App) -> None:
    """Let the agent work again; where the store has a passphrase, it is asked for."""
    app.agency.need(Ask.UNLOCK)
    for held in app.stores.all_held():
        held.session("")  # there is none; to say so the store has to be open, and what opens it is remembered
    app.report.notice("the agent is unlocked")
