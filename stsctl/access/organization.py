"""An organization as one JSON document: its tree, and the control policies at each level of it.

AWS has no single answer that holds this, so the form is stsctl's own, with AWS's names: `Organization` (as
describe-organization gives it), and a `Root` with `ServiceControlPolicies` and `ResourceControlPolicies` (each `Name`
and `Content`), `Accounts` (`Id`) and `OrganizationalUnits`, which have the same again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stsctl.access.snapshot import Levels, Membership, PolicyText
from stsctl.errors import ConfigurationError
from stsctl.policy.kind import Kind

_KINDS = {
    Kind.SCP: ("ServiceControlPolicies", "service control policy"),
    Kind.RCP: ("ResourceControlPolicies", "resource control policy"),
}


def read(value: object, place: str) -> Mapping[str, Membership]:
    """The place of each account; raises ConfigurationError, with the place, for what is no organization."""
    try:
        return _Organization(value).memberships()
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{place}: this is no organization ({type(error).__name__})", hint='it takes "Organization" and "Root"'
        ) from error


class _Organization:
    def __init__(self, value: Any) -> None:
        self._id = str(value["Organization"]["Id"])
        self._management = str(value["Organization"]["MasterAccountId"])
        self._root = value["Root"]
        self._found: dict[str, Membership] = {}

    def memberships(self) -> Mapping[str, Membership]:
        self._visit(self._root, "root", f"{self._id}/", (), ())
        return self._found

    def _visit(self, node: Mapping[str, Any], where: str, path: str, scps: Levels, rcps: Levels) -> None:
        """Goes down the tree; `scps` and `rcps` are the levels above."""
        path = f"{path}{node['Id']}/"
        scps = (*scps, _policies(node, Kind.SCP, where))
        rcps = (*rcps, _policies(node, Kind.RCP, where))
        for account in node.get("Accounts", []):
            self._place(str(account["Id"]), account, path, scps, rcps)
        for unit in node.get("OrganizationalUnits", []):
            self._visit(unit, f"unit {unit.get('Name', unit['Id'])}", path, scps, rcps)

    def _place(self, account: str, found: Mapping[str, Any], path: str, scps: Levels, rcps: Levels) -> None:
        limited = account != self._management
        where = f"account {account}"
        self._found[account] = Membership(
            organization=self._id,
            management_account=self._management,
            path=path,
            scps=_used((*scps, _policies(found, Kind.SCP, where))) if limited else (),
            rcps=_used((*rcps, _policies(found, Kind.RCP, where))) if limited else (),
        )


def _used(levels: Levels) -> Levels:
    """The levels; none where the organization has no such policy at all, for then that kind is switched off."""
    return levels if any(levels) else ()


def _policies(node: Mapping[str, Any], kind: Kind, where: str) -> tuple[PolicyText, ...]:
    key, called = _KINDS[kind]
    return tuple(
        PolicyText(name=f"{called} {policy['Name']} of {where}", text=_text(policy["Content"]), kind=kind)
        for policy in node.get(key, [])
    )


def _text(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content)
