"""`stsctl console`: AWS's web console, signed in with a session."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli.options import acting_options, name_argument, wanted_options
from stsctl.errors import UsageError
from stsctl.formats import console
from stsctl.request import Operation
from stsctl.signing_in import SigningIn

if TYPE_CHECKING:
    from stsctl.cli.app import App, Obtained

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
    obtained = app.obtain(app.chosen(wanted), acting)
    address = _address(app, obtained, service, sign_out_first=sign_out_first)
    if printed:
        app.report.data(address)
        return
    from stsctl.host.browser import Browser

    with app.report.waiting("opening the browser"):
        Browser(environ=app.environ, profile=browser_profile, container=container).open_unseen(address)
    app.report.notice(f"the console is open as {obtained.session.identity}")


def _address(app: App, obtained: Obtained, service: str | None, *, sign_out_first: bool) -> str:
    """The address that signs in; raises UsageError for a session that AWS's console does not take."""
    from stsctl.sources.signin_token import signin_token

    steps, name = obtained.plan.steps, obtained.wanted.name
    if not steps or steps[-1].request.operation is not Operation.ASSUME_ROLE:
        raise UsageError(
            f'"{name}" is a user, and the console takes a role\'s session only', hint="stsctl console ROLE"
        )
    endpoint = steps[-1].request.endpoint
    way = SigningIn.at(endpoint)
    destination = way.destination(service, obtained.region)
    # AWS lets the console outlast the credentials of a role that long-term keys assumed, and of no other.
    lasts = min(steps[-1].effective, _LONGEST) if len(steps) == 1 and not _temporary(obtained) else None
    token = signin_token(app.http(obtained.plan.target), endpoint, way, obtained.session.credentials, lasts)
    return console.address(way, token, destination, sign_out_first=sign_out_first)


def _temporary(obtained: Obtained) -> bool:
    return obtained.plan.asker.id.startswith("ASIA")
