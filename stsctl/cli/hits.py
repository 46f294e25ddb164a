"""What the hook may answer by itself from now on: what came of files, variables and the keyring alone."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
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


def mend(app: App) -> None:
    """Makes the hook anew where somebody has one and it is of another version."""
    with contextlib.suppress(files.FileError):
        hook_file.mend(app.paths.data_home)


def note(app: App, obtained: Obtained, acting: Acting, line: str) -> None:
    """Leaves a record for the hook, if the answer was a plain one."""
    session = obtained.session
    expires_at = session.expires_at
    if expires_at is None or not _is_plain(app, obtained, acting):
        return
    for variable in _VARIABLES:
        app.environ.get(variable)
    config = app.environ.get("XDG_CONFIG_HOME") or Path(app.environ["HOME"]) / ".config"
    files.read(Path(config) / "python_keyring" / "keyringrc.cfg")
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
        host=platform.node(),
    )
    with contextlib.suppress(files.FileError):
        hits.keep(obtained.wanted.name, answer, app.witness, environ, app.wall().timestamp())


def _is_plain(app: App, obtained: Obtained, acting: Acting) -> bool:
    """Whether nothing was said but a name, nothing had to be said to the person, and a held session is the answer."""
    plan = obtained.plan
    return (
        sys.platform not in ("darwin", "win32")  # where there is no Secret Service
        and app.witness.sure
        and "HOME" in app.environ
        and not app.flagged
        and acting == Acting(may_sign_in=False)
        and obtained.wanted == Wanted(name=obtained.wanted.name)
        and not app.report.has_spoken
        and app.settings.session_store.value is StoreName.KEYRING
        and plan.target.source.kind in _BY_FILES
        and bool(plan.steps)
        and obtained.session.request_key == plan.request_key
    )
