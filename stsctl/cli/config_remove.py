"""`stsctl config remove`: what stsctl added is taken out again, unless something still needs it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from stsctl.cli import asking
from stsctl.cli.options import completing
from stsctl.errors import ConfigurationError
from stsctl.formats import added, credentials_file
from stsctl.nearest import suggestion
from stsctl.source import SourceKind

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.surroundings import Surroundings


def _removable(app: Surroundings) -> list[tuple[str, str]]:
    """What is in added.toml, keys excepted."""
    said = app.configuration
    roles = [(name, role.hop.what) for name, role in said.roles.items() if role.added]
    sources = [(name, entry.source.kind.value) for name, entry in said.sources.items() if entry.added]
    return roles + [(name, kind) for name, kind in sources if kind != SourceKind.KEYS.value]


@click.command("remove")
@click.argument("name", shell_complete=completing(_removable))
@click.option("--force", is_flag=True, help="Also where something still refers to it.")
@click.pass_obj
def remove(app: App, *, name: str, force: bool) -> None:
    """Take a role or a source out of added.toml. What you wrote yourself is yours to take out.

    Nothing is done while roles, groups, hooks or held sessions still refer to it.
    """
    without = added.without_role if _is_role(app, name) else added.without_source
    references = list(_references(app, name))
    for each in references:
        app.report.notice(each)
    if references and not force:
        times = "once" if len(references) == 1 else f"{len(references)} times"
        raise ConfigurationError(
            f'"{name}" is still in use, {times}', hint=f"stsctl config remove {shlex.quote(name)} --force"
        )
    app.change_added(lambda text: without(text, name, place=app.short(app.paths.added)))
    app.report.notice(f'"{name}" is removed from {app.short(app.paths.added)}')


def _is_role(app: App, name: str) -> bool:
    """Whether it is a role, else a source, that stsctl added; raises ConfigurationError for anything else."""
    role, entry = app.configuration.roles.get(name), app.configuration.sources.get(name)
    if role is not None and role.added:
        return True
    if entry is not None and entry.added:
        if entry.source.kind is SourceKind.KEYS:
            raise ConfigurationError(
                f'"{name}" is a pair of keys in the store', hint=f"stsctl keys remove {shlex.quote(name)}"
            )
        return False
    found = next((each for each in app.listing() if each.name == name), None)
    if found is None:
        hint = suggestion(name, [each for each, _ in _removable(app)]) or "stsctl config show"
        raise ConfigurationError(f'there is no role or source "{name}"', hint=hint)
    way = None if found.kind == "profile" else "stsctl config edit"
    raise ConfigurationError(f'{found.origin}: stsctl did not add the {found.kind} "{name}"', hint=way)


def _references(app: App, name: str) -> Iterator[str]:
    """What would not work any more, or would belong to nothing."""
    for role in app.configuration.roles.values():
        if app.configuration.called(role.from_name) == name:
            yield f'{role.from_at}: the role "{role.name}" starts from it'
    for group in app.configuration.groups.values():
        if name in map(app.configuration.called, group.roles):
            yield f'{group.origin}: the group "{group.name}" names it'
    yield from _hooks(app, name)
    for store in app.stores.in_use:
        for entry in app.stores.index(store).all():
            if name in (entry.name, *entry.chain) and (entry.expires_at is None or entry.expires_at > app.now()):
                yield f'a session of "{entry.name}" is held: stsctl logout {shlex.quote(entry.name)}'


def _hooks(app: App, name: str) -> Iterator[str]:
    """What SDKs read that asks stsctl for it, or was written for it."""
    for each in asking.profiles(app):
        if each.target == name:
            yield f'{each.origin}: the profile "{each.profile}" asks for it'
    files = app.aws_files()
    for section in credentials_file.written(files.credentials, place=files.credentials_place):
        if section.target == name:
            yield f'{files.credentials_place}:{section.line}: profile "{section.profile}" is a session of it'
