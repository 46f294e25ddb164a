"""What an AWS profile says of the way to AWS, for every service that stsctl asks.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html,
https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
"""

from __future__ import annotations

from dataclasses import fields

from stsctl.dataclass import dataclass

SERVICES = ("sts", "iam", "sso", "sso-oidc", "signin", "rolesanywhere")
"""What stsctl asks, by botocore's names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How AWS is to be reached; what is None, or not in `endpoint_urls`, nobody said.

    `endpoint_urls` are by service. `ca_bundle` is a file of certificates. `ignores_endpoint_urls` sets URLs aside.
    """

    endpoint_urls: tuple[tuple[str, str], ...] | None = None
    ca_bundle: str | None = None
    use_fips: bool | None = None
    use_dualstack: bool | None = None
    ignores_endpoint_urls: bool | None = None

    def url_of(self, service: str) -> str | None:
        """Where a service is said to be."""
        return dict(self.endpoint_urls or ()).get(service)

    def otherwise(self, other: Connection) -> Connection:
        """This one, with what another says where this one says nothing."""
        both = ((field.name, getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Connection(**{name: theirs if mine is None else mine for name, mine, theirs in both})
