"""The instance profiles that carry roles to instances, as moto's IAM has them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.world import identifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceProfile:
    """An instance profile; `role` is the name of its role, None where it has none."""

    name: str
    arn: str
    id: str
    role: str | None


class InstanceProfiles:
    """Every account's profiles, read afresh at each question."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def find(self, account: str, name: str) -> InstanceProfile | None:
        """The profile of this name."""
        found: Any = self._directory.backend(account).instance_profiles.get(name)
        return None if found is None else _profile(found)

    def carrying(self, account: str, role: str) -> InstanceProfile:
        """A profile with this role. Where there is none, one of the role's name is made, as the console makes it."""
        every = [_profile(found) for found in list(self._directory.backend(account).instance_profiles.values())]
        found = next((profile for profile in every if profile.role == role), None)
        return found or self.put(account, role, role)

    def put(self, account: str, name: str, role: str) -> InstanceProfile:
        """Makes a profile of this name with this role; one that is there gets the role where it has none."""
        backend: Any = self._directory.backend(account)
        found = backend.instance_profiles.get(name)
        if found is None:
            found = backend.create_instance_profile(name, "/", [role])
            found.id = identifiers.unique_id("AIPA")  # moto's are of twenty small letters
        elif not found.roles:
            backend.add_role_to_instance_profile(name, role)
        return _profile(found)


def _profile(found: Any) -> InstanceProfile:
    roles = [role.name for role in found.roles]
    return InstanceProfile(name=found.name, arn=found.arn, id=found.id, role=roles[0] if roles else None)
