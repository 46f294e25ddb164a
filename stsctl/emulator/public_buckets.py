"""S3 requests that nobody signed: what a bucket's policy lets everybody do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from stsctl.emulator.authorization import Authorization
from stsctl.emulator.directory import Directory
from stsctl.emulator.principals import PolicyText
from stsctl.emulator.refusal import Refusal, access_denied
from stsctl.emulator.request import Request, query_pairs

_OBJECT_ACTIONS = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}
_BUCKET_ACTIONS = {"GET": "s3:ListBucket", "HEAD": "s3:ListBucket"}
_PLAIN_ARGUMENTS = frozenset(
    {
        "continuation-token",
        "delimiter",
        "encoding-type",
        "fetch-owner",
        "list-type",
        "marker",
        "max-keys",
        "partNumber",
        "prefix",
        "start-after",
        "x-id",
    }
)
"""Arguments that do not turn a request into another operation, as `?acl` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymousCall:
    """One request that nobody signed, as far as policies can look at it."""

    now: datetime
    source_ip: str
    region: str


def owner_for_anybody(asked: Request, call: AnonymousCall, directory: Directory, authorization: Authorization) -> str:
    """The account of the bucket, where its policy lets everybody do this; raises Refusal (AccessDenied) elsewhere."""
    bucket, _, key = unquote(asked.path).lstrip("/").partition("/")
    action = (_OBJECT_ACTIONS if key else _BUCKET_ACTIONS).get(asked.method)
    found = directory.bucket(bucket) if bucket else None
    if action is None or found is None or any(name not in _PLAIN_ARGUMENTS for name, _ in query_pairs(asked.query)):
        raise _denied("the request is not signed")
    owner, text = found
    if text is None:
        raise _denied("the request is not signed, and the bucket has no policy")
    authorization.allow_anybody(
        call,
        action,
        f"arn:{directory.regions[owner].partition}:s3:::{bucket}" + (f"/{key}" if key else ""),
        owner=owner,
        policy=PolicyText(label=f"policy of bucket {bucket}", text=text),
    )
    return owner


def _denied(because: str) -> Refusal:
    return access_denied("Access Denied", because=because)
