"""The parameters of an STS call, read from the query protocol and checked against the service model.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and each operation's page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.sts.shapes import Shape, camel, input_of

Fields = Mapping[str, str]
"""The form's fields by name, as `Tags.member.1.Key`."""

_LONGEST_LIST = 200
"""So many members of a list are read; every list's own limit is far below."""


def read(operation: str, fields: Fields) -> dict[str, Any]:
    """The checked input of `operation`: texts, numbers, lists and structures, by the model's own names.

    Raises Refusal: MalformedInput for a number that is none, ValidationError that lists all else.
    """
    value = _Reader(fields).structure(input_of(operation), "")
    check(operation, value)
    return value


def check(operation: str, value: Mapping[str, Any]) -> None:
    """Raises Refusal, ValidationError, that lists all that is wrong with an input of `operation`."""
    problems = input_of(operation).problems_of_input(value)
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
        raise Refusal("ValidationError", f"{count}: {'; '.join(problems)}", 400)


class _Reader:
    """Builds values out of the flat fields."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        # Every prefix that some field has, so that an absent structure costs one look-up.
        self._prefixes = {prefix for name in fields for prefix in _prefixes(name)}

    def structure(self, shape: Shape, path: str) -> dict[str, Any]:
        members = ((name, self._value(member, path + name)) for name, member in shape.members.items())
        return {name: value for name, value in members if value is not None}

    def _value(self, shape: Shape, path: str) -> object:
        match shape.kind:
            case "structure":
                return self.structure(shape, f"{path}.") if path in self._prefixes else None
            case "list":
                return self._list(shape, path)
            case "integer":
                return self._integer(path)
            case _:
                return self._fields.get(path)

    def _list(self, shape: Shape, path: str) -> list[object] | None:
        if path not in self._fields and path not in self._prefixes:
            return None
        member, values = shape.members["member"], []
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
                "MalformedInput", f"'{text[:50]}' is not a valid value for {camel(path)}: it should be an integer", 400
            )
        return int(text)


def _prefixes(name: str) -> Iterator[str]:
    at = name.find(".")
    while at >= 0:
        yield name[:at]
        at = name.find(".", at + 1)
