"""The service model of STS that botocore ships: which parameters each operation has, and what is wrong with a value.

Where AWS's documentation limits what the model does not (AssumeRole's policies), the documentation's limit holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

VERSION = "2011-06-15"

_DOCUMENTED: dict[tuple[str, str], dict[str, int]] = {
    ("AssumeRole", "Policy"): {"max": 2048},
    ("AssumeRole", "PolicyArns"): {"max": 10},
    ("AssumeRoleWithSAML", "PolicyArns"): {"max": 10},
    ("AssumeRoleWithWebIdentity", "PolicyArns"): {"max": 10},
    ("GetFederationToken", "PolicyArns"): {"max": 10},
}
"""Limits that the documentation has and the model has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape of the model: `kind` is its type there, `least` and `most` limit a number, or a length.

    `members` are those of a structure, by their names; a list has one, `member`.
    """

    kind: str
    least: int | None = None
    most: int | None = None
    pattern: str | None = None
    matches: Callable[[str], bool] | None = None
    choices: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    members: Mapping[str, Shape] = field(default_factory=dict)

    def problems(self, value: Any, path: str, found: list[str]) -> None:
        """Adds to `found` what is wrong with a value, in AWS's own words."""
        match self.kind:
            case "structure":
                self._structure(value, f"{path}.", found)
            case "list":
                self._range(len(value), f"[{', '.join(map(str, value))}]", path, "length", found)
                for index, each in enumerate(value, 1):
                    self.members["member"].problems(each, f"{path}.{index}.member", found)
            case "integer":
                self._range(value, value, path, "value", found)
            case _:
                if self.matches is not None and not self.matches(value):
                    found.append(_violation(value, path, f"satisfy regular expression pattern: {self.pattern}"))
                self._range(len(value), value, path, "length", found)
                if self.choices and value not in self.choices:
                    found.append(_violation(value, path, f"satisfy enum value set: [{', '.join(self.choices)}]"))

    def problems_of_input(self, value: Mapping[str, Any]) -> list[str]:
        """All that is wrong with an operation's parameters."""
        found: list[str] = []
        self._structure(value, "", found)
        return found

    def _structure(self, value: Mapping[str, Any], prefix: str, found: list[str]) -> None:
        for name in self.required:
            if name not in value:
                found.append(_violation(None, prefix + camel(name), "not be null"))
        for name, each in value.items():
            self.members[name].problems(each, prefix + camel(name), found)

    def _range(self, size: int, shown: object, path: str, what: str, found: list[str]) -> None:
        if self.least is not None and size < self.least:
            found.append(_violation(shown, path, f"have {what} greater than or equal to {self.least}"))
        if self.most is not None and size > self.most:
            found.append(_violation(shown, path, f"have {what} less than or equal to {self.most}"))


@cache
def operations() -> frozenset[str]:
    """The names of all operations that STS has."""
    return frozenset(_model()["operations"])


@cache
def input_of(operation: str) -> Shape:
    """The parameters that an operation has."""
    described = _model()["operations"][operation].get("input")
    if described is None:
        return Shape(kind="structure")
    documented = {name: limits for (where, name), limits in _DOCUMENTED.items() if where == operation}
    return _shape(described["shape"], documented)


@cache
def _model() -> dict[str, Any]:
    """botocore's model of STS."""
    from botocore.loaders import create_loader

    model: dict[str, Any] = create_loader().load_service_model("sts", "service-2", VERSION)
    return model


def _shape(name: str, documented: Mapping[str, Mapping[str, int]], **limits: int) -> Shape:
    """The shape that the model has under `name`, with the limits that are `documented` for its members."""
    described = {**_model()["shapes"][name], **limits}
    pattern = described.get("pattern")
    members = {"member": described["member"]} if "member" in described else described.get("members", {})
    return Shape(
        kind=described["type"],
        least=described.get("min"),
        most=described.get("max"),
        pattern=pattern,
        matches=_matcher(pattern) if pattern else None,
        choices=tuple(described.get("enum", ())),
        required=tuple(described.get("required", ())),
        members={key: _shape(member["shape"], {}, **documented.get(key, {})) for key, member in members.items()},
    )


def camel(name: str) -> str:
    """A member's name as AWS's messages spell it: with a small first letter."""
    return name[:1].lower() + name[1:]


def _violation(value: object, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}"


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches a pattern of the model. It is Java's: \\w and \\d are ASCII, \\p{L} a Unicode category."""
    if r"\p{" not in pattern:
        compiled = re.compile(pattern, re.ASCII)
        return lambda text: compiled.fullmatch(text) is not None
    categories = set(re.findall(r"\\p\{(\w)\}", pattern))
    rest = re.compile(re.sub(r"\\p\{\w\}", "", pattern).rstrip("+*"))
    return lambda text: all(unicodedata.category(char)[0] in categories or rest.fullmatch(char) for char in text)
