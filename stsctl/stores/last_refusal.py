"""The refusal that happened last: what was asked and sent, and what AWS said; no secret, and it may be lost."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.stores import records
from stsctl.target import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRefusal:
    """`position` counts the calls from 0; `sent` is what that one said, `operation` the action that was refused.

    `encoded` is what DecodeAuthorizationMessage takes, where it was given.
    """

    wanted: Wanted
    position: int
    at: datetime
    operation: str
    code: str
    reason: str
    request_id: str = ""
    encoded: str = ""
    resource: str = ""
    sent: tuple[tuple[str, str], ...] = ()


def keep(place: Path, refusal: LastRefusal) -> None:
    """Keeps it, in place of the one before; on a full disk it is lost."""
    with contextlib.suppress(files.FileError):
        files.replace(place, records.render(refusal).encode())


def read(place: Path) -> LastRefusal | None:
    """The last one; None where there was none, or none that can be read."""
    with contextlib.suppress(files.FileError):
        text = files.read(place)
        return None if text is None else records.parse(LastRefusal, text)
    return None
