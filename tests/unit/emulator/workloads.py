"""An organisation with instances and tasks, and bare requests to where they find their credentials."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest

from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from tests.unit.emulator.test_service_roles import trust

ACCOUNT = "111111111111"
MAY_S3 = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
NOT_BY_IMDSV1 = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"NumericLessThan": {"ec2:RoleDelivery": "2.0"}},
        },
    }
)
DEPLOY = "arn:aws:iam::222222222222:role/Deploy"
MAY_DEPLOY = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": DEPLOY}}
)
TRUST_OF_DEPLOY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/Web", f"arn:aws:iam::{ACCOUNT}:role/Job"]},
            "Action": "sts:AssumeRole",
        },
    }
)
SEED = f"""
[account.{ACCOUNT}.role.Web]
{trust("ec2.amazonaws.com")}
policies.s3 = '{MAY_S3}'
policies.onward = '{MAY_DEPLOY}'
[account.{ACCOUNT}.role.Job]
{trust("ecs-tasks.amazonaws.com")}
policies.s3 = '{MAY_S3}'
policies.onward = '{MAY_DEPLOY}'
[account.{ACCOUNT}.role.Function]
{trust("lambda.amazonaws.com")}
policies.s3 = '{MAY_S3}'
[account.{ACCOUNT}.role.SecondVersion]
{trust("ec2.amazonaws.com")}
policies.s3 = '{MAY_S3}'
policies.not-by-imdsv1 = '{NOT_BY_IMDSV1}'
[account.{ACCOUNT}.instance.second-version]
role = "SecondVersion"
http_tokens = "optional"
[account.{ACCOUNT}.instance.web]
role = "Web"
region = "eu-central-1"
[account.{ACCOUNT}.instance.old]
role = "Web"
http_tokens = "optional"
hop_limit = 3
[account.{ACCOUNT}.instance.untrusted]
role = "Job"
profile = "untrusted"
[account.{ACCOUNT}.instance.bare]
[account.{ACCOUNT}.instance.lost]
profile = "deleted"
[account.{ACCOUNT}.task.job]
role = "Job"
region = "eu-central-1"
[account.{ACCOUNT}.task.untrusted-task]
role = "Web"
[account.222222222222.instance.web]
[account.222222222222.role.Deploy]
trust = '{TRUST_OF_DEPLOY}'
policies.s3 = '{MAY_S3}'
"""

Answer = tuple[int, Mapping[str, str], str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An emulator of that organisation, for tests that change nothing in it."""
    pytest.importorskip("moto")
    folder = tmp_path_factory.mktemp("workloads")
    seed = folder / "seed.toml"
    seed.write_text(SEED)
    found = control.start(folder / "state", seed=seed)
    yield found
    control.stop(folder / "state", found)


def variables(running: Running, name: str) -> dict[str, str]:
    """The variables that lead to a workload's credentials."""
    return {key: value.reveal() for key, value in remote.place(running, "workload", name=name).variables.items()}


def metadata_of(running: Running, name: str) -> str:
    """The URL of an instance's metadata."""
    return variables(running, name)["AWS_EC2_METADATA_SERVICE_ENDPOINT"]


def send(url: str, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """One bare request: status, header fields in lower case, body."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, None, dict(headers or {}))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, answer.read().decode()
    finally:
        connection.close()


def token(url: str, seconds: int = 60) -> str:
    """A session token for an instance's metadata."""
    status, _, text = send(url, "/latest/api/token", "PUT", {"X-aws-ec2-metadata-token-ttl-seconds": str(seconds)})
    assert status == 200
    return text


def read(url: str, path: str) -> Answer:
    """Something of an instance's metadata, by IMDSv2."""
    return send(url, path, headers={"X-aws-ec2-metadata-token": token(url)})
