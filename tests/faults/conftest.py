"""The program, where something goes wrong."""

from __future__ import annotations

from tests.program import me, organisation, other_organisation

__all__ = ["me", "organisation", "other_organisation"]
