"""Trust policies as they are found in files: alone, or in what IAM answers; each part with its line and column."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from stsctl.arn import Arn
from stsctl.errors import ConfigurationError, UsageError
from stsctl.policy.json_text import Path, Reader, places

Finder = Callable[[Path, bool], tuple[int, int]]
"""Gives the line and the column of the part that a path leads to, or of its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """The trust policy of a role, decoded; `role` is None for a document that says nothing of it."""

    role: Arn | None
    value: object
    find: Finder = field(repr=False, compare=False)


def read(text: str, place: str) -> list[TrustPolicy]:
    """The trust policies in a text from some place; raises ConfigurationError, with that, where there are none.

    It is a policy, or the answer of `aws iam get-role`, `list-roles` or `get-account-authorization-details`.
    """
    reader = Reader(text)
    if not reader.whole or reader.faults:
        line, column = places(text)(reader.faults[0].offset)
        raise ConfigurationError(f"{place}:{line}:{column}: this is no JSON: {reader.faults[0].reason}")
    found = list(_found(reader, places(text)))
    if not found:
        raise ConfigurationError(
            f"{place}: this is neither a trust policy nor an answer that has roles",
            hint="aws iam get-account-authorization-details --filter Role > FILE",
        )
    return found


def _found(reader: Reader, place: Callable[[int], tuple[int, int]]) -> Iterator[TrustPolicy]:
    value = reader.value
    if not isinstance(value, dict):
        return
    if "Statement" in value:
        yield _policy(reader, place, None, value, ())
    for path, role in _roles(value):
        if isinstance(role, dict) and "AssumeRolePolicyDocument" in role:
            document = role["AssumeRolePolicyDocument"]
            yield _policy(reader, place, _arn(role), document, (*path, "AssumeRolePolicyDocument"))


def _roles(value: Mapping[str, Any]) -> Iterator[tuple[Path, object]]:
    yield ("Role",), value.get("Role")
    for name in ("Roles", "RoleDetailList"):
        roles = value.get(name)
        if isinstance(roles, list):
            yield from (((name, number), role) for number, role in enumerate(roles))


def _policy(
    reader: Reader, place: Callable[[int], tuple[int, int]], role: Arn | None, document: object, at: Path
) -> TrustPolicy:
    """The policy at a path of the text; as IAM's API has it, it is a text within the text, and percent-encoded."""
    if isinstance(document, str):
        inner = Reader(unquote(document) if document.startswith("%7B") else document)
        document = inner.value if inner.whole and not inner.faults else document
    return TrustPolicy(
        role=role, value=document, find=lambda path, at_key: place(reader.find((*at, *path), at_key=at_key))
    )


def _arn(role: Mapping[str, object]) -> Arn | None:
    try:
        return Arn.parse_role(str(role.get("Arn")))
    except UsageError:
        return None


def of_role(role: Arn, document: object) -> TrustPolicy:
    """The policy of a role that came from no file; its places are those in the text that it would be written as."""
    reader = Reader(json.dumps(document, indent=2))
    return _policy(reader, places(reader.text), role, reader.value, ())
