"""A permission that a request needs, and where the request is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.world.regions import partition_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """An action on a resource, an ARN or `*`, with the condition keys that only it has.

    `owner` is the resource's account; None where the ARN tells, or it is the caller's own.
    """

    action: str
    resource: str
    owner: str | None = None
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is asked: the caller's account, the region, and the HTTP request itself."""

    account: str
    region: str
    asked: Request

    @property
    def partition(self) -> str:
        """The partition that the region is in."""
        return partition_of(self.region)

    @property
    def parts(self) -> Mapping[str, str]:
        """What stands for the first variables of an ARN's pattern."""
        return {"Partition": self.partition, "Region": self.region, "Account": self.account}
