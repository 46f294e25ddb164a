"""Real clients at the emulator: boto3's own providers and services, and the AWS CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stsctl.credentials import Credentials
from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.conftest import missing
from tests.emulator_fixture import ADMIN, ALICE, ALICE_MFA, EXTERNAL_ID, HUB, READ_ONLY, client, credentials_of


def admin_by_chain(running: Running) -> Credentials:
    """Production's administrator, by way of the hub and an MFA code."""
    sts = client(running, "sts", control.principal(running, "alice").credentials)
    code = control.code(running, "alice")
    hub = sts.assume_role(RoleArn=HUB, RoleSessionName="alice", SerialNumber=ALICE_MFA, TokenCode=code)
    onward = client(running, "sts", credentials_of(hub))
    return credentials_of(onward.assume_role(RoleArn=ADMIN, RoleSessionName="alice", ExternalId=EXTERNAL_ID))


def environment(running: Running, credentials: Credentials | None = None) -> dict[str, str]:
    """The variables that point a client at an emulator, and at nothing else."""
    found = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    found |= {
        "AWS_ENDPOINT_URL": running.url,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if credentials is not None:
        found["AWS_ACCESS_KEY_ID"] = credentials.access_key_id
        found["AWS_SECRET_ACCESS_KEY"] = credentials.secret_access_key.reveal()
        if credentials.session_token:
            found["AWS_SESSION_TOKEN"] = credentials.session_token.reveal()
    return found


def aws(environ: dict[str, str], *arguments: str, stdin: str = "") -> tuple[int, str, str]:
    """Runs the AWS CLI of the environment of these tests."""
    program = Path(sys.executable).parent / "aws"
    if not program.exists():
        missing("the AWS CLI")
    done = subprocess.run(
        [program, *arguments], env=environ, input=stdin, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


def test_services_with_a_role_session(emulator: Running) -> None:
    """A session at the end of a chain works with services of every protocol, in the role's account."""
    admin = admin_by_chain(emulator)
    s3 = client(emulator, "s3", admin)
    s3.create_bucket(Bucket="things")
    s3.put_object(Bucket="things", Key="a b/ü+x", Body=b"x" * 100_000, Metadata={"my_key": "v"})
    assert s3.get_object(Bucket="things", Key="a b/ü+x")["Metadata"] == {"my_key": "v"}
    dynamodb = client(emulator, "dynamodb", admin)
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert ":222222222222:" in dynamodb.describe_table(TableName="t")["Table"]["TableArn"]
    assert "222222222222" in client(emulator, "sqs", admin).create_queue(QueueName="q")["QueueUrl"]
    assert client(emulator, "ec2", admin).describe_regions()["Regions"]
    assert client(emulator, "lambda", admin).list_functions()["Functions"] == []
    assert ":222222222222:" in client(emulator, "kms", admin).create_key()["KeyMetadata"]["Arn"]
    assert client(emulator, "cloudwatch", admin).list_metrics()["Metrics"]
    assert client(emulator, "route53", admin).list_hosted_zones()["HostedZones"] == []


def test_streamed_and_presigned_s3(emulator: Running) -> None:
    """Streams, multipart uploads, checksums and presigned URLs go through the check of signatures."""
    import io
    from urllib.request import Request, urlopen

    s3 = client(emulator, "s3", control.principal(emulator, ADMIN).credentials, signature_version="s3v4")
    s3.create_bucket(Bucket="things")
    s3.upload_fileobj(io.BytesIO(b"y" * 20_000_000), "things", "large")
    assert s3.head_object(Bucket="things", Key="large")["ContentLength"] == 20_000_000
    s3.put_object(Bucket="things", Key="summed", Body=io.BytesIO(b"z" * 10), ChecksumAlgorithm="SHA256")
    url = s3.generate_presigned_url("get_object", {"Bucket": "things", "Key": "summed"}, ExpiresIn=60)
    assert urlopen(url).read() == b"z" * 10
    put = s3.generate_presigned_url("put_object", {"Bucket": "things", "Key": "a/b c"}, ExpiresIn=60)
    urlopen(Request(put, data=b"sent", method="PUT", headers={"Content-Type": "text/plain"}))
    assert s3.get_object(Bucket="things", Key="a/b c")["Body"].read() == b"sent"


def test_boto3s_own_chain(emulator: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 assumes a role out of a profile, with its own providers."""
    alice = control.principal(emulator, "alice").credentials
    folder = home / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        f"[alice]\naws_access_key_id = {alice.access_key_id}\n"
        f"aws_secret_access_key = {alice.secret_access_key.reveal()}\n"
    )
    (folder / "config").write_text(
        f"[profile reader]\nrole_arn = {READ_ONLY}\nsource_profile = alice\nregion = eu-west-1\n"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
    session = boto3.Session(profile_name="reader")
    arn: Any = session.client("sts").get_caller_identity()["Arn"]
    assert arn.startswith("arn:aws:sts::111111111111:assumed-role/ReadOnly/botocore-session-")


def test_boto3_is_told_of_a_wrong_clock(shared_emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is off is refused with both times, in words that clients look for."""
    import datetime as dt

    import botocore.auth
    from botocore.compat import HAS_CRT

    real = botocore.auth.get_current_datetime

    def slow(*, remove_tzinfo: bool = True) -> dt.datetime:
        return real(remove_tzinfo=remove_tzinfo) - dt.timedelta(hours=2)

    monkeypatch.setattr(botocore.auth, "get_current_datetime", slow)
    if HAS_CRT:
        monkeypatch.setattr("botocore.crt.auth.get_current_datetime", slow)
    sts = client(shared_emulator, "sts", control.principal(shared_emulator, "alice").credentials)
    with pytest.raises(
        ClientError, match=r"SignatureDoesNotMatch.*Signature expired: \d{8}T\d{6}Z is now earlier than"
    ):
        sts.get_caller_identity()


def test_every_region_is_served(shared_emulator: Running) -> None:
    """One port answers for each region's endpoint that every account has."""
    alice = control.principal(shared_emulator, "alice").credentials
    for region in ("us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2", "sa-east-1"):
        assert client(shared_emulator, "sts", alice, region=region).get_caller_identity()["Account"] == "111111111111"


def test_aws_cli_identity_and_chain(emulator: Running) -> None:
    """The AWS CLI finds out who it is, assumes the chain, and uses what it got."""
    alice = environment(emulator, control.principal(emulator, "alice").credentials)
    status, out, err = aws(alice, "sts", "get-caller-identity")
    assert (status, err) == (0, "")
    assert json.loads(out)["Arn"] == "arn:aws:iam::111111111111:user/alice"
    serial = json.loads(aws(alice, "iam", "list-mfa-devices")[1])["MFADevices"][0]["SerialNumber"]
    code = control.code(emulator, "alice")
    mfa = ["--serial-number", serial, "--token-code", code]
    assume = ["sts", "assume-role", "--role-session-name", "cli", "--role-arn"]
    status, out, _ = aws(alice, *assume, HUB, *mfa)
    assert status == 0
    hub = {**alice, **from_answer(out)}
    status, out, _ = aws(hub, *assume, ADMIN, "--external-id", EXTERNAL_ID)
    assert status == 0
    admin = {**alice, **from_answer(out)}
    assert aws(admin, "s3", "mb", "s3://cli-things")[0] == 0
    assert aws(admin, "s3", "cp", "-", "s3://cli-things/a b", stdin="hello")[0] == 0
    assert aws(admin, "s3", "cp", "s3://cli-things/a b", "-")[1] == "hello"
    status, _, err = aws(admin, "iam", "create-role", "--role-name", "FromCli", "--assume-role-policy-document", TRUST)
    assert (status, err) == (0, "")


FEDERATED = "arn:aws:sts::111111111111:federated-user/cli"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "sts:AssumeRole"}],
    }
)


def from_answer(out: str) -> dict[str, str]:
    """The variables for the credentials that an answer of STS holds."""
    found = json.loads(out)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["assume-role", "--role-arn", HUB, "--role-session-name", "cli"],
            f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: {HUB}",
        ),
        (
            ["assume-role", "--role-arn", HUB, "--role-session-name", "cli", "--token-code", "123456"],
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
        ),
        (
            ["get-federation-token", "--name", "cli"],
            f"{ALICE} is not authorized to perform: sts:GetFederationToken on resource: {FEDERATED}",
        ),
    ],
)
def test_aws_cli_shows_refusals(shared_emulator: Running, arguments: list[str], said: str) -> None:
    """What AWS would say, the AWS CLI says."""
    alice = environment(shared_emulator, control.principal(shared_emulator, "alice").credentials)
    status, out, err = aws(alice, "sts", *arguments)
    assert status != 0
    assert out == ""
    assert said in err


def test_anonymous_boto3(emulator: Running) -> None:
    """boto3 without credentials is refused by S3 in S3's words."""
    from botocore import UNSIGNED

    s3 = boto3.client(
        "s3", endpoint_url=emulator.url, region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket="things", Key="x")


def test_emulator_module_in_the_foreground(tmp_path: Path) -> None:
    """`python -m stsctl.emulator` explains itself, and says what is wrong with its port."""
    argv = [sys.executable, "-m", "stsctl.emulator"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([*argv, "--help"], capture_output=True, text=True, check=True, env=environ)
    assert "--seed" in done.stdout
    done = subprocess.run(
        [*argv, "--folder", str(tmp_path / "state"), "--port", "99999"],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
    )
    assert done.returncode == 1
    assert "cannot listen on port 99999" in done.stderr


def test_aws_cli_is_told_why(shared_emulator: Running) -> None:
    """What a service refuses, the AWS CLI shows with the policy that decided."""
    alice = environment(shared_emulator, control.principal(shared_emulator, "alice").credentials)
    status, out, err = aws(alice, "s3api", "list-buckets")
    assert (status != 0, out) == (True, "")
    assert "is not authorized to perform: s3:ListAllMyBuckets" in err
    assert "because no identity-based policy allows the s3:ListAllMyBuckets action" in err
    admin = environment(shared_emulator, control.principal(shared_emulator, ADMIN).credentials)
    status, out, _ = aws(
        admin, "iam", "simulate-principal-policy", "--policy-source-arn", ADMIN, "--action-names", "s3:GetObject"
    )
    assert (status, json.loads(out)["EvaluationResults"][0]["EvalDecision"]) == (0, "allowed")


def test_aws_cli_decodes_what_ec2_refused(shared_emulator: Running) -> None:
    """The message in EC2's refusal decodes, for those who may."""
    reader = environment(shared_emulator, control.principal(shared_emulator, READ_ONLY).credentials)
    _, _, err = aws(reader, "ec2", "describe-instances")
    assert "UnauthorizedOperation" in err
    sealed = err.partition("Encoded authorization failure message: ")[2].strip()
    root = environment(shared_emulator, control.principal(shared_emulator, "111111111111:root").credentials)
    status, out, _ = aws(root, "sts", "decode-authorization-message", "--encoded-message", sealed)
    decoded = json.loads(json.loads(out)["DecodedMessage"])
    assert (status, decoded["context"]["action"], decoded["allowed"]) == (0, "ec2:DescribeInstances", False)
