"""The metadata service of an instance: tokens, what is where, and what it says of mistakes."""

from __future__ import annotations

import json
import re
import socket
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import control, remote
from stsctl.emulator.remote import EmulatorError
from stsctl.emulator.running import Running, log_in
from stsctl.errors import UsageError
from tests.emulator_fixture import client
from tests.unit.emulator.workloads import ACCOUNT, SEED, metadata_of, read, running, send, token

__all__ = ["running"]

ROLES = "/latest/meta-data/iam/security-credentials/"
TOKEN = "/latest/api/token"
TTL = "X-aws-ec2-metadata-token-ttl-seconds"


def keys_in(document: str) -> Credentials:
    """The credentials in a document."""
    found = json.loads(document)
    return Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=Secret(found["SecretAccessKey"]),
        session_token=Secret(found["Token"]),
    )


def test_an_instance_gets_its_role(running: Running) -> None:
    """The document has AWS's fields, and its credentials are the role's, named after the instance."""
    url = metadata_of(running, f"{ACCOUNT}:web")
    assert read(url, ROLES)[2] == "Web"
    text = read(url, f"{ROLES}Web")[2]
    found = json.loads(text)
    fields = "Code LastUpdated Type AccessKeyId SecretAccessKey Token Expiration"
    assert list(found) == fields.split()
    assert (found["Code"], found["Type"]) == ("Success", "AWS-HMAC")
    lasts = datetime.fromisoformat(found["Expiration"]) - datetime.fromisoformat(found["LastUpdated"])
    assert lasts == timedelta(hours=6)
    instance = read(url, "/latest/meta-data/instance-id")[2]
    arn = client(running, "sts", keys_in(text)).get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Web/{instance}"
    assert json.loads(read(url, f"{ROLES}Web")[2]) == found


def test_without_a_token_nothing_is_read(running: Running) -> None:
    """IMDSv2 wants a token, and one that this instance gave; IMDSv1 is there where the instance allows it."""
    url, old = metadata_of(running, f"{ACCOUNT}:web"), metadata_of(running, "old")
    assert send(url, "/latest/meta-data/instance-id")[0] == 401
    for wrong in ("", "x", token(url)[:-4] + "AAAA", token(old), "ü"):
        answer = send(
            url, "/latest/meta-data/instance-id", headers={"X-aws-ec2-metadata-token": wrong.encode().decode("latin-1")}
        )
        assert answer[0] == 401, wrong
    assert send(old, "/latest/meta-data/instance-id")[0] == 200
    assert send(old, "/latest/meta-data/instance-id", headers={"X-aws-ec2-metadata-token": "x"})[0] == 401


def test_each_version_has_its_own_credentials(running: Running) -> None:
    """What IMDSv1 gives is not what IMDSv2 gives, so that ec2:RoleDelivery can tell them apart."""
    url = metadata_of(running, "old")
    first, second = (json.loads(answer[2]) for answer in (send(url, f"{ROLES}Web"), read(url, f"{ROLES}Web")))
    assert first["AccessKeyId"] != second["AccessKeyId"]


def test_a_policy_against_imdsv1(running: Running) -> None:
    """A policy that denies what IMDSv1 delivered stops those credentials at S3, and not IMDSv2's."""
    url = metadata_of(running, "second-version")
    first, second = (answer(url, f"{ROLES}SecondVersion")[2] for answer in (send, read))
    assert client(running, "s3", keys_in(second)).list_buckets()["Buckets"] == []
    with pytest.raises(ClientError, match="AccessDenied"):
        client(running, "s3", keys_in(first)).list_buckets()


def test_a_token_says_how_long_it_counts(running: Running) -> None:
    """The answer repeats the seconds that were asked for, and later ones say how many are left."""
    url = metadata_of(running, f"{ACCOUNT}:web")
    status, headers, text = send(url, TOKEN, "PUT", {TTL: "21600"})
    assert (status, headers[TTL.lower()], len(text)) == (200, "21600", 56)
    _, headers, _ = send(url, "/latest/meta-data/ami-id", headers={"X-aws-ec2-metadata-token": text})
    assert 21590 <= int(headers[TTL.lower()]) <= 21600
    assert headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("PUT", TOKEN, {}, 400),
        ("PUT", TOKEN, {TTL: "0"}, 400),
        ("PUT", TOKEN, {TTL: "21601"}, 400),
        ("PUT", TOKEN, {TTL: "-1"}, 400),
        ("PUT", TOKEN, {TTL: "sixty"}, 400),
        ("PUT", TOKEN, {TTL: "60", "X-Forwarded-For": "203.0.113.7"}, 403),
        ("PUT", "/2021-07-15/api/token", {TTL: "60"}, 403),
        ("PUT", "/latest/meta-data/", {TTL: "60"}, 403),
        ("GET", TOKEN, {}, 405),
        ("POST", "/latest/meta-data/", {}, 405),
        ("DELETE", TOKEN, {}, 405),
    ],
)
def test_refusals(running: Running, method: str, path: str, headers: dict[str, str], status: int) -> None:
    """What AWS refuses, with its status and its page."""
    answer = send(metadata_of(running, f"{ACCOUNT}:web"), path, method, headers)
    assert answer[0] == status
    assert answer[1]["content-type"] == "text/html"
    assert f"<title>{status} - " in answer[2]


def test_what_is_where(running: Running) -> None:
    """Folders list what is in them, items say what they are, and anything else is not found."""
    url = metadata_of(running, f"{ACCOUNT}:web")
    assert read(url, "/")[2] == "latest"
    assert read(url, "/latest/")[2] == "dynamic\nmeta-data"
    assert read(url, "/latest/meta-data")[2] == read(url, "/latest/meta-data/")[2]
    assert {"iam/", "instance-id", "placement/"} < set(read(url, "/latest/meta-data/")[2].splitlines())
    assert read(url, "/latest/meta-data/iam/")[2] == "info\nsecurity-credentials/"
    assert read(url, "/latest/meta-data/placement/region")[2] == "eu-central-1"
    assert read(url, "/latest/meta-data/placement/availability-zone")[2] == "eu-central-1a"
    for path in ("/latest/nothing", f"{ROLES}Job", "/latest/meta-data/instance-id/", "/moto-api", "/_stsctl/status"):
        assert read(url, path)[0] == 404, path


def test_identity_document(running: Running) -> None:
    """The instance identity document says whose instance it is, and where."""
    url = metadata_of(running, f"{ACCOUNT}:web")
    document = json.loads(read(url, "/latest/dynamic/instance-identity/document")[2])
    assert (document["accountId"], document["region"]) == (ACCOUNT, "eu-central-1")
    assert re.fullmatch(r"i-[0-9a-f]{17}", document["instanceId"])
    assert document["instanceId"] == read(url, "/latest/meta-data/instance-id")[2]


def test_info_of_a_profile(running: Running) -> None:
    """`iam/info` names the profile, and what is wrong with it."""
    info = json.loads(read(metadata_of(running, f"{ACCOUNT}:web"), "/latest/meta-data/iam/info")[2])
    assert info["InstanceProfileArn"] == f"arn:aws:iam::{ACCOUNT}:instance-profile/Web"
    assert re.fullmatch(r"AIPA[A-Z2-7]{17}", info["InstanceProfileId"])
    lost = metadata_of(running, "lost")
    assert json.loads(read(lost, "/latest/meta-data/iam/info")[2])["Code"] == "InstanceProfileNotFound"
    assert read(lost, ROLES)[0] == 404


def test_an_instance_without_a_profile(running: Running) -> None:
    """Without an instance profile there is no `iam` at all."""
    url = metadata_of(running, "bare")
    assert read(url, "/latest/meta-data/iam/")[0] == 404
    assert "iam/" not in read(url, "/latest/meta-data/")[2]


def test_a_role_that_does_not_trust_ec2(running: Running) -> None:
    """The role is listed, its document says why there are no credentials, and the journal which statement."""
    url = metadata_of(running, "untrusted")
    assert json.loads(read(url, "/latest/meta-data/iam/info")[2])["Code"] == "Success"
    assert read(url, ROLES)[2] == "Job"
    status, _, text = read(url, f"{ROLES}Job")
    document = json.loads(text)
    assert (status, document["Code"]) == (200, "AssumeRoleUnauthorizedAccess")
    assert document["Message"].startswith("EC2 cannot assume the role Job.  Please see documentation at https://")
    assert "AccessKeyId" not in document


def test_only_by_its_own_name(running: Running) -> None:
    """A web page that gives its own name the address of this machine learns nothing."""
    url = metadata_of(running, "old")
    port = urlsplit(url).port
    for name in (f"127.0.0.1:{port}", f"localhost:{port}", "169.254.169.254"):
        assert send(url, "/latest/meta-data/instance-id", headers={"Host": name})[0] == 200
    for name in (f"rebound.example:{port}", "169.254.169.254.example", ""):
        assert send(url, "/latest/meta-data/instance-id", headers={"Host": name})[0] == 403


def test_names_of_workloads(running: Running) -> None:
    """A name that two accounts have needs its account; ids and ARNs are names too."""
    with pytest.raises(EmulatorError, match=f'"web" is there more than once: {ACCOUNT}:web, 222222222222:web'):
        remote.place(running, "workload", name="web")
    with pytest.raises(UsageError, match='there is no "nobody" in this emulator'):
        remote.place(running, "workload", name="nobody")
    found = remote.place(running, "workload", name=f"{ACCOUNT}:web")
    assert remote.place(running, "workload", name=found.arn) == found
    assert remote.place(running, "workload", name=found.arn.rsplit("/", 1)[-1]) == found


def test_ports_are_on_loopback(running: Running) -> None:
    """A workload's port answers at 127.0.0.1, and at no other address of this machine."""
    port = urlsplit(metadata_of(running, "bare")).port
    assert port is not None
    for address in ("127.0.0.2", "::1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as other, pytest.raises(OSError, match=r"refused|assign"):
            other.connect((address, port))


def test_the_answer_with_a_token_goes_no_farther_than_the_hop_limit(running: Running) -> None:
    """The packets that carry a token have the instance's hop limit as their TTL, those of other answers have not."""
    url = metadata_of(running, "old")
    port = urlsplit(url).port
    assert port is not None
    try:
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    except (AttributeError, PermissionError):
        pytest.skip("this machine does not permit listening to packets")
    with wire:
        wire.bind(("lo", 0))
        wire.settimeout(10)
        send(url, TOKEN, "PUT", {TTL: "60"})
        assert _hops_of(wire, port) == 3
        send(url, "/latest/meta-data/instance-id")
        assert _hops_of(wire, port) == 64


def _hops_of(wire: socket.socket, port: int) -> int:
    """The TTL of the first packet from `port` that begins an answer."""
    while True:
        packet = wire.recv(65536)
        head = (packet[0] & 15) * 4
        if packet[9] == socket.IPPROTO_TCP and struct.unpack("!H", packet[head : head + 2])[0] == port:
            content = packet[head + (packet[head + 12] >> 4) * 4 :]
            if content.startswith(b"HTTP/1.1 200"):
                return packet[8]


@settings(max_examples=50, deadline=None)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "HEAD", "OPTIONS"]),
    path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
)
def test_whatever_is_sent(running: Running, method: str, path: str, header: str) -> None:
    """Nothing makes it fail."""
    url = metadata_of(running, "old")
    status, _, _ = send(
        url, "/latest" + path, method, {"X-aws-ec2-metadata-token": header.strip(), TTL: header.strip()}
    )
    assert status in (200, 400, 401, 403, 404, 405)


def test_the_journal_has_no_secret(running: Running, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Who asked for which role is noted; neither tokens nor keys are."""
    url = metadata_of(running, f"{ACCOUNT}:web")
    given, found = token(url), json.loads(read(url, f"{ROLES}Web")[2])
    folder = next(path for path in tmp_path_factory.getbasetemp().glob("workloads*/state"))
    journal = log_in(folder).read_text()
    assert f'"action": "imds GET {ROLES}Web"' in journal
    assert f'"resource": "arn:aws:iam::{ACCOUNT}:role/Web"' in journal
    for secret in (given, found["SecretAccessKey"], found["Token"]):
        assert secret not in journal
    assert control.status(running)["instance"] == running.instance


def test_a_profile_that_lost_its_role(emulator_from: Callable[[str], Running]) -> None:
    """`iam/info` says that the profile has no role, and the next role that is put into it is served."""
    running = emulator_from(SEED)
    url = metadata_of(running, "old")
    iam = client(running, "iam", control.principal(running, f"{ACCOUNT}:root").credentials)
    iam.remove_role_from_instance_profile(InstanceProfileName="Web", RoleName="Web")
    info = json.loads(read(url, "/latest/meta-data/iam/info")[2])
    assert info["Code"] == "Success"
    assert info["Message"].startswith("Instance Profile does not contain a role.")
    assert read(url, ROLES)[0] == 404
    iam.add_role_to_instance_profile(InstanceProfileName="Web", RoleName="Web")
    assert read(url, ROLES)[2] == "Web"


def test_the_clock_and_a_reset(emulator_from: Callable[[str], Running]) -> None:
    """Credentials and tokens go by the emulator's clock; after a reset the port is the same and gives new ones."""
    running = emulator_from(SEED)
    url = metadata_of(running, "old")
    given, first = token(url), json.loads(read(url, f"{ROLES}Web")[2])
    remote.move_clock(running, timedelta(hours=6))
    assert send(url, "/latest/meta-data/ami-id", headers={"X-aws-ec2-metadata-token": given})[0] == 401
    second = json.loads(read(url, f"{ROLES}Web")[2])
    assert second["AccessKeyId"] != first["AccessKeyId"]
    assert second["LastUpdated"] > first["LastUpdated"]
    remote.reset(running)
    text = read(url, f"{ROLES}Web")[2]
    third = json.loads(text)
    assert third["AccessKeyId"] not in (first["AccessKeyId"], second["AccessKeyId"])
    assert metadata_of(running, "old") == url
    assert client(running, "sts", keys_in(text)).get_caller_identity()["Account"] == ACCOUNT


def test_a_port_of_the_seed(emulator_from: Callable[[str], Running]) -> None:
    """A port that the seed names is open from the start, and one that is taken is said to be."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        with pytest.raises(EmulatorError, match=rf'cannot listen on port {port} for "fixed": address already in use'):
            emulator_from(f"[account.{ACCOUNT}.instance.fixed]\nport = {port}\n")
    emulator_from(f"[account.{ACCOUNT}.instance.fixed]\nport = {port}\n")
    assert send(f"http://127.0.0.1:{port}", "/latest/meta-data/")[0] == 401


def test_an_instance_that_was_launched(emulator_from: Callable[[str], Running]) -> None:
    """An instance of EC2's API has metadata by its id: those of its profile, and of another one when it gets that."""
    running = emulator_from(SEED)
    root = control.principal(running, f"{ACCOUNT}:root").credentials
    iam, ec2 = client(running, "iam", root), client(running, "ec2", root, region="eu-central-1")
    for role in ("Job", "Deployed"):
        iam.create_instance_profile(InstanceProfileName=role)
    trusting = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusting]})
    iam.create_role(RoleName="Deployed", AssumeRolePolicyDocument=document)
    iam.add_role_to_instance_profile(InstanceProfileName="Deployed", RoleName="Deployed")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launched = ec2.run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        InstanceType="m7g.large",
        IamInstanceProfile={"Name": "Web"},
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
    )["Instances"][0]["InstanceId"]
    url = metadata_of(running, launched)
    assert metadata_of(running, f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/{launched}") == url
    assert send(url, ROLES)[0] == 401
    assert read(url, ROLES)[2] == "Web"
    assert read(url, "/latest/meta-data/instance-type")[2] == "m7g.large"
    assert json.loads(read(url, f"{ROLES}Web")[2])["Code"] == "Success"
    association = ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"][0]
    ec2.replace_iam_instance_profile_association(
        IamInstanceProfile={"Name": "Deployed"}, AssociationId=association["AssociationId"]
    )
    assert read(url, ROLES)[2] == "Deployed"
    ec2.terminate_instances(InstanceIds=[launched])
    assert send(url, TOKEN, "PUT", {TTL: "60"})[0] == 404
    remote.reset(running)
    assert send(url, TOKEN, "PUT", {TTL: "60"})[0] == 404
    with pytest.raises(UsageError, match="there is no"):
        metadata_of(running, launched)
