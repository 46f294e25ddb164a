"""A state that outlives its emulator, whatever ends that."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from stsctl.emulator.state import recorded
from stsctl.emulator.state.change_log import ChangeLog
from stsctl.errors import StsctlError
from tests.emulator_fixture import READ_ONLY, client, credentials_of

ROOT = "111111111111:root"


@dataclass(slots=True, kw_only=True)
class Life:
    """One emulator after another, over one state."""

    folder: Path
    running: Running

    @property
    def state(self) -> Path:
        """Where the state is."""
        return self.folder / "state"

    def start(self, **options: Any) -> None:
        """Starts the next one."""
        self.running = control.start(self.folder / "run", state=self.state, **options)

    def kill(self) -> None:
        """Ends the running one with no chance to do anything more."""
        os.kill(self.running.pid, signal.SIGKILL)
        control.stop(self.folder / "run", self.running)

    def restart(self) -> None:
        """Kills the running one, and starts the next."""
        self.kill()
        self.start()

    def root(self, service: str) -> Any:
        """A client that may do everything."""
        return client(self.running, service, control.principal(self.running, ROOT).credentials)

    def remarks(self) -> list[str]:
        """What the emulator has to say of how it began."""
        found: list[str] = control.status(self.running)["remarks"]
        return found


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """A running emulator with a state."""
    running = control.start(tmp_path / "run", state=tmp_path / "state")
    life = Life(folder=tmp_path, running=running)
    yield life
    found = control.find(tmp_path / "run")
    if found is not None:
        control.stop(tmp_path / "run", found)


def _seen(life: Life) -> dict[str, Any]:
    """Everything that this test made, as its clients see it."""
    iam, s3, sqs, organizations = (life.root(name) for name in ("iam", "s3", "sqs", "organizations"))
    objects = s3.list_object_versions(Bucket="history")["Versions"]
    return {
        "users": iam.list_users()["Users"],
        "roles": iam.list_roles()["Roles"],
        "keys": iam.list_access_keys(UserName="bob")["AccessKeyMetadata"],
        "devices": [each["SerialNumber"] for each in iam.list_virtual_mfa_devices()["VirtualMFADevices"]],
        "policies": iam.list_policies(Scope="Local")["Policies"],
        "boundary": iam.get_user(UserName="bob")["User"].get("PermissionsBoundary"),
        "organization": organizations.describe_organization()["Organization"],
        "accounts": [
            (each["Id"], each["Arn"], each["JoinedTimestamp"]) for each in organizations.list_accounts()["Accounts"]
        ],
        "buckets": s3.list_buckets()["Buckets"],
        "objects": [(each["Key"], each["VersionId"], each["ETag"], each["LastModified"]) for each in objects],
        "content": s3.get_object(Bucket="history", Key="large")["Body"].read(),
        "uploads": s3.list_multipart_uploads(Bucket="history")["Uploads"],
        "queues": [url.rsplit("/", 2)[1:] for url in sqs.list_queues()["QueueUrls"]],
        "waiting": sqs.get_queue_attributes(QueueUrl=_queue(life), AttributeNames=["All"])["Attributes"],
    }


def _queue(life: Life) -> str:
    return f"{life.running.url}/111111111111/jobs"


def _make_things(life: Life) -> dict[str, str]:
    """Something of everything, with random ids, waiting messages and half an upload; what came of it."""
    iam, s3, sqs, organizations = (life.root(name) for name in ("iam", "s3", "sqs", "organizations"))
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    policy = iam.create_policy(PolicyName="all", PolicyDocument=document)["Policy"]["Arn"]
    iam.create_user(UserName="bob", PermissionsBoundary=policy)
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=document)
    iam.create_user(UserName="gone")
    iam.delete_user(UserName="gone")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="bob")
    iam.create_role(
        RoleName="made",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        ),
    )
    organizations.create_organization(FeatureSet="ALL")
    organizations.create_account(AccountName="new", Email="new@example.com")
    s3.create_bucket(Bucket="history")
    s3.put_bucket_versioning(Bucket="history", VersioningConfiguration={"Status": "Enabled"})
    for text in (b"first", b"second"):
        s3.put_object(Bucket="history", Key="note", Body=text)
    s3.copy_object(Bucket="history", Key="copy", CopySource="history/note")
    upload = s3.create_multipart_upload(Bucket="history", Key="large")["UploadId"]
    part = s3.upload_part(Bucket="history", Key="large", UploadId=upload, PartNumber=1, Body=b"x" * 6_000_000)
    s3.complete_multipart_upload(
        Bucket="history",
        Key="large",
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )
    s3.create_multipart_upload(Bucket="history", Key="half")
    sqs.create_queue(QueueName="jobs")
    for text in ("one", "two"):
        sqs.send_message(QueueUrl=_queue(life), MessageBody=text)
    (received,) = sqs.receive_message(QueueUrl=_queue(life), MaxNumberOfMessages=1)["Messages"]
    return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"], "receipt": received["ReceiptHandle"]}


def test_everything_is_as_before_after_a_kill(life: Life) -> None:
    """Ids, keys, dates, versions, uploads and messages of IAM, Organizations, S3 and SQS come out the same."""
    from stsctl.credentials import Credentials, Secret

    made = _make_things(life)
    before, url = _seen(life), life.running.url
    life.restart()
    assert life.remarks() == []
    assert life.running.url == url
    assert _seen(life) == before
    bob = Credentials(access_key_id=made["id"], secret_access_key=Secret(made["secret"]))
    assert client(life.running, "sts", bob).get_caller_identity()["Arn"].endswith("user/bob")
    sqs = life.root("sqs")
    sqs.delete_message(QueueUrl=_queue(life), ReceiptHandle=made["receipt"])
    (left,) = sqs.receive_message(QueueUrl=_queue(life))["Messages"]
    assert left["Body"] == "two"
    life.restart()
    assert (
        life.root("sqs").get_queue_attributes(QueueUrl=_queue(life), AttributeNames=["All"])["Attributes"][
            "ApproximateNumberOfMessagesNotVisible"
        ]
        == "1"
    )


def test_sessions_and_the_clock_last(life: Life) -> None:
    """What STS issued works after a restart, what such a session made is there, and the moved clock too."""
    alice = control.principal(life.running, "alice").credentials
    session = credentials_of(
        client(life.running, "sts", alice).assume_role(RoleArn=READ_ONLY, RoleSessionName="reader")
    )
    admin = control.principal(life.running, "arn:aws:iam::222222222222:role/Admin").credentials
    client(life.running, "iam", admin).create_user(UserName="by-a-session")
    remote.move_clock(life.running, timedelta(minutes=50))
    instance = life.running.instance
    life.restart()
    assert life.running.instance == instance
    assert life.running.ahead == timedelta(minutes=50)
    assert client(life.running, "sts", session).get_caller_identity()["Arn"].endswith("ReadOnly/reader")
    assert client(life.running, "iam", admin).get_user(UserName="by-a-session")["User"]["UserName"] == "by-a-session"
    remote.move_clock(life.running, timedelta(minutes=11))
    with pytest.raises(ClientError, match="ExpiredToken"):
        client(life.running, "sts", session).get_caller_identity()


def test_a_reset_forgets_the_state(life: Life) -> None:
    """After a reset and a restart, what was made before the reset is not there; the seed's keys are."""
    key = control.principal(life.running, "alice").credentials.access_key_id
    life.root("iam").create_user(UserName="bob")
    remote.reset(life.running)
    life.root("iam").create_user(UserName="carol")
    life.restart()
    assert {user["UserName"] for user in life.root("iam").list_users()["Users"]} == {"alice", "carol"}
    assert control.principal(life.running, "alice").credentials.access_key_id == key


def test_a_damaged_state_is_no_reason_not_to_start(life: Life) -> None:
    """A line that was cut off, and one that is garbage, are said and passed over; what comes after them counts."""
    life.root("iam").create_user(UserName="bob")
    life.root("iam").create_user(UserName="carol")
    life.kill()
    path = life.state / "changes.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"\x00garbage\n", b'{"request":{"at":7}}\n', *lines[1:-1], lines[-1][:-40]]))
    life.start()
    unreadable, failed = life.remarks()
    assert unreadable.startswith("2 lines")
    assert failed == "1 of 3 changes could not be repeated"
    assert {user["UserName"] for user in life.root("iam").list_users()["Users"]} == {"alice", "bob"}
    life.root("iam").create_user(UserName="dora")
    life.restart()
    assert {user["UserName"] for user in life.root("iam").list_users()["Users"]} == {"alice", "bob", "dora"}


def test_a_state_without_its_beginning_is_set_aside(life: Life) -> None:
    """Where the first line is lost, a new state begins, and the old file is kept beside it."""
    life.root("iam").create_user(UserName="bob")
    life.kill()
    path = life.state / "changes.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    life.start()
    assert len(life.remarks()) == 1
    assert [user["UserName"] for user in life.root("iam").list_users()["Users"]] == ["alice"]
    assert (life.state / "changes.damaged").exists()


def test_the_state_keeps_its_seed(life: Life, tmp_path: Path) -> None:
    """A state goes on with the seed that it began with, and refuses another; two emulators do not share it."""
    with pytest.raises(StsctlError, match="another emulator has its state"):
        control.start(tmp_path / "second", state=life.state)
    life.kill()
    other = tmp_path / "other.toml"
    other.write_text("[account.333333333333]\n")
    with pytest.raises(StsctlError, match="began with another seed"):
        life.start(seed=other)


def test_the_state_is_private_and_has_only_changes(life: Life) -> None:
    """Nobody else may read the file; what only reads, or was refused, is not in it."""
    iam = life.root("iam")
    iam.list_users()
    life.root("s3").list_buckets()
    with pytest.raises(ClientError):
        iam.create_user(UserName="alice")
    path = life.state / "changes.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes().splitlines()) == 1
    iam.create_user(UserName="bob")
    assert len(ChangeLog(life.state).changes) == 2


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("iam:CreateUser", 200, True),
        ("iam:CreateUser", 409, False),
        ("iam:GetUser", 200, False),
        ("iam:ListUsers", 200, False),
        ("iam:GenerateCredentialReport", 200, True),
        ("s3:PutObject", 200, True),
        ("s3:GetObject", 200, False),
        ("s3:CopyObject", 200, True),
        ("dynamodb:Query", 200, False),
        ("", 200, False),
        ("sqs:ReceiveMessage", 200, False),
        ("dynamodb:BatchGetItem", 200, False),
        ("dynamodb:BatchWriteItem", 200, True),
        ("ses:ListenForNothing", 200, True),
    ],
)
def test_what_is_a_change(action: str, status: int, expected: bool) -> None:
    """A request that was answered changes something unless its action's name says that it reads."""
    assert recorded.changed(action, status, b"") is expected


@pytest.mark.slow
def test_requests_are_repeated_faster_than_they_were_made(life: Life) -> None:
    """A restart over two hundred changes takes less time for them than a client took to make them."""
    begun = time.monotonic()
    life.restart()
    alone = time.monotonic() - begun
    iam, s3 = life.root("iam"), life.root("s3")
    s3.create_bucket(Bucket="many")
    begun = time.monotonic()
    for number in range(100):
        iam.create_user(UserName=f"user{number}")
        s3.put_object(Bucket="many", Key=str(number), Body=b"x")
    making = time.monotonic() - begun
    begun = time.monotonic()
    life.restart()
    took = time.monotonic() - begun - alone
    assert len(life.root("iam").list_users()["Users"]) == 101
    assert took < making + 2, f"{took} for what took {making}"  # a second or two is for loading moto
