"""`[shell]` of a configuration: what is asked about before it runs in a session with `warn = true`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from stsctl import destructive
from stsctl.dataclass import dataclass
from stsctl.origin import Origin
from stsctl.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellOptions:
    """`[shell]`. `warn_before` are patterns as `destructive` reads them, in place of its own."""

    warn_before: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)


def entry(table: Table) -> ShellOptions:
    """What the table says; raises ConfigurationError."""
    table.only(name for name in ShellOptions.__dataclass_fields__ if name != "origins")
    patterns = table.texts("warn_before")
    if "warn_before" in table and not patterns:
        raise table.problem("warn_before", "warn_before is empty", hint="leave warn = true out of the roles")
    for pattern in patterns:
        if not re.fullmatch(destructive.PATTERN, pattern, re.ASCII):
            hint = 'write words as "terraform destroy", with *, ? and [...] in them'
            raise table.problem("warn_before", f'"{pattern}" is no pattern of a command', hint=hint)
    return ShellOptions(warn_before=patterns, origins=table.origins())
