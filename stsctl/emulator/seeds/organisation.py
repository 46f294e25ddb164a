"""What an emulator is to start with: accounts, users, groups, policies and roles, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from stsctl.credentials import Secret
from stsctl.emulator.seeds.identity_center import IdentityCenter
from stsctl.emulator.seeds.idp import Idp
from stsctl.emulator.seeds.new_organization import NewOrganization
from stsctl.emulator.seeds.roles_anywhere import RolesAnywhereProfile, TrustAnchor
from stsctl.emulator.seeds.workload import Instance, Task, Workload
from stsctl.emulator.world.regions import EVERYWHERE, AccountRegions

Policies = tuple[tuple[str, str], ...]
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A pair of long-term keys; what is None is made at the start."""

    id: str | None = None
    secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """A virtual MFA device: its name (the user's when None) and its base32 seed (made at the start when None)."""

    name: str | None = None
    seed: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """An IAM user. `managed` and `boundary` are policy ARNs, or names of the account's own policies."""

    name: str
    path: str = "/"
    keys: tuple[NewKey, ...] = ()
    mfa: NewDevice | None = None
    tags: Tags = ()
    groups: tuple[str, ...] = ()
    policies: Policies = ()
    managed: tuple[str, ...] = ()
    boundary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGroup:
    """A group of users, for its policies."""

    name: str
    path: str = "/"
    policies: Policies = ()
    managed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRole:
    """An IAM role; `max_duration` is its MaxSessionDuration."""

    name: str
    trust: str
    path: str = "/"
    description: str = ""
    max_duration: timedelta = timedelta(hours=1)
    tags: Tags = ()
    policies: Policies = ()
    managed: tuple[str, ...] = ()
    boundary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOidcProvider:
    """An OIDC identity provider; `keys` is its key set as JSON, None where its issuer is to be asked.

    `idp` is the emulator's own one that it is: until that is served, `url` is no more than a name.
    """

    url: str
    client_ids: tuple[str, ...]
    keys: str | None = None
    idp: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSamlProvider:
    """A SAML identity provider, with its metadata document; `idp` is the emulator's own one that it is, if any."""

    name: str
    metadata: str
    idp: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with all that is in it. `policies` are its customer-managed policies."""

    id: str
    name: str = ""
    regions: AccountRegions = EVERYWHERE
    outbound_federation: bool = False
    users: tuple[NewUser, ...] = ()
    groups: tuple[NewGroup, ...] = ()
    policies: Policies = ()
    roles: tuple[NewRole, ...] = ()
    oidc_providers: tuple[NewOidcProvider, ...] = ()
    saml_providers: tuple[NewSamlProvider, ...] = ()
    instances: tuple[Instance, ...] = ()
    tasks: tuple[Task, ...] = ()
    trust_anchors: tuple[TrustAnchor, ...] = ()
    roles_anywhere_profiles: tuple[RolesAnywhereProfile, ...] = ()

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """All that runs in it."""
        return (*self.instances, *self.tasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """All accounts; `name` says where they were written. Roles of `identity_center` are among those of the accounts.

    `organization` has some of the accounts as its members, `idps` are the identity providers of the emulator's own.
    """

    name: str
    accounts: tuple[Account, ...]
    identity_center: IdentityCenter | None = None
    organization: NewOrganization | None = None
    idps: tuple[Idp, ...] = ()
