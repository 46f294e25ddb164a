"""Where a call goes: the same place as a plain client of botocore would ask, told without asking anybody."""

from __future__ import annotations

import itertools
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ConnectTimeoutError
from botocore.loaders import create_loader
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from stsctl import configuration, endpoint, names, profile, settings
from stsctl.errors import ConfigurationError, StsctlError, UnavailableError
from stsctl.request import Endpoint
from stsctl.sources import client
from stsctl.sources.address import address
from stsctl.sources.client import Clients
from stsctl.target import Wanted
from tests.unit.sources.server import NOW, Server

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


def settle(
    environ: dict[str, str], in_profile: str = "", *, in_defaults: str = "", region: str | None = None
) -> tuple[Endpoint, Clients]:
    """Where STS is asked in this environment for the profile "p", and what asks."""
    configured = configuration.load(f"[defaults]\n{in_defaults}".encode(), None)
    settled = settings.resolve(configured, environ)
    wanted = Wanted(name="p", region=region)
    profiles = profile.load(PROFILE.format(in_profile).encode(), None)
    target = names.resolve(wanted, configured, profiles, settled, read_text=lambda file: "")
    clients = Clients(now=lambda: NOW, wall=lambda: NOW, urls=endpoint.urls(target, settled))
    return endpoint.resolve(target, None, settled), clients


PROFILE = """
[profile p]
aws_access_key_id = AKIAEXAMPLE000000001
aws_secret_access_key = secret
{}

[services s]
sts =
  endpoint_url = https://sts.example
sso_oidc =
  endpoint_url = https://oidc.example/path
rolesanywhere =
  endpoint_url = https://anywhere.example
"""
IRELAND = {"AWS_DEFAULT_REGION": "eu-west-1"}
CASES: list[tuple[dict[str, str], str]] = [
    (IRELAND, ""),
    (IRELAND | {"AWS_USE_FIPS_ENDPOINT": "true"}, ""),
    (IRELAND | {"AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, ""),
    (IRELAND | {"AWS_USE_FIPS_ENDPOINT": "True", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, ""),
    ({"AWS_DEFAULT_REGION": "fips-us-east-1"}, ""),
    ({"AWS_DEFAULT_REGION": "us-gov-west-1-fips"}, ""),
    ({"AWS_DEFAULT_REGION": "us-gov-east-1", "AWS_USE_FIPS_ENDPOINT": "true"}, ""),
    (IRELAND | {"AWS_ENDPOINT_URL": "https://all.example/"}, ""),
    (IRELAND | {"AWS_ENDPOINT_URL": "https://all.example", "AWS_USE_FIPS_ENDPOINT": "true"}, ""),
    (IRELAND | {"AWS_ENDPOINT_URL": "https://all.example", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, ""),
    (IRELAND | {"AWS_ENDPOINT_URL": "https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, ""),
    *((IRELAND | {f"AWS_ENDPOINT_URL_{name}": "https://one.example/path"}, "") for name in VARIABLES),
    *(
        (IRELAND | {f"AWS_ENDPOINT_URL_{name}": "https://one.example", "AWS_ENDPOINT_URL": "https://all.example"}, "")
        for name in VARIABLES
    ),
    ({}, "region = cn-north-1"),
    ({}, "region = us-gov-west-1\nuse_fips_endpoint = true"),
    ({}, "region = us-east-1-fips"),
    (IRELAND, "use_fips_endpoint = true\nuse_dualstack_endpoint = true"),
    (IRELAND | {"AWS_USE_FIPS_ENDPOINT": "false"}, "use_fips_endpoint = true\nuse_dualstack_endpoint = true"),
    (IRELAND | {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "use_dualstack_endpoint = false"),
    (IRELAND, "endpoint_url = https://profile.example"),
    (IRELAND, "services = s"),
    (IRELAND, "services = s\nendpoint_url = https://profile.example"),
    (IRELAND, "services = s\nendpoint_url = https://profile.example\nignore_configured_endpoint_urls = true"),
    (IRELAND | {"AWS_ENDPOINT_URL": "https://all.example"}, "ignore_configured_endpoint_urls = true"),
    (IRELAND | {"AWS_ENDPOINT_URL_SSO_OIDC": "https://one.example"}, "services = s"),
    (IRELAND | {"AWS_ENDPOINT_URL": "https://all.example"}, "services = s"),
    (IRELAND | {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "services = s\nuse_fips_endpoint = true"),
    (
        IRELAND | {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
        "services = s\nignore_configured_endpoint_urls = true",
    ),
]


def _in_words(case: tuple[dict[str, str], str]) -> str:
    return " ".join([*("=".join(one) for one in case[0].items()), *case[1].replace(" ", "").split("\n")])


@pytest.mark.parametrize("service", OPERATIONS)
@pytest.mark.parametrize("case", CASES, ids=_in_words)
def test_variables_and_profiles_lead_to_the_same_place(
    service: str, case: tuple[dict[str, str], str], sent: list[str], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """All that chooses an endpoint, alone and with what counts more: a plain client with that profile asks there."""
    environ, in_profile = case
    (home / "config").write_text(PROFILE.format(in_profile))
    for name, value in {"AWS_CONFIG_FILE": str(home / "config"), "AWS_PROFILE": "p", **environ}.items():
        monkeypatch.setenv(name, value)
    where, clients = settle(environ, in_profile)
    assert by_stsctl(service, sent, clients, where) == by_botocore(service, sent)


@pytest.mark.parametrize("key", ["use_fips_endpoint", "use_dualstack_endpoint"])
def test_variables_count_more_than_profiles_and_those_more_than_the_defaults(key: str) -> None:
    """What is right for most can be said for all, and otherwise where it is not."""
    field, variable, in_defaults = key.removesuffix("_endpoint"), f"AWS_{key.upper()}", f"{key} = true"
    assert getattr(settle({}, in_defaults=in_defaults)[0], field)
    assert not getattr(settle({}, f"{key} = false", in_defaults=in_defaults)[0], field)
    assert not getattr(settle({variable: "false"}, f"{key} = true", in_defaults=in_defaults)[0], field)


def test_who_signs_in_goes_the_profiles_way() -> None:
    """An Identity Center is asked where its profile says that AWS is: the sign-in, and what it gives."""
    text = """
[profile p]
sso_start_url = https://start.example
sso_region = us-west-2
sso_account_id = 111111111111
sso_role_name = Developer
use_fips_endpoint = true
endpoint_url = https://aws.example
ca_bundle = /ca.pem
"""
    settled = settings.resolve(configuration.Configuration(), {})
    profiles = profile.load(text.encode(), None)
    target = names.resolve(
        Wanted(name="p"), configuration.Configuration(), profiles, settled, read_text=lambda file: ""
    )
    where = endpoint.of_identity_center(target.source, settled)
    assert where == endpoint.resolve(target, target.hops[0], settled)
    assert where == Endpoint(partition="aws", region="us-west-2", url="https://aws.example", use_fips=True)
    alone = endpoint.alone(target.source)
    assert endpoint.ca_bundle(alone, settled) == "/ca.pem"
    assert endpoint.urls(alone, settled)["sso-oidc"] == "https://aws.example"


def test_what_is_neither_true_nor_false_is_told_with_its_line() -> None:
    """Botocore takes it for false, and who wanted FIPS would never hear of it."""
    with pytest.raises(ConfigurationError, match=r'config:5: .*use_fips_endpoint "yes" is neither true nor false'):
        settle({}, "use_fips_endpoint = yes")


def test_what_chooses_an_endpoint_is_in_the_request() -> None:
    """A session that came by one endpoint is not handed to who asks for another."""
    plain = settle({})[0]
    assert settle({"AWS_USE_FIPS_ENDPOINT": "true"})[0] == replace(plain, use_fips=True)
    assert settle({"AWS_USE_DUALSTACK_ENDPOINT": "true"})[0] == replace(plain, use_dualstack=True)
    assert settle({}, region="fips-us-east-1")[0] == replace(plain, use_fips=True)


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


# ── the way there ──


@pytest.mark.parametrize("service", OPERATIONS)
def test_a_proxy_leads_to_every_service(
    service: str, sts: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTPS_PROXY is asked for the very host, and NO_PROXY leaves out what it names."""
    monkeypatch.setenv("HTTPS_PROXY", sts.url)
    where = Endpoint(partition="aws", region="eu-west-1", use_fips=True)
    operation, parameters = OPERATIONS[service]
    with pytest.raises(UnavailableError):
        clients.call(service, operation, where, None, **parameters)
    assert sts.tunnels == [f"{urlsplit(address(service, where)).hostname}:443"]
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sts.refuse(403, "AccessDenied")
    here = replace(clients, urls={service: sts.url})
    with pytest.raises(StsctlError) as raised:
        here.call(service, operation, replace(where, url=sts.url), None, **parameters)
    assert "proxy" not in raised.value.message
    assert len(sts.seen) == 1


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate that only a CA of its own vouches for: its URL, and that CA's certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2049, 12, 31, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    bundle, secret = tmp_path / "ca.pem", tmp_path / "key.pem"
    bundle.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, secret)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.refuse(403, "AccessDenied")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"https://localhost:{server.server_port}", bundle
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("service", OPERATIONS)
def test_the_file_of_certificates_counts_for_every_service(
    service: str, secured: tuple[str, Path], clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it a server that nobody known vouches for is not believed, with it every service is spoken to."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    url, bundle = secured
    where = Endpoint(partition="aws", region="eu-west-1", url=url)
    operation, parameters = OPERATIONS[service]
    told = []
    for trusting in (
        replace(clients, urls={service: url}),
        replace(clients, urls={service: url}, ca_bundle=str(bundle)),
    ):
        with pytest.raises(StsctlError) as raised:
            trusting.call(service, operation, where, None, **parameters)
        told.append(raised.value.message)
    assert "is not trusted" in told[0]
    assert "trusted" not in told[1]
