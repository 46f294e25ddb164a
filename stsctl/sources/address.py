"""Where a service is asked, by botocore's rules for endpoints, without calling it.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
"""

from __future__ import annotations

from stsctl.endpoint import sts_url
from stsctl.request import Endpoint


def address(service: str, endpoint: Endpoint, *, control_plane: bool | None = None) -> str:
    """The URL at which a client of `service` for `endpoint` asks; that of AWS's own where the endpoint says none.

    `control_plane` says which is meant of a service that has two.
    """
    plain = sts_url(endpoint) if service == "sts" else endpoint.url
    if plain is not None:
        return plain
    from botocore.endpoint_provider import EndpointProvider
    from botocore.loaders import create_loader

    loader = create_loader()
    rules = loader.load_service_model(service, "endpoint-rule-set-1")
    plane = {} if control_plane is None else {"IsControlPlane": control_plane}
    found = EndpointProvider(rules, loader.load_data("partitions")).resolve_endpoint(
        Region=endpoint.region, UseFIPS=endpoint.use_fips, UseDualStack=endpoint.use_dualstack, **plane
    )
    return str(found.url)


def regions(partition: str) -> list[str]:
    """The regions of a partition, as botocore's data have them: which an account has enabled, they do not know."""
    from botocore.loaders import create_loader

    for each in create_loader().load_data("partitions")["partitions"]:
        if each["id"] == partition:
            return sorted(name for name in each["regions"] if not name.endswith("-global"))
    return []
