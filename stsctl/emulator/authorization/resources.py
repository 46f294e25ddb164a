"""The resources of every service as moto has them now: whose they are, their policies, their tags, their full names.

A reader of moto's state beside the directory, which has IAM's part of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from stsctl.emulator.authorization.permission import Place
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import PolicyText, Tags


class Resources:
    """Reads afresh at each question."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._policies: dict[str, Callable[[str, str, str], str | None]] = {
            "kms": _key_policy,
            "lambda": _function_policy,
            "secretsmanager": _secret_policy,
            "sns": _topic_policy,
            "sqs": _queue_policy,
        }
        self._names: dict[tuple[str, str], Callable[[str, Mapping[str, Any], Place], str]] = {
            ("kms", "key"): _key,
            ("kms", "alias"): lambda text, _plain, _place: text.removeprefix("alias/"),
            ("lambda", "function"): _function,
            ("secretsmanager", "Secret"): _secret,
            ("sqs", "queue"): _queue,
            ("ssm", "parameter"): lambda text, _plain, _place: text.lstrip("/"),
        }

    def owner(self, arn: str) -> str | None:
        """The account that a resource belongs to, as far as its ARN tells, or S3."""
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return None
        if parts[2] == "s3" and not parts[4]:
            found = self._directory.bucket(parts[5].partition("/")[0])
            return found[0] if found else None
        return parts[4] if len(parts[4]) == 12 and parts[4].isdecimal() else None  # AWS's own policies are nobody's

    def partition_of_bucket(self, name: str) -> str | None:
        """The partition that a bucket is in, None where there is no such bucket."""
        found = self._directory.bucket(name)
        return self._directory.regions[found[0]].partition if found else None

    def policy(self, arn: str) -> PolicyText | None:
        """A resource's own policy; None where it has none, or is of a service whose policies nobody asks here."""
        parts = arn.split(":", 5)
        if len(parts) < 6 or "*" in arn:
            return None
        _, _, service, region, account, name = parts
        if service == "s3" and not account:
            found = self._directory.bucket(name.partition("/")[0])
            text = found[1] if found else None
        else:
            read = self._policies.get(service)
            text = read(account, region, name) if read and account in self._directory.accounts else None
        return PolicyText(label=f"policy of {arn}", text=text) if text else None

    def tags(self, arn: str) -> Tags:
        """A resource's tags, as far as moto can list them."""
        from moto.core.resource_tagging import iter_taggable_backends

        parts = arn.split(":", 5)
        account = self.owner(arn)
        if len(parts) < 6 or account not in self._directory.accounts or "*" in arn:
            return ()
        if parts[2] == "iam":
            return _tags_of_iam(self._directory.backend(account), arn)
        found = (
            resource.tags
            for backend in iter_taggable_backends(account, parts[3] or "us-east-1")
            if backend.owns_arn(arn)
            for resource in backend.iter_tagged_resources()
            if resource.arn == arn
        )
        return tuple(next(found, {}).items())

    def boundary(self, arn: str) -> str | None:
        """The permissions boundary of a user or a role, as the ARN of its policy."""
        account = self.owner(arn)
        if account not in self._directory.accounts:
            return None
        backend: Any = self._directory.backend(account)
        holders = [*list(backend.users.values()), *list(backend.roles.values())]
        found: Any = next((holder for holder in holders if holder.arn == arn), None)
        return found.permissions_boundary_arn if found else None

    def role_arn(self, account: str, text: str) -> str | None:
        """A role's ARN, out of that or its name; None for what is neither."""
        if text.startswith("arn:"):
            return text if re.fullmatch(r"arn:[^:]+:iam::[0-9]{12}:role/.+", text, re.ASCII) else None
        found = _of_iam(self._directory.backend(account), "role", text, None)
        partition = self._directory.regions[account].partition
        return found if found.startswith("arn:") else f"arn:{partition}:iam::{account}:role/{found}"

    def roles_in_profile(self, account: str, name: str) -> list[str]:
        """The ARNs of the roles in an instance profile, which is named or spelled as its ARN."""
        profiles = list(self._directory.backend(account).instance_profiles.values())
        return [role.arn for found in profiles if name in (found.name, found.arn) for role in found.roles]

    def object_tags(self, arn: str) -> Tags:
        """The tags of an object of S3, in its newest version."""
        from moto.s3.models import s3_backends

        bucket, _, key = arn.split(":", 5)[5].partition("/")
        partition, account = s3_backends.bucket_accounts.get(bucket, ("", ""))
        backend: Any = s3_backends[account][partition] if account else None
        found = backend.buckets[bucket].keys.get(key) if backend and bucket in backend.buckets else None
        return tuple(backend.tagger.get_tag_dict_for_resource(found.arn).items()) if found else ()

    def qualified(self, arn: str, plain: Mapping[str, Any]) -> str:
        """An ARN as AWS asks about it: a function's has the qualifier that the request says beside it."""
        parts, qualifier = arn.split(":"), plain.get("qualifier")
        if parts[2] == "lambda" and len(parts) == 7 and isinstance(qualifier, str) and qualifier:
            return f"{arn}:{qualifier}"
        return arn

    def name(self, service: str, kind: str, text: str, plain: Mapping[str, Any], place: Place) -> str:
        """What stands in a resource's ARN for the name that a request gives it; or its whole ARN."""
        if service == "iam":
            return _of_iam(self._directory.backend(place.account), kind, text, plain.get("path"))
        read = self._names.get((service, kind))
        if read is not None:
            return read(text, plain, place)
        # Most parameters that want a name take an ARN for it.
        return text.rpartition("/")[2].rpartition(":")[2] if text.startswith("arn:") else text


def _backend(service: str, account: str, region: str) -> Any:
    """moto's backend of a service, None where it has none in such a region."""
    from moto.backends import get_backend

    found: Any = get_backend(service)  # type: ignore[call-overload]
    return found[account][region] if region in found[account].regions else None


def _key_policy(account: str, region: str, name: str) -> str | None:
    backend = _backend("kms", account, region)
    found = backend.keys.get(name.removeprefix("key/")) if backend else None
    return found.policy if found else None


def _function_policy(account: str, region: str, name: str) -> str | None:
    from moto.awslambda.exceptions import GenericResourcNotFound, UnknownFunctionException

    backend = _backend("awslambda", account, region)
    try:
        policy = backend.get_function(name.split(":")[1]).policy.get_policy()["Policy"] if backend else None
    except (GenericResourcNotFound, UnknownFunctionException):
        return None
    if policy is None:
        return None
    statements = [{**item, "Principal": _principal(item.get("Principal"))} for item in policy["Statement"]]
    return json.dumps({**policy, "Statement": statements})


def _principal(named: object) -> object:
    """Whom AddPermission names, an account or an ARN, as a policy writes it; moto leaves the bare text."""
    return {"AWS": named} if isinstance(named, str) and named != "*" else named


def _secret_policy(account: str, region: str, name: str) -> str | None:
    backend = _backend("secretsmanager", account, region)
    found = backend.secrets.get(f"arn:aws:secretsmanager:{region}:{account}:{name}") if backend else None
    return found.policy if found else None


def _topic_policy(account: str, region: str, name: str) -> str | None:
    backend = _backend("sns", account, region)
    found = next((topic for topic in backend.topics.values() if topic.name == name), None) if backend else None
    return found.policy if found else None


def _queue_policy(account: str, region: str, name: str) -> str | None:
    backend = _backend("sqs", account, region)
    found = backend.queues.get(name) if backend else None
    return found.policy if found else None


def _key(text: str, _plain: Mapping[str, Any], place: Place) -> str:
    """A key's id, where an alias is given."""
    account, alias, region = place.account, text, place.region
    if text.startswith("arn:"):
        parts = text.split(":", 5)
        region, account, alias = parts[3:] if len(parts) == 6 else ("", "", text)
    if not alias.startswith("alias/"):
        return alias.removeprefix("key/")
    backend = _backend("kms", account, region)
    found = backend.get_key_id_from_alias(alias) if backend else None
    # AWS says of an alias that is not there the alias itself.
    return f"arn:{place.partition}:kms:{region}:{account}:key/{found}" if found else text


def _function(text: str, plain: Mapping[str, Any], _place: Place) -> str:
    """A function's name, out of `name`, `name:alias` or `account:function:name`."""
    name = text.rpartition("function:")[2]
    qualifier = plain.get("qualifier")
    return f"{name}:{qualifier}" if isinstance(qualifier, str) and qualifier and ":" not in name else name


def _secret(text: str, _plain: Mapping[str, Any], place: Place) -> str:
    """A secret's name with the six characters that its ARN ends with."""
    backend = _backend("secretsmanager", place.account, place.region)
    found = backend.secrets.get(text) if backend else None
    return str(found.arn) if found else text


def _queue(text: str, _plain: Mapping[str, Any], place: Place) -> str:
    """A queue's ARN, where the request has its URL: that has the owner's account, and the name."""
    parts = unquote(urlsplit(text).path).strip("/").split("/")
    if len(parts) < 2 or not (len(parts[-2]) == 12 and parts[-2].isdecimal()):
        return parts[-1]
    return f"arn:{place.partition}:sqs:{place.region}:{parts[-2]}:{parts[-1]}"


def _of_iam(backend: Any, kind: str, name: str, path: object) -> str:
    """The ARN of what IAM has by a name, or path and name of what is yet to be made (or not there at all)."""
    match kind:
        case "user":
            found = backend.users.get(name)
        case "group":
            found = backend.groups.get(name)
        case "role":
            found = next((role for role in list(backend.roles.values()) if role.name == name), None)
        case "instance-profile":
            found = next((item for item in list(backend.instance_profiles.values()) if item.name == name), None)
        case _:
            found = None
    if found is not None:
        return str(found.arn)
    return (path.strip("/") + "/" if isinstance(path, str) and path.strip("/") else "") + name.removeprefix("https://")


def _tags_of_iam(backend: Any, arn: str) -> Tags:
    if ":user/" in arn:
        users = [user for user in list(backend.users.values()) if user.arn == arn]
        return tuple((tag["Key"], tag["Value"]) for user in users for tag in user.tags or [])
    roles = [role.tags for role in list(backend.roles.values()) if role.arn == arn]
    policies = [list(policy.tags.values()) for policy in list(backend.managed_policies.values()) if policy.arn == arn]
    return tuple((tag["Key"], tag["Value"]) for tags in roles + policies for tag in tags)
