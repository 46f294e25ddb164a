"""What IAM and Organizations answer of who there is and which policies they have; nothing is changed by it.

Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html,
https://docs.aws.amazon.com/organizations/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.errors import RefusedError
from stsctl.request import Endpoint
from stsctl.sources.client import Clients

_DETAILS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
_PAGE = 1000
_POLICIES = {
    "SERVICE_CONTROL_POLICY": "ServiceControlPolicies",
    "RESOURCE_CONTROL_POLICY": "ResourceControlPolicies",
}
_IN_NO_ORGANIZATION = "AWSOrganizationsNotInUseException"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads, with somebody's credentials; every method raises RefusedError, UnavailableError."""

    clients: Clients
    endpoint: Endpoint
    credentials: Credentials

    def account(self) -> dict[str, Any]:
        """GetAccountAuthorizationDetails, all of its pages as one."""
        found: dict[str, Any] = {name: [] for name in _DETAILS}
        marker: dict[str, str] = {}
        while True:
            page = self._call("iam", "GetAccountAuthorizationDetails", MaxItems=_PAGE, **marker)
            for name in _DETAILS:
                found[name] += page.get(name, [])
            if not page.get("IsTruncated"):
                return found
            marker = {"Marker": page["Marker"]}

    def management_account(self) -> str | None:
        """The account that manages the organization, which alone sees all of it; None where there is none."""
        found = self._organization()
        return None if found is None else str(found["MasterAccountId"])

    def organization(self) -> dict[str, Any] | None:
        """The organization as `access.organization` takes it; None where the account is in none."""
        organization = self._organization()
        if organization is None:
            return None
        (root,) = self._every("ListRoots", "Roots")
        enabled = {each["Type"] for each in root.get("PolicyTypes", []) if each["Status"] == "ENABLED"}
        return {
            "Organization": {"Id": organization["Id"], "MasterAccountId": organization["MasterAccountId"]},
            "Root": self._node(root["Id"], root, enabled),
        }

    def _organization(self) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._call("organizations", "DescribeOrganization")["Organization"]
        except RefusedError as error:
            if error.code == _IN_NO_ORGANIZATION:
                return None
            raise
        return found

    def accounts(self) -> Iterator[Mapping[str, Any]]:
        """The accounts of the organization (ListAccounts)."""
        yield from self._every("ListAccounts", "Accounts")

    def _node(self, target: str, found: Mapping[str, Any], enabled: set[str]) -> dict[str, Any]:
        """A root or a unit, with what is below it."""
        below = {"ParentId": target}
        return {
            "Id": target,
            "Name": found.get("Name", target),
            **self._attached(target, enabled),
            "Accounts": [
                {"Id": account["Id"], **self._attached(account["Id"], enabled)}
                for account in self._every("ListAccountsForParent", "Accounts", **below)
            ],
            "OrganizationalUnits": [
                self._node(unit["Id"], unit, enabled)
                for unit in self._every("ListOrganizationalUnitsForParent", "OrganizationalUnits", **below)
            ],
        }

    def _attached(self, target: str, enabled: set[str]) -> dict[str, Any]:
        """The policies at one place, of the kinds that are switched on."""
        return {
            key: [
                {"Name": policy["Name"], "Content": self._content(policy["Id"])}
                for policy in self._every("ListPoliciesForTarget", "Policies", TargetId=target, Filter=kind)
            ]
            for kind, key in _POLICIES.items()
            if kind in enabled
        }

    def _content(self, policy: str) -> str:
        return str(self._call("organizations", "DescribePolicy", PolicyId=policy)["Policy"]["Content"])

    def _every(self, operation: str, key: str, **parameters: str) -> Iterator[Mapping[str, Any]]:
        """What all pages list under `key`."""
        token: dict[str, str] = {}
        while True:
            page = self._call("organizations", operation, **parameters, **token)
            yield from page.get(key, [])
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def _call(self, service: str, operation: str, **parameters: object) -> Mapping[str, Any]:
        return self.clients.call(service, operation, self.endpoint, self.credentials, **parameters).body
