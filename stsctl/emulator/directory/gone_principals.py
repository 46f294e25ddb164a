"""What becomes of policies that name a user or a role when that is deleted, or gets another name.

AWS keeps a principal's unique id in the place of its ARN. Of one that is gone, the id is what the policy shows from
then on, and one that is made again with the same name has another id, and is not meant.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from stsctl.emulator.directory.directory import Directory

Change = Callable[[str], str]
"""Gives the text of a policy that takes the place of another."""


def replace_principal(directory: Directory, old: str, new: str) -> None:
    """Puts `new` in the place of the principal `old` in every trust policy and resource policy."""

    def changed(text: str) -> str:
        if old not in text:
            return text
        value = json.loads(text)
        statements = value["Statement"] if isinstance(value["Statement"], list) else [value["Statement"]]
        for statement in statements:
            for element in ("Principal", "NotPrincipal"):
                named = statement.get(element)
                if isinstance(named, dict) and "AWS" in named:
                    named["AWS"] = _changed_names(named["AWS"], old, new)
        return json.dumps(value)

    for account in directory.accounts:
        for role in list(directory.backend(account).roles.values()):
            role.assume_role_policy_document = changed(role.assume_role_policy_document)
    for service, change in _HOLDERS.items():
        for backend in _backends(service):
            change(backend, changed)


def _changed_names(names: Any, old: str, new: str) -> Any:
    return (
        [new if name == old else name for name in names] if isinstance(names, list) else new if names == old else names
    )


def _backends(service: str) -> Iterator[Any]:
    """Every backend of a service that moto has made so far."""
    module: Any = sys.modules.get(f"moto.{service}.models")
    if module is not None:
        for regions in list(getattr(module, f"{service}_backends").values()):
            yield from list(regions.values())


def _of_buckets(backend: Any, changed: Change) -> None:
    for bucket in list(backend.buckets.values()):
        if bucket.policy:
            bucket.policy = changed(bucket.policy.decode()).encode()


def _of_keys(backend: Any, changed: Change) -> None:
    for key in list(backend.keys.values()):
        key.policy = changed(key.policy)


def _of_queues(backend: Any, changed: Change) -> None:
    for queue in list(backend.queues.values()):
        if queue.policy:
            queue.policy = changed(queue.policy)


def _of_topics(backend: Any, changed: Change) -> None:
    for topic in list(backend.topics.values()):
        topic.policy = changed(topic.policy)


def _of_secrets(backend: Any, changed: Change) -> None:
    for secret in list(dict.values(backend.secrets)):
        if secret.policy:
            secret.policy = changed(secret.policy)


_HOLDERS: dict[str, Callable[[Any, Change], None]] = {
    "kms": _of_keys,
    "s3": _of_buckets,
    "secretsmanager": _of_secrets,
    "sns": _of_topics,
    "sqs": _of_queues,
}
