"""What the doctor found: how much it weighs, and what to type."""

from __future__ import annotations

from stsctl.dataclass import dataclass
from stsctl.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or will be: by which check, in words, and its fix."""

    check: str
    severity: Severity
    what: str
    fix: str | None = None
