"""Every service but STS, authorized: who may do what, in AWS's words."""

from __future__ import annotations

import json

import pytest

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.unit.emulator.services_seed import allow, client_of, policy, refused, user

HOME = "111111111111"
OTHER = "222222222222"
BUCKET = "arn:aws:s3:::things"

SEED = "\n".join(
    [
        user("nobody", allow("iam:GetUser")),
        user("lister", allow("s3:ListBucket", BUCKET, StringLike={"s3:prefix": "open/*"})),
        user("reader", allow("s3:GetObject", f"{BUCKET}/open/*")),
        user("writer", allow("s3:PutObject", f"{BUCKET}/*")),
        user("cleaner", allow("s3:DeleteObject", f"{BUCKET}/open/*")),
        user("sender", allow("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{HOME}:jobs")),
        user("tabler", allow("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{HOME}:table/t")),
        user("stopper", allow("ec2:TerminateInstances", "*", StringEquals={"aws:ResourceTag/team": "blue"})),
        user("tagger", allow("ec2:RunInstances", "*", StringEquals={"aws:RequestTag/team": "blue"})),
        user("denied", allow("*"), {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}),
        user("bounded", allow("*"), more="boundary = 'OnlyS3'"),
        user("stranger", allow("*"), account=OTHER),
        user("alike", allow("s3:*"), account=OTHER),
        f"[account.{HOME}]\npolicy.OnlyS3 = '{policy(allow('s3:*'))}'",
    ]
)


@pytest.fixture(scope="module")
def things(running: Running) -> str:
    """A bucket of the home account's, with objects in it."""
    s3 = client_of(running, f"{HOME}:root", "s3")
    s3.create_bucket(Bucket="things")
    for key in ("open/a", "open/b", "closed/c"):
        s3.put_object(Bucket="things", Key=key, Body=b"x")
    return "things"


def test_nothing_is_allowed_by_itself(running: Running, things: str) -> None:
    """Without a policy that allows, S3 refuses in AWS's words."""
    assert refused(client_of(running, "nobody", "s3").list_objects_v2, Bucket=things) == (
        "AccessDenied",
        403,
        (
            f"User: arn:aws:iam::{HOME}:user/nobody is not authorized to perform: s3:ListBucket on resource: "
            f'"{BUCKET}" because no identity-based policy allows the s3:ListBucket action'
        ),
    )


def test_the_root_user_needs_no_policy(running: Running, things: str) -> None:
    """An account's root may do everything in its account, and nothing in another."""
    assert client_of(running, f"{HOME}:root", "s3").get_object(Bucket=things, Key="closed/c")
    assert (
        refused(client_of(running, f"{OTHER}:root", "s3").get_object, Bucket=things, Key="closed/c")[0]
        == "AccessDenied"
    )


def test_s3_conditions(running: Running, things: str) -> None:
    """What S3's request says is there for conditions: the prefix of a listing."""
    s3 = client_of(running, "lister", "s3")
    assert len(s3.list_objects_v2(Bucket=things, Prefix="open/")["Contents"]) == 2
    assert refused(s3.list_objects_v2, Bucket=things)[0] == "AccessDenied"
    assert refused(s3.list_objects, Bucket=things, Prefix="closed/")[0] == "AccessDenied"


def test_s3_objects(running: Running, things: str) -> None:
    """Objects are resources of their own; head is get, copying needs both sides."""
    reader, writer = client_of(running, "reader", "s3"), client_of(running, "writer", "s3")
    assert reader.get_object(Bucket=things, Key="open/a")["Body"].read() == b"x"
    assert reader.head_object(Bucket=things, Key="open/a")
    assert refused(reader.head_object, Bucket=things, Key="closed/c")[1] == 403
    assert refused(reader.put_object, Bucket=things, Key="open/a", Body=b"y")[0] == "AccessDenied"
    writer.put_object(Bucket=things, Key="new", Body=b"y")
    code, _, message = refused(writer.copy_object, Bucket=things, Key="copy", CopySource=f"{things}/open/a")
    assert (code, "s3:GetObject" in message) == ("AccessDenied", True)
    assert "s3:PutObjectAcl" in refused(writer.put_object, Bucket=things, Key="n", Body=b"", ACL="public-read")[2]


def test_s3_delete_objects(running: Running, things: str) -> None:
    """Of many keys those are deleted that may be, the others come back as errors."""
    root = client_of(running, f"{HOME}:root", "s3")
    for key in ("open/x", "closed/x"):
        root.put_object(Bucket=things, Key=key, Body=b"x")
    keys = [{"Key": "open/x"}, {"Key": "closed/x"}]
    answer = client_of(running, "cleaner", "s3").delete_objects(Bucket=things, Delete={"Objects": keys})
    assert [item["Key"] for item in answer["Deleted"]] == ["open/x"]
    assert [(item["Key"], item["Code"]) for item in answer["Errors"]] == [("closed/x", "AccessDenied")]
    assert root.head_object(Bucket=things, Key="closed/x")


def test_bucket_policy_across_accounts(running: Running) -> None:
    """A bucket's policy and the caller's own both have to allow, and the request is the owner's account's."""
    root = client_of(running, f"{HOME}:root", "s3")
    root.create_bucket(Bucket="shared")
    root.put_object(Bucket="shared", Key="a", Body=b"x")
    alike = client_of(running, f"{OTHER}:alike", "s3")
    code, _, message = refused(alike.get_object, Bucket="shared", Key="a")
    assert (code, message.split(" because ")[1]) == (
        "AccessDenied",
        "no resource-based policy allows the s3:GetObject action",
    )
    document = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": "arn:aws:s3:::shared/*",
    }
    root.put_bucket_policy(Bucket="shared", Policy=policy(document))
    assert alike.get_object(Bucket="shared", Key="a")["Body"].read() == b"x"
    alike.put_object(Bucket="shared", Key="b", Body=b"y")
    assert root.get_object(Bucket="shared", Key="b")["Body"].read() == b"y"


def test_bucket_policy_denies_whom_it_means(running: Running) -> None:
    """moto's own reading of a bucket's Deny, which forgets Principal and Condition, is out of the way."""
    root = client_of(running, f"{HOME}:root", "s3")
    root.create_bucket(Bucket="guarded")
    root.put_object(Bucket="guarded", Key="a", Body=b"x")
    document = {
        "Effect": "Deny",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::guarded", "arn:aws:s3:::guarded/*"],
    }
    root.put_bucket_policy(Bucket="guarded", Policy=policy(document))
    assert root.get_object(Bucket="guarded", Key="a")


def test_sqs(running: Running) -> None:
    """A queue is named by its URL; its policy opens it to another account."""
    root = client_of(running, f"{HOME}:root", "sqs")
    url = root.create_queue(QueueName="jobs")["QueueUrl"]
    client_of(running, "sender", "sqs").send_message(QueueUrl=url, MessageBody="x")
    arn = f"arn:aws:sqs:us-east-1:{HOME}:jobs"
    assert refused(client_of(running, "sender", "sqs").receive_message, QueueUrl=url)[2] == (
        f"User: arn:aws:iam::{HOME}:user/sender is not authorized to perform: sqs:receivemessage on resource: {arn} "
        "because no identity-based policy allows the sqs:receivemessage action"
    )
    assert refused(client_of(running, "denied", "sqs").receive_message, QueueUrl=url)[2].endswith(
        "with an explicit deny in an identity-based policy"
    )
    stranger = client_of(running, f"{OTHER}:stranger", "sqs")
    assert "no resource-based policy allows" in refused(stranger.receive_message, QueueUrl=url)[2]
    opened = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sqs:ReceiveMessage", "Resource": arn}
    root.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(opened)})
    assert stranger.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "x"


def test_boundary(running: Running) -> None:
    """A permissions boundary limits services, and the refusal says so."""
    assert client_of(running, "bounded", "s3").list_buckets()
    assert refused(client_of(running, "bounded", "sqs").list_queues) == (
        "AccessDenied",
        400,
        (
            f"User: arn:aws:iam::{HOME}:user/bounded is not authorized to perform: sqs:listqueues on resource: * "
            "because no permissions boundary allows the sqs:listqueues action"
        ),
    )


def test_kms(running: Running) -> None:
    """A key's policy has to allow, even inside the account; an alias stands for its key."""
    root = client_of(running, f"{HOME}:root", "kms")
    key = root.create_key()["KeyMetadata"]
    root.create_alias(AliasName="alias/things", TargetKeyId=key["KeyId"])
    kms = client_of(running, "nobody", "kms")
    code, status, message = refused(kms.encrypt, KeyId="alias/things", Plaintext=b"x")
    assert (code, status) == ("AccessDeniedException", 400)
    assert f"kms:Encrypt on resource: {key['Arn']} because no identity-based policy allows" in message
    named = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{HOME}:user/nobody"},
        "Action": "kms:Encrypt",
        "Resource": "*",
    }
    root.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy(named))
    assert kms.encrypt(KeyId="alias/things", Plaintext=b"x")["CiphertextBlob"]


def test_dynamodb(running: Running) -> None:
    """A table is a resource, each table of a batch by itself."""
    root = client_of(running, f"{HOME}:root", "dynamodb")
    for name in ("t", "u"):
        root.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    tabler, key = client_of(running, "tabler", "dynamodb"), {"k": {"S": "x"}}
    assert "Item" not in tabler.get_item(TableName="t", Key=key)
    code, status, message = refused(tabler.get_item, TableName="u", Key=key)
    assert (code, status) == ("AccessDeniedException", 400)
    assert "table/u because" in message
    items = [{"Get": {"TableName": name, "Key": key}} for name in ("t", "u")]
    assert tabler.transact_get_items(TransactItems=items[:1])
    assert "table/u" in refused(tabler.transact_get_items, TransactItems=items)[2]


def test_ec2(running: Running) -> None:
    """Tags of a request and of an instance decide; the refusal carries a message that decodes to the decision."""
    root = client_of(running, f"{HOME}:root", "ec2")
    run = {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1}
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "blue"}]}]
    tagged = root.run_instances(**run, TagSpecifications=tags)["Instances"][0]["InstanceId"]
    plain = root.run_instances(**run)["Instances"][0]["InstanceId"]
    code, status, message = refused(client_of(running, "tagger", "ec2").run_instances, **run)
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert message.startswith("You are not authorized to perform this operation. User: arn:aws:iam::")
    sealed = message.rpartition("Encoded authorization failure message: ")[2]
    sts = client_of(running, f"{HOME}:root", "sts")
    decoded = json.loads(sts.decode_authorization_message(EncodedMessage=sealed)["DecodedMessage"])
    assert (decoded["allowed"], decoded["context"]["action"]) == (False, "ec2:RunInstances")
    assert client_of(running, "tagger", "ec2").run_instances(**run, TagSpecifications=tags)["Instances"]
    stopper = client_of(running, "stopper", "ec2")
    assert refused(stopper.terminate_instances, InstanceIds=[tagged, plain])[0] == "UnauthorizedOperation"
    assert stopper.terminate_instances(InstanceIds=[tagged])


def test_a_batch_of_nothing(running: Running) -> None:
    """A transaction without items, which a client would not send, is asked for like any other."""
    from tests.unit.emulator.test_server import send, sign

    headers = {"X-Amz-Target": "DynamoDB_20120810.TransactWriteItems", "Content-Type": "application/x-amz-json-1.0"}
    credentials = control.principal(running, "nobody").credentials
    signed = sign(running, credentials, body="{}", service="dynamodb", headers=headers)
    status, _, body = send(running, body="{}", headers=signed)
    assert (status, json.loads(body)["__type"]) == (400, "AccessDeniedException")


def test_other_resource_policies_across_accounts(running: Running) -> None:
    """Topics, secrets and keys are opened to another account by their own policies, and by nothing else."""
    topic = client_of(running, f"{HOME}:root", "sns").create_topic(Name="news")["TopicArn"]
    secret = client_of(running, f"{HOME}:root", "secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    opened = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Resource": "*"}
    sns, secrets = (client_of(running, f"{OTHER}:stranger", name) for name in ("sns", "secretsmanager"))
    assert refused(sns.publish, TopicArn=topic, Message="m")[0] == "AuthorizationError"
    assert refused(secrets.get_secret_value, SecretId=secret)[0] == "AccessDeniedException"
    client_of(running, f"{HOME}:root", "sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy({**opened, "Action": "sns:Publish"})
    )
    client_of(running, f"{HOME}:root", "secretsmanager").put_resource_policy(
        SecretId="s", ResourcePolicy=policy({**opened, "Action": "secretsmanager:GetSecretValue"})
    )
    key = client_of(running, f"{HOME}:root", "kms").create_key(
        Policy=policy({**opened, "Principal": {"AWS": [HOME, OTHER]}, "Action": "kms:*"})
    )["KeyMetadata"]["Arn"]
    assert sns.publish(TopicArn=topic, Message="m")["MessageId"]
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "x"
    assert client_of(running, f"{OTHER}:stranger", "kms").encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
