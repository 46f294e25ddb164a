"""How much a finding weighs."""

from __future__ import annotations

from enum import Enum


class Severity(Enum):
    """How much a finding weighs; the heaviest first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Its place among the others, 0 for the heaviest."""
        return list(Severity).index(self)

    def reaches(self, other: Severity) -> bool:
        """Whether it weighs as much as `other`, or more."""
        return self.rank <= other.rank
