"""iam:PassRole: the roles that a request hands to a service, and whether that service may become them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html; what is a role's parameter and what
a service says of a role that it cannot assume is data, in permissions.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.authorization.permission import Permission
from stsctl.emulator.authorization.resources import Resources
from stsctl.emulator.authorization.service_reference import differences
from stsctl.emulator.protocol.refusal import Refusal, access_denied
from stsctl.emulator.services.services import Operation

_EC2 = "ec2.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedRole:
    """A role, by its ARN, and the service that is to have it."""

    arn: str
    service: str

    @property
    def account(self) -> str:
        """The account that the role is in."""
        return self.arn.split(":")[4]

    def permission(self, resource: str) -> Permission:
        """What handing it over needs; `resource` is what it is for, an ARN."""
        context: Context = {"iam:PassedToService": self.service}
        if resource.startswith("arn:"):
            context["iam:AssociatedResourceArn"] = resource
        return Permission(action="iam:PassRole", resource=self.arn, context=context)


def passed(operation: Operation, account: str, resources: Resources) -> list[PassedRole]:
    """The roles that an operation of a caller in `account` hands over; raises Refusal for one of another account."""
    found = [
        PassedRole(arn=arn, service=service)
        for service, operations in differences()["passed"].get(operation.service, {}).items()
        for path in operations.get(operation.name, ())
        for text in _texts(operation.parameters, path)
        if (arn := resources.role_arn(account, text))
    ]
    for path in differences()["passed_in_profiles"].get(operation.service, {}).get(operation.name, ()):
        for name in _texts(operation.parameters, path):
            found += [PassedRole(arn=arn, service=_EC2) for arn in resources.roles_in_profile(account, name)]
    if any(role.account != account for role in found):
        raise access_denied("Cross-account pass role is not allowed.")
    return found


def unassumable(operation: Operation, role: PassedRole) -> Refusal | None:
    """What the service says where it cannot assume a role; None where it does not say so at once."""
    found = differences()["unassumable"].get(operation.service)
    if found is None:
        return None
    code, message = found
    return Refusal(code, message.format(role=role.arn), 400)


def _texts(value: object, path: str) -> Iterator[str]:
    """The texts at a path of members, through every list on the way; a profile's may be its Arn or its Name."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, str) and not path and value:
        yield value
    elif isinstance(value, Mapping):
        if not path:
            yield from _texts(value.get("Arn") or value.get("Name"), "")
        else:
            name, _, rest = path.partition(".")
            yield from _texts(value.get(name), rest)
