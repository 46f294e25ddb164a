"""The instances that somebody launched with EC2's API, as they are now in moto: they have metadata as a seed's have."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from stsctl.emulator.seeds.workload import HttpTokens, Instance

_GONE = frozenset({"terminated", "shutting-down"})


def find(instance_id: str, accounts: Iterable[str]) -> Instance | None:
    """The instance of this id, in any account and region; None where there is none, or it is terminated."""
    models = sys.modules.get("moto.ec2.models")  # nobody has launched anything before it is there
    if models is None:
        return None
    for account in accounts:
        for region, backend in list(models.ec2_backends[account].items()):
            for found in backend.all_instances():
                if found.id == instance_id and found._state.name not in _GONE:
                    return _instance(account, region, backend, found)
    return None


def _instance(account: str, region: str, backend: Any, found: Any) -> Instance:
    association = backend.iam_instance_profile_associations.get(found.id)
    options = found.metadata_options
    return Instance(
        account=account,
        name=found.id,
        id=found.id,
        region=region,
        profile=association.iam_instance_profile.name if association else None,
        type=found.instance_type,
        image=found.image_id,
        private_ip=found.private_ip or "",
        vpc=found.vpc_id or "",
        http_tokens=HttpTokens(options.http_tokens),
        hop_limit=options.http_put_response_hop_limit,
        launched=True,
    )
