"""What a request needs by AWS's names: the action and the resource, as a refusal tells them."""

from __future__ import annotations

from typing import Any

import pytest

from stsctl.emulator.running import Running
from tests.unit.emulator.services_seed import client_of, refused

HERE = "us-east-1:111111111111"
IAM = "arn:aws:iam::111111111111"

NAMED: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("s3", "list_buckets", {}, "s3:ListAllMyBuckets", '"*"'),
    ("s3", "list_object_versions", {"Bucket": "bk"}, "s3:ListBucketVersions", '"arn:aws:s3:::bk"'),
    ("s3", "get_object", {"Bucket": "bk", "Key": "a b/ü"}, "s3:GetObject", '"arn:aws:s3:::bk/a b/ü"'),
    ("s3", "get_object", {"Bucket": "bk", "Key": "k", "VersionId": "v"}, "s3:GetObjectVersion", '"arn:aws:s3:::bk/k"'),
    ("s3", "put_object_tagging", {"Bucket": "bk", "Key": "k", "Tagging": {"TagSet": []}}, "s3:PutObjectTagging", ""),
    ("s3", "create_multipart_upload", {"Bucket": "bk", "Key": "k"}, "s3:PutObject", '"arn:aws:s3:::bk/k"'),
    ("s3", "delete_bucket_cors", {"Bucket": "bk"}, "s3:PutBucketCORS", '"arn:aws:s3:::bk"'),
    ("s3", "get_bucket_encryption", {"Bucket": "bk"}, "s3:GetEncryptionConfiguration", '"arn:aws:s3:::bk"'),
    ("iam", "list_users", {}, "iam:ListUsers", "*"),
    ("iam", "create_user", {"UserName": "x", "Path": "/a/b/"}, "iam:CreateUser", f"{IAM}:user/a/b/x"),
    ("iam", "get_role", {"RoleName": "Hub"}, "iam:GetRole", f"{IAM}:role/Hub"),
    ("iam", "create_policy", {"PolicyName": "p", "PolicyDocument": "{}"}, "iam:CreatePolicy", f"{IAM}:policy/p"),
    ("iam", "create_virtual_mfa_device", {"VirtualMFADeviceName": "m"}, "iam:CreateVirtualMFADevice", f"{IAM}:mfa/m"),
    ("iam", "create_access_key", {}, "iam:CreateAccessKey", f"{IAM}:user/alice"),
    ("sns", "create_topic", {"Name": "t"}, "sns:CreateTopic", f"arn:aws:sns:{HERE}:t"),
    ("sns", "publish", {"TopicArn": f"arn:aws:sns:{HERE}:t", "Message": "m"}, "sns:Publish", f"arn:aws:sns:{HERE}:t"),
    ("kms", "create_key", {}, "kms:CreateKey", "*"),
    ("kms", "decrypt", {"KeyId": "1234", "CiphertextBlob": b"x"}, "kms:Decrypt", f"arn:aws:kms:{HERE}:key/1234"),
    ("lambda", "invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f"),
    (
        "lambda",
        "invoke",
        {"FunctionName": f"arn:aws:lambda:{HERE}:function:f", "Qualifier": "live"},
        "lambda:InvokeFunction",
        f"arn:aws:lambda:{HERE}:function:f:live",
    ),
    ("dynamodb", "list_tables", {}, "dynamodb:ListTables", "*"),
    (
        "dynamodb",
        "query",
        {"TableName": "t", "IndexName": "idx", "KeyConditionExpression": "k"},
        "dynamodb:Query",
        f"arn:aws:dynamodb:{HERE}:table/t/index/idx",
    ),
    (
        "secretsmanager",
        "get_secret_value",
        {"SecretId": "s"},
        "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{HERE}:secret:s",
    ),
    ("ssm", "get_parameter", {"Name": "/a/b"}, "ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/a/b"),
    (
        "logs",
        "put_log_events",
        {"logGroupName": "/g", "logStreamName": "s", "logEvents": [{"timestamp": 0, "message": "m"}]},
        "logs:PutLogEvents",
        f"arn:aws:logs:{HERE}:log-group:/g:log-stream:s",
    ),
    ("cloudwatch", "list_metrics", {}, "cloudwatch:ListMetrics", "*"),
    ("ec2", "describe_instances", {}, "ec2:DescribeInstances", ""),
    ("ec2", "stop_instances", {"InstanceIds": ["i-1"]}, "ec2:StopInstances", f"arn:aws:ec2:{HERE}:instance/i-1"),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "ec2:CreateVpc", f"arn:aws:ec2:{HERE}:vpc/*"),
    ("ec2", "create_tags", {"Resources": ["vol-1"], "Tags": []}, "ec2:CreateTags", f"arn:aws:ec2:{HERE}:volume/vol-1"),
    ("apigateway", "create_rest_api", {"name": "a"}, "apigateway:POST", "arn:aws:apigateway:us-east-1::/restapis"),
    ("apigatewayv2", "get_apis", {}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/v2/apis"),
    (
        "stepfunctions",
        "start_execution",
        {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m"},
        "states:StartExecution",
        f"arn:aws:states:{HERE}:stateMachine:m",
    ),
    ("events", "put_rule", {"Name": "r"}, "events:PutRule", f"arn:aws:events:{HERE}:rule/r"),
    (
        "ecr",
        "create_repository",
        {"repositoryName": "rep"},
        "ecr:CreateRepository",
        f"arn:aws:ecr:{HERE}:repository/rep",
    ),
    ("elbv2", "describe_load_balancers", {}, "elasticloadbalancing:DescribeLoadBalancers", "*"),
    ("elb", "describe_load_balancers", {}, "elasticloadbalancing:DescribeLoadBalancers", "*"),
    ("resourcegroupstaggingapi", "get_resources", {}, "tag:GetResources", "*"),
    ("rds", "delete_db_instance", {"DBInstanceIdentifier": "d"}, "rds:DeleteDBInstance", f"arn:aws:rds:{HERE}:db:d"),
    ("glue", "get_job", {"JobName": "j"}, "glue:GetJob", f"arn:aws:glue:{HERE}:job/j"),
    (
        "kinesis",
        "put_record",
        {"StreamName": "s", "Data": b"", "PartitionKey": "p"},
        "kinesis:PutRecord",
        f"arn:aws:kinesis:{HERE}:stream/s",
    ),
]


@pytest.mark.parametrize(("service", "operation", "given", "action", "resource"), NAMED)
def test_what_a_request_needs(
    shared_emulator: Running, service: str, operation: str, given: dict[str, Any], action: str, resource: str
) -> None:
    """Each protocol's operations are told apart, and their resources found in their parameters."""
    _, _, message = refused(getattr(client_of(shared_emulator, "alice", service), operation), **given)
    assert f"is not authorized to perform: {action} on resource: {resource}" in message
