"""One call to STS, as its operations get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stsctl.emulator.principals import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One signed call to STS; `parameters` are checked already."""

    operation: str
    parameters: Mapping[str, Any]
    caller: Caller
    now: datetime
    source_ip: str
    region: str
