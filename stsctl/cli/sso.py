"""`stsctl sso`: signing in at Identity Center or an OIDC issuer, what a sign-in has, and signing out."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

import click

from stsctl import identity_centers
from stsctl.cli import sso_import, sso_logins
from stsctl.cli.options import Group, completing, json_option
from stsctl.cli.sso_import import find_source, roles_of
from stsctl.errors import StsctlError, UsageError
from stsctl.formats.interface import rfc3339
from stsctl.source import SourceKind

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.surroundings import Surroundings
    from stsctl.permission_sets import Account
    from stsctl.source import Source
    from stsctl.stores.index import SignInEntry


def _authorities(app: Surroundings) -> dict[str, Source]:
    """Where people sign in, by name."""
    issuers = (entry.source for entry in app.configuration.sources.values())
    found = {source.name: source for source in issuers if source.proof is not None and source.proof.issuer is not None}
    return {**identity_centers.all_of(app.configuration, app.profiles), **found}


def _completions(app: Surroundings) -> list[tuple[str, str]]:
    found = []
    for name, source in _authorities(app).items():
        issuer = source.proof.issuer if source.proof else None
        center = source.identity_center
        found.append((name, issuer.url if issuer else center.start_url if center else ""))
    return found + sso_logins.named(app)


_name = click.argument("name", required=False, shell_complete=completing(_completions))


@click.group("sso", cls=Group)
def command() -> None:
    """Sign in at Identity Center, an OIDC issuer or AWS's console, see which accounts and roles you have, sign out.

    NAME is a source of type identity-center or, for login and logout, of type login, or oidc with an issuer; an
    [sso-session NAME] of ~/.aws/config; or a name that leads there. It may be left out where there is one only.
    """


command.add_command(sso_import.import_roles)


@command.command("login")
@_name
@click.option("--device", "by_device", is_flag=True, help="Show a code to type in any browser; open none here.")
@click.pass_obj
def login(app: App, *, name: str | None, by_device: bool) -> None:
    """Sign in anew, in your browser; without one here (SSH, a container), by a code to type in any browser.

    Roles do this by themselves when they need it. The token is kept in the store, and renewed as long as your
    administrator allows.
    """
    source = _named(app, name)
    if source.kind is SourceKind.LOGIN:
        sso_logins.sign_in(app, source, by_device=by_device)
        return
    signed_in = app.authorities.sign_in(source, anew=True, by_device=by_device, may_ask=app.settings.prompt.value)
    renewed = ", and is renewed by itself" if signed_in.refresh_token else ""
    app.report.notice(f'you are signed in to "{source.name}": the token ends at {rfc3339(signed_in.ends_at)}{renewed}')
    if source.identity_center is not None:
        app.report.lines([f"  stsctl sso roles {quote(source.name)}", f"  stsctl sso import {quote(source.name)}"])


def _named(app: App, name: str | None) -> Source:
    return find_source(app, name) if name else identity_centers.the_only_one(_authorities(app))


@command.command("logout")
@_name
@click.option("--all", "everywhere", is_flag=True, help="Sign out everywhere.")
@click.pass_obj
def logout(app: App, *, name: str | None, everywhere: bool) -> None:
    """Sign out: at Identity Center, and here. The sessions that were got by that sign-in are forgotten too.

    AWS lets sessions go on that somebody else still has, until they end.
    """
    if everywhere and name:
        raise click.UsageError("NAME and --all exclude each other")
    meant = list(_authorities(app).values()) if everywhere else [_named(app, name)]
    if meant and meant[0].kind is SourceKind.LOGIN:
        sso_logins.sign_out(app, meant[0])
        return
    by_key = {app.authorities.key(source): source for source in meant}
    logged_out = sso_logins.sign_out_of_all(app) if everywhere else False
    listed = [entry for entry in app.held.sign_in_entries() if everywhere or entry.authority in by_key]
    if not listed and not logged_out:
        app.report.notice("nobody is signed in")
    for entry in listed:
        _sign_out(app, entry, by_key.get(entry.authority))


def _sign_out(app: App, entry: SignInEntry, source: Source | None) -> None:
    """Ends a sign-in; what cannot be reached keeps nobody from forgetting it here."""
    called = source.name if source else entry.authority
    held = app.held.sign_in(entry.authority)
    if source is not None and source.identity_center is not None:
        shared = app.authorities.shared(source)
        if shared is not None:
            shared.remove()
        if held is not None:
            try:
                app.authorities.portal(source, held).sign_out()
            except StsctlError as error:
                app.report.notice(f'"{called}" was not told: {error.message or error}')
    # Who signed in at an issuer is known by what it says of them: their sessions are those of the source's chains.
    of_issuer = called if source is not None and source.identity_center is None else None
    keys = {one.request_key for one in app.held.entries() if entry.id == one.sign_in or of_issuer in one.chain[:1]}
    app.terminals.drop(keys)
    for key in keys:
        app.held.drop(key)
    app.held.drop_sign_in(entry.authority)
    count = f"; {len(keys)} session{'s' * (len(keys) != 1)} forgotten" if keys else ""
    app.report.notice(f'you are signed out of "{called}"{count}')


@command.command("accounts")
@_name
@json_option
@click.pass_obj
def accounts(app: App, *, name: str | None, as_json: bool) -> None:
    """List the accounts in which you have a role."""
    found = app.authorities.with_portal(find_source(app, name), lambda portal: portal.accounts())
    if as_json:
        app.report.answer([{"account_id": one.id, "name": one.name} for one in found])
    elif found:
        app.report.rows((one.id, one.name) for one in found)
    else:
        app.report.notice("no account is assigned to you")


@command.command("roles")
@_name
@click.option("--account", "wanted", metavar="ACCOUNT", help="In this account only: its id or its name.")
@json_option
@click.pass_obj
def roles(app: App, *, name: str | None, wanted: str | None, as_json: bool) -> None:
    """List the roles (permission sets) that you have in each account.

    For a source of type saml: the roles that its assertion offers, for which you may have to sign in.
    """
    source = find_source(app, name)
    if source.kind is SourceKind.SAML:
        _offered(app, source, wanted, as_json=as_json)
        return
    every = app.authorities.with_portal(source, lambda portal: portal.accounts())
    chosen = every if wanted is None else [_account(every, wanted, source)]
    found = roles_of(app, source, chosen)
    if as_json:
        app.report.answer([one.values for one in found])
    elif found:
        app.report.rows((one.account.id, one.account.name, one.role_name) for one in found)
    else:
        app.report.notice("no role is assigned to you")


def _offered(app: App, source: Source, account: str | None, *, as_json: bool) -> None:
    found = [one for one in app.offered_roles(source) if account in (None, one.account_id)]
    if as_json:
        values = ("account_id", "role_name", "role_arn", "name")
        app.report.answer([{name: getattr(one, name) for name in values} for one in found])
    elif found:
        app.report.rows((one.account_id, one.role_name, one.called) for one in found)
    else:
        app.report.notice("no role is offered to you")


def _account(every: list[Account], wanted: str, source: Source) -> Account:
    found = [one for one in every if wanted in (one.id, one.name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(one.id for one in found)
        raise UsageError(f'"{wanted}" is the name of several accounts: {ids}', hint=f"--account {found[0].id}")
    raise UsageError(f'you have no role in an account "{wanted}"', hint=f"stsctl sso accounts {quote(source.name)}")
