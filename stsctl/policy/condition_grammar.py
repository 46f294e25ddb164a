"""What AWS would refuse to save as a Condition, or as a policy variable.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stsctl.policy import values as spelled
from stsctl.policy.json_text import Path
from stsctl.policy.operators import OPERATORS, Family, OperatorName, read_operator
from stsctl.policy.remark import Remark, Remarks, items, nearest, plain, quoted, sort_of, twice

_OPENED = re.compile(r"\$\{([^}]*)(\}?)")


def check_variables(text: str) -> str | None:
    """What is wrong with the policy variables in a text."""
    for found in _OPENED.finditer(text):
        if not found[2]:
            return f"the variable in {quoted(text)} has no closing brace"
        if not found[1].strip():
            return f"the variable in {quoted(text)} is empty"
    return None


def check_conditions(path: Path, value: object, *, variables: bool) -> Remarks:
    """What is wrong with the value of Condition; `variables` where the version has them."""
    if not isinstance(value, dict):
        yield Remark(path=path, reason=f"a Condition is an object, this is {sort_of(value)}")
        return
    yield from twice(path, value)
    for text, tests in value.items():
        name = read_operator(text)
        inner = (*path, text)
        if name is None:
            yield Remark(path=inner, reason=_operator_reason(text), at_key=True)
        if not isinstance(tests, dict):
            yield Remark(
                path=inner, reason=f"an operator holds condition keys with their values, this is {sort_of(tests)}"
            )
            continue
        yield from twice(inner, tests)
        for key, wanted in tests.items():
            if ":" not in key.strip(":"):
                yield Remark(
                    path=(*inner, key),
                    reason=f'the condition key {quoted(key)} has no prefix, as in "aws:{key}"'
                    if key
                    else "the key is empty",
                    at_key=True,
                )
            yield from _values((*inner, key), wanted, name, variables=variables)


def _operator_reason(text: str) -> str:
    lowered = text.lower()
    if lowered.endswith("nullifexists"):
        return "Null takes no IfExists: it is about whether the key exists"
    prefix, _, bare = text.rpartition(":")
    names = [operator.name for operator in OPERATORS.values()]
    if prefix and prefix.lower() not in ("forallvalues", "foranyvalue"):
        return f"{quoted(prefix)} is neither ForAllValues nor ForAnyValue"
    return f"there is no condition operator {quoted(text)}{nearest(bare.removesuffix('IfExists'), names)}"


def _values(path: Path, value: object, name: OperatorName | None, *, variables: bool) -> Remarks:
    for inner, item in items(path, value):
        if not isinstance(item, str | bool):
            yield Remark(
                path=inner, reason=f"a condition's value is a text, a number, true or false, this is {sort_of(item)}"
            )
        elif name is not None:
            reason = _value(plain(item), name, variables=variables)
            if reason:
                yield Remark(path=inner, reason=reason)


_READERS: dict[Family, tuple[Callable[[str], object], str]] = {
    Family.NUMERIC: (spelled.number, "a number"),
    Family.DATE: (spelled.instant, "a date as in 2030-01-31T12:00:00Z, or seconds since 1970"),
    Family.BOOL: (spelled.truth, "true or false"),
    Family.NULL: (spelled.truth, "true (the key is absent) or false (it is there)"),
    Family.IP: (spelled.network, "an address or a range as in 192.0.2.0/24"),
    Family.BINARY: (spelled.octets, "base64"),
}


def _value(text: str, name: OperatorName, *, variables: bool) -> str | None:
    family = name.operator.family
    if family not in _READERS:
        return check_variables(text) if variables else None
    if "${" in text:
        return f"{name.operator.name} takes no policy variables: {quoted(text)}"
    read, wanted = _READERS[family]
    return f"{name.operator.name} compares {wanted}, not {quoted(text)}" if read(text) is None else None
