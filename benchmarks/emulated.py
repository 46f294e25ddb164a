"""What the emulator is asked when it is measured: an organisation with keys that are known, and requests of theirs."""

from __future__ import annotations

import json
from functools import cache
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY_ID = "AKIASTSCTLBENCHMARK1"
SECRET = "measured-and-never-used-elsewhere-000000"  # noqa: S105 - of an emulator that lives a minute
_REQUESTS = 100
"""So many different calls are signed beforehand."""

ROLE = "arn:aws:iam::222222222222:role/Deployer"
_TRUST = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
    "Condition": {
        "StringEquals": {"sts:ExternalId": "contract-42", "aws:RequestTag/project": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["project", "build"]},
    },
}
_IDENTITY = [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::builds/*"},
    {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::*:role/Deploy*"},
    {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
]
SESSION = {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "arn:aws:s3:::builds/*"}


def seed() -> str:
    """Two accounts: a user in one, a role that trusts the other's users, with conditions, in the other."""
    return f"""
[account.111111111111.user.builder]
key.main = {{ id = "{KEY_ID}", secret = "{SECRET}" }}
policies.work = '{policy(*_IDENTITY)}'
[account.222222222222.role.Deployer]
trust = '{policy(_TRUST)}'
policies.work = '{policy(*_IDENTITY)}'
"""


def policy(*statements: dict[str, object]) -> str:
    """A document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def identity(port: int) -> bytes:
    """GetCallerIdentity, signed, as bytes."""
    return signed(f"127.0.0.1:{port}", {"Action": "GetCallerIdentity"})


@cache
def assume_roles(port: int) -> tuple[bytes, ...]:
    """Calls of AssumeRole with tags and a session policy, each another, signed, as bytes: valid for five minutes."""
    return tuple(signed(f"127.0.0.1:{port}", assume_role(number)) for number in range(_REQUESTS))


def assume_role(number: int) -> dict[str, str]:
    """The fields of one such call."""
    return {
        "Action": "AssumeRole",
        "RoleArn": ROLE,
        "RoleSessionName": f"build-{number}",
        "ExternalId": "contract-42",
        "Policy": policy(SESSION),
        "Tags.member.1.Key": "project",
        "Tags.member.1.Value": "blue",
        "Tags.member.2.Key": "build",
        "Tags.member.2.Value": str(number),
    }


def signed(host: str, fields: dict[str, str]) -> bytes:
    """A request to STS as an SDK would send it, as bytes."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Host": host}
    body = urlencode({"Version": "2011-06-15", **fields})
    asked = AWSRequest("POST", f"http://{host}/", data=body, headers=headers)
    SigV4Auth(Credentials(KEY_ID, SECRET), "sts", "us-east-1").add_auth(asked)
    head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
    return f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
