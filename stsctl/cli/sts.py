"""`stsctl sts`: what else STS and the roles behind it can be asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from stsctl import revocation
from stsctl.arn import Arn
from stsctl.cli import sts_decode, sts_sessions, sts_tokens
from stsctl.cli.options import Group, as_option, asking_options, complete_name, json_option
from stsctl.cli.role import check_account, role_arn
from stsctl.errors import StsctlError
from stsctl.formats.interface import rfc3339
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.sources.role_policy import RolePolicy


class Instant(click.ParamType[datetime]):
    """A point in time, as 2026-01-31T12:00:00Z."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant that was typed."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(f'"{value}" is no instant, write it as 2026-01-31T12:00:00Z', param, ctx)
        return found


@click.group("sts", cls=Group)
def command() -> None:
    """Ask STS for more than roles: sessions of users, tokens, whose a key is, and an end to what got lost."""


@command.command("key-info")
@click.argument("access_key_id")
@as_option
@json_option
@asking_options
@click.pass_obj
def key_info(app: App, /, *, access_key_id: str, acting_as: str | None, as_json: bool, **options: Any) -> None:
    """Say which account an access key belongs to (GetAccessKeyInfo)."""
    obtained = app.acting(Wanted(name=acting_as) if acting_as else None, options, of_sts=True)
    account = app.calls(obtained).account_of_key(access_key_id)
    if as_json:
        app.report.answer({"access_key_id": access_key_id, "account_id": account})
        return
    app.report.data(account)


@command.command("revoke")
@click.argument("role", shell_complete=complete_name)
@as_option
@click.option("--before", type=Instant(), help="Revoke what was issued before then; now where not said.")
@click.option("--undo", is_flag=True, help="Let sessions live that were revoked, and have not ended.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether it is meant.")
@asking_options
@click.pass_obj
def revoke(
    app: App,
    /,
    *,
    role: str,
    acting_as: str | None,
    before: datetime | None,
    undo: bool,
    yes: bool,
    **options: Any,
) -> None:
    """Deny everything to the sessions of a role that were issued until now, whoever has them.

    ROLE is a name or a role's ARN. The role gets the inline policy that AWS's console writes for it
    (AWSRevokeOlderSessions); sessions from now on are not concerned. --undo takes it back.
    """
    if undo and before:
        raise click.UsageError("--undo and --before exclude each other")
    arn = role_arn(app, role)
    obtained = app.acting(Wanted(name=acting_as) if acting_as else None, options)
    check_account(obtained, arn, may="iam:PutRolePolicy")
    policy = app.calls(obtained).role_policy(arn, revocation.POLICY_NAME)
    if undo:
        _undo(app, arn, policy, yes=yes)
    else:
        _revoke(app, arn, policy, before or app.now(), yes=yes)


def _revoke(app: App, arn: Arn, policy: RolePolicy, before: datetime, *, yes: bool) -> None:
    said = f"{before.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    there = policy.read()
    already = revocation.revoked_before(there) if there is not None else None
    if already is not None and already > before:
        raise StsctlError(
            f"the sessions before {already:%Y-%m-%d %H:%M:%S} UTC are revoked already, which is later",
            hint=f"to let younger ones live again: stsctl sts revoke {arn} --undo",
        )
    _confirm(app, f"deny everything to every session of {arn} that was issued before {said}", yes=yes)
    policy.write(revocation.policy(before))
    own = [each for each in app.held.entries() if _is_of(each.identity, arn) and each.obtained_at < before]
    for entry in own:
        app.held.drop(entry.request_key)
    app.report.notice(f"revoked: the sessions of {arn} before {said}")
    if own:
        app.report.notice(f"{len(own)} of them {'was' if len(own) == 1 else 'were'} held here, and forgotten")
    app.report.lines([f"  stsctl sts revoke {arn} --undo"])


def _undo(app: App, arn: Arn, policy: RolePolicy, *, yes: bool) -> None:
    there = policy.read()
    if there is None:
        raise StsctlError(f"no sessions of {arn} are revoked: the role has no policy {policy.name}")
    before = revocation.revoked_before(there)
    since = rfc3339(before) if before else "an instant that cannot be read"
    _confirm(app, f"let the sessions of {arn} live again that were issued before {since}", yes=yes)
    policy.delete()
    app.report.notice(f"the sessions of {arn} are revoked no more")


def _is_of(identity: str | None, role: Arn) -> bool:
    """Whether an identity is that of a session of a role."""
    if identity is None:
        return False
    arn = Arn.parse(identity)
    return (arn.account, arn.session_role) == (role.account, role.resource_name)


def _confirm(app: App, what: str, *, yes: bool) -> None:
    """Asks the person; raises StsctlError for a no, PersonNeededError where nobody can be asked."""
    app.report.notice(f"about to {what}")
    if yes:
        return
    answer = app.machine.ask("Is that meant? [y/N] ", hidden=False, about=f"stsctl is about to {what}.")
    if answer.strip().lower() not in ("y", "yes"):
        raise StsctlError("nothing was changed")


for _command in (
    sts_decode.decode,
    sts_sessions.session_token,
    sts_sessions.federate,
    sts_sessions.root,
    sts_tokens.id_token,
    sts_tokens.delegated_token,
):
    command.add_command(_command)
