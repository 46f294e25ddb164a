"""Where a call goes: the same place as a plain client of botocore would ask, told without asking anybody."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ConnectTimeoutError
from botocore.loaders import create_loader

from stsctl import configuration, endpoint, settings
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.request import Endpoint
from stsctl.source import Source, SourceKind
from stsctl.sources import client
from stsctl.sources.address import address
from stsctl.sources.client import Clients
from stsctl.target import Target
from tests.unit.sources.server import NOW

OPERATIONS: dict[str, tuple[str, dict[str, str]]] = {
    "sts": ("GetCallerIdentity", {}),
    "iam": ("ListRoles", {}),
    "sso": ("ListAccounts", {"accessToken": "t"}),
    "sso-oidc": (
        "StartDeviceAuthorization",
        {"clientId": "i", "clientSecret": "s", "startUrl": "https://start.example"},
    ),
    "rolesanywhere": ("ListProfiles", {}),
}
REGIONS = (
    "us-east-1", "eu-west-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1",
    "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1",
)  # fmt: skip
LOADER = create_loader()  # it keeps what it has read of AWS's models
VARIABLES = [service.upper().replace("-", "_") for service in OPERATIONS]
VARIANTS = list(itertools.product((False, True), repeat=2))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs that were about to be asked; nobody is."""
    urls: list[str] = []

    def send(_self: object, request: Any) -> None:
        urls.append(request.url)
        raise ConnectTimeoutError(endpoint_url=request.url)

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    return urls


def by_botocore(service: str, sent: list[str], *, region: str | None = None, **config: Any) -> str:
    """Where a plain client asks, of this environment and its files; what is wrong, where it asks nobody."""
    operation, parameters = OPERATIONS[service]
    sent.clear()
    once = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, **config)
    try:
        session = botocore.session.Session()
        session.register_component("data_loader", LOADER)
        plain = session.create_client(service, region_name=region, config=once)
        getattr(plain, xform_name(operation))(**parameters)
    except ConnectTimeoutError:
        return sent[-1]
    except BotoCoreError as error:
        return type(error).__name__
    raise AssertionError("somebody answered")


def by_stsctl(service: str, sent: list[str], clients: Clients, where: Endpoint) -> str:
    """Where stsctl asks."""
    operation, parameters = OPERATIONS[service]
    sent.clear()
    try:
        clients.call(service, operation, where, None, **parameters)
    except ConfigurationError as error:
        return type(error.__cause__).__name__
    except StsctlError:
        return sent[-1]
    raise AssertionError("somebody answered")


@pytest.mark.parametrize("service", OPERATIONS)
def test_aws_is_asked_where_botocore_asks_it(service: str, sent: list[str], clients: Clients) -> None:
    """In every partition, with FIPS and dual-stack and without: the call, and what is told of it beforehand."""
    seen = set()
    for region, (fips, dualstack) in itertools.product(REGIONS, VARIANTS):
        where = Endpoint(partition="aws", region=region, use_fips=fips, use_dualstack=dualstack)
        expected = by_botocore(service, sent, region=region, use_fips_endpoint=fips, use_dualstack_endpoint=dualstack)
        assert by_stsctl(service, sent, clients, where) == expected, where
        if expected != "EndpointVariantError":  # botocore knows no name for dual-stack in the two newest partitions
            assert expected.startswith(address(service, where)), where
            seen.add(expected.split("/")[2])
    assert any("fips" in host for host in seen)
    assert len(seen) > len(REGIONS)


def settle(environ: dict[str, str], region: str | None = None) -> tuple[Endpoint, Clients]:
    """Where STS is asked in this environment, and what asks."""
    settled = settings.resolve(configuration.Configuration(), environ)
    target = Target(name="t", source=Source(kind=SourceKind.ENVIRONMENT, name="environment"), region=region)
    clients = Clients(now=lambda: NOW, wall=lambda: NOW, urls=endpoint.other_urls(settled))
    return endpoint.resolve(target, None, settled), clients


ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {"AWS_USE_FIPS_ENDPOINT": "true"},
    {"AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_USE_FIPS_ENDPOINT": "True", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_DEFAULT_REGION": "fips-us-east-1"},
    {"AWS_DEFAULT_REGION": "us-gov-west-1-fips"},
    {"AWS_DEFAULT_REGION": "us-gov-east-1", "AWS_USE_FIPS_ENDPOINT": "true"},
    {"AWS_ENDPOINT_URL": "https://all.example/"},
    {"AWS_ENDPOINT_URL": "https://all.example", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_ENDPOINT_URL": "https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    *({f"AWS_ENDPOINT_URL_{name}": "https://one.example/path"} for name in VARIABLES),
    *(
        {f"AWS_ENDPOINT_URL_{name}": "https://one.example", "AWS_ENDPOINT_URL": "https://all.example"}
        for name in VARIABLES
    ),
]


@pytest.mark.parametrize("service", OPERATIONS)
@pytest.mark.parametrize(
    "environ", ENVIRONMENTS, ids=lambda environ: " ".join("=".join(one) for one in environ.items())
)
def test_the_variables_of_the_sdks_lead_to_the_same_place(
    service: str, environ: dict[str, str], sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each variable that chooses an endpoint, alone and with those that count more."""
    environ = {"AWS_DEFAULT_REGION": "eu-west-1"} | environ
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    where, clients = settle(environ)
    assert by_stsctl(service, sent, clients, where) == by_botocore(service, sent)


def test_what_chooses_an_endpoint_is_in_the_request() -> None:
    """A session that came by one endpoint is not handed to who asks for another."""
    plain = settle({})[0]
    assert settle({"AWS_USE_FIPS_ENDPOINT": "true"})[0] == replace(plain, use_fips=True)
    assert settle({"AWS_USE_DUALSTACK_ENDPOINT": "true"})[0] == replace(plain, use_dualstack=True)
    assert settle({}, "fips-us-east-1")[0] == replace(plain, use_fips=True)


@pytest.mark.parametrize("service", OPERATIONS)
def test_the_metadata_service_is_not_asked(
    service: str, sent: list[str], clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable makes a call ask this machine's instance for anything: only a source that says so does."""
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
    by_stsctl(service, sent, clients, Endpoint(partition="aws", region="eu-west-1"))
    assert len(sent) == 1
    assert "127.0.0.1" not in sent[0]
