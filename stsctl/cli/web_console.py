"""AWS's web console for a session: whether it takes it, the address that signs in, and the browser for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from stsctl import console_table, signing_in
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


def check(app: App, wanted: Wanted) -> None:
    """Raises UsageError for a session that AWS's console would not take, before anybody is asked for it."""
    steps = app.plan(app.target(wanted)).steps
    problem = signing_in.problem_with(steps[-1].request.operation) if steps else None
    if problem:
        raise UsageError(f'"{wanted.name}" is {problem}', hint="stsctl console ROLE")


def address(app: App, obtained: Obtained, service: str | None = None, *, sign_out_first: bool = False) -> str:
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


def browser(app: App, obtained: Obtained, *, profile: str | None = None, container: str | None = None) -> Browser:
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
