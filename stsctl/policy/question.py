"""Questions as JSON: a request with its policies in one object, decided and answered with another.

One object stands on each line; the documents in it may stand as objects, or as the texts of such.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stsctl.errors import ConfigurationError, StsctlError
from stsctl.policy.document import Document, PolicyError, parse
from stsctl.policy.evaluate import Decision, Level, Policies, Policy, evaluate, is_about_trust
from stsctl.policy.explain import explain
from stsctl.policy.json_text import Number, Reader, places, refuse_constant
from stsctl.policy.kind import Kind
from stsctl.policy.principal import Principal
from stsctl.policy.remark import plain, quoted, sort_of
from stsctl.policy.request import Request

_DEPTHS = {
    "identity_policies": 1,
    "resource_policy": 0,
    "permissions_boundaries": 1,
    "session_policies": 1,
    "service_control_policies": 2,
    "resource_control_policies": 2,
}
"""The fields that hold documents, and in how many lists."""

_FIELDS = (*_DEPTHS, "principal", "action", "resource", "resource_account", "management_account", "context")
_S = r"[ \t\n\r]*"
_SPACE = re.compile(_S)
_FIELD = re.compile(rf'[{{,]{_S}"([^"\\\x00-\x1f]*)"{_S}:{_S}(?:"([^"\\\x00-\x1f]*)"{_S})?')
"""A field's name, and its value where that is a text without escapes."""
_EMPTY = re.compile(rf"\[{_S}\]")
_FIRST = re.compile(rf"\[{_S}")
_NEXT = re.compile(rf"{_S}(?:,{_S}|\])")
_LAST: dict[int, str] = {}
"""The objects that were the last question's documents, by their order: the next one most likely has the same."""
_MOST_REMEMBERED = 64
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=refuse_constant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, and the policies that decide it."""

    request: Request
    policies: Policies

    def decide(self, *, trace: bool = False) -> Decision:
        """The decision; with `trace`, what `explain` needs."""
        return evaluate(self.request, self.policies, trace=trace)


class QuestionError(ConfigurationError):
    """A text that is no question, or holds a document that AWS would refuse; the message says where."""


def answer(text: str, *, explained: bool = False) -> dict[str, object]:
    """The answer to a question, as a JSON object; one with the key `error` where it cannot be read.

    `explained` adds the lines of `explain`.
    """
    try:
        question = read_question(text)
    except StsctlError as error:
        return {"error": error.message}
    decision = question.decide(trace=explained)
    found = to_value(decision)
    return {**found, "explanation": explain(question.request, decision)} if explained else found


def to_value(decision: Decision) -> dict[str, object]:
    """The decision as a JSON object."""
    return {
        "effect": decision.effect.value,
        "decided_by": decision.decided_by.value if decision.decided_by else None,
        "statements": [
            {"policy": decided.policy.name, "index": decided.statement.index, "sid": decided.statement.sid}
            for decided in decision.statements
        ],
    }


def read_question(text: str) -> Question:
    """The question that a JSON text asks; raises QuestionError.

    A condition key that is given wins over what follows from the principal; the ARN and the id of a session's role are
    taken from `aws:PrincipalArn` and `aws:userid` where these are given.
    """
    try:
        fields = _Scan(text).fields
    except (ValueError, RecursionError):
        raise QuestionError(_unreadable(text)) from None
    for name in fields:
        if name not in _FIELDS:
            _refuse_misspelled(name)
    request = _request(fields)
    return Question(request=request, policies=_policies(fields, request))


class _Scan:
    """Takes a question's fields out of its text, and leaves each document in it as the text that it is.

    Raises ValueError where the text is no question, without saying why.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.fields: dict[str, Any] = {}
        self._read = 0
        at = self._over(_SPACE, 0)
        mark = "{"
        while mark != "}":
            found = _FIELD.match(text, at)
            if found is None or text[at] != mark or found[1] in self.fields:
                raise ValueError
            self.fields[found[1]], at = self._value(found)
            mark = text[at : at + 1]
            if mark != "}":
                mark = ","
        if self._over(_SPACE, at + 1) != len(text):
            raise ValueError

    def _value(self, field: re.Match[str]) -> tuple[Any, int]:
        """The value of a field, and the offset of what follows."""
        at = field.end()
        if field[2] is not None:
            return field[2], at
        depth = _DEPTHS.get(field[1])
        value, at = _DECODER.raw_decode(self.text, at) if depth is None else self._documents(at, depth)
        return value, self._over(_SPACE, at)

    def _documents(self, at: int, depth: int) -> tuple[Any, int]:
        """The texts of documents in so many lists; None for null."""
        if depth == 0 or self.text.startswith("null", at):
            return self._document(at)
        found: list[object] = []
        closed = _EMPTY.match(self.text, at)
        if closed:
            return found, closed.end()
        at = self._over(_FIRST, at)
        while True:
            value, end = self._documents(at, depth - 1)
            found.append(value)
            at = self._over(_NEXT, end)
            if self.text[at - 1] == "]":
                return found, at

    def _document(self, at: int) -> tuple[str | None, int]:
        """The text of a document; where the last question had the same one, it is known where that ends."""
        known = _LAST.get(self._read)
        if known is not None and self.text.startswith(known, at):
            self._read += 1
            return known, at + len(known)
        value, end = _DECODER.raw_decode(self.text, at)
        if value is None or isinstance(value, str):
            return value, end
        found = self.text[at:end]
        if isinstance(value, dict) and self._read < _MOST_REMEMBERED:
            _LAST[self._read] = found
        self._read += 1
        return found, end

    def _over(self, pattern: re.Pattern[str], at: int) -> int:
        """The offset behind a pattern."""
        found = pattern.match(self.text, at)
        if found is None:
            raise ValueError
        return found.end()


def _unreadable(text: str) -> str:
    """Why a text is no question."""
    reader = Reader(text)
    if reader.faults:
        line, column = places(text)(reader.faults[0].offset)
        where = f"column {column}" if line == 1 else f"line {line}, column {column}"
        return f"{where}: {reader.faults[0].reason}"
    if not isinstance(reader.value, dict):
        return f"a question is an object, this is {sort_of(reader.value)}"
    for name, depth in _DEPTHS.items():
        value = reader.value.get(name)
        if depth and value is not None and not _is_nested(value, depth):
            return f'"{name}" is {"a list of lists of" if depth == 2 else "a list of"} policies'
    if not reader.value:
        return 'the question has no "principal"'
    return "the question is nested too deeply, or the name of a field has an escape"


def _is_nested(value: object, depth: int) -> bool:
    if depth == 0:
        return True
    return isinstance(value, list) and all(item is None or _is_nested(item, depth - 1) for item in value)


def _refuse_misspelled(name: str) -> None:
    """Raises QuestionError for a field that nearly has the name of a known one; others are let pass."""
    near = difflib.get_close_matches(name[:40].lower(), _FIELDS, n=1, cutoff=0.8)
    if near:
        raise QuestionError(f"there is no field {quoted(name)}, did you mean {quoted(near[0])}?")


def _request(fields: Mapping[str, Any]) -> Request:
    context = _context(fields.get("context"))
    lowered = {name.lower(): value for name, value in context.items()}
    issuer, user_id = lowered.get("aws:principalarn"), lowered.get("aws:userid")
    return Request(
        principal=_principal(
            _text(fields, "principal"),
            issuer if isinstance(issuer, str) and ":role/" in issuer else None,
            user_id.partition(":")[0] if isinstance(user_id, str) and user_id.startswith(("AIDA", "AROA")) else None,
        ),
        action=_text(fields, "action"),
        resource=_text(fields, "resource"),
        resource_account=_account(fields, "resource_account"),
        context=context,
    )


@lru_cache(maxsize=1024)
def _principal(text: str, issuer: str | None, unique_id: str | None) -> Principal:
    return Principal.of(text, issuer=issuer, unique_id=unique_id)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        raise QuestionError(f'the question has no "{name}"')
    if not isinstance(value, str) or isinstance(value, Number):
        raise QuestionError(f'"{name}" is a text, this is {sort_of(value)}')
    return value


def _account(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not (isinstance(value, str) and len(value) == 12 and value.isdecimal()):
        raise QuestionError(f'"{name}" is the id of an account, 12 digits, not {quoted(value)}')
    return value


def _context(value: object) -> dict[str, str | list[str] | None]:
    """The condition keys; their values as texts."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise QuestionError(f'the "context" is an object, this is {sort_of(value)}')
    return {
        name: item if isinstance(item, str) or item is None else _values(name, item) for name, item in value.items()
    }


def _values(name: str, value: object) -> str | list[str]:
    if isinstance(value, bool):
        return plain(value)
    if not isinstance(value, list) or not all(isinstance(item, str | bool) for item in value):
        raise QuestionError(f"the values of {quoted(name)} are texts, numbers, true or false, in no more than one list")
    return [plain(item) for item in value]


def _policies(fields: Mapping[str, Any], request: Request) -> Policies:
    resource = fields.get("resource_policy")
    trust = Kind.TRUST if is_about_trust(request) else Kind.RESOURCE
    return Policies(
        identity=_group("identity_policies", fields, Kind.IDENTITY),
        resource=None if resource is None else _policy("resource_policy", resource, trust),
        boundaries=_group("permissions_boundaries", fields, Kind.SESSION),
        session=_group("session_policies", fields, Kind.SESSION),
        scps=_levels("service_control_policies", fields, Kind.SCP),
        rcps=_levels("resource_control_policies", fields, Kind.RCP),
        management_account=_account(fields, "management_account"),
    )


def _levels(name: str, fields: Mapping[str, Any], kind: Kind) -> tuple[Level, ...]:
    levels = fields.get(name) or ()
    return tuple([_group(f"{name}[{at}]", {f"{name}[{at}]": level}, kind) for at, level in enumerate(levels)])


def _group(name: str, fields: Mapping[str, Any], kind: Kind) -> tuple[Policy, ...]:
    texts = fields.get(name) or ()
    return tuple([_policy(f"{name}[{at}]", text, kind) for at, text in enumerate(texts)])


@lru_cache(maxsize=2048)
def _policy(name: str, text: str | None, kind: Kind) -> Policy:
    if text is None:
        raise QuestionError(f"{name} is null, not a policy")
    try:
        return Policy(name=name, document=_document(text, kind))
    except PolicyError as error:
        raise QuestionError(f"{name}: {'; '.join(map(str, error.problems))}") from error


@lru_cache(maxsize=2048)
def _document(text: str, kind: Kind) -> Document:
    return parse(text, kind)
