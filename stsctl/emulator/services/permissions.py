"""Which permissions a request needs: each an action on a resource, with the condition keys that the request carries.

What AWS documents is data: the Service Authorization Reference, and permissions.toml where that does not follow from
botocore's models by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stsctl.emulator.authorization import service_keys, service_reference
from stsctl.emulator.authorization.permission import Permission, Place
from stsctl.emulator.authorization.resource_names import Names
from stsctl.emulator.services import s3_permissions
from stsctl.emulator.services.services import Operation

_BY_METHOD = frozenset({"apigateway", "apigatewayv2"})
"""The services whose actions are HTTP's methods, and whose resources are paths.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
"""
_WRITES = {"ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem", "Put": "PutItem", "Update": "UpdateItem"}
"""The members of an item of DynamoDB's TransactWriteItems: their actions."""


def needed(operation: Operation, place: Place, names: Names) -> list[Permission]:
    """The permissions that an operation needs, first the one whose resource tells the account to act in."""
    if operation.service == "s3":
        found = list(s3_permissions.needed(operation, place, _actions(operation), names))
    elif operation.service in _BY_METHOD:
        found = [_on_path(operation, place)]
    else:
        found = [
            permission
            for action, parameters in _parts(operation)
            for permission in _of_action(prefix_of(operation), action, parameters, place, names)
        ]
    # A batch of nothing is still asked for.
    found = found or [Permission(action=f"{prefix_of(operation)}:{_actions(operation)[0]}", resource="*")]
    return list({(item.action, item.resource): item for item in found}.values())


def prefix_of(operation: Operation) -> str:
    """What the names of the service's actions begin with."""
    prefix: str = service_reference.differences()["prefixes"].get(operation.prefix, operation.prefix)
    return prefix


def _actions(operation: Operation) -> list[str]:
    table = service_reference.differences()["actions"]
    found: list[str] = table.get(operation.service, {}).get(operation.name, [operation.name])
    return found


def _parts(operation: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The actions of an operation, each with the parameters that it is about.

    DynamoDB's batches and transactions are about several tables, each on its own.
    """
    given = operation.parameters
    if operation.service == "dynamodb" and operation.name in ("BatchGetItem", "BatchWriteItem"):
        for table in given.get("RequestItems") or ():
            yield operation.name, {"TableName": table}
    elif operation.service == "dynamodb" and operation.name in ("TransactGetItems", "TransactWriteItems"):
        for item in given.get("TransactItems") or ():
            for kind, parameters in item.items():
                yield _WRITES.get(kind, "GetItem"), parameters
    else:
        for name in _actions(operation):
            yield name, given


def _of_action(
    prefix: str, name: str, parameters: Mapping[str, Any], place: Place, names: Names
) -> Iterable[Permission]:
    action = service_reference.find(prefix, name)
    if action is None:
        return [Permission(action=f"{prefix}:{name}", resource="*")]
    return [
        Permission(
            action=action.name,
            resource=arn,
            context=service_keys.of_request(action, kind, parameters, place),
        )
        for arn, kind in names.resources(action, name, parameters, place)
    ]


def _on_path(operation: Operation, place: Place) -> Permission:
    """API Gateway's management: the method, on the path."""
    return Permission(
        action=f"apigateway:{place.asked.method}",
        resource=f"arn:{place.partition}:apigateway:{place.region}::{place.asked.path}",
        owner=place.account,
        context=service_keys.of_tags(operation.parameters),
    )
