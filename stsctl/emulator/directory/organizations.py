"""AWS Organizations as it is now: who is a member, and which policies limit it. Read from moto's state.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stsctl.emulator.directory.organization_planting import IAM, RCP, SCP, Planting
from stsctl.emulator.directory.principals import PolicyText
from stsctl.emulator.seeds.organisation import Organisation

Levels = tuple[tuple[PolicyText, ...], ...]
"""The policies of the root, of each organizational unit below it, and of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An account's place in its organization.

    `path` is as aws:PrincipalOrgPaths has it. `scps` limit the account's principals and `rcps` its resources; the
    management account has neither.
    """

    organization: str
    management_account: str
    path: str
    scps: Levels = ()
    rcps: Levels = ()


class Organizations:
    """What moto's Organizations holds, read afresh at each question."""

    def __init__(self, organisation: Organisation) -> None:
        self._features: dict[str, set[str]] = {}
        forget()
        if organisation.organization is not None:
            mend()
            new, accounts = organisation.organization, {account.id: account for account in organisation.accounts}
            names = {account.id: account.name or account.id for account in organisation.accounts}
            made = Planting(new, names, accounts[new.management_account].regions.partition).plant()
            self._features[made] = set(new.features)

    def membership(self, account: str | None) -> Membership | None:
        """The place of an account; None where it is in no organization."""
        found = _organization_of(account) if account is not None else None
        if account is None or found is None:
            return None
        *units, member = _way_to(found, account)
        organization = found.org
        path = "/".join([organization.id, *(unit.id for unit in units), ""])
        limited = account != organization.master_account_id
        return Membership(
            organization=organization.id,
            management_account=organization.master_account_id,
            path=path,
            scps=_levels([*units, member], SCP) if limited else (),
            rcps=_levels([*units, member], RCP) if limited else (),
        )

    def features(self, organization: str) -> set[str]:
        """What IAM centralizes in an organization; to be changed."""
        return self._features.setdefault(organization, set())

    def trusts(self, place: Membership, service: str) -> bool:
        """Whether trusted access is enabled for a service."""
        services = _organization_of(place.management_account).services
        return any(item["ServicePrincipal"] == service for item in list(services))

    def delegated(self, place: Membership, service: str) -> tuple[str, ...]:
        """The accounts that are delegated administrators for a service."""
        admins = _organization_of(place.management_account).admins
        return tuple(admin.account.id for admin in list(admins) if service in admin.services)

    def administrators(self, place: Membership) -> set[str]:
        """The accounts that are delegated administrators for anything."""
        return {admin.account.id for admin in list(_organization_of(place.management_account).admins)}

    def kind_of_policy(self, account: str, policy: str) -> str | None:
        """The type of a policy of an account's organization, by its id."""
        backend = _organization_of(account)
        policies = list(backend.policies) if backend is not None else []
        return next((item.type for item in policies if item.id == policy), None)

    def has_enabled(self, account: str, kind: str) -> bool:
        """Whether the account's organization has a type of policies switched on."""
        backend = _organization_of(account)
        return backend is not None and any(item["Type"] == kind for item in backend.ou[0].policy_types)

    def attached(self, account: str, target: str, kind: str | None) -> set[str]:
        """The ids of the policies of a type that a root, a unit or an account has."""
        backend = _organization_of(account)
        targets = [*backend.ou, *backend.accounts] if backend is not None else []
        found = [policy for item in targets if item.id == target for policy in list(item.attached_policies)]
        return {policy.id for policy in found if policy.type == kind}


def forget() -> None:
    """Empties moto's Organizations, where it is loaded."""
    module: Any = sys.modules.get("moto.organizations.models")
    if module is not None:
        module.organizations_backends.clear()
        module.organizations_backends.master_accounts.clear()


def mend() -> None:
    """Lets moto take what it does not know yet: IAM as a trusted service, and as one that can be delegated."""
    from moto.organizations import models

    for services in (models.FakeServiceAccess.TRUSTED_SERVICES, models.FakeDelegatedAdministrator.SUPPORTED_SERVICES):
        if IAM not in services:
            services.append(IAM)


def _organization_of(account: str) -> Any:
    """moto's backend of an account's organization. As long as there is none at all, moto has not even loaded them."""
    module: Any = sys.modules.get("moto.organizations.models")
    if module is None:
        return None
    backends = module.organizations_backends
    management, partition = backends.master_accounts.get(account, (account, ""))
    if management not in backends:
        return None
    for name, backend in backends[management].items():
        if backend.org is not None and partition in ("", name):
            return backend
    return None


def _way_to(backend: Any, account: str) -> list[Any]:
    """The root, the units and the account, as moto has them."""
    by_id = {item.id: item for item in backend.ou}
    at = next(item for item in list(backend.accounts) if item.id == account)
    way = [at]
    while at.parent_id is not None:
        at = by_id[at.parent_id]
        way.append(at)
    return way[::-1]


def _levels(way: list[Any], kind: str) -> Levels:
    """What is attached at each level; nothing at all where the root has this kind of policies switched off."""
    if not any(item["Type"] == kind for item in way[0].policy_types):
        return ()
    return tuple([_attached(target, kind) for target in way])


def _attached(target: Any, kind: str) -> tuple[PolicyText, ...]:
    where = (target.type, target.name or target.id)
    attached = list(target.attached_policies)
    return tuple([_text(kind, policy.name, *where, policy.content or "") for policy in attached if policy.type == kind])


@lru_cache(maxsize=4096)
def _text(kind: str, name: str, type_of_target: str, target: str, content: str) -> PolicyText:
    label = f"{_words(kind)} {name} of {_words(type_of_target)} {target}"
    return PolicyText(label=label, text=content)


def _words(constant: str) -> str:
    return constant.lower().replace("_", " ")
