"""The role of this container."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stsctl.arn import Arn
from stsctl.credentials import Credentials
from stsctl.errors import ConfigurationError, StsctlError, UnavailableError
from stsctl.request import Asker, AskerKind
from stsctl.sources.container import Container
from tests.unit.sources.link_local import Service, serving

PATH = "/v2/credentials/canary-id"
KEYS = {
    "AccessKeyId": "ASIACONTAINER0000001",
    "SecretAccessKey": "canary-secret",
    "Token": "canary-token",
    "Expiration": "2026-05-01T18:00:00Z",
}
ROLE = {"RoleArn": "arn:aws:iam::111111111111:role/team/Job"}
POD = Arn.parse("arn:aws:sts::111111111111:assumed-role/Job/eks-cluster-pod-1")


@pytest.fixture
def service() -> Iterator[Service]:
    """The endpoint of an ECS task with the role Job."""
    with serving() as found:
        found.answers = {f"GET {PATH}": (200, json.dumps(KEYS | ROLE))}
        yield found


class Here:
    """A container's variables, and AWS, which knows whose the keys are."""

    def __init__(self, service: Service) -> None:
        self.environ = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url + PATH}
        self.learned: dict[str, Arn] = {}
        self.asked: list[str] = []
        self.pod = POD

    def source(self) -> Container:
        """The source as another process sees it."""
        return Container(
            name="here", environ=self.environ, whose=self.whose, known=self.learned.get, learn=self.learned.__setitem__
        )

    def whose(self, credentials: Credentials) -> Arn:
        """GetCallerIdentity."""
        self.asked.append(credentials.access_key_id)
        return self.pod


@pytest.fixture
def here(service: Service) -> Here:
    """The container."""
    return Here(service)


def give(service: Service, fields: dict[str, Any] | str, status: int = 200) -> None:
    """From now on the endpoint answers so."""
    service.answers[f"GET {PATH}"] = (status, fields if isinstance(fields, str) else json.dumps(fields))


def test_a_tasks_role(service: Service, here: Here) -> None:
    """ECS tells the role, whose name and account ask; it is asked once for both, and AWS is not asked."""
    source = here.source()
    assert source.asker() == Asker(kind=AskerKind.MACHINE, id="aws:111111111111:Job", temporary=True)
    given = source.give()
    assert given is not None
    assert (given.credentials.access_key_id, given.account_id) == ("ASIACONTAINER0000001", "111111111111")
    assert (len(service.seen), here.asked) == (1, [])
    assert "canary" not in repr(source) + repr(given)


def test_a_pods_role(service: Service, here: Here) -> None:
    """EKS does not tell the role: AWS is asked whose the keys are, once for each pair of them."""
    give(service, KEYS | {"AccountId": "111111111111"})
    who = Asker(kind=AskerKind.MACHINE, id="aws:111111111111:sts:assumed-role/Job/eks-cluster-pod-1", temporary=True)
    assert here.source().asker() == here.source().asker() == who
    given = here.source().give()
    assert given is not None
    assert given.identity == POD
    assert here.asked == ["ASIACONTAINER0000001"]
    give(service, KEYS | {"AccessKeyId": "ASIACONTAINER0000002"})
    assert here.source().asker() == who
    assert here.asked == ["ASIACONTAINER0000001", "ASIACONTAINER0000002"]


def test_another_role_meanwhile(service: Service, here: Here) -> None:
    """A role that was exchanged between two questions is not taken for the one before."""
    source = here.source()
    first = source.asker()
    source.give()
    give(service, KEYS | {"RoleArn": "arn:aws:iam::111111111111:role/Other"})
    source.give()
    assert source.asker() != first


def test_no_container() -> None:
    """Without the variables it is no container."""
    with serving() as service:
        here = Here(service)
        here.environ = {}
        assert (here.source().asker(), here.source().give()) == (None, None)


def test_the_token(service: Service, here: Here, tmp_path: Path) -> None:
    """The token is sent as it is; one in a file comes first and is read anew each time."""
    here.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic canary"
    here.source().give()
    file = tmp_path / "token"
    here.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(file)
    for content in ("one", "two"):
        file.write_text(content)
        here.source().give()
    assert [headers["authorization"] for _, headers in service.seen] == ["Basic canary", "one", "two"]


def test_a_bad_token(service: Service, here: Here, tmp_path: Path) -> None:
    """A token file that is missing, or holds what no header can, is told before anything is sent."""
    file = tmp_path / "token"
    here.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(file)
    with pytest.raises(ConfigurationError, match="there is no token at"):
        here.source().give()
    for content in (b"canary\r\nX: y", b"canary\n", b"canary\xff"):
        file.write_bytes(content)
        with pytest.raises(ConfigurationError, match="TOKEN_FILE leads to is no token") as raised:
            here.source().give()
        assert "canary" not in raised.value.message
    assert service.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "http://169.254.169.254/latest",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "http://[::2]/",
        "http://[/",
        "ftp://example.com/",
        "localhost",
    ],
)
def test_no_token_goes_elsewhere(here: Here, url: str) -> None:
    """An address that is neither HTTPS, nor this machine, nor an agent of AWS's is not asked."""
    here.environ |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary"}
    with pytest.raises(ConfigurationError, match="neither this machine nor one of AWS's agents"):
        here.source().asker()


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (400, '{"code": "InvalidIdInRequest", "message": "canary"}', ConfigurationError, "status 400, InvalidIdIn"),
        (404, "canary", ConfigurationError, "no credentials for this container (HTTP status 404)"),
        (401, '{"code": "AccessDenied"}', ConfigurationError, "does not take the token"),
        (403, '{"code": ["canary"]}', ConfigurationError, "does not take the token (HTTP status 403)"),
        (302, "", UnavailableError, "HTTP status 302"),
        (200, "canary", UnavailableError, "gave no credentials"),
        (200, "{}", UnavailableError, "gave no credentials"),
        (200, json.dumps(KEYS | ROLE | {"Token": ""}), UnavailableError, "gave has no usable Token"),
        (200, json.dumps(KEYS | ROLE | {"Expiration": None}), UnavailableError, "gave has no usable Expiration"),
        (200, json.dumps(KEYS | {"RoleArn": "canary"}), UnavailableError, "names a role that cannot be one"),
        (200, json.dumps(KEYS | ROLE | {"AccountId": "222222222222"}), UnavailableError, "names two accounts"),
    ],
)
def test_what_is_wrong_is_said(
    service: Service, here: Here, status: int, body: str, kind: type[StsctlError], said: str
) -> None:
    """Each thing that can be wrong is told from the others; no answer is repeated."""
    give(service, body, status)
    with pytest.raises(kind) as raised:
        here.source().give()
    assert said in raised.value.message
    assert "canary" not in f"{raised.value.message} {raised.value.hint} {raised.value.__cause__!r}"
    assert len(service.seen) == 1


def test_an_endpoint_that_is_not_ready(service: Service, here: Here) -> None:
    """One that is not ready, or not there, is asked three times."""
    give(service, '{"code": "CredentialsUninitialized"}', 503)
    with pytest.raises(UnavailableError, match="HTTP status 503, CredentialsUninitialized"):
        here.source().give()
    assert len(service.seen) == 3
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        here.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"http://127.0.0.1:{taken.getsockname()[1]}/canary"
        with pytest.raises(UnavailableError, match=r"does not answer: http://127\.0\.0\.1:\d+ is not there") as raised:
            here.source().give()
    assert "canary" not in raised.value.message
