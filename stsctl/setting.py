"""A value that somebody said somewhere, or nobody: with its name, and how much that counts."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, IntEnum
from typing import Generic, TypeVar

from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.origin import Origin

Value = TypeVar("Value")


class Level(IntEnum):
    """What kind of place a value comes from; the higher wins."""

    DEFAULT = 0
    FILE = 1
    ENVIRONMENT = 2
    FLAG = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[Value]):
    """A value with its name and where it was said."""

    name: str
    value: Value
    level: Level
    origin: Origin

    @property
    def text(self) -> str:
        """The value as a configuration would write it; empty where there is none."""
        value: object = self.value
        if isinstance(value, Enum):
            return str(value.value)
        if isinstance(value, timedelta):
            return render_duration(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, tuple):
            import shlex

            return shlex.join(value)
        return "" if value is None else str(value)

    @property
    def overrides_files(self) -> bool:
        """Whether it was said for this call or this shell, and so counts more than what a file says of a role."""
        return self.level >= Level.ENVIRONMENT
