"""`stsctl access collect`: the policies of many accounts, read into a folder that all other questions are asked of."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli import policy_folder
from stsctl.cli.options import Duration, as_option, asking_options, json_option
from stsctl.errors import StsctlError, UsageError
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.sources.organization_accounts import OrganizationAccounts

_ROLE = "OrganizationAccountAccessRole"


@click.command("collect")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--via", default=_ROLE, show_default=True, metavar="ROLE", help="The role to read each account by.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="An account; all of the organization else.")
@click.option(
    "--max-age", type=Duration(), default="12h", show_default=True, help="Leave alone what was read within that time."
)
@click.option("--jobs", type=click.IntRange(1, 32), default=8, show_default=True, help="Accounts to ask at a time.")
@as_option
@asking_options
@json_option
@click.pass_obj
def collect(
    app: App,
    /,
    *,
    folder: Path,
    via: str,
    accounts: tuple[str, ...],
    max_age: timedelta,
    jobs: int,
    acting_as: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Read the policies of an organization's accounts into FOLDER, for --policies FOLDER.

    It is asked as the current session, or --as: who may list the organization's accounts, and assume the role --via in
    each. Nothing is changed, and no session is kept. Interrupted, or refused somewhere, it goes on from there the next
    time: what was read within --max-age is not read again.
    """
    source = _source(app, acting_as, via, options)
    wanted = list(accounts) or source.all()
    due = [account for account in wanted if not policy_folder.has_since(folder, account, app.wall() - max_age)]
    _keep_organization(app, folder, source, needed=not accounts)
    refused: dict[str, StsctlError] = {}
    with app.report.progress("reading accounts", len(due)) as done:
        for account, answer in source.each(due, jobs):
            if isinstance(answer, StsctlError):
                refused[account] = answer
            else:
                policy_folder.keep_account(folder, account, answer)
            done()
    if as_json:
        failed = {account: error.message or getattr(error, "reason", "") for account, error in refused.items()}
        read = [account for account in due if account not in refused]
        app.report.answer({"read": read, "fresh": sorted(set(wanted) - set(due)), "failed": failed})
    for account, error in sorted(refused.items()):
        reason = error.message or getattr(error, "reason", "")
        app.report.notice(f"account {account} was not read: {reason}")
    read_now = len(due) - len(refused)
    app.report.notice(f"{read_now} accounts read, {len(wanted) - len(due)} were read already, {len(refused)} failed")
    if refused:
        raise StsctlError(
            f"{len(refused)} of {len(wanted)} accounts could not be read", hint="run the same again for the rest"
        )


def _source(app: App, acting_as: str | None, via: str, options: dict[str, Any]) -> OrganizationAccounts:
    obtained = app.acting(Wanted(name=acting_as) if acting_as else None, options)
    own = obtained.session.account_id or app.keychain.identity(obtained.session.credentials).account
    return app.calls(obtained).accounts(
        own_account=own, via=via, session_name="stsctl-access-collect", sleep=time.sleep
    )


def _keep_organization(app: App, folder: Path, source: OrganizationAccounts, *, needed: bool) -> None:
    """Writes the organization beside its accounts, where whoever asks may see it."""
    try:
        tree = source.reader.organization()
    except StsctlError as error:
        app.report.notice(f"the organization was not read: {error.message or getattr(error, 'reason', '')}")
        return
    if tree is None and needed:
        raise UsageError("the account is in no organization", hint="--account ID, for each account")
    if tree is not None:
        policy_folder.keep_organization(folder, tree)
