"""Regions and partitions: where an account's credentials are taken, and where STS issues new ones for it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html and
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html (the regions of every account)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GLOBAL = "aws-global"
"""The region of STS's global endpoint, where it is told apart from the regional one in us-east-1."""

FIRST = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""The partitions, each with the region that its global services sign for."""

_FOR_EVERYBODY = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        GLOBAL,
    }
)
_HOST = re.compile(r"sts\.(?:([a-z0-9-]+)\.)?amazonaws\.com(?:\.cn)?(?::[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRegions:
    """An account's partition, the opt-in regions that it enabled, and the regions in which it deactivated STS."""

    partition: str = "aws"
    opt_in: frozenset[str] = frozenset()
    deactivated: frozenset[str] = frozenset()

    def takes_credentials(self, region: str) -> bool:
        """Whether a region knows the account at all."""
        return partition_of(region) == self.partition and (not is_opt_in(region) or region in self.opt_in)

    def has_sts(self, region: str) -> bool:
        """Whether STS issues credentials for the account in a region."""
        return self.takes_credentials(region) and region not in self.deactivated


EVERYWHERE = AccountRegions()
"""What an account has that nobody changed anything of."""


def partition_of(region: str) -> str:
    """The partition that a region is in."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def is_opt_in(region: str) -> bool:
    """Whether an account has to enable a region first; so it is with every one of which nothing is known."""
    return partition_of(region) == "aws" and region not in _FOR_EVERYBODY


def first_region(arn: str) -> str:
    """The first region of the partition that an ARN names, or else of all."""
    return FIRST.get(arn.split(":")[1] if ":" in arn else "", FIRST["aws"])


def region_of_host(host: str) -> str | None:
    """The region that a host of STS serves; None for another host, which says nothing of a region."""
    found = _HOST.fullmatch(host.lower())
    return None if found is None else found[1] or GLOBAL
