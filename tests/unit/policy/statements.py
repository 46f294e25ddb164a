"""Statements and documents for tests, in as few words as they need."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stsctl.policy.document import Document, Kind, PolicyError, parse

Statement = Mapping[str, Any]


def allow(action: Any = "*", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(action: Any = "*", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    """A statement that denies."""
    return {**allow(action, resource, **elements), "Effect": "Deny"}


def trust(principal: Any, action: Any = "sts:AssumeRole", **elements: Any) -> dict[str, Any]:
    """A statement of a trust policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, **elements}


def document(kind: Kind, statements: Statement | Sequence[Statement], version: str | None = "2012-10-17") -> Document:
    """A document of these statements."""
    value: dict[str, Any] = {"Statement": statements}
    if version is not None:
        value["Version"] = version
    return parse(json.dumps(value), kind)


def refused(text: str, kind: Kind) -> list[str]:
    """What is wrong with a text, as `line:column: path: reason`."""
    try:
        parse(text, kind)
    except PolicyError as error:
        return [str(problem) for problem in error.problems]
    return []
