"""The accounts, users, roles, policies and MFA devices as they are now, read out of moto's state.

moto's IAM keeps them, so that `aws iam create-role` works; what moto gets wrong about them is put right here.
"""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from stsctl.credentials import Secret
from stsctl.emulator.directory import moto_iam
from stsctl.emulator.directory.planting import Planting
from stsctl.emulator.directory.principals import (
    Device,
    LongTermKey,
    OidcProvider,
    PolicyText,
    Role,
    SamlProvider,
    Tags,
    User,
)
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.world import identifiers
from stsctl.emulator.world.issuer_keys import is_loopback
from stsctl.emulator.world.regions import FIRST, AccountRegions

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend


class Directory:
    """What the emulator knows of its accounts, read afresh at each question."""

    def __init__(self, organisation: Organisation) -> None:
        from moto.iam import models

        moto_iam.mend(models)
        self._backends = models.iam_backends
        self._backends.clear()
        self._policy_type = models.AWSManagedPolicy
        self._lock = threading.Lock()
        self._aws_policies: dict[str, Any] = {}
        self._roots: dict[str, LongTermKey] = {}
        self._issuer_keys: dict[str, str] = {}
        self.accounts: list[str] = []
        self.token_versions: dict[str, int] = {}
        """Of which version the tokens of STS's global endpoint are, for each account."""
        self.regions: dict[str, AccountRegions] = {}
        for account in organisation.accounts:
            self.admit(account.id, account.regions)
            Planting(self, account).plant()

    def admit(self, account: str, regions: AccountRegions) -> None:
        """Makes an account one of the emulator's; there is nothing in it but its root user."""
        self.regions[account] = regions
        self.token_versions[account] = 1
        self._roots[account] = LongTermKey(
            id=identifiers.access_key_id("AKIA", account),
            secret=Secret(identifiers.secret_access_key()),
            account=account,
            user=None,
        )
        self.accounts.append(account)

    def backend(self, account: str) -> IAMBackend:
        """moto's IAM of one account."""
        return self._backends[account][self.regions[account].partition]

    def key(self, access_key_id: str) -> LongTermKey | None:
        """The long-term keys that have this id."""
        for account in self.accounts:
            root = self._roots[account]
            if root.id == access_key_id:
                return root
            key = self.backend(account).access_keys.get(access_key_id)
            if key is not None and key.user_name is not None:
                return _long_term_key(account, key)
        return None

    def root_key(self, account: str) -> LongTermKey:
        """The keys of an account's root user."""
        return self._roots[account]

    def keys_of(self, user: User) -> list[LongTermKey]:
        """A user's keys."""
        found = self.backend(user.account).users[user.name].access_keys
        return [_long_term_key(user.account, key) for key in list(found)]

    def user(self, account: str, name: str) -> User | None:
        """The user of this name."""
        if account not in self.accounts:
            return None
        backend = self.backend(account)
        found: Any = backend.users.get(name)
        if found is None:
            return None
        groups = [group for group in list(backend.groups.values()) if found in group.users]
        policies = [*_policies(found, f"user {name}")]
        for group in groups:
            policies += _policies(group, f"group {group.name}")
        return User(
            account=account,
            name=name,
            id=found.id,
            arn=found.arn,
            tags=_tags(found.tags or []),
            policies=tuple(policies),
            boundary=self._boundary(account, found.permissions_boundary_arn),
            devices=tuple(found.mfa_devices),
        )

    def bound(self, account: str, name: str, boundary: str | None) -> bool:
        """Sets, or takes away, a user's permissions boundary; False where there is no such user."""
        found: Any = self.backend(account).users.get(name)
        if found is not None:
            found.permissions_boundary_arn = boundary
        return found is not None

    def user_names(self, account: str) -> tuple[str, ...]:
        """The names of an account's users."""
        return tuple(self.backend(account).users)

    def console_password(self, user: User) -> Secret | None:
        """The password of a user's login profile; None where there is none."""
        found: Any = self.backend(user.account).users[user.name]
        return Secret(found.password) if found.password else None

    def users_named(self, name: str) -> list[User]:
        """The users of this name, of every account."""
        return [user for account in self.accounts if (user := self.user(account, name))]

    def role(self, account: str, name: str) -> Role | None:
        """The role of this name."""
        if account not in self.accounts:
            return None
        roles = list(self.backend(account).roles.values())
        return next((self._role(role) for role in roles if role.name == name), None)

    def role_with_id(self, account: str, role_id: str) -> Role | None:
        """The role of this unique id: one that was deleted and made again has another."""
        found = self.backend(account).roles.get(role_id)
        return None if found is None else self._role(found)

    def device(self, account: str, serial: str) -> Device | None:
        """The virtual MFA device of this serial number."""
        if account not in self.accounts:
            return None
        found = self.backend(account).virtual_mfa_devices.get(serial)
        if found is None:
            return None
        user = found.user.name if found.user is not None else None
        return Device(serial=serial, seed=Secret(found.base32_string_seed), user=user)

    def managed_policy(self, account: str, arn: str) -> PolicyText | None:
        """The managed policy of this ARN, the account's own or one of AWS's."""
        if ":iam::aws:policy/" in arn:
            self.load_aws_policies(account)
        found = self.backend(account).managed_policies.get(arn)
        return None if found is None else _managed(found)

    def oidc_provider(self, account: str, issuer: str) -> OidcProvider | None:
        """The identity provider of this issuer's URL."""
        scheme, found, name = issuer.partition("://")
        if account not in self.accounts or not found or not (scheme == "https" or is_loopback(issuer)):
            return None
        arn = f"arn:{self.regions[account].partition}:iam::{account}:oidc-provider/{name}"
        provider: Any = self.backend(account).open_id_providers.get(arn)
        if provider is None:
            return None
        clients = tuple(provider.client_id_list)
        return OidcProvider(arn=arn, url=issuer, client_ids=clients, keys=self._issuer_keys.get(arn))

    def saml_provider(self, arn: str) -> SamlProvider | None:
        """The SAML provider of this ARN."""
        head, _, name = arn.partition(":saml-provider/")
        account = head.rsplit(":", 1)[-1]
        found: Any = self.backend(account).saml_providers.get(name) if account in self.accounts else None
        if found is None or found.arn != arn:
            return None
        return SamlProvider(arn=arn, metadata=found.saml_metadata_document or "")

    def give_keys(self, provider_arn: str, keys: str | None) -> None:
        """Gives an identity provider the key set that its seed has."""
        if keys is not None:
            self._issuer_keys[provider_arn] = keys

    def bucket(self, name: str) -> tuple[str, str | None] | None:
        """The account that owns a bucket, and the bucket's policy; None where there is no such bucket."""
        from moto.s3.models import s3_backends

        partition, account = s3_backends.bucket_accounts.get(name, ("", ""))
        found = s3_backends[account][partition].buckets.get(name) if account else None
        if found is None:
            return None
        return account, found.policy.decode() if found.policy else None

    def load_aws_policies(self, account: str) -> None:
        """Gives an account the policies that AWS manages; moto has them, and 1,500 take a quarter of a second."""
        from moto.iam.aws_managed_policies import aws_managed_policies_data

        backend = self.backend(account)
        with self._lock:
            if backend.aws_managed_policies:
                return
            if not self._aws_policies:
                self._aws_policies = json.loads(aws_managed_policies_data)
            region = FIRST[self.regions[account].partition]  # moto derives the partition from it
            policies: list[Any] = [
                self._policy_type.from_data(name, account, region, data) for name, data in self._aws_policies.items()
            ]
            backend.aws_managed_policies = policies
            backend.managed_policies.update({policy.arn: policy for policy in policies})

    def _role(self, found: Any) -> Role:
        return Role(
            account=found.account_id,
            name=found.name,
            id=found.id,
            arn=found.arn,
            trust=PolicyText(label=f"trust policy of role {found.name}", text=found.assume_role_policy_document),
            tags=_tags(found.tags),
            policies=tuple(_policies(found, f"role {found.name}")),
            boundary=self._boundary(found.account_id, found.permissions_boundary_arn),
            max_duration=timedelta(seconds=int(found.max_session_duration or 3600)),
        )

    def _boundary(self, account: str, arn: str | None) -> PolicyText | None:
        if not arn:
            return None
        found = self.managed_policy(account, arn)
        # A boundary whose policy is gone allows nothing.
        text = found.text if found else '{"Version":"2012-10-17","Statement":[]}'
        return PolicyText(label=f"permissions boundary {arn}", text=text)


def forget_everything() -> None:
    """Empties every service of moto's, in every account."""
    from moto.core.base_backend import BackendDict

    BackendDict.reset()


def _long_term_key(account: str, key: Any) -> LongTermKey:
    return LongTermKey(
        id=key.access_key_id,
        secret=Secret(key.secret_access_key),
        account=account,
        user=key.user_name,
        active=key.status == "Active",
    )


def _policies(holder: Any, whose: str) -> list[PolicyText]:
    inline = [
        PolicyText(label=f"inline policy {name} of {whose}", text=text) for name, text in list(holder.policies.items())
    ]
    managed = [_managed(policy, whose) for policy in list(holder.managed_policies.values())]
    return inline + managed


def _managed(policy: Any, whose: str = "") -> PolicyText:
    version = next(version for version in policy.versions if version.version_id == policy.default_version_id)
    label = f"managed policy {policy.arn}" + (f" of {whose}" if whose else "")
    return PolicyText(label=label, text=version.document)


def _tags(tags: list[dict[str, str]]) -> Tags:
    return tuple((tag["Key"], tag["Value"]) for tag in tags)
