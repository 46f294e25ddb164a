"""`stsctl config trust`: what a file of others wants that takes trust, and the person's word on it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import json_option
from stsctl.configuration import Configuration
from stsctl.digest import sha256
from stsctl.errors import ConfigurationError, StsctlError, UsageError
from stsctl.formats.interface import rfc3339
from stsctl.formats.visible import visible
from stsctl.origin import Shared
from stsctl.shared_file import SharedFile, Trust, wishes
from stsctl.sharing import merged
from stsctl.toml_text import Anew

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.stores.trusted import Trusted

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command("trust")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--sha256", "digest", metavar="DIGEST", help="Trust it without a question if this is its SHA-256.")
@click.option("--list", "listing", is_flag=True, help="List the files that others write, and how far they count.")
@click.option("--revoke", is_flag=True, help="Trust the file no more.")
@json_option
@click.pass_obj
def trust(app: App, *, file: Path | None, digest: str | None, listing: bool, revoke: bool, as_json: bool) -> None:
    """Trust a file that others write, as it is now: one that config.toml includes, or a project's .stsctl.toml.

    Shows what it wants that takes trust (programs that it names, where a chain begins, files elsewhere, general
    settings), or what has changed since it was trusted, and asks. Without FILE it is the project's around this folder.
    What is trusted is the text that was shown: when the file changes it does not count before it is trusted again.
    """
    if listing:
        _list(app, as_json=as_json)
        return
    path = _meant(app, file)
    if revoke:
        _revoke(app, path)
        return
    found = _read(app, path)
    said = _checked(found)
    if digest is None:
        app.report.lines([*_shown(app, found, said)])
        _ask(app, found)
    elif digest.lower() != _digest(found):
        raise ConfigurationError(f'"{found.path}" has the SHA-256 {_digest(found)}, and not that one')
    app.shared_files.trusted.put(found.path, found.content)
    app.report.notice(f"{found.place} is trusted as it is now")


def _meant(app: App, file: Path | None) -> Path:
    path = file or app.shared_files.around
    if path is None:
        raise UsageError("there is no project's file around this folder", hint="stsctl config trust FILE")
    return path.absolute()


def _read(app: App, path: Path) -> SharedFile:
    """The file, as it is judged and kept; it is read this once."""
    found = app.shared_files.read(path, Shared.PROJECT if app.shared_files.is_project(path) else Shared.INCLUDED)
    if found is None:
        raise ConfigurationError(f'there is no file "{path}"')
    return found


def _checked(file: SharedFile) -> Configuration:
    """What a file would say; raises ConfigurationError for what is wrong with it."""
    file.read(Anew())
    said = merged(Configuration(), [replace(file, trust=Trust.GIVEN)])
    for refused in said.refused.values():
        raise ConfigurationError(refused.what, hint=refused.hint)
    for trouble in said.troubles:
        raise ConfigurationError(trouble)
    return said


def _shown(app: App, file: SharedFile, said: Configuration) -> Iterator[str]:
    """What the person has to know, as lines that no terminal obeys."""
    before = app.shared_files.trusted.get(file.path)
    yield visible(f"{file.place}, SHA-256 {_digest(file)}")
    if file.trust is Trust.GIVEN:
        yield "is trusted as it is now."
    elif before is not None:
        yield "has changed since you trusted it:"
        yield from _difference(app, before, file)
    if file.shared is Shared.PROJECT:
        yield "gives names that count in its folder alone:"
        yield from (f"  {visible(line)}" for line in _names(said, app.configuration))
    wanted = list(wishes(file.read(Anew())))
    yield "wants, which takes your trust:" if wanted else "wants nothing else that takes your trust."
    for wish in wanted:
        yield f"  {visible(f'{wish.origin}: {wish.text}')}"


def _names(said: Configuration, own: Configuration) -> Iterator[str]:
    for role in said.roles.values():
        before = own.roles.get(role.name)
        stays = f", but {role.name} stays that of {before.hop.origin}" if before and not before.shared else ""
        also = f" (also {', '.join(role.aliases)})" if role.aliases else ""
        yield f"{role.hop.origin}: role {role.name}{also} is {role.hop.what}, from {role.from_name}{stays}"
    for group in said.groups.values():
        yield f"{group.origin}: group {group.name} is {', '.join(group.roles)}"


def _difference(app: App, before: Trusted, file: SharedFile) -> Iterator[str]:
    old, new = (content.decode(errors="replace").split("\n") for content in (before.content, file.content))
    for line in difflib.unified_diff(old, new, lineterm="", n=2):
        if not line.startswith(("---", "+++")):
            text = f"  {visible(line)}"
            yield click.style(text, fg=_COLOURS.get(line[0])) if app.report.decorated else text


def _ask(app: App, file: SharedFile) -> None:
    if file.trust is Trust.GIVEN:
        return
    answer = app.machine.ask(f"Trust {visible(file.place)} as it is now? [y/N] ", hidden=False)
    if answer.strip().lower() not in ("y", "yes"):
        raise StsctlError("nothing was changed")


def _revoke(app: App, path: Path) -> None:
    real = app.shared_files.real(path)
    if not app.shared_files.trusted.drop(real):
        raise UsageError(f'"{real}" is not trusted', hint="stsctl config trust --list")
    app.report.notice(f"{app.short(path)} is trusted no more")


def _list(app: App, *, as_json: bool) -> None:
    """The files that count here, and those that are trusted elsewhere."""
    kept = {each.path: each for each in app.shared_files.trusted.all()}
    rows = []
    here = (app.shared_files.real(path) for path in app.shared_files.here(app.configuration.includes))
    for path in dict.fromkeys([*here, *kept]):
        trusted = kept.get(path)
        since = rfc3339(trusted.since) if trusted and trusted.since else None
        rows.append((path, _how_far(app, path), trusted.digest if trusted else None, since))
    if as_json:
        app.report.answer([dict(zip(("file", "trust", "sha256", "since"), row, strict=True)) for row in rows])
    elif rows:
        app.report.rows([(path, trust, digest or "-", since or "-") for path, trust, digest, since in rows])
    else:
        app.report.notice("no file of others counts here, and none is trusted")


def _how_far(app: App, path: str) -> str:
    try:
        found = app.shared_files.read(Path(path), Shared.INCLUDED)
    except StsctlError as error:
        return error.message
    return "gone" if found is None else found.trust.value


def _digest(file: SharedFile) -> str:
    return sha256(file.content).hexdigest()
