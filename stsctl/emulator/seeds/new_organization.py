"""The organization of AWS Organizations that an emulator is to start with, as values."""

from __future__ import annotations

from dataclasses import dataclass

ROOT_SESSIONS, ROOT_CREDENTIALS = "RootSessions", "RootCredentialsManagement"
FEATURES = (ROOT_CREDENTIALS, ROOT_SESSIONS)
"""What IAM centralizes for an organization (IAM's API reference, ListOrganizationsFeatures)."""

Policies = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTarget:
    """What is attached to a root, a unit or an account, by name; FullAWSAccess besides, unless it is taken away."""

    scps: tuple[str, ...] = ()
    rcps: tuple[str, ...] = ()
    full_aws_access: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnit:
    """An organizational unit, or the root, with the accounts and the units directly in it."""

    name: str
    target: NewTarget
    accounts: tuple[str, ...] = ()
    units: tuple[NewUnit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """An account of an organization, with the services that it is the delegated administrator for."""

    account: str
    target: NewTarget
    delegated_services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganization:
    """An organization of AWS Organizations. `features` are those of centralized root access; `id` None is made up."""

    management_account: str
    root: NewUnit
    id: str | None = None
    features: tuple[str, ...] = ()
    scps: Policies = ()
    rcps: Policies = ()
    members: tuple[NewMember, ...] = ()
