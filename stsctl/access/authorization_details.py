"""The answer of `aws iam get-account-authorization-details` as a snapshot of an account.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from stsctl.access.snapshot import Group, PolicyText, Role, Snapshot, Tags, User
from stsctl.arn import Arn
from stsctl.errors import ConfigurationError, UsageError
from stsctl.policy.kind import Kind

SECTIONS = ("UserDetailList", "RoleDetailList")
"""By what such an answer is known."""
_NOTHING = '{"Version":"2012-10-17","Statement":[]}'


def read(value: object, place: str) -> Snapshot:
    """The snapshot that an answer holds; raises ConfigurationError, with the place, for what is none."""
    try:
        return _Details(value, place).snapshot()
    except (KeyError, TypeError, AttributeError, ValueError, UsageError) as error:
        raise ConfigurationError(
            f"{place}: this is no answer of get-account-authorization-details ({type(error).__name__})",
            hint="aws iam get-account-authorization-details > FILE",
        ) from error


@dataclass(frozen=True, slots=True)
class _Managed:
    """A managed policy, without whom it speaks for; `others` are its versions that are not in force."""

    arn: str
    text: str
    others: tuple[tuple[str, str], ...] = ()

    def of(self, whose: str) -> PolicyText:
        return self._called(f"managed policy {self.arn} of {whose}", self.text)

    def as_session(self) -> PolicyText:
        return PolicyText(name=f"session policy {self.arn}", text=self.text, kind=Kind.SESSION, arn=self.arn)

    def versions(self) -> tuple[PolicyText, ...]:
        return tuple(
            self._called(f"version {version} of managed policy {self.arn}", text) for version, text in self.others
        )

    def _called(self, name: str, text: str) -> PolicyText:
        return PolicyText(name=name, text=text, kind=Kind.IDENTITY, arn=self.arn)


class _Details:
    def __init__(self, value: Any, place: str) -> None:
        self._users: list[Any] = value.get("UserDetailList", [])
        self._roles: list[Any] = value.get("RoleDetailList", [])
        self._groups = {group["GroupName"]: group for group in value.get("GroupDetailList", [])}
        self._managed = {policy["Arn"]: _managed(policy) for policy in value.get("Policies", [])}
        self._place = place
        self._gaps: dict[str, None] = {}

    def snapshot(self) -> Snapshot:
        users = [self._user(user) for user in self._users]
        roles = [self._role(role) for role in self._roles]
        return Snapshot(
            users={user.arn: user for user in users},
            roles={role.arn: role for role in roles},
            groups={group.arn: group for group in map(self._group, self._groups.values())},
            managed={arn: policy.as_session() for arn, policy in self._managed.items()},
            versions={arn: policy.versions() for arn, policy in self._managed.items()},
            gaps=tuple(self._gaps),
        )

    def _user(self, found: Mapping[str, Any]) -> User:
        arn = Arn.parse(found["Arn"])
        own = self._policies(found, "UserPolicyList", f"user {found['UserName']}")
        groups = [group for name in found.get("GroupList", []) if (group := self._of_user(name, arn))]
        return User(
            arn=str(arn),
            id=str(found["UserId"]),
            account=arn.account,
            policies=(*own, *(policy for group in groups for policy in group.policies)),
            groups=tuple(group.arn for group in groups),
            boundary=self._boundary(found),
            tags=_tags(found),
        )

    def _of_user(self, name: str, of: Arn) -> Group | None:
        group = self._groups.get(name)
        if group is None:
            self._gaps[f"{self._place}: the group {name} of {of} is not in it"] = None
            return None
        return self._group(group)

    def _group(self, found: Mapping[str, Any]) -> Group:
        arn = Arn.parse(found["Arn"])
        policies = self._policies(found, "GroupPolicyList", f"group {found['GroupName']}")
        return Group(arn=str(arn), account=arn.account, policies=policies)

    def _role(self, found: Mapping[str, Any]) -> Role:
        arn = Arn.parse_role(found["Arn"])
        name = found["RoleName"]
        return Role(
            arn=str(arn),
            id=str(found["RoleId"]),
            account=arn.account,
            trust=PolicyText(
                name=f"trust policy of role {name}", text=_text(found["AssumeRolePolicyDocument"]), kind=Kind.TRUST
            ),
            policies=self._policies(found, "RolePolicyList", f"role {name}"),
            boundary=self._boundary(found),
            tags=_tags(found),
            longest=timedelta(seconds=int(found.get("MaxSessionDuration", 3600))),
            profiles=tuple(str(profile["Arn"]) for profile in found.get("InstanceProfileList", [])),
        )

    def _policies(self, found: Mapping[str, Any], inline: str, whose: str) -> tuple[PolicyText, ...]:
        texts = [
            PolicyText(
                name=f"inline policy {policy['PolicyName']} of {whose}",
                text=_text(policy["PolicyDocument"]),
                kind=Kind.IDENTITY,
            )
            for policy in found.get(inline, [])
        ]
        attached = [self._attached(policy["PolicyArn"], whose) for policy in found.get("AttachedManagedPolicies", [])]
        return (*texts, *(policy.of(whose) for policy in attached if policy))

    def _attached(self, arn: str, whose: str) -> _Managed | None:
        if arn not in self._managed:
            self._gaps[f"{self._place}: {whose} has {arn}, and that policy is not in it"] = None
        return self._managed.get(arn)

    def _boundary(self, found: Mapping[str, Any]) -> PolicyText | None:
        boundary = found.get("PermissionsBoundary")
        if boundary is None:
            return None
        arn = boundary["PermissionsBoundaryArn"]
        managed = self._attached(arn, f"{found.get('UserName') or found.get('RoleName')} (as boundary)")
        # One that is not to be seen is taken to allow nothing: an answer that says too little is the safer one.
        text = managed.text if managed else _NOTHING
        return PolicyText(name=f"permissions boundary {arn}", text=text, kind=Kind.SESSION, arn=arn)


def _managed(policy: Mapping[str, Any]) -> _Managed:
    (version,) = (each for each in policy["PolicyVersionList"] if each["IsDefaultVersion"])
    others = [each for each in policy["PolicyVersionList"] if each is not version]
    return _Managed(
        policy["Arn"],
        _text(version["Document"]),
        tuple((str(each["VersionId"]), _text(each["Document"])) for each in others),
    )


def _text(document: object) -> str:
    """A document as text: the API gives it percent-encoded, the AWS CLI as an object."""
    if isinstance(document, str):
        return document if document.lstrip().startswith("{") else unquote(document)
    return json.dumps(document)


def _tags(found: Mapping[str, Any]) -> Tags:
    return tuple((tag["Key"], tag["Value"]) for tag in found.get("Tags", []))
