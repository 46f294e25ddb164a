"""`stsctl sts session-token | federate | root`: sessions that are no role's, held and used like any other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli.options import Duration, Tag, acting_options, complete_keys, complete_name, json_option
from stsctl.cli.panel import show
from stsctl.formats import json
from stsctl.target import HopKind, Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App

_of_keys = click.option(
    "--from", "source", required=True, metavar="NAME", shell_complete=complete_keys, help="Whose keys ask for it."
)
_duration = click.option("-d", "--duration", type=Duration(), help="How long it should last: 15m to 36h; 12h unasked.")
_region = click.option("--region", metavar="REGION", help="The region, for STS and for what is run.")


@click.command("session-token")
@_of_keys
@_duration
@click.option("--mfa-serial", metavar="ARN", help="The MFA device whose code is given.")
@_region
@acting_options
@json_option
@click.pass_obj
def session_token(app: App, /, *, source: str, as_json: bool, **options: Any) -> None:
    """Get a user's own session (GetSessionToken), with an MFA code where the user has a device.

    It is held, and this terminal's current one, as a role's session is. Without MFA it may not call IAM.
    """
    _assume(app, f"{source} session", {**options, "source": source}, HopKind.SESSION_TOKEN, as_json=as_json)


@click.command("federate")
@click.argument("name")
@_of_keys
@_duration
@click.option("--policy", metavar="JSON", help="What the session may do, of what the user of the keys may.")
@click.option("--policy-file", type=click.Path(path_type=Path), help="A file with such a policy.")
@click.option("--policy-arn", "policy_arns", multiple=True, metavar="ARN", help="A managed policy that says so.")
@click.option("--tag", "tags", type=Tag(), multiple=True, help="A session tag; repeat it for more.")
@_region
@acting_options
@json_option
@click.pass_obj
def federate(app: App, /, *, name: str, as_json: bool, **options: Any) -> None:
    """Get a session for somebody whom IAM does not know (GetFederationToken), called NAME.

    It may do what both the user of the keys may and a policy here allows: without a policy it can do nothing.
    """
    _assume(app, name, {**options, "session_name": name}, HopKind.FEDERATION_TOKEN, as_json=as_json)


@click.command("root")
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--task-policy", "task_policy_arn", required=True, metavar="NAME", help="The task, by its policy's name.")
@click.option(
    "--from", "source", required=True, metavar="NAME", shell_complete=complete_name, help="The role or source that may."
)
@click.option("-d", "--duration", type=Duration(), help="How long it should last: 15m at most, and unasked.")
@_region
@acting_options
@json_option
@click.pass_obj
def root(app: App, /, *, account_id: str, as_json: bool, **options: Any) -> None:
    """Be the root user of a member ACCOUNT for one task (AssumeRoot).

    Tasks are IAMAuditRootUserCredentials, IAMCreateRootUserPassword, IAMDeleteRootUserCredentials, S3UnlockBucketPolicy
    and SQSUnlockQueuePolicy. It takes the organization's management account, or its delegated administrator for IAM.
    """
    wanted = {**options, "account_id": account_id}
    _assume(app, f"root of {account_id}", wanted, HopKind.ROOT, as_json=as_json)


def _assume(app: App, name: str, options: dict[str, Any], kind: HopKind, *, as_json: bool) -> None:
    """Gets the session and makes it this terminal's current one, as `stsctl assume` does."""
    wanted, acting = app.typed(name, {**options, "kind": kind})
    assert isinstance(wanted, Wanted)
    obtained = app.obtain(wanted, acting)
    is_current = not acting.no_cache and app.make_current(obtained)
    if as_json:
        app.report.data(json.assume_role(obtained.session))
        return
    show(app.report, obtained, app.now(), ["eval $(stsctl env)", "stsctl exec -- COMMAND"] if is_current else [])
