"""Conditions: one operator with one key and its values; all of a statement's must hold.

A key that the request does not carry fails a positive operator and satisfies a negated one.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html and the page on
single- and multi-valued context keys beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stsctl.policy.match import Template, fill, has_variables, template
from stsctl.policy.operators import Family, Operator, OperatorName, Quantifier
from stsctl.policy.request import Request
from stsctl.policy.wildcard import Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator with one key and its values."""

    name: OperatorName
    key: str
    values: tuple[str, ...]
    variables: bool
    holds: Callable[[Request], bool] = field(repr=False, compare=False)
    """Whether a request satisfies the condition."""

    @classmethod
    def of(cls, name: OperatorName, key: str, values: Sequence[str], *, variables: bool) -> Condition:
        """The condition; `variables` where the policy's version has them."""
        found = name.operator
        varied = [value for value in values if variables and found.pattern and has_variables(value)]
        match = found.prepare([value for value in values if value not in varied])
        templates = [template(value, found.split) for value in varied]
        holds = _test(name, key.lower(), match, _filled(found, match, templates) if templates else None)
        return cls(name=name, key=key, values=tuple(values), variables=variables, holds=holds)


def _filled(operator: Operator, fixed: Matcher, templates: Sequence[Template]) -> Callable[[Request], Matcher]:
    """Gives the test of one value, with a request's values in the place of variables."""
    pattern = operator.pattern
    assert pattern is not None

    def fill_in(request: Request) -> Matcher:
        rows = [fill(row, request) for row in templates]
        tests = [fixed, *(pattern(row) for row in rows if row is not None)]
        return lambda value: any(test(value) for test in tests)

    return fill_in


def _test(
    name: OperatorName, key: str, fixed: Matcher, filled: Callable[[Request], Matcher] | None
) -> Callable[[Request], bool]:
    if name.operator.family is Family.NULL:
        return lambda request: fixed("false" if request.keys().get(key) else "true")
    if name.quantifier is not None:
        return _quantified(name, name.quantifier, key, fixed, filled)
    negated = name.operator.negated
    absent = negated or name.if_exists

    def holds(request: Request) -> bool:
        found = request.keys().get(key)
        if not found:
            return absent
        match = fixed if filled is None else filled(request)
        for value in found:
            if match(value):
                return not negated
        return negated

    return holds


def _quantified(
    name: OperatorName, quantifier: Quantifier, key: str, fixed: Matcher, filled: Callable[[Request], Matcher] | None
) -> Callable[[Request], bool]:
    """The test of all of a key's values, or of any; an empty text alone is no value at all."""
    negated = name.operator.negated
    every = quantifier is Quantifier.ALL
    absent = every or name.if_exists

    def holds(request: Request) -> bool:
        found = request.keys().get(key)
        if not found or found == ("",):
            return absent
        match = fixed if filled is None else filled(request)
        each = [match(value) is not negated for value in found]
        return all(each) if every else any(each)

    return holds
