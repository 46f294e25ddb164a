"""The machine as `init` finds it: files, shells, other tools; each looked at, none changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from stsctl.cli import key_move
from stsctl.cli.picture import Camera
from stsctl.cli.profile_hooks import plan, writing
from stsctl.cli.profile_write_all import planned
from stsctl.doctor.files import static_keys
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.formats import hook_block, startup_file
from stsctl.host import files, programs
from stsctl.other_tools.finding import Outcome
from stsctl.other_tools.tools import TOOLS
from stsctl.setup import startup
from stsctl.setup.found import File, Found, Hooks, PlainKeys, Tool
from stsctl.setup.proposal import Change
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.key_move import KeyMove
    from stsctl.doctor.picture import Picture
    from stsctl.formats.hooks import Edit


_FEW = 50
"""So many profiles are not yet a nuisance."""


class Survey:
    """Looks at the machine, anew each time; what costs a person's patience once only."""

    def __init__(self, app: App) -> None:
        self._first = app

    @cached_property
    def _picture(self) -> Picture:
        """With the keyring, which takes its time."""
        with self._first.report.waiting("looking at this machine"):
            return Camera(self._first).picture(None, online=False)

    @cached_property
    def _shells(self) -> tuple[str, ...]:
        """The shell that called, and the person's own."""
        app = self._first
        own = PurePosixPath(app.environ.get("SHELL", "")).name
        called = app.machine.calling_shell()
        known = {*startup_file.SHELLS, *startup_file.BY_HAND}
        return tuple(shell for shell in dict.fromkeys((called, own)) if shell in known)

    def found(self, app: App) -> Found:
        """The machine as it is now, for a run that has read nothing before."""
        return Found(
            picture=replace(self._picture, settings=app.settings, profiles=app.profiles),
            settings=app.settings,
            configuration=app.configuration,
            config=self._file(app, app.paths.config),
            added=self._file(app, app.paths.added),
            aws_config=self._file(app, app.paths.aws_config),
            key_place=app.short(app.paths.config_home / "key"),
            startup=dict(self._startup(app)),
            hidden_program=_hidden_program(app),
            tools=self._tools,
            plain_keys=tuple(self._plain_keys(app)),
            hooks=tuple(hooks for of in (_of_roles, _of_profiles) if (hooks := of(app)) is not None),
        )

    def _startup(self, app: App) -> Iterator[tuple[str, File | None]]:
        home = str(_home(app))
        for shell in self._shells:
            path = startup.startup_file(
                shell, home=home, environ=app.environ, platform=sys.platform, is_there=os.path.exists
            )
            yield shell, self._file(app, Path(path)) if path is not None else None

    def _file(self, app: App, path: Path) -> File:
        place = app.short(path)
        goal = Path(os.path.realpath(path))
        if path.is_symlink():
            place = f"{place} → {app.short(goal)}"
        try:
            return File(path=str(path), place=place, content=files.read(path), why_not=_why_not(goal, place))
        except StsctlError as error:
            return File(path=str(path), place=place, content=None, why_not=error.message)

    @cached_property
    def _tools(self) -> tuple[Tool, ...]:
        """What other tools have that could be had here: their keyrings are looked into once."""
        return tuple(filter(None, (_tool(self._first, name) for name in TOOLS)))

    def _plain_keys(self, app: App) -> Iterator[PlainKeys]:
        for profile, key in static_keys(app.profiles):
            keys = PlainKeys(profile=profile.name, place=str(key.origin))
            try:
                move = key_move.of_profile(app, profile.name)
                app.keychain.check_name(profile.name)
                move.check()
                yield replace(keys, changes=tuple(self._moving(app, move)))
            except StsctlError as error:
                yield replace(keys, why_not=error.message)

    def _moving(self, app: App, move: KeyMove) -> Iterator[Change]:
        edits: dict[Path, list[Edit]] = {}
        for path, edit in move.edits():
            edits.setdefault(path, []).append(edit)
        for path, several in edits.items():
            file = self._file(app, path)
            if file.why_not is not None:
                raise ConfigurationError(file.why_not)
            after = file.content or b""
            for edit in several:
                after = edit(after)
            yield Change(path=file.path, place=file.place, before=file.content, after=after)


def _tool(app: App, name: str) -> Tool | None:
    try:
        found = TOOLS[name].read(app.belongings(name).theirs)
    except StsctlError as error:
        return Tool(name=name, trouble=error.message)
    anything = any(each.outcome in (Outcome.BECOMES, Outcome.KEYS) for each in found)
    return Tool(name=name, findings=tuple(found)) if anything else None


def _of_roles(app: App) -> Hooks | None:
    """A profile for each role of the configuration, between stsctl's markers; none where that cannot be, which the
    command by itself says. What was added for an emulator is gone with it, and its roles need none.
    """
    known = app.configuration.roles
    roles = [name for name in known if not (app.paths.emulated and known[name].added)]
    content, place = files.read(app.paths.aws_config) or b"", app.short(app.paths.aws_config)
    try:
        wanted = planned(app, roles, say=app.report.debug)
        block = hook_block.read(content, place=place)
        after = block.saying(hook_block.merged(block.profiles, wanted, prune=False))
    except StsctlError as error:
        app.report.debug(error.message)
        return None
    profiles = tuple(each.name for each in wanted)
    return Hooks(about="roles", profiles=profiles, config=after) if profiles else None


def _of_profiles(app: App) -> Hooks | None:
    """A profile beside each of a person's own that leads to a role; none where they are many."""
    names = [each.name for each in app.listing() if each.kind == "profile" and _leads_to_a_role(app, each.name)]
    if not 0 < len(names) <= _FEW:
        return None
    try:
        plans = [plan(app, name) for name in names]
        after = writing(app, plans)(files.read(app.paths.aws_config) or b"")
    except StsctlError as error:
        app.report.debug(error.message)
        return None
    profiles = tuple(each.profile for each in plans)
    return Hooks(about="AWS profiles", profiles=profiles, config=after, beside=True)


def _leads_to_a_role(app: App, name: str) -> bool:
    try:
        return bool(app.target(Wanted(name=name)).hops)
    except StsctlError:
        return False


def _home(app: App) -> Path:
    return Path(app.environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - works where HOME is unset


def _hidden_program(app: App) -> str | None:
    """The program, where it is on no PATH but that of a virtual environment, which other shells are not in."""
    found = programs.find("stsctl", app.environ)
    venv = app.environ.get("VIRTUAL_ENV")
    if found is None:
        return str(Path(sys.executable).with_name("stsctl"))
    return found if venv and Path(found).is_relative_to(venv) else None


def _why_not(path: Path, place: str) -> str | None:
    """Why a file is not to be written: its owner, perhaps a program that makes it, said so by its permissions.

    To root those mean nothing, and replacing a file asks for those of its folder alone.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    if os.name == "posix" and found.st_uid != os.geteuid():
        return f"{place} belongs to another user"
    if not found.st_mode & 0o200:
        return f"{place} is read-only"
    return None
