"""`stsctl whoami`: who this terminal is, as far as AWS is concerned."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import json_option
from stsctl.cli.panel import left
from stsctl.errors import StsctlError, UsageError
from stsctl.formats.interface import rfc3339
from stsctl.formats.visible import visible

if TYPE_CHECKING:
    from stsctl.arn import Arn
    from stsctl.cli.app import App
    from stsctl.stores.index import Entry
    from stsctl.target import Wanted


@click.command("whoami")
@json_option
@click.pass_obj
def command(app: App, *, as_json: bool) -> None:
    """Say who you are in this terminal: the current session, its identity, how long it lasts.

    Credentials in the environment that stsctl did not put there are asked of AWS (GetCallerIdentity).
    """
    # A source's own keys, exported as they are, are no session: AWS has to say whose they are.
    keys, session = app.environ.get("AWS_ACCESS_KEY_ID"), app.environ.get("STSCTL_SESSION")
    if keys and session in (None, keys):
        _asked(app, as_json=as_json)
        return
    wanted = app.chosen(None)
    entry = app.current_entry()
    if entry is None:
        own = _own(app, wanted)
        if own is None:
            raise UsageError(
                f'no session of "{wanted.name}" is held any more', hint=f"stsctl assume {quote(wanted.name)}"
            )
        _say(app, own, f'by the credentials of "{wanted.name}"', name=wanted.name, as_json=as_json)
        return
    if as_json:
        app.report.answer(_as_json(app, entry))
        return
    app.report.data(visible(entry.identity or str(_own(app, wanted) or f"the user of {entry.chain[0]}")))
    ends = f", ends in {left(entry.expires_at - app.now())}" if entry.expires_at else ""
    app.report.notice(f'"{wanted.name}" by {" → ".join(entry.chain)}{ends}')
    exported = app.environ.get("STSCTL_SESSION")
    if exported and exported != entry.request_key:
        app.report.notice("this shell's variables still hold another session; to change them: eval $(stsctl env)")


def _as_json(app: App, entry: Entry) -> dict[str, object]:
    return {
        "identity": entry.identity,
        "account_id": entry.account_id,
        "name": entry.name,
        "chain": list(entry.chain),
        "expires_at": rfc3339(entry.expires_at) if entry.expires_at else None,
        "exported": app.environ.get("STSCTL_SESSION") == entry.request_key,
    }


def _own(app: App, wanted: Wanted) -> Arn | None:
    """Whose a source's own credentials are, where it is one that was wanted: those are in no list, or say it not."""
    try:
        target = app.target(wanted)
        return None if app.plan(target).steps else app.whose(target)
    except StsctlError as error:
        app.report.debug(error.message)
        return None


def _asked(app: App, *, as_json: bool) -> None:
    """Whose the credentials in the environment are, where no session that stsctl holds says so."""
    name = app.environ.get("STSCTL_ROLE")
    by = f'by the keys of "{name}"' if name else "by credentials that stsctl did not put into this shell"
    _say(app, app.identity_of_environment(), by, exported=True, as_json=as_json)


def _say(app: App, who: Arn, by: str, *, name: str | None = None, exported: bool = False, as_json: bool) -> None:
    if as_json:
        app.report.answer({"identity": str(who), "account_id": who.account, "name": name, "exported": exported})
        return
    app.report.data(visible(str(who)))
    app.report.notice(by)
