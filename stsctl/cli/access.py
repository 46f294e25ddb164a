"""`stsctl access`: who can become what, and do what."""

from __future__ import annotations

import click

from stsctl.cli import access_can, access_collect, access_graph, access_pass_role, access_paths, access_trust
from stsctl.cli.options import Group


@click.group("access", cls=Group)
def command() -> None:
    """Say who may do what, by the policies at hand and without trying it."""


for _command in (
    access_can.can_command,
    access_can.who_can_command,
    access_collect.collect,
    access_graph.graph_command,
    access_pass_role.pass_role_command,
    access_paths.paths_command,
    access_trust.trust_command,
):
    command.add_command(_command)
