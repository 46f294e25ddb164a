"""Roles that are named on the command line, by a name of the configuration or by their ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stsctl.arn import Arn
from stsctl.errors import ConfigurationError, UsageError
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.obtaining import Obtained


def role_arn(app: App, name: str) -> Arn:
    """The role that is meant; raises ConfigurationError where the name is no role's."""
    if name.startswith("arn:"):
        return Arn.parse_role(name)
    hops = app.target(Wanted(name=name)).hops
    arn = hops[-1].role_arn if hops else None
    if arn is None:
        raise ConfigurationError(f'"{name}" is no role', hint="stsctl plan NAME shows what a name is")
    return arn


def check_account(obtained: Obtained, role: Arn, *, may: str) -> None:
    """Raises UsageError where a session is in another account than a role: it sees nothing of it."""
    if obtained.session.account_id not in (None, role.account):
        raise UsageError(
            f'"{obtained.wanted.name}" is in account {obtained.session.account_id}, the role in {role.account}',
            hint=f"--as a role of that account which may {may}",
        )
