"""What DecodeAuthorizationMessage tells of a denial, as a value and in words.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stsctl.errors import UnavailableError, UsageError

LONGEST = 10240
"""Characters of a message: the longest that STS takes."""
_SHORTEST = 100
_MESSAGE = re.compile(r"[A-Za-z0-9_+/=-]+", re.ASCII)

Values = tuple[str, ...]
Conditions = tuple[tuple[str, Values], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A statement that applied."""

    sid: str
    denies: bool
    principals: Values
    actions: Values
    resources: Values
    conditions: Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A statement that did not apply, and why; AWS itself tells of none."""

    policy: str
    statement: str
    reasons: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A decision about a request: who asked for what, what decided, and the condition keys of the request."""

    allowed: bool
    explicit: bool
    principal: str
    action: str
    resource: str
    matched: tuple[Matched, ...]
    failed: tuple[Failed, ...]
    context: Conditions


def is_message(text: str) -> bool:
    """Whether a word can be nothing but an encoded message: it is longer than any other that is typed."""
    return len(text) > _SHORTEST and _MESSAGE.fullmatch(text) is not None


def message_in(text: str) -> str:
    """The encoded message in what somebody pasted, which may be the error that it came in; raises UsageError."""
    words = text.split()
    found = max(words, key=len, default="")
    if not _MESSAGE.fullmatch(found) or len(found) > LONGEST:
        raise UsageError(
            "this is no encoded authorization message",
            hint="stsctl sts decode --stdin < FILE, with the error that it came in",
        )
    return found


def read(text: str) -> Decoded:
    """The decision that an answer tells of; raises UnavailableError for what tells of none."""
    try:
        return _decoded(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnavailableError("what STS decoded is no decision that stsctl can read") from error


def words(decoded: Decoded) -> Iterator[str]:
    """The decision in plain lines, without the condition keys."""
    decision = "allowed" if decoded.allowed else "denied"
    yield f"{decision}: {decoded.action} on {decoded.resource}"
    yield f"  asked by {decoded.principal}"
    if decoded.allowed:
        yield "  because these statements allow it" if decoded.matched else "  because it needs no permission"
    elif decoded.explicit:
        yield "  because a statement denies it explicitly: what allows it does not count"
    else:
        yield "  because nothing allows it: no statement denies it"
    for statement in decoded.matched:
        yield from _matched(statement)
    for failed in decoded.failed:
        yield f"  {failed.policy}, statement {failed.statement} does not apply:"
        yield from (f"    {reason}" for reason in failed.reasons)


def _matched(statement: Matched) -> Iterator[str]:
    name = f'"{statement.sid}"' if statement.sid else "without a Sid"
    yield f"  statement {name}, which {'denies' if statement.denies else 'allows'}:"
    parts = (("Principal", statement.principals), ("Action", statement.actions), ("Resource", statement.resources))
    for what, values in parts:
        if values:
            yield f"    {what} {_several(values)}"
    for key, values in statement.conditions:
        yield f"    Condition {key}: {_several(values)}"


def _several(values: Iterable[str]) -> str:
    return ", ".join(values)


def _decoded(value: Any) -> Decoded:
    context = value["context"]
    return Decoded(
        allowed=bool(value["allowed"]),
        explicit=bool(value["explicitDeny"]),
        principal=_text(context["principal"]["arn"]),
        action=_text(context["action"]),
        resource=_text(context["resource"]),
        matched=tuple(_statement(item) for item in _items(value["matchedStatements"])),
        failed=tuple(_failure(item) for item in _items(value.get("failures"))),
        context=_conditions(context.get("conditions")),
    )


def _statement(item: Any) -> Matched:
    return Matched(
        sid=_text(item.get("statementId") or ""),
        denies=item["effect"] == "DENY",
        principals=_values(item.get("principals")),
        actions=_values(item.get("actions")),
        resources=_values(item.get("resources")),
        conditions=_conditions(item.get("conditions")),
    )


def _failure(item: Any) -> Failed:
    sid = item.get("statementId")
    return Failed(
        policy=_text(item["policy"]),
        statement=f'"{_text(sid)}"' if sid else str(item["index"]),
        reasons=_values(item["reasons"]),
    )


def _conditions(value: Any) -> Conditions:
    return tuple((_text(item["key"]), _values(item["values"])) for item in _items(value))


def _values(value: Any) -> Values:
    return tuple(_text(item["value"]) for item in _items(value))


def _items(value: Any) -> list[Any]:
    found = [] if value is None else value["items"]
    if not isinstance(found, list):
        raise TypeError
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
