"""Where a pair of access keys is taken from: the terminal, a profile, the console's file, standard input."""

from __future__ import annotations

import csv
import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from stsctl.cli.app import App

_LONGEST_FILE = 4096


def from_terminal(app: App) -> Credentials:
    """What the person types; raises UsageError for what is no pair, PersonNeededError where nobody can be asked."""
    key_id = app.machine.ask("Access key id: ", hidden=False).strip()
    _check_id(key_id)  # before the secret is asked for
    return _checked(key_id, app.machine.ask("Secret access key (not shown): ", hidden=True).strip())


def from_profile(app: App, profile: str) -> Credentials:
    """The pair of a profile of the AWS files; raises ConfigurationError where it has none."""
    found = app.profiles.get(profile).credentials()
    if found is None:
        raise ConfigurationError(f'the profile "{profile}" has no access keys')
    if found.session_token is not None:
        raise ConfigurationError(f'the profile "{profile}" has temporary credentials, not access keys')
    return found


def from_stdin() -> Credentials:
    """Two lines, the id and the secret; raises UsageError."""
    lines = [line.strip() for line in sys.stdin.readlines(_LONGEST_FILE) if line.strip()]
    if len(lines) != 2:
        raise UsageError("standard input has to give two lines: the access key id, and the secret access key")
    return _checked(*lines)


def from_csv(path: Path) -> Credentials:
    """The one pair of a file that the IAM console offers; raises ConfigurationError, UsageError.

    Its first line names the columns; other files of the console have more of them.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_FILE).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except OSError as error:
        raise ConfigurationError(f'cannot read "{path}": {(error.strerror or "").lower()}') from error
    except (UnicodeDecodeError, csv.Error):
        raise _no_csv(path) from None  # the cause may quote what stands there
    pairs = [(row.get("Access key ID"), row.get("Secret access key")) for row in rows]
    if len(pairs) != 1 or not pairs[0][0] or not pairs[0][1]:
        raise _no_csv(path)
    return _checked(pairs[0][0].strip(), pairs[0][1].strip())


def _no_csv(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f'"{path}" does not hold one pair of keys', hint='its first line has to be "Access key ID,Secret access key"'
    )


def _check_id(key_id: str) -> None:
    if key_id.startswith("ASIA"):
        raise UsageError("that is the id of temporary credentials; long-term ones begin with AKIA")
    # A secret that was given first could have letters and digits only, and must not leave as the id.
    if not re.fullmatch(r"[A-Z0-9]{16,128}", key_id):
        raise UsageError("that is no access key id: it has 20 letters and digits, and begins with AKIA")


def _checked(key_id: str, secret: str) -> Credentials:
    _check_id(key_id)
    if not secret or not secret.isascii() or " " in secret:
        raise UsageError("that is no secret access key: it has 40 characters without blanks")
    return Credentials(access_key_id=key_id, secret_access_key=Secret(secret))
