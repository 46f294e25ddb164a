"""The parameters of an STS call, read from the query protocol and checked against botocore's service model.

Where AWS's documentation limits what the model does not (AssumeRole's policies), the documentation's limit holds.
Source: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and each operation's page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from stsctl.emulator.refusal import Refusal

VERSION = "2011-06-15"

Fields = Mapping[str, str]
"""The form's fields by name, as `Tags.member.1.Key`."""

_DOCUMENTED: dict[tuple[str, str], dict[str, int]] = {
    ("AssumeRole", "Policy"): {"max": 2048},
    ("AssumeRole", "PolicyArns"): {"max": 10},
    ("AssumeRoleWithSAML", "PolicyArns"): {"max": 10},
    ("AssumeRoleWithWebIdentity", "PolicyArns"): {"max": 10},
    ("GetFederationToken", "PolicyArns"): {"max": 10},
}
"""Limits that the documentation has and the model has not."""

_LONGEST_LIST = 200
"""So many members of a list are read; every list's own limit is far below."""


@cache
def _model() -> dict[str, Any]:
    """botocore's model of STS."""
    from botocore.loaders import create_loader

    model: dict[str, Any] = create_loader().load_service_model("sts", "service-2", VERSION)
    return model


def operations() -> frozenset[str]:
    """The names of all operations that STS has."""
    return frozenset(_model()["operations"])


def read(operation: str, fields: Fields) -> dict[str, Any]:
    """The checked input of `operation`: texts, numbers, lists and structures, by the model's own names.

    Raises Refusal: MalformedInput for a number that is none, ValidationError that lists all else.
    """
    shape = _model()["operations"][operation].get("input", {}).get("shape")
    if shape is None:
        return {}
    value = _Reader(fields).structure(_shape(shape), "")
    check(operation, value)
    return value


def check(operation: str, value: dict[str, Any]) -> None:
    """Raises Refusal, ValidationError, that lists all that is wrong with an input of `operation`."""
    shape = _shape(_model()["operations"][operation]["input"]["shape"])
    problems = list(_Check(operation).structure(shape, value, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
        raise Refusal("ValidationError", f"{count}: {'; '.join(problems)}", 400)


def _shape(name: str) -> dict[str, Any]:
    shape: dict[str, Any] = _model()["shapes"][name]
    return shape


class _Reader:
    """Builds values out of the flat fields."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        # Every prefix that some field has, so that an absent structure costs one look-up.
        self._prefixes = {prefix for name in fields for prefix in _prefixes(name)}

    def structure(self, shape: dict[str, Any], path: str) -> dict[str, Any]:
        members = (
            (name, self._value(_shape(member["shape"]), path + name)) for name, member in shape["members"].items()
        )
        return {name: value for name, value in members if value is not None}

    def _value(self, shape: dict[str, Any], path: str) -> object:
        match shape["type"]:
            case "structure":
                return self.structure(shape, f"{path}.") if path in self._prefixes else None
            case "list":
                return self._list(shape, path)
            case "integer":
                return self._integer(path)
            case _:
                return self._fields.get(path)

    def _list(self, shape: dict[str, Any], path: str) -> list[object] | None:
        if path not in self._fields and path not in self._prefixes:
            return None
        member, values = _shape(shape["member"]["shape"]), []
        for index in range(1, _LONGEST_LIST + 1):
            value = self._value(member, f"{path}.member.{index}")
            if value is None:
                break
            values.append(value)
        return values

    def _integer(self, path: str) -> int | None:
        text = self._fields.get(path)
        if text is None:
            return None
        if not re.fullmatch(r"[+-]?[0-9]{1,10}", text, re.ASCII):
            raise Refusal(
                "MalformedInput", f"'{text[:50]}' is not a valid value for {_camel(path)}: it should be an integer", 400
            )
        return int(text)


def _prefixes(name: str) -> Iterator[str]:
    at = name.find(".")
    while at >= 0:
        yield name[:at]
        at = name.find(".", at + 1)


class _Check:
    """Says what is wrong with values, in AWS's own words."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def structure(self, shape: dict[str, Any], value: dict[str, Any], path: str) -> Iterator[str]:
        for name in shape.get("required", ()):
            if name not in value:
                yield f"Value null at '{path}{_camel(name)}' failed to satisfy constraint: Member must not be null"
        for name, member in value.items():
            inner = _shape(shape["members"][name]["shape"])
            limits = {**inner, **_DOCUMENTED.get((self._operation, name), {})}
            yield from self._value(limits, member, path + _camel(name))

    def _value(self, shape: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        match shape["type"]:
            case "structure":
                yield from self.structure(shape, value, f"{path}.")
            case "list":
                yield from self._list(shape, value, path)
            case "integer":
                yield from self._range(shape, value, value, path, "have value")
            case _:
                yield from self._text(shape, value, path)

    def _list(self, shape: dict[str, Any], values: list[Any], path: str) -> Iterator[str]:
        shown = f"[{', '.join(str(value) for value in values)}]"
        yield from self._range(shape, len(values), shown, path, "have length")
        member = _shape(shape["member"]["shape"])
        for index, value in enumerate(values, 1):
            yield from self._value(member, value, f"{path}.{index}.member")

    def _text(self, shape: dict[str, Any], value: str, path: str) -> Iterator[str]:
        pattern = shape.get("pattern")
        if pattern and not _matcher(pattern)(value):
            yield _violation(value, path, f"satisfy regular expression pattern: {pattern}")
        yield from self._range(shape, len(value), value, path, "have length")

    def _range(self, shape: dict[str, Any], size: int, shown: object, path: str, what: str) -> Iterator[str]:
        if size < shape.get("min", size):
            yield _violation(shown, path, f"{what} greater than or equal to {shape['min']}")
        if size > shape.get("max", size):
            yield _violation(shown, path, f"{what} less than or equal to {shape['max']}")


def _violation(value: object, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"


def _camel(name: str) -> str:
    """A member's name as AWS's messages spell it: with a small first letter."""
    return name[:1].lower() + name[1:]


@cache
def _matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches a pattern of the model. It is Java's: \\w and \\d are ASCII, \\p{L} a Unicode category."""
    if r"\p{" not in pattern:
        compiled = re.compile(pattern, re.ASCII)
        return lambda text: compiled.fullmatch(text) is not None
    categories = set(re.findall(r"\\p\{(\w)\}", pattern))
    rest = re.compile(re.sub(r"\\p\{\w\}", "", pattern).rstrip("+*"))
    return lambda text: all(unicodedata.category(char)[0] in categories or rest.fullmatch(char) for char in text)
