"""Documents that are named on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from stsctl.errors import ConfigurationError

STDIN = Path("-")
"""What is typed for standard input."""


def read_document(file: Path) -> str:
    """The text of a file, or of standard input; raises ConfigurationError."""
    try:
        return sys.stdin.read() if file == STDIN else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(file, error) from error


def unreadable(file: Path, error: Exception) -> ConfigurationError:
    """The error about a file that could not be read."""
    reason = (getattr(error, "strerror", None) or "it is not text").lower()
    return ConfigurationError(f'cannot read "{file}": {reason}', hint="check the file's name")
