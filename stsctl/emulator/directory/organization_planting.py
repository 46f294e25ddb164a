"""Puts the organization of a seed into moto, so that `aws organizations` lists and changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stsctl.emulator.seeds.new_organization import NewOrganization, NewTarget, NewUnit
from stsctl.emulator.world.regions import FIRST

IAM = "iam.amazonaws.com"
"""IAM's service principal."""
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
FULL_AWS_ACCESS, RCP_FULL_AWS_ACCESS = "p-FullAWSAccess", "p-RCPFullAWSAccess"


class Planting:
    """One organization, as it grows; `names` are those of the accounts, by their ids."""

    def __init__(self, new: NewOrganization, names: Mapping[str, str], partition: str) -> None:
        from moto.iam.models import iam_backends
        from moto.organizations import models

        self._new = new
        self._region = FIRST[partition]
        self._names = names
        self._iam = iam_backends
        self._backends = models.organizations_backends
        self._backend: Any = self._backends[new.management_account][partition]
        self._policies: dict[tuple[str, str], str] = {}

    def plant(self) -> str:
        """Plants it all; the organization's id."""
        known = set(self._iam)
        self._backend.create_organization(self._region, FeatureSet="ALL")
        (root,) = self._backend.ou
        for kind, policies in ((SCP, self._new.scps), (RCP, self._new.rcps)):
            root.add_policy_type(kind)
            for name, text in policies:
                made = self._backend.create_policy(Name=name, Description="", Type=kind, Content=text)
                self._policies[kind, name] = made["Policy"]["PolicySummary"]["Id"]
        self._fill(root, self._new.root)
        services = {service for member in self._new.members for service in member.delegated_services}
        for service in services | ({IAM} if self._new.features else set()):
            self._backend.enable_aws_service_access(ServicePrincipal=service)
        for member in self._new.members:
            self._attach(member.account, member.target)
            for service in member.delegated_services:
                self._backend.register_delegated_administrator(AccountId=member.account, ServicePrincipal=service)
        # moto gives every account that it creates a role, under an id that nobody has.
        for made_up in set(self._iam) - known:
            del self._iam[made_up]
        return self._named()

    def _fill(self, target: Any, unit: NewUnit) -> None:
        self._attach(target.id, unit.target)
        for account in unit.accounts:
            self._account(account).parent_id = target.id
        for inner in unit.units:
            self._backend.create_organizational_unit(Name=inner.name, ParentId=target.id)
            self._fill(self._backend.ou[-1], inner)

    def _account(self, account: str) -> Any:
        """The account as moto has it; made with the id that is wanted, where moto would give it another."""
        if account == self._new.management_account:
            return self._backend.get_account_by_id(account)
        email = f"{account}@example.com"
        self._backend.create_account(AccountName=self._names[account], Email=email)
        made = self._backend.accounts[-1]
        self._backends.master_accounts[account] = self._backends.master_accounts.pop(made.id)
        made.id = account
        return made

    def _attach(self, target: str, attached: NewTarget) -> None:
        for kind, names in ((SCP, attached.scps), (RCP, attached.rcps)):
            for name in names:
                self._backend.attach_policy(PolicyId=self._policies[kind, name], TargetId=target)
        if not attached.full_aws_access:
            self._backend.detach_policy(PolicyId=FULL_AWS_ACCESS, TargetId=target)

    def _named(self) -> str:
        """Gives the organization the id that its seed has; what is in it repeats that."""
        organization = self._backend.org
        if self._new.id is not None:
            for item in (*self._backend.ou, *self._backend.accounts, *self._backend.policies):
                item.organization_id = self._new.id
            organization.id = self._new.id
        found: str = organization.id
        return found
