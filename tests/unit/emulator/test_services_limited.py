"""Services behind moto under every kind of limit: control policies, session policies, MFA, tags of principals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.organisation import SEED as MFA_SEED
from tests.unit.emulator.services_seed import allow, client_of, policy, refused, user

BOSS, MEMBER = "111111111111", "222222222222"
TRUST = policy(
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{MEMBER}:root"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
)
NO_SQS = policy({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"})
NO_STRANGERS = policy(
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
    }
)
OUTSIDE = "444444444444"
LIMIT = f"arn:aws:iam::{OUTSIDE}:policy/Limit"
BY_TAG = allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}*")
WITH_MFA = allow("dynamodb:ListTables", Bool={"aws:MultiFactorAuthPresent": "true"})

TOML = "\n".join(
    [
        f"[organization]\nid = 'o-exampleorgid'\nmanagement_account = '{BOSS}'\nscp.NoSqs = '{NO_SQS}'",
        f"rcp.Own = '{NO_STRANGERS}'\n[organization.unit.Members]\naccounts = ['{MEMBER}']",
        f"[organization.account.{MEMBER}]\nscps = ['NoSqs']\nrcps = ['Own']",
        user("eve", allow("*"), account=BOSS),
        user("eve", allow("*"), account=MEMBER),
        user("eve", allow("*"), account=OUTSIDE),
        user("delegate", allow("iam:*", StringEquals={"iam:PermissionsBoundary": LIMIT}), account=OUTSIDE),
        user("tagged", allow("s3:GetObject", StringEquals={"s3:ExistingObjectTag/open": "yes"}), account=OUTSIDE),
        f"[account.{OUTSIDE}]\npolicy.Limit = '{policy(allow('s3:*'))}'",
        user("mfa", WITH_MFA, account=MEMBER, more=f"mfa.seed = '{MFA_SEED}'"),
        f"[account.{MEMBER}.role.Teams]\ntrust = '{TRUST}'",
        f"policies.p = '{policy(BY_TAG, allow('s3:ListAllMyBuckets'))}'",
    ]
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One emulator for the tests of this file, each of which makes what it needs by names of its own."""
    folder = tmp_path_factory.mktemp("emulator")
    (folder / "seed.toml").write_text(TOML)
    found = control.start(folder / "state", seed=folder / "seed.toml")
    yield found
    control.stop(folder / "state", found)


def session(running: Running, **more: Any) -> Any:
    """S3 for a session of the role."""
    sts = client_of(running, f"{MEMBER}:eve", "sts")
    answer = sts.assume_role(RoleArn=f"arn:aws:iam::{MEMBER}:role/Teams", RoleSessionName="me", **more)
    return client(running, "s3", credentials_of(answer))


def test_service_control_policies(running: Running) -> None:
    """A member's people are denied what its organization denies, the management account's are not."""
    assert refused(client_of(running, f"{MEMBER}:eve", "sqs").list_queues)[2].endswith(
        "with an explicit deny in a service control policy"
    )
    assert refused(client_of(running, f"{MEMBER}:root", "sqs").list_queues)[0] == "AccessDenied"
    assert client_of(running, f"{BOSS}:eve", "sqs").list_queues()


def test_resource_control_policies(running: Running) -> None:
    """A member's bucket stays closed to strangers, whatever its own policy says."""
    s3 = client_of(running, f"{MEMBER}:eve", "s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="k", Body=b"x")
    opened = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::kept/*"}
    s3.put_bucket_policy(Bucket="kept", Policy=policy(opened))
    assert client_of(running, f"{BOSS}:eve", "s3").get_object(Bucket="kept", Key="k")
    told = refused(client_of(running, f"{OUTSIDE}:eve", "s3").get_object, Bucket="kept", Key="k")[2]
    assert told.endswith("with an explicit deny in a resource control policy")


def test_session_policies(running: Running) -> None:
    """A session has no more than its session policy allows."""
    assert session(running).list_buckets()
    limited = session(running, Policy=policy(allow("s3:GetObject")))
    assert refused(limited.list_buckets)[2].endswith("because no session policy allows the s3:ListAllMyBuckets action")


def test_tags_of_a_session(running: Running) -> None:
    """A policy's variable for a principal's tag takes the session's."""
    blue = session(running, Tags=[{"Key": "team", "Value": "blue"}])
    blue.create_bucket(Bucket="blue-things")
    assert refused(blue.create_bucket, Bucket="red-things")[0] == "AccessDenied"
    assert refused(session(running).create_bucket, Bucket="blue-more")[0] == "AccessDenied"


def test_mfa(running: Running) -> None:
    """A session token that was given for a code is told from long-term keys."""
    mine = control.principal(running, f"{MEMBER}:mfa").credentials
    assert refused(client(running, "dynamodb", mine).list_tables)[0] == "AccessDeniedException"
    serial, code = f"arn:aws:iam::{MEMBER}:mfa/mfa", control.code(running, f"{MEMBER}:mfa")
    token = credentials_of(client(running, "sts", mine).get_session_token(SerialNumber=serial, TokenCode=code))
    assert client(running, "dynamodb", token).list_tables()["TableNames"] == []


def test_a_federated_user_needs_both(running: Running) -> None:
    """What a federated user may do is what its user's policies and its own both allow."""
    sts = client_of(running, f"{MEMBER}:eve", "sts")
    without = credentials_of(sts.get_federation_token(Name="fed"))
    assert refused(client(running, "s3", without).list_buckets)[0] == "AccessDenied"
    given = sts.get_federation_token(Name="fed", Policy=policy(allow("s3:*")))
    assert client(running, "s3", credentials_of(given)).list_buckets()


def test_who_may_make_users_with_a_boundary_only(running: Running) -> None:
    """A delegated administrator makes, and changes, only whom the boundary limits."""
    root, delegate = (client_of(running, f"{OUTSIDE}:{who}", "iam") for who in ("root", "delegate"))
    delegate.create_user(UserName="bound", PermissionsBoundary=LIMIT)
    assert refused(delegate.create_user, UserName="free")[0] == "AccessDenied"
    root.create_user(UserName="free")
    document = policy(allow("*"))
    delegate.put_user_policy(UserName="bound", PolicyName="p", PolicyDocument=document)
    told = refused(delegate.put_user_policy, UserName="free", PolicyName="p", PolicyDocument=document)
    assert told[0] == "AccessDenied"


def test_tags_of_objects(running: Running) -> None:
    """An object's tags decide over it."""
    root, tagged = (client_of(running, f"{OUTSIDE}:{who}", "s3") for who in ("root", "tagged"))
    root.create_bucket(Bucket="tagged-things")
    root.put_object(Bucket="tagged-things", Key="open", Body=b"x", Tagging="open=yes")
    root.put_object(Bucket="tagged-things", Key="closed", Body=b"x", Tagging="open=no")
    assert tagged.get_object(Bucket="tagged-things", Key="open")
    assert refused(tagged.get_object, Bucket="tagged-things", Key="closed")[0] == "AccessDenied"
