"""The condition operators: what each is called, and how it compares one value of a request with a policy's.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import operator as ops
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from stsctl.policy import values as spelled
from stsctl.policy.wildcard import Matcher, Token, Wild, any_of, matcher, tokens


class Family(Enum):
    """What an operator compares, as it is written before `Equals`, `Like` and the rest."""

    STRING = "string"
    NUMERIC = "number"
    DATE = "date"
    BOOL = "truth value"
    BINARY = "base64"
    IP = "IP address"
    ARN = "ARN"
    NULL = "null"


class Quantifier(Enum):
    """How many of a key's values must satisfy the operator."""

    ALL = "ForAllValues"
    ANY = "ForAnyValue"


Prepare = Callable[[Sequence[str]], Matcher]
"""Takes a policy's values and gives the test of a request's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator: its name, what it compares, whether it is the negation of its test, and how the test is made.

    `pattern` makes the test from one value in which variables were replaced; None where variables mean nothing.
    """

    name: str
    family: Family
    negated: bool
    prepare: Prepare
    pattern: Callable[[list[Token]], Matcher] | None = None
    split: Callable[[str], Iterable[Token]] = tokens


def _whole(text: str) -> list[Token]:
    """The one token of text in which nothing is a wildcard."""
    return [text] if text else []


def _equals(wanted: Sequence[str]) -> Matcher:
    return frozenset(wanted).__contains__


def _equals_in_any_case(wanted: Sequence[str]) -> Matcher:
    lowered = frozenset(value.lower() for value in wanted)
    return lambda value: value.lower() in lowered


def _like(wanted: Sequence[str]) -> Matcher:
    return any_of([tokens(value) for value in wanted])


def _compared(read: Callable[[str], object], test: Callable[[Any, Any], bool]) -> Prepare:
    """The test of values that `read` makes sense of, by a comparison; what makes no sense satisfies none."""

    def prepare(wanted: Sequence[str]) -> Matcher:
        known = [found for found in map(read, wanted) if found is not None]

        def match(value: str) -> bool:
            found = read(value)
            if found is not None:
                for one in known:
                    if test(found, one):
                        return True
            return False

        return match

    return prepare


def _in_network(wanted: Sequence[str]) -> Matcher:
    networks = [found for found in map(spelled.network, wanted) if found is not None]

    def match(value: str) -> bool:
        address = spelled.address(value)
        if address is not None:
            for net in networks:
                if address in net:
                    return True
        return False

    return match


def _arn_like(wanted: Sequence[str]) -> Matcher:
    found = [_arn_pattern(tokens(value)) for value in wanted]
    return lambda value: any(match(value) for match in found)


def _arn_pattern(row: Sequence[Token]) -> Matcher:
    """The test of an ARN against a pattern, each of the six parts for itself; `*` alone takes every ARN."""
    if list(row) == [Wild.ANY]:
        return lambda value: value.count(":") >= 5
    parts = _parts(row)
    if len(parts) != 6:
        return lambda _value: False
    tests = [matcher(part) for part in parts]

    def match(value: str) -> bool:
        found = value.split(":", 5)
        return len(found) == 6 and all(test(part) for test, part in zip(tests, found, strict=True))

    return match


def _parts(row: Sequence[Token]) -> list[list[Token]]:
    """The tokens between the first five colons."""
    parts: list[list[Token]] = [[]]
    for token in row:
        if isinstance(token, Wild):
            parts[-1].append(token)
            continue
        first, *others = token.split(":", 6 - len(parts))
        parts[-1].append(first)
        parts += [[other] for other in others]
    return parts


def _equal_pattern(row: list[Token]) -> Matcher:
    return _equals(["".join(map(str, row))])


def _any_case_pattern(row: list[Token]) -> Matcher:
    return _equals_in_any_case(["".join(map(str, row))])


def _comparisons(prefix: str, family: Family, read: Callable[[str], object]) -> list[Operator]:
    """The six operators of numbers, or of dates."""
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "Equals": ops.eq,
        "LessThan": ops.lt,
        "LessThanEquals": ops.le,
        "GreaterThan": ops.gt,
        "GreaterThanEquals": ops.ge,
    }
    found = [
        Operator(name=prefix + name, family=family, negated=False, prepare=_compared(read, test))
        for name, test in tests.items()
    ]
    negated = Operator(name=f"{prefix}NotEquals", family=family, negated=True, prepare=_compared(read, ops.eq))
    return [*found, negated]


def _pair(
    names: tuple[str, str],
    family: Family,
    prepare: Prepare,
    pattern: Callable[[list[Token]], Matcher] | None = None,
    split: Callable[[str], Iterable[Token]] = tokens,
) -> list[Operator]:
    """An operator and its negation."""
    return [
        Operator(name=name, family=family, negated=negated, prepare=prepare, pattern=pattern, split=split)
        for name, negated in zip(names, (False, True), strict=True)
    ]


_BINARY = _compared(spelled.octets, ops.eq)

OPERATORS = {
    found.name.lower(): found
    for found in (
        *_pair(("StringEquals", "StringNotEquals"), Family.STRING, _equals, _equal_pattern, _whole),
        *_pair(
            ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
            Family.STRING,
            _equals_in_any_case,
            _any_case_pattern,
            _whole,
        ),
        *_pair(("StringLike", "StringNotLike"), Family.STRING, _like, matcher),
        *_comparisons("Numeric", Family.NUMERIC, spelled.number),
        *_comparisons("Date", Family.DATE, spelled.instant),
        Operator(name="Bool", family=Family.BOOL, negated=False, prepare=_equals_in_any_case),
        Operator(name="BinaryEquals", family=Family.BINARY, negated=False, prepare=_BINARY),
        *_pair(("IpAddress", "NotIpAddress"), Family.IP, _in_network),
        *_pair(("ArnEquals", "ArnNotEquals"), Family.ARN, _arn_like, _arn_pattern),
        *_pair(("ArnLike", "ArnNotLike"), Family.ARN, _arn_like, _arn_pattern),
        Operator(name="Null", family=Family.NULL, negated=False, prepare=_equals_in_any_case),
    )
}
"""Every operator by its name in lower case, without `ForAllValues:`, `ForAnyValue:` and `IfExists`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorName:
    """What stands before a condition's keys, taken apart."""

    operator: Operator
    quantifier: Quantifier | None
    if_exists: bool

    def __str__(self) -> str:
        before = f"{self.quantifier.value}:" if self.quantifier else ""
        return f"{before}{self.operator.name}{'IfExists' if self.if_exists else ''}"


def read_operator(text: str) -> OperatorName | None:
    """The operator that `text` names, in any case; None where there is none such."""
    before, colon, name = text.rpartition(":")
    quantifier = {item.value.lower(): item for item in Quantifier}.get(before.lower())
    if colon and quantifier is None:
        return None
    lowered = name.lower()
    if_exists = lowered.endswith("ifexists")
    found = OPERATORS.get(lowered.removesuffix("ifexists"))
    if found is None or (if_exists and found.family is Family.NULL):
        return None
    return OperatorName(operator=found, quantifier=quantifier, if_exists=if_exists)
