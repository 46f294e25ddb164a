"""`stsctl profile hook`: profiles of ~/.aws/config whose credentials SDKs ask stsctl for."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import complete_name
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, StsctlError, UsageError
from stsctl.formats import hooks
from stsctl.formats.visible import visible
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A hook to be written: into which profile, why not into the one of the target's own name, and its region."""

    target: str
    profile: str
    obstacle: str | None
    region: str | None


@click.command("hook")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_name)
@click.option("--diff", is_flag=True, help="Print what would change, and change nothing.")
@click.pass_obj
def hook(app: App, /, *, names: tuple[str, ...], diff: bool) -> None:
    """Let SDKs ask stsctl: a credential_process in ~/.aws/config for each NAME, for every role without one.

    It answers in less time than Python takes to start, as long as a session is held. Only those lines change; a profile
    in which SDKs would not come to it (it has role_arn, keys or a sign-in) is left as it is, and NAME-stsctl has it.
    """
    planned = [plan(app, name) for name in names] if names else list(_all(app))
    if not planned:
        raise UsageError("there is no role to write a hook for", hint="stsctl profile hook NAME")
    edit, place = writing(app, planned), app.short(app.paths.aws_config)
    if diff:
        show_change(app, edit)
        return
    app.install_hook()
    changed = app.change_config(edit)
    for each in planned:
        because = f": SDKs would not come to it in that of its own name, which has {each.obstacle}"
        app.report.notice(
            f'profile "{each.profile}" of {place} asks stsctl for "{each.target}"{because if each.obstacle else ""}'
        )
    if not changed:
        app.report.notice(f"{place} said so already")
    app.report.lines([f"  aws --profile {shlex.quote(planned[0].profile)} sts get-caller-identity"])


def writing(app: App, planned: Sequence[Planned]) -> hooks.Edit:
    """What writes these hooks; raises UsageError for a name that cannot stand in one."""
    lines = {each.profile: hooks.process(app.hook_command(), each.target) for each in planned}
    place = app.short(app.paths.aws_config)

    def edit(content: bytes) -> bytes:
        for each in planned:
            content = hooks.write(
                content, each.profile, each.target, lines[each.profile], region=each.region, place=place
            )
        return content

    return edit


def _all(app: App) -> Iterator[Planned]:
    """Every name that leads to a role; those that lead nowhere are said."""
    for each in app.listing():
        if each.kind == "source":
            continue
        try:
            if app.target(Wanted(name=each.name)).hops:
                yield plan(app, each.name)
        except StsctlError as error:
            app.report.notice(f'no hook for "{each.name}": {error.message}')


def plan(app: App, name: str) -> Planned:
    """Where the hook of a name goes; raises StsctlError where there is no place for it, or no such name."""
    region = app.region_of(app.target_anywhere(name))
    usual = name.rpartition("/")[2] if name.startswith("arn:") else name
    files = app.aws_files()
    first: str | None = None
    for profile in (usual, f"{usual}-stsctl"):
        obstacle = hooks.obstacle(
            profile,
            files.config,
            files.credentials,
            config_place=files.config_place,
            credentials_place=files.credentials_place,
        )
        if obstacle is None:
            return Planned(target=name, profile=profile, obstacle=first, region=region)
        first = first or obstacle
    raise ConfigurationError(
        f'profile "{profile}" has {obstacle}, and SDKs would not come to a hook in it',
        hint="take it out, or give the role another name",
    )


def show_change(app: App, edit: hooks.Edit) -> None:
    """The change as a diff."""
    files = app.aws_files()
    before = files.config.decode().splitlines(keepends=True)
    after = edit(files.config).decode().splitlines(keepends=True)
    for line in difflib.unified_diff(before, after, files.config_place, files.config_place):
        app.report.data(visible(line.rstrip("\r\n")))
