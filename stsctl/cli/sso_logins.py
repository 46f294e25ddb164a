"""`stsctl sso login` and `logout` for sessions of `aws login`."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from stsctl.source import SourceKind

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.surroundings import Surroundings
    from stsctl.source import Source


def named(app: Surroundings) -> list[tuple[str, str]]:
    """The names of those that are configured, and who signed in."""
    return [(source.name, str(source.login_session)) for source in _configured(app)]


def sign_in(app: App, source: Source, *, by_device: bool) -> None:
    """Signs in anew, for all programs on this machine."""
    login = app.logins.of(source, may_ask=app.settings.prompt.value, by_device=by_device)
    with app.logins.locks.hold(login.key, f'the sign-in "{source.name}"'):
        login.ask_to_sign_in()
    app.held.drop(login.key)
    app.report.notice(f'you are signed in to "{source.name}" as {login.login_session}; it is renewed by itself')
    app.report.lines([f"  stsctl assume {quote(source.name)}"])


def sign_out_of_all(app: App) -> bool:
    """Takes every session away that a configured source names; False where there was none."""
    there = [source for source in _configured(app) if app.logins.of(source).is_there()]
    for source in there:
        sign_out(app, source)
    return bool(there)


def sign_out(app: App, source: Source) -> None:
    """Takes the session away from this machine, with what was got by it."""
    login = app.logins.of(source)
    was_there = login.sign_out()
    keys = {one.request_key for one in app.held.entries() if one.chain[:1] == (source.name,)} | {login.key}
    app.terminals.drop(keys)
    count = sum(app.held.drop(key) for key in keys)
    if not was_there and not count:
        app.report.notice("nobody is signed in")
        return
    forgotten = f"; {count} session{'s' * (count != 1)} forgotten" if count else ""
    app.report.notice(f'you are signed out of "{source.name}" here{forgotten}; in the browser you are signed in still')


def _configured(app: Surroundings) -> list[Source]:
    return [entry.source for entry in app.configuration.sources.values() if entry.source.kind is SourceKind.LOGIN]
