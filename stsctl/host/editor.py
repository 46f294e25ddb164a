"""The person's own editor, on a file."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from stsctl.errors import StsctlError
from stsctl.host import programs

_USUAL = ("notepad",) if os.name == "nt" else ("sensible-editor", "nano", "vi")


def edit(path: Path, environ: Mapping[str, str]) -> None:
    """Waits until the person is done with a file, in $VISUAL, $EDITOR or what is usual; raises StsctlError.

    Ctrl-C is the editor's to understand meanwhile.
    """
    argv = _command(environ)

    def leave_to_editor(_number: int, _frame: FrameType | None) -> None:
        """Nothing; and a handler, which the editor does not inherit as it would what is ignored."""

    before = signal.signal(signal.SIGINT, leave_to_editor)
    try:
        status = subprocess.run([*argv, str(path)], env=dict(environ), check=False).returncode  # noqa: S603
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise StsctlError(f'cannot start the editor "{argv[0]}": {reason}', hint="export EDITOR=nano") from error
    finally:
        signal.signal(signal.SIGINT, before)
    if status != 0:
        raise StsctlError(f'the editor "{argv[0]}" ended with status {status}')


def _command(environ: Mapping[str, str]) -> list[str]:
    said = environ.get("VISUAL") or environ.get("EDITOR") or ""
    try:
        words = shlex.split(said, posix=os.name != "nt")
    except ValueError as error:
        raise StsctlError("what $VISUAL or $EDITOR says has a quote that does not end") from error
    if words:
        return words
    found = next((file for name in _USUAL if (file := programs.find(name, environ))), None)
    if found is None:
        raise StsctlError("there is no editor", hint="export EDITOR=nano")
    return [found]
