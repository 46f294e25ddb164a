"""`stsctl profile`: sessions as profiles of ~/.aws/credentials, for what reads nothing else, and hooks for SDKs."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli.options import Group, acting_options, completing, json_option, name_argument, wanted_options
from stsctl.cli.panel import left
from stsctl.cli.profile_hooks import hook
from stsctl.cli.profile_write_all import write_all
from stsctl.formats import credentials_file, hooks
from stsctl.formats.interface import rfc3339
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.surroundings import Surroundings


def _written(app: Surroundings) -> list[tuple[str, str]]:
    """The sections that stsctl wrote, with the role of each."""
    files = app.aws_files()
    found = credentials_file.written(files.credentials, place=files.credentials_place)
    return [(each.profile, each.target) for each in found] + [(each.profile, each.target) for each in _hooks(app)]


@click.group("profile", cls=Group)
def command() -> None:
    """Write sessions into ~/.aws/credentials, section by section, and take them out again."""


@command.command("write")
@name_argument()
@wanted_options
@acting_options
@click.option("--profile", metavar="NAME", help="The profile to write; the role's own name where not said.")
@click.option("--force", is_flag=True, help="Replace a section that stsctl did not write.")
@click.option("--keep-fresh", is_flag=True, help="Have the agent write it anew whenever the session is renewed.")
@click.pass_obj
def write(app: App, /, *, name: str | None, profile: str | None, force: bool, keep_fresh: bool, **options: Any) -> None:
    """Write a session into a section of ~/.aws/credentials. It does not renew itself, but with --keep-fresh.

    Only that section changes; the rest of the file stays as it is, byte for byte.
    """
    wanted, acting = app.typed(name, options)
    chosen = app.chosen(wanted)
    section = profile or _usual_name(chosen.name)
    credentials_file.check(app.aws_files(), section, force=force)  # refused before a person is asked for anything
    obtained = app.obtain(chosen, acting)
    session = obtained.session

    def edit(content: bytes) -> bytes:
        return credentials_file.write_section(
            app.aws_files(content),
            section,
            session.credentials,
            target=chosen.name,
            region=obtained.region,
            force=force,
        )

    app.change_credentials(edit)
    _follow(app, section, chosen if keep_fresh else None)
    caution = credentials_file.caution(section)
    if caution:
        app.report.notice(caution)
    ends = f", until {session.expires_at.astimezone():%H:%M}" if session.expires_at else ""
    app.report.notice(f'profile "{section}" of {app.short(app.paths.aws_credentials)} is {session.identity}{ends}')
    app.report.lines([f"  aws --profile {shlex.quote(section)} sts get-caller-identity"])


def _follow(app: App, section: str, wanted: Wanted | None) -> None:
    """Has the agent keep a section fresh, or (None) no more."""
    if wanted is None:
        app.kept_profiles.drop(section)
        return
    app.kept_profiles.put(section, wanted)
    app.agency.start_unless_running()


def _usual_name(name: str) -> str:
    """The role's own name; that of a role which was given by its ARN is the ARN's last part."""
    return name.rpartition("/")[2] if name.startswith("arn:") else name


@command.command("remove")
@click.argument("profile", shell_complete=completing(_written))
@click.pass_obj
def remove(app: App, *, profile: str) -> None:
    """Take a section that stsctl wrote out of ~/.aws/credentials, or its hook out of ~/.aws/config."""
    place = app.short(app.paths.aws_credentials)
    if any(each.profile == profile for each in _hooks(app)):
        place = app.short(app.paths.aws_config)
        app.change_config(lambda content: hooks.remove(content, profile, place=place))
        app.report.notice(f'the hook of profile "{profile}" is removed from {place}')
        return
    app.change_credentials(lambda content: credentials_file.remove_section(content, profile, place=place))
    app.kept_profiles.drop(profile)
    app.report.notice(f'profile "{profile}" is removed from {place}')


@command.command("list")
@json_option
@click.pass_obj
def list_profiles(app: App, *, as_json: bool) -> None:
    """List what stsctl wrote: sections with a session, and when it ends; hooks, which have none."""
    files = app.aws_files()
    now = app.now()
    written = credentials_file.written(files.credentials, place=files.credentials_place)
    found = _hooks(app)
    kept = {each.profile for each in app.kept_profiles.all()}
    if as_json:
        app.report.answer(
            [
                {
                    "profile": each.profile,
                    "target": each.target,
                    "expires_at": rfc3339(each.expires_at) if each.expires_at else None,
                    "line": each.line,
                    "kept_fresh": each.profile in kept,
                }
                for each in written
            ]
            + [
                {"profile": each.profile, "target": each.target, "hook": each.process, "line": each.line}
                for each in found
            ]
        )
        return
    if not written and not found:
        app.report.notice(f"stsctl wrote no section of {files.credentials_place} and no hook in {files.config_place}")
        return
    app.report.rows(
        [(each.profile, each.target, _ends(each, now) + ", kept fresh" * (each.profile in kept)) for each in written]
        + [(each.profile, each.target, "hook") for each in found]
    )


def _hooks(app: Surroundings) -> tuple[hooks.Hook, ...]:
    files = app.aws_files()
    return hooks.written(files.config, place=files.config_place)


def _ends(section: credentials_file.Written, now: datetime) -> str:
    if section.expires_at is None:
        return "-"
    return "ended" if section.expires_at <= now else left(section.expires_at - now)


@command.command("prune")
@click.pass_obj
def prune(app: App) -> None:
    """Take the sections out of ~/.aws/credentials that stsctl wrote and whose sessions have ended."""
    place, now = app.short(app.paths.aws_credentials), app.now()
    pruned: list[str] = []

    def edit(content: bytes) -> bytes:
        content, names = credentials_file.prune(content, now, place=place)
        pruned[:] = names
        return content

    app.change_credentials(edit)
    what = ", ".join(f'"{name}"' for name in pruned)
    app.report.notice(f"removed from {place}: {what}" if pruned else f"nothing in {place} has ended")


command.add_command(hook)
command.add_command(write_all)
