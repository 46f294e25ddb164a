"""What the hook may answer by itself from now on: what came of files, variables and the keyring alone."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stsctl import hook
from stsctl.cli.obtaining import Obtained
from stsctl.cli.options import Acting
from stsctl.configuration import StoreName
from stsctl.host import files, hook_file
from stsctl.host.witness import unnoticed
from stsctl.source import SourceKind
from stsctl.stores import hits
from stsctl.stores.interface import Kind
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App

_BY_FILES = frozenset({SourceKind.KEYS, SourceKind.PROFILE, SourceKind.IDENTITY_CENTER, SourceKind.PROCESS})
"""Sources of which files alone say who asks. All others are asked each time, of an environment or of a network."""
_VARIABLES = (
    "STSCTL_DEBUG",
    "_STSCTL_COMPLETE",
    "PYTHON_KEYRING_BACKEND",
    "KEYRING_PROPERTY_PREFERRED_COLLECTION",
    "KEYRING_PROPERTY_SCHEME",
)
"""What Click and the keyring package ask for by themselves."""
_FOLDERS = {
    "darwin": ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"),
    "win32": ("LOCALAPPDATA", "WIN_PD_OVERRIDE_LOCAL_APPDATA", "USERPROFILE", "HOMEDRIVE", "HOMEPATH"),
}
"""What platformdirs and Python ask for by themselves, where platformdirs says what is where."""


def mend(app: App) -> None:
    """Makes the hook anew where somebody has one and it is of another version."""
    with contextlib.suppress(files.FileError):
        hook_file.mend(app.paths.data_home)


def note(app: App, name: str, obtained: Obtained, acting: Acting, line: str) -> None:
    """Leaves a record for the hook, if the answer for a name was a plain one."""
    session = obtained.session
    expires_at = session.expires_at
    if expires_at is None or not _is_plain(app, obtained, acting):
        return
    for variable in (*_VARIABLES, *_FOLDERS.get(sys.platform, ())):
        app.environ.get(variable)
    files.read(_keyring_configuration(app.environ))
    environ = {os.fsencode(name): os.fsencode(value) for name, value in unnoticed(app.environ).items()}
    found = hook.find(environ, app.stores.attributes(Kind.SESSION, session.request_key))
    if found is None:
        return
    item, kept = found
    ahead = app.now() - app.wall()
    answer = hits.PlainAnswer(
        line=line,
        session=session,
        item=item,
        kept=kept,
        since=int((session.known_from - ahead).timestamp()),
        until=int((expires_at - session.renewed_below() - ahead).timestamp()),
        host=hook.host().decode(),
    )
    with contextlib.suppress(files.FileError):
        hits.keep(name, answer, app.witness, environ, app.wall().timestamp())


def _keyring_configuration(environ: Mapping[str, str]) -> Path:
    """The file in which the keyring package finds what it is to be."""
    if sys.platform == "win32":
        folder = Path(environ["LOCALAPPDATA"]) / "Python Keyring"
    else:
        folder = Path(environ.get("XDG_CONFIG_HOME") or Path(environ["HOME"]) / ".config") / "python_keyring"
    return folder / "keyringrc.cfg"


def _is_plain(app: App, obtained: Obtained, acting: Acting) -> bool:
    """Whether nothing was said but a name, nothing had to be said to the person, and a held session is the answer."""
    plan = obtained.plan
    return (
        app.witness.sure
        and ("LOCALAPPDATA" if sys.platform == "win32" else "HOME") in app.environ
        and not app.flagged
        and acting == Acting(may_sign_in=False)
        and obtained.wanted == Wanted(name=obtained.wanted.name)
        and not app.report.has_spoken
        and app.settings.session_store.value is StoreName.KEYRING
        and plan.target.source.kind in _BY_FILES
        and bool(plan.steps)
        and obtained.session.request_key == plan.request_key
    )
