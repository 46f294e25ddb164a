"""The credentials endpoint of a container: who gets something there, and what it answers to everybody else."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import remote
from stsctl.emulator.remote import NotTrustedError
from stsctl.emulator.running import Running
from tests.emulator_fixture import client
from tests.unit.emulator.workloads import ACCOUNT, Answer, running, send, variables

__all__ = ["running"]

FOLDER = "/v2/credentials"


@pytest.fixture
def job(running: Running) -> dict[str, str]:
    """The variables of a task."""
    return variables(running, "job")


def ask(job: dict[str, str], path: str | None = None, method: str = "GET", **headers: str) -> Answer:
    """One request to the endpoint, by default to where the credentials are."""
    url = job["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    return send(url, urlsplit(url).path if path is None else path, method, headers)


def test_a_task_gets_its_role(running: Running, job: dict[str, str]) -> None:
    """The document has the ECS agent's fields, and its credentials are the role's, named after the task."""
    status, headers, text = ask(job, Authorization=job["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    found = json.loads(text)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert list(found) == ["RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"]
    assert found["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/Job"
    keys = Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=Secret(found["SecretAccessKey"]),
        session_token=Secret(found["Token"]),
    )
    task = remote.place(running, "workload", name="job").arn.rsplit("/", 1)[-1]
    arn = client(running, "sts", keys).get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Job/{task}"


@pytest.mark.parametrize("token", [None, "", "x", "Bearer x", "\xff"])
def test_the_full_uri_wants_the_token(job: dict[str, str], token: str | None) -> None:
    """Without the token of the container's environment, nobody gets anything."""
    answer = ask(job) if token is None else ask(job, Authorization=token)
    assert answer[0] == 401
    assert json.loads(answer[2])["code"] == "AccessDenied"


def test_the_relative_uri_wants_none(job: dict[str, str]) -> None:
    """At the ECS agent's address the id in the path is enough, as in ECS."""
    assert ask(job, Host="169.254.170.2")[0] == 200
    assert ask(job, Host="169.254.170.23")[0] == 403


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        (FOLDER, "NoIdInRequest", "CredentialsV2Request: No Credential ID in the request"),
        (f"{FOLDER}/", "NoIdInRequest", "CredentialsV2Request: No Credential ID in the request"),
        (f"{FOLDER}/x", "InvalidIdInRequest", "CredentialsV2Request: Credentials not found"),
        (f"{FOLDER}/%ff", "InvalidIdInRequest", "CredentialsV2Request: Credentials not found"),
    ],
)
def test_refusals_of_the_agent(job: dict[str, str], path: str, code: str, message: str) -> None:
    """What the ECS agent refuses, in its words."""
    status, _, text = ask(job, path, Authorization=job["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    assert status == 400
    assert json.loads(text) == {"code": code, "message": message, "HTTPErrorCode": 400}


def test_nothing_else_is_there(job: dict[str, str]) -> None:
    """Other paths are not found, and other methods not allowed."""
    for path in ("/", "/v2/metadata", "/latest/meta-data/", f"{FOLDER}/x/y"):
        assert ask(job, path)[0] == 404, path
    for method in ("PUT", "POST", "DELETE"):
        assert ask(job, method=method, Authorization=job["AWS_CONTAINER_AUTHORIZATION_TOKEN"])[0] == 405


def test_a_task_whose_role_does_not_trust_ecs(running: Running) -> None:
    """Such a task does not start, and it is said which statement is in the way."""
    with pytest.raises(NotTrustedError) as refused:
        remote.place(running, "workload", name="untrusted-task")
    assert refused.value.status == 5
    assert any("trust policy of role Web, statement 0 does not apply" in line for line in refused.value.because)
