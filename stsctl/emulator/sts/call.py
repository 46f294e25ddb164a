"""One call to STS, as its operations get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stsctl.emulator.directory.principals import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One signed call to STS; `parameters` are checked already.

    `now` is the emulator's present, `wall_at` the machine's, which MFA devices go by.
    """

    operation: str
    parameters: Mapping[str, Any]
    caller: Caller
    now: datetime
    wall_at: datetime
    source_ip: str
    region: str
