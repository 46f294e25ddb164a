"""Where STS is asked: partition, region, URL, emulator."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import botocore
import pytest

from stsctl import configuration, endpoint, settings
from stsctl.arn import Arn
from stsctl.connection import Connection
from stsctl.errors import ConfigurationError
from stsctl.origin import Origin
from stsctl.request import Endpoint
from stsctl.source import Source, SourceKind
from stsctl.target import Hop, Target


def hop(name: str = "a", partition: str = "aws", region: str | None = None) -> Hop:
    """A role."""
    arn = Arn.parse_role(f"arn:{partition}:iam::111111111111:role/{name}")
    return Hop(name=name, role_arn=arn, region=region, origin=Origin(place=f"of {name}"))


def target(*hops: Hop, region: str | None = None, source_region: str | None = None) -> Target:
    """A target of these roles."""
    source = Source(kind=SourceKind.KEYS, name="work", region=source_region, origin=Origin(place="of work"))
    return Target(name="t", source=source, hops=hops, region=region)


def resolve(meant: Target, environ: dict[str, str] | None = None, file: str = "", of: Hop | None = None) -> Endpoint:
    """The endpoint for the target's last role, or `of`."""
    settled = settings.resolve(configuration.load(file.encode(), None), environ or {})
    last = meant.hops[-1] if meant.hops else None
    return endpoint.resolve(meant, of or last, settled)


def test_the_order_of_regions() -> None:
    """The flag, the role's own, its beginning's, the variables, the defaults, the partition's."""
    file = '[defaults]\nregion = "eu-west-6"\n'
    environ = {"AWS_REGION": "eu-west-4", "AWS_DEFAULT_REGION": "eu-west-5"}
    own, bare = hop(region="eu-west-2"), hop()
    assert resolve(target(own, region="eu-west-1", source_region="eu-west-3"), environ, file).region == "eu-west-1"
    assert resolve(target(own, source_region="eu-west-3"), environ, file).region == "eu-west-2"
    assert resolve(target(bare, source_region="eu-west-3"), environ, file).region == "eu-west-3"
    assert resolve(target(bare), environ, file).region == "eu-west-4"
    assert resolve(target(bare), {"AWS_DEFAULT_REGION": "eu-west-5"}, file).region == "eu-west-5"
    assert resolve(target(bare), {}, file).region == "eu-west-6"
    assert resolve(target(bare)).region == "us-east-1"


def test_what_comes_later_in_a_chain_has_no_say() -> None:
    """Otherwise two targets behind one hub would not share the hub's session."""
    hub, last = hop("hub"), hop("last", region="eu-west-2")
    meant = target(hub, last)
    assert resolve(meant, of=hub).region == "us-east-1"
    settled = settings.resolve(configuration.load(None, None), {})
    assert endpoint.resolve(meant, None, settled).region == "us-east-1"
    assert resolve(target(hop("hub", region="eu-west-3"), hop("last"))).region == "eu-west-3"


def test_the_partition_is_the_roles() -> None:
    """And a general region of another partition does not count."""
    assert resolve(target(hop(partition="aws-cn")), {"AWS_REGION": "eu-west-1"}) == Endpoint(
        partition="aws-cn", region="cn-north-1"
    )
    assert resolve(target(hop(partition="aws-us-gov")), {"AWS_REGION": "us-gov-east-1"}).region == "us-gov-east-1"
    assert resolve(target(source_region="cn-northwest-1")).partition == "aws-cn"
    settled = settings.resolve(configuration.load(None, None), {"AWS_REGION": "eu-west-1"})
    at_the_source = endpoint.resolve(target(hop(partition="aws-cn")), None, settled)
    assert at_the_source == Endpoint(partition="aws-cn", region="cn-north-1")


@pytest.mark.parametrize(
    ("meant", "place"),
    [
        (target(hop(partition="aws-cn", region="eu-west-1")), "of a"),
        (target(hop(partition="aws-cn"), region="eu-west-1"), "--region"),
    ],
)
def test_a_region_of_another_partition_is_refused_where_it_was_meant(meant: Target, place: str) -> None:
    """The flag's and the role's own."""
    with pytest.raises(ConfigurationError) as caught:
        resolve(meant)
    assert caught.value.message == f'{place}: region "eu-west-1" is in partition aws, the role in aws-cn'


def test_what_is_no_region_is_refused_with_its_place() -> None:
    """Before a host name is made of it."""
    with pytest.raises(ConfigurationError, match=r'^AWS_REGION: "evil\.example/" is no region$'):
        resolve(target(hop()), {"AWS_REGION": "evil.example/"})


def test_the_partitions_are_those_of_the_sdk() -> None:
    """botocore's own list of partitions and their regions, each found by its region and reached by its default."""
    path = Path(botocore.__file__).parent / "data" / "endpoints.json"
    for partition in json.loads(path.read_text())["partitions"]:
        for region in partition["regions"]:
            assert endpoint.partition_of(region) == partition["partition"]
            settled = resolve(target(hop(partition=partition["partition"])), {"AWS_REGION": region})
            assert settled == Endpoint(partition=partition["partition"], region=region)
        assert resolve(target(hop(partition=partition["partition"]))).region in partition["regions"]


def test_the_url_is_the_environments_before_the_profiles() -> None:
    """And AWS_IGNORE_CONFIGURED_ENDPOINT_URLS sets both aside."""
    meant = replace(target(hop()), connection=Connection(endpoint_urls=(("sts", "https://sts.example/"),)))
    assert resolve(meant).url == "https://sts.example"
    environ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}
    assert resolve(meant, environ).url == "http://127.0.0.1:5000"
    assert resolve(meant, {**environ, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}).url is None


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://me:pw@127.0.0.1", "http://a b", "127.0.0.1:5000"])
def test_a_profiles_url_that_is_none_is_refused(url: str) -> None:
    """A name and password in it are no part of an endpoint either."""
    with pytest.raises(ConfigurationError, match="is no URL of an endpoint"):
        resolve(replace(target(hop()), connection=Connection(endpoint_urls=(("sts", url),))))


@pytest.mark.parametrize(
    ("url", "instance"),
    [
        ("http://127.0.0.1:5000", "e-1"),
        ("http://127.9.9.9", "e-1"),
        ("http://localhost:5000/x", "e-1"),
        ("http://[::1]:5000", "e-1"),
        ("https://sts.example", None),
        ("http://localhost.example:5000", None),
        ("http://127.0.0.1.example", None),
        (None, None),
    ],
)
def test_an_emulator_is_believed_only_on_this_machine(url: str | None, instance: str | None) -> None:
    """Sessions of an emulator are told from AWS's by it, so a variable that was left behind must not count."""
    environ = {"STSCTL_EMULATOR": "e-1"} | ({"AWS_ENDPOINT_URL": url} if url else {})
    assert resolve(target(hop()), environ).instance == instance


def test_the_file_of_certificates() -> None:
    """AWS_CA_BUNDLE before the profile's."""
    meant = replace(target(hop()), connection=Connection(ca_bundle="/profile.pem"))
    settled = settings.resolve(configuration.load(None, None), {})
    assert endpoint.ca_bundle(meant, settled) == "/profile.pem"
    settled = settings.resolve(configuration.load(None, None), {"AWS_CA_BUNDLE": "/env.pem"})
    assert endpoint.ca_bundle(meant, settled) == "/env.pem"
