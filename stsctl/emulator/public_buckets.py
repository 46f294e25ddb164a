"""S3 requests that nobody signed: what a bucket's policy lets everybody do."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

from stsctl.emulator.directory import Directory
from stsctl.emulator.refusal import Refusal, access_denied
from stsctl.emulator.request import Request, query_pairs
from stsctl.policy import evaluate
from stsctl.policy.document import Kind, PolicyError, parse
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request as Question

_parse = lru_cache(maxsize=256)(parse)

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


def owner_for_anybody(asked: Request, directory: Directory) -> str:
    """The account of the bucket, where its policy lets everybody do this; raises Refusal (AccessDenied) elsewhere."""
    bucket, _, key = unquote(asked.path).lstrip("/").partition("/")
    action = (_OBJECT_ACTIONS if key else _BUCKET_ACTIONS).get(asked.method)
    found = directory.bucket(bucket) if bucket else None
    if action is None or found is None or any(name not in _PLAIN_ARGUMENTS for name, _ in query_pairs(asked.query)):
        raise _denied("the request is not signed")
    owner, text = found
    if text is None:
        raise _denied("the request is not signed, and the bucket has no policy")
    question = Question(
        principal=Principal.of("*"),
        action=action,
        resource=f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else ""),
        resource_account=owner,
        context={"aws:SourceIp": asked.source_ip, "aws:SecureTransport": "true"},
    )
    try:
        policy = evaluate.Policy(name=f"policy of bucket {bucket}", document=_parse(text, Kind.RESOURCE))
    except PolicyError as error:
        raise _denied(error.message) from error
    if not evaluate.evaluate(question, evaluate.Policies(resource=policy)).allowed:
        raise _denied("the request is not signed, and the bucket's policy does not allow it to everybody")
    return owner


def _denied(because: str) -> Refusal:
    return access_denied("Access Denied", because=because)
