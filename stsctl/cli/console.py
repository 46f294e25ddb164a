"""`stsctl console`: AWS's web console, signed in with a session."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from stsctl import console_table, signing_in
from stsctl.cli.options import acting_options, name_argument, wanted_options
from stsctl.console_table import Color
from stsctl.errors import UsageError
from stsctl.formats import console
from stsctl.request import Operation
from stsctl.signing_in import SigningIn
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.obtaining import Obtained
    from stsctl.host.browser import Browser

_LONGEST = timedelta(hours=12)


@click.command("console")
@name_argument()
@wanted_options
@acting_options
@click.option("--service", metavar="SERVICE", help="The service whose page is shown: s3, ec2, cloudwatch/home.")
@click.option("--print", "printed", is_flag=True, help="Print the address, which signs anybody in for 15 minutes.")
@click.option("--browser-profile", metavar="PROFILE", help="A profile of Chrome, Chromium, Edge or Brave.")
@click.option("--container", metavar="NAME", help="A container of Firefox.")
@click.option("--sign-out-first", is_flag=True, help="Sign the browser out of the account that it is in.")
@click.pass_obj
def command(
    app: App,
    /,
    *,
    name: str | None,
    service: str | None,
    printed: bool,
    browser_profile: str | None,
    container: str | None,
    sign_out_first: bool,
    **options: Any,
) -> None:
    """Open AWS's web console as a role.

    Without NAME the current session is taken. The address is nothing for other eyes: the browser is led to it, so that
    it is in no list of processes.
    """
    if browser_profile and container:
        raise click.UsageError("--browser-profile and --container exclude each other")
    wanted, acting = app.typed(name, options)
    chosen = app.meant(wanted)
    _check(app, chosen)
    obtained = app.use(chosen, acting)
    address = _address(app, obtained, service, sign_out_first=sign_out_first)
    if printed:
        app.report.data(address)
        return
    browser = _browser(app, obtained, profile=browser_profile, container=container)
    with app.report.waiting("opening the browser"):
        browser.open_unseen(address)
    app.report.notice(f"the console is open as {obtained.session.identity}")


def _check(app: App, wanted: Wanted) -> None:
    """Raises UsageError for a session that AWS's console would not take, before anybody is asked for it."""
    steps = app.plan(app.target(wanted)).steps
    problem = signing_in.problem_with(steps[-1].request.operation) if steps else None
    if problem:
        raise UsageError(f'"{wanted.name}" is {problem}', hint="stsctl console ROLE")


def _address(app: App, obtained: Obtained, service: str | None, *, sign_out_first: bool) -> str:
    """The address that signs in; raises UsageError for a user, who has no session."""
    if obtained.session.credentials.session_token is None:
        raise UsageError(
            f'"{obtained.wanted.name}" is a user, and the console takes sessions of roles and of federated users only',
            hint="stsctl console ROLE",
        )
    way = SigningIn.at(app.endpoint_of(obtained))
    destination = way.destination(service, obtained.region)
    token = app.calls(obtained).signin_token(way, _lasts(obtained))
    return console.address(way, token, destination, sign_out_first=sign_out_first)


def _lasts(obtained: Obtained) -> timedelta | None:
    """How long the console is asked to last; None: as long as the credentials.

    AWS lets it outlast the credentials of a role that long-term keys assumed, and refuses to say so of any other.
    """
    steps = obtained.plan.steps
    is_direct = len(steps) == 1 and steps[0].request.operation is Operation.ASSUME_ROLE
    return min(steps[0].effective, _LONGEST) if is_direct and not obtained.plan.asker.temporary else None


def _browser(app: App, obtained: Obtained, *, profile: str | None, container: str | None) -> Browser:
    """The browser as the command line says, else as the configuration does."""
    session, settings = obtained.session, app.settings
    name = obtained.wanted.name
    role_name = (session.identity.session_role if session.identity else None) or name
    values = {"name": name, "account_id": session.account_id or "unknown", "role_name": role_name}
    if profile is None and container is None:
        if settings.browser_profile.value:
            profile = console_table.profile_directory(settings.browser_profile.value, values)
        if settings.container.value:
            container = console_table.filled(settings.container.value, values)
    role = app.configuration.roles.get(name)
    color = (role and role.color) or (Color.of(container) if container else None)
    return app.machine.browser(
        command=settings.browser.value,
        profile=profile,
        container=container,
        color=color.value if color else None,
        icon=role.icon.value if role and role.icon else None,
    )
