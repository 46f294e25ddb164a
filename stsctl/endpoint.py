"""Where STS is asked for a target: partition, region, URL, and which emulator it is.

Sources: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html for the URL,
https://docs.aws.amazon.com/general/latest/gr/sts.html for the regions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from stsctl.callers import operation_of
from stsctl.connection import SERVICES
from stsctl.errors import ConfigurationError
from stsctl.limits import problem_with_url
from stsctl.request import Endpoint
from stsctl.setting import Setting
from stsctl.settings import Settings
from stsctl.source import Source, SourceKind
from stsctl.target import Hop, HopKind, Target
from stsctl.url import is_loopback

_REGIONS = {
    "aws-cn": ("cn-", "cn-north-1"),
    "aws-us-gov": ("us-gov-", "us-gov-west-1"),
    "aws-eusc": ("eusc-", "eusc-de-east-1"),
    "aws-iso": ("us-iso-", "us-iso-east-1"),
    "aws-iso-b": ("us-isob-", "us-isob-east-1"),
    "aws-iso-e": ("eu-isoe-", "eu-isoe-west-1"),
    "aws-iso-f": ("us-isof-", "us-isof-south-1"),
}
"""How a partition's regions begin, and the one that is asked where nobody names one."""
_AWS = ("aws", "us-east-1")
_DOMAINS = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
}
"""Where a partition's regional hosts are."""

_REGION = re.compile(r"[a-z]{2,5}(-[a-z]+){1,2}-[0-9]{1,2}")


def resolve(target: Target, hop: Hop | None, settings: Settings) -> Endpoint:
    """Where `hop` of `target` is asked for (None: what is asked with the source's own credentials).

    The partition is the role's. Regions count in this order: the flag, the role's own or that of what leads to it,
    AWS_REGION, AWS_DEFAULT_REGION, `[defaults]`, the partition's own. Nothing that comes later in the chain has a say,
    so targets that share a beginning share its sessions. For all else variables count more than the AWS profile on the
    way, and that more than `[defaults]`. Raises ConfigurationError.
    """
    roles = (hop,) if hop is not None else target.hops[:1]
    center = target.source.identity_center
    partition = roles[0].role_arn.partition if roles and roles[0].role_arn else None
    if partition is None and center is not None:
        partition = partition_of(center.region)
    region, is_fips = _region(target, hop, settings, partition)
    url = _url(_service(target, hop), target, settings)
    return Endpoint(
        partition=partition or partition_of(region),
        region=region,
        url=url,
        instance=settings.emulator.value if url is not None and is_loopback(url) else None,
        use_fips=is_fips or _either(settings.use_fips_endpoint, target.connection.use_fips),
        use_dualstack=_either(settings.use_dualstack_endpoint, target.connection.use_dualstack),
    )


def alone(source: Source) -> Target:
    """A source as a target, to ask something at its beginning."""
    return Target(name=source.name, source=source, connection=source.connection)


def of_identity_center(source: Source, settings: Settings) -> Endpoint:
    """Where an Identity Center is asked: in its own region."""
    hop = Hop(name=source.name, kind=HopKind.PERMISSION_SET)
    return resolve(replace(alone(source), hops=(hop,)), hop, settings)


def of_login(source: Source, settings: Settings) -> Endpoint:
    """Where AWS Sign-In is asked for a session of `aws login`: in a region of its partition."""
    found = resolve(alone(source), None, settings)
    who = source.login_session
    if who is None or who.partition == found.partition:
        return found
    return replace(found, partition=who.partition, region=_REGIONS.get(who.partition, _AWS)[1])


def ca_bundle(target: Target, settings: Settings) -> str | None:
    """The file of certificates that the endpoint's own is checked against; None for the usual ones."""
    return settings.ca_bundle.value or target.connection.ca_bundle


def urls(target: Target | None, settings: Settings) -> Mapping[str, str]:
    """Where each service is said to be, by botocore's names; AWS's own are not in it. Raises ConfigurationError."""
    nobody = Target(name="", source=Source(kind=SourceKind.ENVIRONMENT, name=""))
    said = ((service, _url(service, target or nobody, settings)) for service in SERVICES)
    return {service: url for service, url in said if url is not None}


def partition_of(region: str) -> str:
    """The partition that a region is in."""
    return next((name for name, (prefix, _) in _REGIONS.items() if region.startswith(prefix)), _AWS[0])


def sts_url(endpoint: Endpoint) -> str | None:
    """The URL of STS there; None where finding it takes more than the name of the region."""
    if endpoint.url is not None:
        return endpoint.url
    if endpoint.use_fips or endpoint.use_dualstack or not _REGION.fullmatch(endpoint.region):
        return None
    return f"https://sts.{endpoint.region}.{_DOMAINS[partition_of(endpoint.region)]}"


def _region(target: Target, hop: Hop | None, settings: Settings, partition: str | None) -> tuple[str, bool]:
    """The region, and whether it was named by one of the old names for its FIPS endpoint."""
    for named, place, must_fit in _candidates(target, hop, settings):
        region = named.removeprefix("fips-").removesuffix("-fips")
        if not _REGION.fullmatch(region):
            raise ConfigurationError(f'{place}: "{region}" is no region', hint="a region looks like eu-west-1")
        if partition is None or partition_of(region) == partition:
            return region, region != named
        if must_fit:
            raise ConfigurationError(
                f'{place}: region "{region}" is in partition {partition_of(region)}, the role in {partition}'
            )
    return _REGIONS.get(partition or "", _AWS)[1], False


def _candidates(target: Target, hop: Hop | None, settings: Settings) -> Iterator[tuple[str, str, bool]]:
    """The regions that were named, with their places; the last part says whether it was named for this very role."""
    center, certificate, service = target.source.identity_center, target.source.certificate, _service(target, hop)
    if center is not None and service == "sso":
        yield center.region, str(target.source.origin or target.source.name), True
    if certificate is not None and service == "rolesanywhere":
        yield certificate.trust_anchor_arn.region, str(target.source.origin or target.source.name), True
    if target.region:
        yield target.region, "--region", True
    before = target.hops[: target.hops.index(hop) + 1] if hop is not None else ()
    chain: tuple[Hop | Source, ...] = (*reversed(before), target.source)
    for one in chain:
        if one.region:
            yield one.region, str(one.origin or one.name), one is hop
    if settings.region.value:
        yield settings.region.value, str(settings.region.origin), False


def _service(target: Target, hop: Hop | None) -> str:
    """Who is asked, by botocore's name."""
    return "sts" if hop is None else operation_of(target, target.hops.index(hop)).service


def _url(service: str, target: Target, settings: Settings) -> str | None:
    own, in_profile = settings.url_of(service).value, target.connection.url_of(service)
    if _either(settings.ignores_endpoint_urls, target.connection.ignores_endpoint_urls):
        return None
    if own or in_profile is None:
        return own
    problem = problem_with_url(in_profile)
    if problem:
        raise ConfigurationError(f'the endpoint_url "{in_profile}" of "{target.name}" {problem}')
    return in_profile.rstrip("/")


def _either(setting: Setting[bool], in_profile: bool | None) -> bool:
    return setting.value if setting.overrides_files or in_profile is None else in_profile
