"""The picture of this machine that the doctor looks at: taken once, each part for itself."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

from stsctl import ini
from stsctl.argv import command
from stsctl.arn import Arn
from stsctl.cli.sources import Kept
from stsctl.configuration import SealKey, StoreName
from stsctl.doctor.picture import HIDDEN, Keyring, Picture, Place, Purpose, Seen, Trouble, Way
from stsctl.errors import StsctlError, UsageError
from stsctl.formats import credentials_file, hooks
from stsctl.host import hook_file
from stsctl.request import Endpoint
from stsctl.source import SourceKind
from stsctl.target import Target, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from stsctl.cli.app import App
    from stsctl.plan import Plan

_T = TypeVar("_T")

_HARMLESS = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_CA_BUNDLE",
        "AWS_CONFIG_FILE",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_DEFAULT_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
)
"""The variables whose values are looked at; of all others the name is enough."""
_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CA_BUNDLE")
_BY_MODULE = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service (libsecret)",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "macOS",
    "keyring.backends.Windows": "Windows Credential Manager",
}
_IN_CONTAINERS = ("container", "KUBERNETES_SERVICE_HOST")
_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")
"""What Docker, Podman, systemd-nspawn and Kubernetes leave to tell them by."""
_ASKED = (SourceKind.KEYS, SourceKind.ENVIRONMENT, SourceKind.PROFILE, SourceKind.ROLES_ANYWHERE)
"""The sources that say what they lack without asking anybody, nor the store."""


class Camera:
    """Takes the picture; what cannot be read is a trouble, and no reason to stop."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._troubles: dict[Trouble, None] = {}

    def picture(self, name: str | None, *, online: bool, with_keyring: bool = True) -> Picture:
        """The machine as it is now; `name` is one whose way is to be looked at, `online` leave to ask AWS the time."""
        app = self._app
        profiles = self._try(lambda: app.profiles)
        configuration = self._try(lambda: app.configuration)
        settings = self._try(lambda: app.settings)
        way = self._way(name) if name is not None else None
        ahead = self._try(self._ahead) if online and settings is not None else None
        files = self._try(app.aws_files)
        taken = Picture(
            now=self._try(app.now) or app.wall(),
            platform=sys.platform,
            variables={
                variable: value if variable in _HARMLESS else HIDDEN
                for variable, value in app.environ.items()
                if variable.startswith(("AWS_", "STSCTL_")) and value
            },
            seen=tuple(self._seen()),
            profiles=profiles,
            settings=settings,
            headers=_headers(files.config, files.config_place) if files else (),
            shared_headers=_headers(files.credentials, files.credentials_place) if files else (),
            missing=frozenset(self._missing()),
            own_names={
                each.name: str(each.origin)
                for each in (app.listing() if configuration is not None and profiles is not None else ())
                if each.kind != "profile" and not self._is_same(each.name)
            },
            stale_hooks=tuple(self._stale_hooks(files)) if files else (),
            written_until=self._written_until(files) if files else (),
            keyring=self._keyring() if settings is not None and with_keyring else None,
            place=self._place() if settings is not None and with_keyring else Place(),
            ahead=ahead,
            way=way,
        )
        return replace(taken, troubles=tuple(self._troubles))

    def _try(self, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except StsctlError as error:
            self._troubles[_trouble(error)] = None
            return None

    def _is_same(self, name: str) -> bool:
        """Whether a name of stsctl's own gives way to an AWS profile, or means that very one."""
        configuration = self._app.configuration
        role, entry = configuration.roles.get(name), configuration.sources.get(name)
        if entry is not None and entry.source.profile == name:
            return True
        return (role is not None and role.added) or (entry is not None and entry.added)

    def _seen(self) -> Iterator[Seen]:
        """The files and folders that there are, on a system where permissions mean something."""
        if os.name != "posix":
            return
        paths = self._try(lambda: self._app.paths)
        if paths is None:
            return
        wanted = {
            paths.aws_credentials: Purpose.SECRETS,
            paths.aws_config: Purpose.CONFIGURATION,
            paths.aws_config.parent: Purpose.CONFIGURATION,
            paths.sdk_cache: Purpose.SECRETS,
            paths.config_home: Purpose.CONFIGURATION,
            paths.config: Purpose.CONFIGURATION,
            paths.added: Purpose.CONFIGURATION,
            paths.state_home: Purpose.SECRETS,
            paths.sealed: Purpose.SECRETS,
        }
        settings = self._try(lambda: self._app.settings)
        if settings is not None and settings.seal_key_file.value:
            wanted[Path(settings.seal_key_file.value).expanduser()] = Purpose.SECRETS
        for path, purpose in wanted.items():
            try:
                found = path.stat()
            except OSError:
                continue
            yield Seen(
                path=self._app.short(path),
                purpose=purpose,
                mode=found.st_mode & 0o777,
                is_folder=path.is_dir(),
                is_mine=found.st_uid == os.geteuid(),
                changed_at=datetime.fromtimestamp(found.st_mtime, UTC),
            )

    def _missing(self) -> Iterator[str]:
        """Programs and files that are named and are not there."""
        app = self._app
        files = [app.environ[name] for name in _FILES if app.environ.get(name)]
        profiles = app.profiles.by_name.values() if self._try(lambda: app.profiles) else ()
        files += [bundle for profile in profiles if (bundle := profile.get("ca_bundle"))]
        yield from (file for file in files if not _is_there(file))
        for profile in profiles:
            try:
                program = command(profile.get("credential_process") or "true")[0]
            except UsageError:
                continue
            if shutil.which(program, path=app.environ.get("PATH")) is None:
                yield program

    def _stale_hooks(self, files: credentials_file.AwsFiles) -> Iterator[tuple[str, str, str]]:
        """The hooks that nobody finds, or that are not of this version."""
        found = self._try(lambda: hooks.written(files.config, place=files.config_place)) or ()
        for each in found:
            try:
                words = shlex.split(each.process)
            except ValueError:  # it cannot be run at all, which is said of every credential_process
                continue
            if words and hook_file.is_stale(words):
                yield f"{files.config_place}:{each.line}", each.profile, each.target

    def _written_until(self, files: credentials_file.AwsFiles) -> tuple[tuple[str, datetime | None], ...]:
        found = self._try(lambda: credentials_file.written(files.credentials, place=files.credentials_place))
        return tuple((each.profile, each.expires_at) for each in found or ())

    def _keyring(self) -> Keyring:
        """What the keyring says when it is asked for something that is not there; within its own time limit."""
        from stsctl.stores.interface import Kind
        from stsctl.stores.keyring import KeyringStore, time_limit

        settings = self._app.settings
        keyring = KeyringStore(limit=time_limit(self._app.environ))
        try:
            module = keyring.backend
            kind = _BY_MODULE.get(module, module)
            if settings.store.value is StoreName.KEYRING or settings.seal_key.value is SealKey.KEYRING:
                keyring.get(Kind.SESSION, "stsctl doctor")
        except StsctlError as error:
            return Keyring(kind=None, trouble=_trouble(error))
        return Keyring(kind=kind)

    def _place(self) -> Place:
        environ = self._app.environ
        bus = Path(environ.get("XDG_RUNTIME_DIR") or "/nowhere") / "bus"
        return Place(
            over_ssh=bool(environ.get("SSH_CONNECTION")),
            in_container=any(map(environ.get, _IN_CONTAINERS)) or any(map(os.path.exists, _CONTAINER_FILES)),
            has_bus=bool(environ.get("DBUS_SESSION_BUS_ADDRESS")) or bus.exists(),
            has_kernel_keyring=self._app.stores.answers(StoreName.KERNEL),
        )

    def _ahead(self) -> timedelta:
        from stsctl.sources import clock
        from stsctl.sources.address import address

        app = self._app
        url = app.settings.endpoint_url.value
        where = Endpoint(partition="aws", region=app.settings.region.value or "us-east-1", url=url)
        return clock.ahead(app.http(), address("sts", where), app.now)

    def _way(self, name: str) -> Way:
        app = self._app
        try:
            target = app.target(Wanted(name=name))
            plan = app.plan(target)
        except StsctlError as error:
            return Way(name=name, trouble=_trouble(error))
        entry = self._try(app.current_entry)
        return Way(
            name=name,
            source=self._lacks(target),
            warnings=plan.warnings,
            capped=tuple(_capped(plan)),
            role=target.hops[-1].role_arn if target.hops else None,
            current=Arn.parse(entry.identity) if entry is not None and entry.identity else None,
        )

    def _lacks(self, target: Target) -> Trouble | None:
        """What the source of a target lacks, as far as nobody has to be asked for it."""
        source, sources = target.source, self._app.sources
        try:
            if source.kind in _ASKED or (source.kind is SourceKind.FILE and source.path not in (None, "-")):
                kept = Kept(held=lambda: self._app.held, instance=None)
                sources.asker(source, sources.of(source, kept, may_sign_in=False))
            elif not sources.is_signed_in(source):
                hint = (
                    f"stsctl sso login {quote(source.name)}"
                    if source.identity_center
                    else f"stsctl assume {quote(target.name)}"
                )
                return Trouble(what=f'you are not signed in for source "{source.name}"', fix=hint)
        except StsctlError as error:
            return _trouble(error)
        return None


def _is_there(file: str) -> bool:
    try:
        return Path(file).expanduser().exists()
    except RuntimeError:  # nobody is called so, whose home it would be
        return False


def _trouble(error: StsctlError) -> Trouble:
    return Trouble(what=error.message, fix=error.hint)


def _capped(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        if step.capped_because:
            yield f'"{step.name}" does not last as long as its configuration says: {step.capped_because}'


def _headers(content: bytes, place: str) -> tuple[tuple[str, str], ...]:
    """The sections of a file with their places; none of one that cannot be read, which is said elsewhere."""
    try:
        sections = ini.parse(content, place).sections.values()
    except StsctlError:
        return ()
    return tuple((section.name, f"{place}:{section.line}") for section in sections)
