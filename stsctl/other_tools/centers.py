"""The Identity Centers that a tool names, each as one source, whatever names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from stsctl.dataclass import dataclass
from stsctl.origin import Origin
from stsctl.other_tools.finding import Finding, becomes, source

_HOST = re.compile(r"https?://(?P<label>[^./:]+)")


@dataclass(slots=True, kw_only=True)
class Centers:
    """Sources by start URL and region."""

    found: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def named(self, start_url: str, region: str, origin: Origin, name: str | None = None) -> str:
        """What the source of a sign-in is called; `origin` is where its tool first says it."""
        key = (plain(start_url), region)
        if key not in self.found:
            fitting = self._unused(name or _label(start_url))
            values = {"type": "identity-center", "start_url": key[0], "sso_region": region}
            self.found[key] = becomes(f'sign-in "{fitting}"', origin, source(fitting, values), key[0])
        entry = self.found[key].entry
        assert entry is not None
        return entry.name

    def _unused(self, name: str) -> str:
        used = {finding.entry.name for finding in self.found.values() if finding.entry}
        fitting, number = name, 1
        while fitting in used:
            number += 1
            fitting = f"{name}-{number}"
        return fitting


def permission_set(account_id: str, role_name: str, more: Mapping[str, str | None]) -> dict[str, str | None]:
    """What a role says that is a permission set in an account, with `more` of it."""
    return {"type": "permission-set", "account_id": account_id, "role_name": role_name, **more}


def plain(start_url: str) -> str:
    """A start URL without what a browser adds to it."""
    return start_url.partition("#")[0].rstrip("/")


def _label(start_url: str) -> str:
    match = _HOST.match(start_url)
    return match["label"] if match else "sso"
