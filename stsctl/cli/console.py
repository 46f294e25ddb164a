"""`stsctl console`: AWS's web console, signed in with a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stsctl.cli import web_console
from stsctl.cli.options import acting_options, name_argument, wanted_options

if TYPE_CHECKING:
    from stsctl.cli.app import App


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
    web_console.check(app, chosen)
    obtained = app.use(chosen, acting)
    address = web_console.address(app, obtained, service, sign_out_first=sign_out_first)
    if printed:
        app.report.data(address)
        return
    browser = web_console.browser(app, obtained, profile=browser_profile, container=container)
    with app.report.waiting("opening the browser"):
        browser.open_unseen(address)
    app.report.notice(f"the console is open as {obtained.session.identity}")
