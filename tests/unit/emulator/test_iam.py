"""What stands before moto's IAM: principals in policies, devices, ids."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from stsctl.credentials import Secret
from stsctl.emulator.running import Running
from stsctl.totp import code_at, step_at
from tests.unit.emulator.services_seed import allow, client_of, policy, refused, user

HOME = "111111111111"
OTHER = "222222222222"

SEED = "\n".join(
    [user("bob", allow("sts:AssumeRole")), user("carol", allow("sts:AssumeRole")), f"[account.{OTHER}]\nname = 'o'"]
)


@pytest.fixture(scope="module")
def iam(running: Running) -> Any:
    """IAM, for the account's root."""
    return client_of(running, f"{HOME}:root", "iam")


def trust(principal: object) -> str:
    """A trust policy that names somebody of AWS's."""
    return policy({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"})


def named(iam: Any, role: str) -> Any:
    """Whom a role's trust policy names."""
    return iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]


def test_trust_names_who_was_there(running: Running, iam: Any) -> None:
    """A user that is deleted is shown by its unique id, and one made again by the same name is somebody else."""
    arn = iam.create_user(UserName="dora")["User"]["Arn"]
    iam.put_user_policy(UserName="dora", PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole")))
    iam.create_role(RoleName="TrustsDora", AssumeRolePolicyDocument=trust([arn, f"arn:aws:iam::{HOME}:user/bob"]))
    unique_id = iam.get_user(UserName="dora")["User"]["UserId"]
    iam.create_access_key(UserName="dora")
    assume = {"RoleArn": f"arn:aws:iam::{HOME}:role/TrustsDora", "RoleSessionName": "me"}
    assert client_of(running, "dora", "sts").assume_role(**assume)
    assert named(iam, "TrustsDora")[0] == arn
    for key in iam.list_access_keys(UserName="dora")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="dora", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="dora", PolicyName="p")
    iam.delete_user(UserName="dora")
    assert named(iam, "TrustsDora") == [unique_id, f"arn:aws:iam::{HOME}:user/bob"]
    iam.create_user(UserName="dora")
    iam.create_access_key(UserName="dora")
    assert refused(client_of(running, "dora", "sts").assume_role, **assume)[0] == "AccessDenied"
    assert client_of(running, "bob", "sts").assume_role(**assume)


def test_bucket_policies_too(running: Running, iam: Any) -> None:
    """So it is with roles, and with resource policies."""
    arn = iam.create_role(RoleName="Reader", AssumeRolePolicyDocument=trust(HOME))["Role"]["Arn"]
    s3 = client_of(running, f"{OTHER}:root", "s3")
    s3.create_bucket(Bucket="read")
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:*", "Resource": "arn:aws:s3:::read"}
    s3.put_bucket_policy(Bucket="read", Policy=policy(statement))
    unique_id = iam.get_role(RoleName="Reader")["Role"]["RoleId"]
    iam.delete_role(RoleName="Reader")
    text = s3.get_bucket_policy(Bucket="read")["Policy"]
    assert json.loads(text)["Statement"][0]["Principal"]["AWS"] == unique_id


def test_renamed_users_are_followed(iam: Any) -> None:
    """A user that gets another name is meant as before."""
    arn = iam.create_user(UserName="erin")["User"]["Arn"]
    iam.create_role(RoleName="TrustsErin", AssumeRolePolicyDocument=trust(arn))
    iam.update_user(UserName="erin", NewUserName="eryn")
    assert named(iam, "TrustsErin") == arn.replace("erin", "eryn")


@pytest.mark.parametrize(
    "principal",
    [f"arn:aws:iam::{HOME}:user/nobody", f"arn:aws:iam::{OTHER}:role/Nothing", "AIDAQQQQQQQQQQQQQQQQQ"],
)
def test_who_is_not_there_cannot_be_named(running: Running, iam: Any, principal: str) -> None:
    """Policies that name nobody are refused in each service's words."""
    told = refused(iam.create_role, RoleName="Bad", AssumeRolePolicyDocument=trust(principal))
    assert told == ("MalformedPolicyDocument", 400, f'Invalid principal in policy: "AWS":"{principal}"')
    s3 = client_of(running, f"{HOME}:root", "s3")
    bucket = f"b{abs(hash(principal)) % 10**8}"
    s3.create_bucket(Bucket=bucket)
    resource = f"arn:aws:s3:::{bucket}/*"
    text = policy({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:GetObject", "Resource": resource})
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=text) == (
        "MalformedPolicy",
        400,
        "Invalid principal in policy",
    )


def test_accounts_elsewhere_can_be_named(iam: Any) -> None:
    """Of accounts that are not in the emulator nobody knows who is there."""
    assert iam.create_role(
        RoleName="Far", AssumeRolePolicyDocument=trust(["999999999999", "arn:aws:iam::999999999999:user/x"])
    )


def test_resource_policies_are_checked(running: Running) -> None:
    """Texts that are no policies are refused, and a bucket's policy is about the bucket."""
    s3 = client_of(running, f"{HOME}:root", "s3")
    s3.create_bucket(Bucket="checked")
    assert refused(s3.put_bucket_policy, Bucket="checked", Policy="{")[0] == "MalformedPolicy"
    elsewhere = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::others/*"}
    told = refused(s3.put_bucket_policy, Bucket="checked", Policy=policy(elsewhere))
    assert told == ("MalformedPolicy", 400, "Policy has invalid resource")
    kms = client_of(running, f"{HOME}:root", "kms")
    assert refused(kms.create_key, Policy="[]")[0] == "MalformedPolicyDocumentException"
    sqs = client_of(running, f"{HOME}:root", "sqs")
    assert refused(sqs.create_queue, QueueName="q", Attributes={"Policy": "x"})[0] == "InvalidAttributeValue"


def test_devices(iam: Any) -> None:
    """A device is told by GetMFADevice, and brought in step by two codes in a row, and nothing less."""
    iam.create_user(UserName="fay")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="fay")["VirtualMFADevice"]
    serial, seed = device["SerialNumber"], Secret(device["Base32StringSeed"].decode())
    assert refused(iam.get_mfa_device, SerialNumber=serial)[0] == "NoSuchEntity"
    step = step_at(datetime.fromtimestamp(time.time(), UTC))
    codes = {"AuthenticationCode1": code_at(seed, step - 1), "AuthenticationCode2": code_at(seed, step)}
    iam.enable_mfa_device(UserName="fay", SerialNumber=serial, **codes)
    found = iam.get_mfa_device(SerialNumber=serial, UserName="fay")
    assert (found["UserName"], found["SerialNumber"]) == ("fay", serial)
    assert refused(iam.get_mfa_device, SerialNumber=serial, UserName="bob")[0] == "NoSuchEntity"
    assert iam.resync_mfa_device(UserName="fay", SerialNumber=serial, **codes)
    wrong = {"AuthenticationCode1": codes["AuthenticationCode2"], "AuthenticationCode2": codes["AuthenticationCode1"]}
    told = refused(iam.resync_mfa_device, UserName="fay", SerialNumber=serial, **wrong)
    assert told[0] == "InvalidAuthenticationCode"


def test_devices_that_cannot_be_enabled(iam: Any) -> None:
    """One that does not exist, one that is somebody's, and a ninth; and one that is in use is not deleted."""
    for name in ("hal", "ida"):
        iam.create_user(UserName=name)

    def enable(*, user: str, serial: str, seed: Secret) -> None:
        step = step_at(datetime.fromtimestamp(time.time(), UTC))
        codes = {"AuthenticationCode1": code_at(seed, step - 1), "AuthenticationCode2": code_at(seed, step)}
        iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)

    made = [iam.create_virtual_mfa_device(VirtualMFADeviceName=f"hal-{at}")["VirtualMFADevice"] for at in range(9)]
    seeds = {each["SerialNumber"]: Secret(each["Base32StringSeed"].decode()) for each in made}
    serial, *_, ninth = seeds
    assert refused(enable, user="hal", serial=f"{serial}-other", seed=seeds[serial])[0] == "NoSuchEntity"
    for each in list(seeds)[:8]:
        enable(user="hal", serial=each, seed=seeds[each])
    assert refused(enable, user="ida", serial=serial, seed=seeds[serial])[:2] == ("EntityAlreadyExists", 409)
    assert refused(enable, user="hal", serial=ninth, seed=seeds[ninth])[:2] == ("LimitExceeded", 409)
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=serial)[:2] == ("DeleteConflict", 409)
    enable(user="ida", serial=ninth, seed=seeds[ninth])
    iam.deactivate_mfa_device(UserName="hal", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)


def test_ids(iam: Any) -> None:
    """Unique ids are shaped like AWS's."""
    made = [
        ("AIDA", iam.create_user(UserName="gil")["User"]["UserId"]),
        ("AGPA", iam.create_group(GroupName="gils")["Group"]["GroupId"]),
        ("AROA", iam.create_role(RoleName="Gil", AssumeRolePolicyDocument=trust(HOME))["Role"]["RoleId"]),
        ("ANPA", iam.create_policy(PolicyName="Gil", PolicyDocument=policy(allow("*")))["Policy"]["PolicyId"]),
        (
            "AIPA",
            iam.create_instance_profile(InstanceProfileName="Gil")["InstanceProfile"]["InstanceProfileId"],
        ),
    ]
    for prefix, unique_id in made:
        assert re.fullmatch(f"{prefix}[A-Z0-9]{{17}}", unique_id), unique_id
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", iam.create_access_key(UserName="gil")["AccessKey"]["AccessKeyId"])
