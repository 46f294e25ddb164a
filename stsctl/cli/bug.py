"""The report of a failure that is stsctl's own fault."""

from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from stsctl import __version__
from stsctl.cli.app import App
from stsctl.cli.report import Report
from stsctl.errors import StsctlError


def write(error: Exception, environ: Mapping[str, str]) -> Path | None:
    """Writes where `error` came from, without any value that was in hand; None where that cannot be written."""
    lines = [f"stsctl {__version__}, Python {platform.python_version()}, {sys.platform}"]
    seen: BaseException | None = error
    while seen is not None:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        for frame in traceback.extract_tb(seen.__traceback__):
            lines.append(f"  {_place(frame.filename)}:{frame.lineno} {frame.name}")
        seen = seen.__cause__ or seen.__context__
    try:
        return App(environ, Report(environ)).keep_report(datetime.now(UTC), "\n".join(lines) + "\n")
    except StsctlError:
        return None


def _place(file: str) -> str:
    """A file's name from its package on: the folders before are the person's own."""
    parts = Path(file).parts
    for mark in ("site-packages", "lib"):
        if mark in parts:
            return "/".join(parts[parts.index(mark) + 1 :])
    return "/".join(parts[-3:])
