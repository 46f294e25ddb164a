"""Which permissions a request to S3 needs: on buckets, on objects, on versions of them, and for what it sets besides.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/ (the permissions of each operation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from stsctl.emulator.authorization import service_keys, service_reference
from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.authorization.permission import Permission, Place
from stsctl.emulator.authorization.resource_names import Names
from stsctl.emulator.services.services import Operation

_OF_VERSIONS = {
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}
"""The actions that have another name where the request says a version."""
_BESIDES = {
    "CreateBucket": {
        "ACL": "PutBucketAcl",
        "ObjectLockEnabledForBucket": "PutBucketObjectLockConfiguration",
        "ObjectOwnership": "PutBucketOwnershipControls",
    },
    "PutObject": {
        "ACL": "PutObjectAcl",
        "ObjectLockLegalHoldStatus": "PutObjectLegalHold",
        "ObjectLockMode": "PutObjectRetention",
        "Tagging": "PutObjectTagging",
    },
}
"""What an action's parameters set that has an action of its own."""
_TAGGING = ("PutObject", "PutObjectTagging", "PutObjectVersionTagging")


def needed(operation: Operation, place: Place, actions: list[str], names: Names) -> Iterator[Permission]:
    """The permissions of an operation whose own actions are `actions`, and of what it copies or sets besides."""
    given = operation.parameters
    bucket, key = given.get("Bucket"), given.get("Key")
    if operation.name == "DeleteObjects":
        for item in (given.get("Delete") or {}).get("Objects") or ():
            yield _permission("DeleteObject", bucket, {**given, **item}, place, names)
        return
    for action in actions:
        yield _permission(action, bucket, given, place, names)
    for parameter, action in _BESIDES.get(actions[0], {}).items():
        if given.get(parameter) and operation.name not in ("UploadPart", "CompleteMultipartUpload"):
            yield _permission(action, bucket, given, place, names)
    source = given.get("CopySource")
    if isinstance(source, str) and key:
        yield _read(source, place, names)


def _read(source: str, place: Place, names: Names) -> Permission:
    """What copying asks for on the object that is copied: `bucket/key`, or `bucket/key?versionId=…`."""
    path, _, query = source.partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    version = dict(parse_qsl(query)).get("versionId")
    return _permission("GetObject", bucket, {"Key": key, "VersionId": version}, place, names)


def _permission(action: str, bucket: object, given: Mapping[str, Any], place: Place, names: Names) -> Permission:
    if given.get("VersionId"):
        action = _OF_VERSIONS.get(action, action)
    if not isinstance(bucket, str) or not bucket:
        return Permission(action=f"s3:{action}", resource="*", context=_of_signature(place))
    arn = bucket if bucket.startswith("arn:") else names.bucket(bucket, place)
    owner = names.owner(arn) or place.account
    known = service_reference.find("s3", action)
    context = _of_signature(place) | {"s3:ResourceAccount": owner}
    key = given.get("Key")
    on_object = isinstance(key, str) and known is not None and any(kind.name == "object" for kind in known.types)
    if known is not None:
        context |= service_keys.of_request(known, None, given, place) | _of_headers(known, place)
    if on_object:
        arn = f"{arn}/{key}"
        context |= {f"s3:ExistingObjectTag/{name}": value for name, value in names.object_tags(arn)}
    if action in _TAGGING:
        context |= _of_new_tags(given)
    return Permission(action=known.name if known else f"s3:{action}", resource=arn, owner=owner, context=context)


def _of_signature(place: Place) -> Context:
    """How the request is signed (https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html)."""
    in_header = place.asked.header("authorization") is not None
    return {
        "s3:authType": "REST-HEADER" if in_header else "REST-QUERY-STRING",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
    }


def _of_headers(action: service_reference.Action, place: Place) -> Context:
    """The keys that are named for a header, as s3:x-amz-acl."""
    names = [key.partition(":")[2] for key in action.keys if key.startswith("s3:x-amz-")]
    return {f"s3:{name}": value for name in names if (value := place.asked.header(name)) is not None}


def _of_new_tags(given: Mapping[str, Any]) -> Context:
    tags = {
        name.removeprefix("aws:RequestTag/"): value
        for name, value in service_keys.of_tags(given).items()
        if name.startswith("aws:RequestTag/")
    }
    keys: Context = {f"s3:RequestObjectTag/{name}": value for name, value in tags.items()}
    return {**keys, "s3:RequestObjectTagKeys": tuple(tags) or None}
