"""Puts one account of a seed into moto: its policies, groups, users, roles and identity providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stsctl.emulator.seeds.organisation import Account, NewRole, NewUser, Tags
from stsctl.emulator.world import identifiers

if TYPE_CHECKING:
    from stsctl.emulator.directory.directory import Directory


class Planting:
    """Puts `account` into the moto that `directory` reads."""

    def __init__(self, directory: Directory, account: Account) -> None:
        self._directory = directory
        self._account = account
        self._backend = directory.backend(account.id)

    def plant(self) -> None:
        """Does it."""
        for name, document in self._account.policies:
            self._backend.create_policy("", "/", document, name, [])
        for group in self._account.groups:
            found = self._backend.create_group(group.name, group.path)
            found.policies.update(group.policies)
            self._attach(found, group.managed)
        for user in self._account.users:
            self._user(user)
        for role in self._account.roles:
            self._role(role)
        for provider in self._account.oidc_providers:
            made = self._backend.create_open_id_connect_provider(provider.url, [], list(provider.client_ids), [])
            self._directory.give_keys(made.arn, provider.keys)
        for saml in self._account.saml_providers:
            self._backend.create_saml_provider(saml.name, saml.metadata)

    def _user(self, user: NewUser) -> None:
        found: Any = self._backend.create_user(self._backend.region_name, user.name, user.path, _tag_list(user.tags))
        found.policies.update(user.policies)
        found.permissions_boundary_arn = self._policy_arn(user.boundary) if user.boundary else None
        self._attach(found, user.managed)
        for name in user.groups:
            self._backend.add_user_to_group(name, user.name)
        for wanted in user.keys:
            key = found.create_access_key(prefix="AKIA")
            key.access_key_id = wanted.id or identifiers.access_key_id("AKIA", self._account.id)
            key.secret_access_key = wanted.secret.reveal() if wanted.secret else identifiers.secret_access_key()
            self._backend.access_keys[key.access_key_id] = key
        if user.mfa:
            device = self._backend.create_virtual_mfa_device(user.mfa.name or user.name, "/")
            device.base32_string_seed = user.mfa.seed.reveal() if user.mfa.seed else identifiers.mfa_seed()
            self._backend.enable_mfa_device(user.name, device.serial_number, "000000", "000000")

    def _role(self, role: NewRole) -> None:
        found: Any = self._backend.create_role(
            role_name=role.name,
            assume_role_policy_document=role.trust,
            path=role.path,
            permissions_boundary=self._policy_arn(role.boundary) if role.boundary else None,
            description=role.description,
            tags=_tag_list(role.tags),
            max_session_duration=str(int(role.max_duration.total_seconds())),
        )
        found.policies.update(role.policies)
        self._attach(found, role.managed)

    def _attach(self, holder: Any, managed: tuple[str, ...]) -> None:
        for arn in map(self._policy_arn, managed):
            if ":iam::aws:policy/" in arn:
                self._directory.load_aws_policies(self._account.id)
            self._backend.managed_policies[arn].attach_to(holder)

    def _policy_arn(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        return f"arn:{self._account.regions.partition}:iam::{self._account.id}:policy/{name}"


def _tag_list(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]
