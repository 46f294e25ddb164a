"""The program as it is run."""

from __future__ import annotations

from tests.program import me, organisation, other_organisation

__all__ = ["me", "organisation", "other_organisation"]
