"""How a role's session is marked for the person who works with it."""

from __future__ import annotations

from stsctl.console_table import Color
from stsctl.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """`color` is that of its name in the prompt; `warn_before` are patterns of commands that are asked about first."""

    color: Color | None = None
    warn_before: tuple[str, ...] = ()
