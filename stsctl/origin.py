"""Where a value was written."""

from __future__ import annotations

from enum import Enum

from stsctl.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A file and its line, a variable, a flag, or a default."""

    place: str
    line: int | None = None

    def __str__(self) -> str:
        return self.place if self.line is None else f"{self.place}:{self.line}"


class Shared(Enum):
    """Whose file says something that others wrote."""

    INCLUDED = "included"
    """One that `include` in config.toml names."""
    PROJECT = "project"
    """The `.stsctl.toml` of the folder that this runs in."""
