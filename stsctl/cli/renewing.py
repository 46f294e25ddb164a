"""`stsctl env --renew`: another session in place of the one that a shell has, where that needs nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from shlex import quote
from typing import TYPE_CHECKING

from stsctl.cli.options import Acting
from stsctl.credentials import LEAST_LEFT, Secret, renewed_below
from stsctl.duration import render_duration
from stsctl.errors import PersonNeededError, StsctlError, UnavailableError
from stsctl.formats import environment
from stsctl.formats.interface import rfc3339

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.formats.interface import Changes
    from stsctl.stores.index import Entry

_PAUSE = timedelta(minutes=2)
"""How long AWS, or the way to it, is given to come back."""
_MINUTE = timedelta(minutes=1)


def renewed(app: App) -> tuple[Changes, int]:
    """What changes in the shell that calls, and the status of that.

    It is the session that its variables have, whatever was assumed in this terminal meanwhile. Where it is not to be
    had, the changes say when to try again: the shell does as they say, and a person is told once.
    """
    exported = app.exported()
    if exported is None:
        return {}, 0
    entry = app.index.get(exported.request_key)
    try:
        app.renew(exported.wanted, exported.request_key, least=_least(entry))
        return app.obtain(exported.wanted, Acting(may_sign_in=False)).export(app.environ), 0
    except StsctlError as error:
        ends_at = entry.expires_at if entry else None
        app.report.notice(why(exported.wanted.name, error, ends_at, app.now()))
        return {environment.RENEW_AT: again(error, ends_at, app.now())}, error.status


def _least(entry: Entry | None) -> timedelta:
    """What has to be left of a session for it to be taken as it is."""
    if entry is None or entry.expires_at is None:
        return LEAST_LEFT
    return renewed_below(entry.expires_at - entry.obtained_at)


def why(role: str, error: StsctlError, ends_at: datetime | None, now: datetime) -> str:
    """All that a person needs to know, on one line."""
    left = ends_at - now if ends_at else timedelta()
    ends = f"ends in {render_duration(left // _MINUTE * _MINUTE)}" if left >= _MINUTE else "has ended"
    if isinstance(error, PersonNeededError):
        return f'"{role}" {ends}, and another session needs you: stsctl assume {quote(role)}'
    return f'"{role}" {ends}, and was not renewed: {error.message}'


def again(error: StsctlError, ends_at: datetime | None, now: datetime) -> Secret | None:
    """When the shell is to try again: soon, where AWS was not there; else once more when the session has ended."""
    if isinstance(error, UnavailableError):
        return Secret(rfc3339(now + _PAUSE))
    return Secret(rfc3339(ends_at)) if ends_at and ends_at > now else None
