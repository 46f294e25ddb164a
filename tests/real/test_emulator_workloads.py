"""boto3's own providers, the AWS CLI and stsctl where workloads find their credentials."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from stsctl.emulator.running import Running
from tests.conftest import missing
from tests.program import BIN, STSCTL
from tests.unit.emulator.workloads import ACCOUNT, DEPLOY, running, variables

__all__ = ["running"]

ROOT = Path(__file__).parents[2]
CHAINS = f"""
[profile by-instance]
role_arn = {DEPLOY}
credential_source = Ec2InstanceMetadata
[profile by-container]
role_arn = {DEPLOY}
credential_source = EcsContainer
"""


@pytest.fixture
def place(running: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that points at the emulator, where roles beyond a workload's own are in a configuration."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(CHAINS)
    return monkeypatch


def enter(place: pytest.MonkeyPatch, running: Running, name: str) -> None:
    """Takes the place of a workload."""
    for key, value in variables(running, name).items():
        place.setenv(key, value)


def found(profile: str | None = None) -> tuple[str, str]:
    """By which provider boto3 finds credentials, and whose they are; they work on S3."""
    session = boto3.Session(profile_name=profile)
    credentials = session.get_credentials()
    assert credentials is not None
    session.client("s3").list_buckets()
    return credentials.method, session.client("sts").get_caller_identity()["Arn"]


def test_boto3_on_an_instance(running: Running, place: pytest.MonkeyPatch) -> None:
    """boto3's provider for instances finds the instance's role, and lists buckets with it."""
    enter(place, running, f"{ACCOUNT}:web")
    method, arn = found()
    assert method == "iam-role"
    assert arn.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/Web/i-0")


def test_boto3_on_an_instance_without_trust(running: Running, place: pytest.MonkeyPatch) -> None:
    """Where EC2 may not assume the role, boto3 finds nothing, as on AWS."""
    enter(place, running, "untrusted")
    assert boto3.Session().get_credentials() is None


def test_boto3_in_a_container(running: Running, place: pytest.MonkeyPatch) -> None:
    """boto3's provider for containers sends the token, and gets the task's role."""
    enter(place, running, "job")
    method, arn = found()
    assert method == "container-role"
    assert arn.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/Job/")


def test_boto3_with_a_token_file(running: Running, place: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The token may be in a file, as in EKS."""
    enter(place, running, "job")
    file = tmp_path / "token"
    file.write_text(variables(running, "job")["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    place.delenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    place.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(file))
    assert found()[1].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/Job/")


@pytest.mark.parametrize(("workload", "profile"), [(f"{ACCOUNT}:web", "by-instance"), ("job", "by-container")])
def test_boto3_goes_on_from_a_workload(
    running: Running, place: pytest.MonkeyPatch, workload: str, profile: str
) -> None:
    """A profile whose credential_source is the machine leads to a role in another account."""
    enter(place, running, workload)
    assert found(profile)[1].startswith("arn:aws:sts::222222222222:assumed-role/Deploy/botocore-session-")


@pytest.mark.parametrize(("workload", "role"), [(f"{ACCOUNT}:web", "Web"), ("job", "Job")])
def test_the_aws_cli(running: Running, place: pytest.MonkeyPatch, workload: str, role: str) -> None:
    """The AWS CLI finds the role of an instance and of a task, and makes a bucket with it."""
    if not (BIN / "aws").exists():
        missing("the AWS CLI")
    enter(place, running, workload)
    who = subprocess.run(
        [BIN / "aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert who.stdout.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/")
    made = subprocess.run([BIN / "aws", "s3", "mb", f"s3://of-{role.lower()}"], check=False, timeout=60)
    assert made.returncode == 0


@pytest.mark.parametrize(("workload", "profile"), [(f"{ACCOUNT}:web", "by-instance"), ("job", "by-container")])
def test_stsctl_goes_on_from_a_workload(
    running: Running, place: pytest.MonkeyPatch, workload: str, profile: str
) -> None:
    """stsctl's own source for machines reads these endpoints too, and the role that it leads to lasts an hour."""
    enter(place, running, workload)
    place.setenv("STSCTL_EMULATOR", running.instance)
    argv = [STSCTL, "--store", "memory", "credential-process", profile]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    keys = json.loads(done.stdout)
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    arn = session.client("sts").get_caller_identity()["Arn"]
    assert arn.startswith("arn:aws:sts::222222222222:assumed-role/Deploy/")


def test_where_aws_has_it(tmp_path: Path) -> None:
    """At 169.254.169.254, and with ECS's relative URI at 169.254.170.2, boto3 needs nothing said but what AWS says."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        missing("unshare and ip")
    if subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine permits no network namespace")
    argv = ["unshare", "-n", sys.executable, "-m", "tests.real.link_local", str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    instance, task = done.stdout.splitlines()
    assert instance.startswith(f"iam-role arn:aws:sts::{ACCOUNT}:assumed-role/Web/")
    assert task.startswith(f"container-role arn:aws:sts::{ACCOUNT}:assumed-role/Job/")
