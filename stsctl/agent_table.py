"""`[agent]` of a configuration: when the agent starts, and what it keeps fresh beside what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from stsctl.dataclass import dataclass
from stsctl.origin import Origin
from stsctl.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """`[agent]`. `auto_start` lets commands start it; `keep` are names, with `*` and `?`, that it gets by itself."""

    auto_start: bool | None = None
    keep: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)


def entry(table: Table) -> AgentOptions:
    """What the table says; raises ConfigurationError."""
    table.only(name for name in AgentOptions.__dataclass_fields__ if name != "origins")
    return AgentOptions(auto_start=table.flag("auto_start"), keep=table.texts("keep"), origins=table.origins())
