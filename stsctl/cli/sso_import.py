"""`stsctl sso import`: the roles that somebody has at Identity Center, written into added.toml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from stsctl import identity_centers, permission_sets
from stsctl.chain import leads_somewhere
from stsctl.errors import UsageError
from stsctl.formats import added
from stsctl.permission_sets import TEMPLATE, Account, Import, PermissionSet
from stsctl.target import HopKind, Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.source import Source


def find_source(app: App, name: str | None) -> Source:
    """The source at which people sign in that a name means; the only one there is where none was typed."""
    found = identity_centers.all_of(app.configuration, app.profiles)
    if name is None:
        return identity_centers.the_only_one(found)
    session = found.get(name) or identity_centers.of_session(name, app.configuration, app.profiles)
    return session or app.target(Wanted(name=name)).source


def roles_of(app: App, source: Source, accounts: Sequence[Account]) -> list[PermissionSet]:
    """The permission sets that a sign-in has in these accounts; a bar shows how far the asking is."""
    with app.report.progress("asking for the roles in each account", len(accounts)) as done:
        found = app.authorities.with_portal(source, lambda portal: portal.all_roles(accounts, done))
    return [PermissionSet(account=account, role_name=role) for account, roles in found for role in roles]


@click.command("import")
@click.argument("name", required=False)
@click.option("--template", metavar="TEXT", default=TEMPLATE, show_default=True, help="What each role is called.")
@click.option("--prune", is_flag=True, help="Take out those of an earlier import that you do not have any more.")
@click.option("--diff", is_flag=True, help="Show what would change, and write nothing.")
@click.pass_obj
def import_roles(app: App, *, name: str | None, template: str, prune: bool, diff: bool) -> None:
    """Write a [role.NAME] into added.toml for every role that you have in every account.

    {account_name}, {account_id} and {role_name} are filled into the template. Names that you wrote yourself stay
    yours: where one is taken, the account's id is added.
    """
    permission_sets.check_template(template)
    source = find_source(app, name)
    accounts = app.authorities.with_portal(source, lambda portal: portal.accounts())
    found = roles_of(app, source, accounts)
    from_name, table = _beginning(app, source)
    before = _imported(app, from_name)
    wanted = permission_sets.name_all(found, template, _taken(app, before, from_name))
    changes = permission_sets.changes(wanted, before)
    if diff:
        app.report.stream(_lines(changes, before, prune=prune))
    else:
        _write(app, from_name, table, changes, prune=prune)
    _tell(app, changes, prune=prune, written=not diff)


def _beginning(app: App, source: Source) -> tuple[str, dict[str, str] | None]:
    """The name that the roles come from, and what `[source.NAME]` has to say where no file says it yet."""
    entry = app.configuration.sources.get(source.name)
    if entry is not None and entry.source.identity_center is not None:
        return source.name, None
    center = source.identity_center
    if center is None or center.session_name is None:
        raise UsageError(
            f'"{source.name}" is no source that roles could be imported from',
            hint='write [source.NAME] with type = "identity-center", start_url and sso_region',
        )
    taken = {one.name for one in app.listing()}
    free = source.name if source.name not in taken else f"{source.name}-sso"
    return free, {"type": "identity-center", "sso_session": center.session_name}


def _imported(app: App, from_name: str) -> dict[str, tuple[str, str]]:
    """Account id and role name of what an import wrote, by name: nothing else adds permission sets."""
    return {
        name: (role.hop.account_id or "", role.hop.role_name or "")
        for name, role in app.configuration.roles.items()
        if role.added and role.from_name == from_name and role.hop.kind is HopKind.PERMISSION_SET
    }


def _taken(app: App, before: dict[str, tuple[str, str]], from_name: str) -> set[str]:
    """The names that mean something else."""
    said = app.configuration
    own = {*said.roles, *said.aliases, *said.sources, from_name} - set(before)
    return own | {name for name, profile in app.profiles.by_name.items() if leads_somewhere(profile)}


def _write(app: App, from_name: str, table: dict[str, str] | None, changes: Import, *, prune: bool) -> None:
    roles = {
        name: {
            "type": "permission-set",
            "from": from_name,
            "account_id": one.account.id,
            "role_name": one.role_name,
            "description": f"{one.role_name} in {one.account.name}",
        }
        for name, one in changes.wanted.items()
    }
    source = (from_name, table) if table else None
    place = app.short(app.paths.added)
    gone = changes.gone if prune else ()
    accounts = {one.account.id: one.account.name for one in changes.wanted.values() if one.account.name}
    app.change_added(
        lambda text: added.with_import(text, source, roles, gone, accounts=accounts, place=place),
    )


def _lines(changes: Import, before: dict[str, tuple[str, str]], *, prune: bool) -> list[str]:
    """One for each name that changes: what it will be, or was."""
    lines = {name: f"- {name}\t{' '.join(before[name])}" for name in (changes.gone if prune else ())}
    for sign, names in (("+", changes.added), ("~", changes.changed)):
        for name in names:
            one = changes.wanted[name]
            lines[name] = f"{sign} {name}\t{one.account.id} {one.role_name}"
    return [lines[name] for name in sorted(lines)]


def _tell(app: App, changes: Import, *, prune: bool, written: bool) -> None:
    counts = [("new", changes.added), ("changed", changes.changed)] + ([("removed", changes.gone)] if prune else [])
    said = ", ".join(f"{len(names)} {what}" for what, names in counts)
    would = "" if written else "there would be "
    app.report.notice(f"{len(changes.wanted)} roles: {would}{said}")
    if changes.gone and not prune:
        names = ", ".join(f'"{name}"' for name in changes.gone[:3]) + (" …" if len(changes.gone) > 3 else "")
        app.report.notice(f"{len(changes.gone)} of an earlier import you do not have any more ({names}): --prune")
