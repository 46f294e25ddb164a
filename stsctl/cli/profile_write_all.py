"""`stsctl profile write-all`: a profile with a hook for each role, kept together in a block of ~/.aws/config."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from string import Formatter
from typing import TYPE_CHECKING

import click

from stsctl import group_table, ini
from stsctl.cli.options import group_option
from stsctl.cli.profile_hooks import show_change
from stsctl.errors import StsctlError, UsageError
from stsctl.formats import hook_block, hooks
from stsctl.target import Target

if TYPE_CHECKING:
    from stsctl.cli.app import App

_NAMED = 5
"""So many profiles that an earlier run wrote are called by name."""
_FIELDS = ("name", "account", "role", "region")


@click.command("write-all")
@group_option
@click.option(
    "--template", default="{name}", show_default=True, metavar="TEXT",
    help="How the profiles are called: {name}, {account}, {role} and {region} stand for what a role has.",
)  # fmt: skip
@click.option("--prune", is_flag=True, help="Take out what an earlier run wrote and this one does not.")
@click.option("--diff", is_flag=True, help="Print what would change, and change nothing.")
@click.pass_obj
def write_all(app: App, /, *, groups: tuple[str, ...], template: str, prune: bool, diff: bool) -> None:
    """Write a profile for every role: a hook each, between two markers in ~/.aws/config.

    SDKs, and programs that offer the profiles of that file, have all roles then. What stands between the markers is
    written anew each time; the rest of the file stays as it is. A profile that is written elsewhere is left alone.
    """
    roles = [one.name for one in app.listing() if one.kind == "role"]
    if groups:
        written = group_table.patterns_of(groups, app.configuration.groups)
        roles, _ = group_table.matching(map(app.configuration.called, written), roles)
    place = app.short(app.paths.aws_config)
    wanted = planned(app, roles, template, say=app.report.notice)
    stale: list[str] = []

    def edit(content: bytes) -> bytes:
        block = hook_block.read(content, place=place)
        stale[:] = [each.name for each in block.profiles if each.name not in {one.name for one in wanted}]
        return block.saying(hook_block.merged(block.profiles, wanted, prune=prune))

    if diff:
        show_change(app, edit)
        return
    app.install_hook()
    changed = app.change_config(edit)
    said = f"{len(wanted)} profiles with hooks are in {place}"
    app.report.notice(said if changed else f"{said}, as they were")
    if stale:
        what = "are taken out" if prune else "of an earlier run stay; --prune takes them out"
        app.report.notice(f"{len(stale)} {what}: {', '.join(stale[:_NAMED])}{' …' * (len(stale) > _NAMED)}")
    if wanted:
        app.report.lines([f"  aws --profile {shlex.quote(wanted[0].name)} sts get-caller-identity"])


def planned(
    app: App, roles: list[str], template: str = "{name}", *, say: Callable[[str], None]
) -> list[hook_block.Profile]:
    """The profiles of the block, one for each role that can have one; why another cannot is said."""
    return list(_written_nowhere(app, _profiles(app, roles, template, say), say))


def _profiles(app: App, roles: list[str], template: str, say: Callable[[str], None]) -> list[hook_block.Profile]:
    """The profile of each role that leads somewhere; raises UsageError where two would be called alike."""
    parts = _parts(template)
    found: dict[str, hook_block.Profile] = {}
    for name in roles:
        try:
            target = app.target_anywhere(name)
            profile = _profile(app, target, parts)
        except StsctlError as error:
            say(f'no profile for "{name}": {error.message}')
            continue
        if profile.name in found:
            raise UsageError(
                f'the profiles of "{found[profile.name].target}" and "{name}" would both be called "{profile.name}"',
                hint="--template '{account}-{name}'",
            )
        found[profile.name] = profile
    return list(found.values())


def _profile(app: App, target: Target, parts: list[tuple[str, str | None]]) -> hook_block.Profile:
    """The profile of one role; raises UsageError where a word of its name is not known of it, or it cannot have it."""
    hop, region = target.hops[-1], app.region_of(target)
    said = {
        "name": target.name,
        "account": hop.role_arn.account if hop.role_arn else hop.account_id,
        "role": hop.role_arn.resource_name if hop.role_arn else hop.role_name,
        "region": region,
    }
    called = ""
    for text, word in parts:
        value = said[word] if word else ""
        if value is None:
            raise UsageError(f"it has no {word}, which the template names")
        called += text + value
    process = hooks.process(app.hook_command(), target.name)
    role = app.configuration.roles.get(target.name)
    if called == "default" and role is not None and role.shared is not None:
        raise UsageError(f"{role.hop.origin} is not to say whom SDKs ask that were told no profile")
    profile = hook_block.Profile(name=called, target=target.name, process=process, region=region)
    profile.lines()
    return profile


def _parts(template: str) -> list[tuple[str, str | None]]:
    """The texts of a template, each with the word behind it; raises UsageError for a word that nothing stands for."""
    hint = f"use {', '.join(f'{{{word}}}' for word in _FIELDS)}"
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise UsageError(f'"{template}" is no template: {error}', hint=hint) from error
    for _, word, form, conversion in parsed:
        if word is not None and (word not in _FIELDS or form or conversion):
            raise UsageError(f'nothing in "{template}" stands for {{{word}}}', hint=hint)
    return [(text, word) for text, word, _, _ in parsed]


def _written_nowhere(
    app: App, wanted: Iterable[hook_block.Profile], say: Callable[[str], None]
) -> Iterator[hook_block.Profile]:
    """Those whose names no profile outside of the block has; the others are said."""
    files = app.aws_files()
    places = dict.fromkeys(ini.parse(files.credentials, files.credentials_place).sections, files.credentials_place)
    outside = hook_block.read(files.config, place=files.config_place).names_outside
    places |= dict.fromkeys(outside, files.config_place)
    for each in wanted:
        if each.name in places:
            say(f'no profile for "{each.target}": {places[each.name]} has one called "{each.name}"')
        else:
            yield each
