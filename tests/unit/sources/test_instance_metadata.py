"""The role of this instance, by IMDSv2."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from stsctl.errors import ConfigurationError, StsctlError, UnavailableError
from stsctl.request import Asker, AskerKind
from stsctl.sources.instance_metadata import InstanceMetadata
from tests.unit.sources.link_local import Service, serving

TOKEN = "PUT /latest/api/token"
ROLES = "GET /latest/meta-data/iam/security-credentials/"
INFO = "GET /latest/meta-data/iam/info"
KEYS = {
    "Code": "Success",
    "AccessKeyId": "ASIAINSTANCE00000001",
    "SecretAccessKey": "canary-secret",
    "Token": "canary-token",
    "Expiration": "2026-05-01T18:00:00Z",
}


@pytest.fixture
def service() -> Iterator[Service]:
    """The metadata of an instance that has the role Web."""
    with serving() as found:
        profile = "arn:aws:iam::111111111111:instance-profile/web"
        found.answers = {
            TOKEN: (200, "canary-session=="),
            ROLES: (200, "Web"),
            INFO: (200, json.dumps({"Code": "Success", "InstanceProfileArn": profile})),
            ROLES + "Web": (200, json.dumps(KEYS)),
        }
        yield found


def instance(service: Service, **variables: str) -> InstanceMetadata:
    """The source, told where the service is."""
    return InstanceMetadata(
        name="here",
        environ={
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url,
            "http_proxy": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
            **variables,
        },
    )


def test_the_role(service: Service) -> None:
    """The role's name and account ask, and no key of it is fetched for that; its keys are temporary."""
    source = instance(service)
    assert source.asker() == Asker(kind=AskerKind.MACHINE, id="aws:111111111111:Web", temporary=True)
    assert ROLES + "Web" not in service.asked
    given = source.give()
    assert given.credentials.access_key_id == "ASIAINSTANCE00000001"
    assert given.credentials.expires_at == datetime(2026, 5, 1, 18, tzinfo=UTC)
    assert given.account_id == "111111111111"
    assert "canary" not in repr(source) + repr(given)


def test_by_imdsv2(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked without a session token, and nothing by a proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    instance(service).give()
    (first, headers), *rest = service.seen
    assert first == TOKEN
    assert headers["x-aws-ec2-metadata-token-ttl-seconds"] == "60"
    assert [headers["x-aws-ec2-metadata-token"] for _, headers in rest] == ["canary-session=="] * len(rest)


def test_another_role_meanwhile(service: Service) -> None:
    """A role that was exchanged between the two questions is not taken for the one before."""
    source = instance(service)
    first = source.asker()
    service.answers |= {ROLES: (200, "Other"), ROLES + "Other": (200, json.dumps(KEYS))}
    source.give()
    assert source.asker() != first


def test_the_first_of_several_roles(service: Service) -> None:
    """As SDKs do, the first role counts."""
    service.answers[ROLES] = (200, "Web\nOther\n")
    assert instance(service).asker().id == "aws:111111111111:Web"


@pytest.mark.parametrize(
    ("asked", "answer", "kind", "said"),
    [
        (TOKEN, (403, ""), ConfigurationError, "instance metadata are switched off"),
        (TOKEN, (404, ""), ConfigurationError, "IMDSv1 only"),
        (TOKEN, (405, ""), ConfigurationError, "IMDSv1 only"),
        (TOKEN, (500, ""), UnavailableError, "no session token (HTTP status 500)"),
        (TOKEN, (302, ""), UnavailableError, "no session token (HTTP status 302)"),
        (TOKEN, (200, "canary\r\nX: y"), UnavailableError, "no session token"),
        (TOKEN, (200, "canary\udcff"), UnavailableError, "no session token"),
        (ROLES, (404, ""), ConfigurationError, "this instance has no role"),
        (ROLES, (200, ""), ConfigurationError, "this instance has no role"),
        (ROLES, (401, ""), UnavailableError, "HTTP status 401"),
        (ROLES, (302, ""), UnavailableError, "HTTP status 302"),
        (ROLES, (200, "<html>"), UnavailableError, "not the instance metadata of EC2"),
        (ROLES, (200, "../../x"), UnavailableError, "not the instance metadata of EC2"),
        (INFO, (200, "canary"), UnavailableError, "not the instance metadata of EC2"),
        (INFO, (200, "[" * 50_000), UnavailableError, "not the instance metadata of EC2"),
        (INFO, (200, '{"Code": "InstanceProfileNotFound"}'), UnavailableError, "do not tell the instance profile"),
        (INFO, (200, '{"InstanceProfileArn": 1}'), UnavailableError, "do not tell the instance profile"),
        (INFO, (200, "x" * 200_000), UnavailableError, "do not answer"),
        (ROLES + "Web", (404, ""), UnavailableError, "not the instance metadata of EC2"),
        (ROLES + "Web", (200, "{}"), ConfigurationError, 'no credentials of its role "Web"'),
        (
            ROLES + "Web",
            (200, '{"Code": "AssumeRoleUnauthorizedAccess", "Message": "canary"}'),
            ConfigurationError,
            'its role "Web" (AssumeRoleUnauthorizedAccess)',
        ),
        (ROLES + "Web", (200, '{"Code": "canary\\u001b"}'), ConfigurationError, 'its role "Web"'),
        (ROLES + "Web", (200, json.dumps(KEYS | {"Token": None})), UnavailableError, "gave has no usable Token"),
        (ROLES + "Web", (200, json.dumps(KEYS | {"Expiration": "x"})), UnavailableError, "no usable Expiration"),
    ],
)
def test_what_is_wrong_is_said(
    service: Service, asked: str, answer: tuple[int, str], kind: type[StsctlError], said: str
) -> None:
    """Each thing that can be wrong is told from the others; no answer is repeated."""
    service.answers[asked] = answer
    source = instance(service)
    with pytest.raises(kind) as raised:
        source.give()
    assert said in raised.value.message
    assert "canary" not in f"{raised.value.message} {raised.value.hint} {raised.value.__cause__!r}"


def test_no_answer(service: Service) -> None:
    """A service that takes the request and says nothing is too many hops away, as in a container."""
    service.silent = True
    with pytest.raises(UnavailableError, match="too many hops away") as raised:
        instance(service).give()
    assert raised.value.hint
    assert "--http-put-response-hop-limit 2" in raised.value.hint


def test_nobody_there(service: Service) -> None:
    """Where nobody listens the machine has no instance metadata."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        service.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UnavailableError, match="this machine has no instance metadata"):
            instance(service).give()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"AWS_EC2_METADATA_DISABLED": "True"}, "AWS_EC2_METADATA_DISABLED forbids"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "file:///etc"}, "no address that could be asked"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://x:y:z"}, "no address that could be asked"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://user:canary@[x"}, "no address that could be asked"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "x"}, "MODE is"),
    ],
)
def test_variables_that_forbid_it(service: Service, variables: dict[str, str], said: str) -> None:
    """Where a variable forbids or spoils the question, it is named and nobody is asked."""
    with pytest.raises(ConfigurationError) as raised:
        instance(service, **variables).give()
    assert said in raised.value.message
    assert "canary" not in raised.value.message
    assert service.seen == []
