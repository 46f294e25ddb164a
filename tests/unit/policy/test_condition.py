"""The condition operators, one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stsctl.policy.condition import Condition
from stsctl.policy.operators import OPERATORS, read_operator
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request

ALICE = Principal.of("arn:aws:iam::111111111111:user/alice")
KEY = "aws:PrincipalTag/x"


def holds(operator: str, wanted: Sequence[str], found: str | list[str] | None, *, variables: bool = True) -> bool:
    """Whether a request whose key has the value, or values, found satisfies the condition."""
    name = read_operator(operator)
    assert name is not None
    condition = Condition.of(name, KEY, wanted, variables=variables)
    context = {} if found is None else {KEY.upper(): found}
    return condition.holds(Request(principal=ALICE, action="a:b", resource="*", context=context))


TABLE: list[tuple[str, list[str], str, bool]] = [
    ("StringEquals", ["a"], "a", True),
    ("StringEquals", ["a"], "A", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", ["a*"], "ab", False),
    ("StringEquals", [], "a", False),
    ("StringNotEquals", ["a"], "b", True),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringEqualsIgnoreCase", ["aB"], "Ab", True),
    ("StringEqualsIgnoreCase", ["aB"], "Abc", False),
    ("StringNotEqualsIgnoreCase", ["aB"], "Ab", False),
    ("StringNotEqualsIgnoreCase", ["aB"], "c", True),
    ("StringLike", ["a*"], "abc", True),
    ("StringLike", ["a?c"], "abc", True),
    ("StringLike", ["a*"], "Abc", False),
    ("StringLike", ["arn:*:role/x"], "arn:aws:iam::1:role/x", True),
    ("StringNotLike", ["a*", "b*"], "bc", False),
    ("StringNotLike", ["a*", "b*"], "cd", True),
    ("NumericEquals", ["10"], "10.0", True),
    ("NumericEquals", ["10"], "1e1", True),
    ("NumericEquals", ["10"], "ten", False),
    ("NumericNotEquals", ["10"], "11", True),
    ("NumericNotEquals", ["10"], "10", False),
    ("NumericNotEquals", ["10"], "ten", True),
    ("NumericLessThan", ["10"], "9.99", True),
    ("NumericLessThan", ["10"], "10", False),
    ("NumericLessThan", ["10"], "9", True),
    ("NumericLessThan", ["10", "20"], "15", True),
    ("NumericLessThanEquals", ["10"], "10", True),
    ("NumericGreaterThan", ["-1"], "0", True),
    ("NumericGreaterThan", ["0.1"], "0.1", False),
    ("NumericGreaterThanEquals", ["100000000000000000001"], "100000000000000000000", False),
    ("NumericGreaterThanEquals", ["100000000000000000000"], "100000000000000000001", True),
    ("DateEquals", ["2026-01-01T00:00:00Z"], "2026-01-01", True),
    ("DateEquals", ["2026-01-01T00:00:00Z"], "1767225600", True),
    ("DateEquals", ["2026-01-01T02:00:00+02:00"], "2026-01-01T00:00:00Z", True),
    ("DateNotEquals", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00.001Z", True),
    ("DateNotEquals", ["2026"], "2026-01-01T00:00Z", False),
    ("DateLessThan", ["2026-01-02"], "2026-01-01T23:59:59Z", True),
    ("DateLessThan", ["2026-01-02"], "2026-01-02T00:00:00Z", False),
    ("DateLessThanEquals", ["2026-01-02"], "2026-01-02T00:00:00Z", True),
    ("DateGreaterThan", ["1767225600"], "2026-01-01T00:00:01Z", True),
    ("DateGreaterThan", ["1767225600"], "not a date", False),
    ("DateGreaterThanEquals", ["2026-01-01"], "1767225600", True),
    ("Bool", ["true"], "true", True),
    ("Bool", ["true"], "TRUE", True),
    ("Bool", ["false"], "true", False),
    ("Bool", ["true"], "1", False),
    ("Bool", ["false"], "", False),
    ("BinaryEquals", ["QmluYXJ5"], "QmluYXJ5", True),
    ("BinaryEquals", ["QmluYXJ5"], "Qml1YXJ5", False),
    ("BinaryEquals", ["QmluYXJ5"], "not base64", False),
    ("IpAddress", ["10.0.0.0/8"], "10.255.0.1", True),
    ("IpAddress", ["10.0.0.0/8"], "11.0.0.1", False),
    ("IpAddress", ["10.0.0.7"], "10.0.0.7", True),
    ("IpAddress", ["10.1.2.3/8"], "10.9.9.9", True),
    ("IpAddress", ["2001:db8::/32"], "2001:db8:1::1", True),
    ("IpAddress", ["2001:db8::/32"], "2001:db9::1", False),
    ("IpAddress", ["2001:DB8:0:0::/64", "10.0.0.0/8"], "10.0.0.1", True),
    ("IpAddress", ["0.0.0.0/0"], "2001:db8::1", False),
    ("IpAddress", ["0.0.0.0/0"], "example.com", False),
    ("NotIpAddress", ["10.0.0.0/8"], "10.0.0.1", False),
    ("NotIpAddress", ["10.0.0.0/8"], "2001:db8::1", True),
    ("ArnEquals", ["arn:aws:iam::111111111111:role/x"], "arn:aws:iam::111111111111:role/x", True),
    ("ArnEquals", ["arn:aws:iam::*:role/x*"], "arn:aws:iam::111111111111:role/xyz", True),
    ("ArnLike", ["arn:aws:iam::*:role/x"], "arn:aws:iam::111111111111:role/x", True),
    ("ArnLike", ["arn:aws:iam::*:x"], "arn:aws:iam:::a:x", False),
    ("ArnLike", ["arn:aws:iam::*"], "arn:aws:iam::111111111111:role/x", False),
    ("ArnLike", ["arn:aws:sns:*:*:t*"], "arn:aws:sns:eu-west-1:111111111111:t:u:v", True),
    ("ArnLike", ["arn:aws:sns:*:111111111111:t"], "arn:aws:sns:eu-west-1:2:111111111111:t", False),
    ("ArnLike", ["*"], "arn:aws:iam::111111111111:role/x", True),
    ("ArnLike", ["*"], "not an arn", False),
    ("ArnNotEquals", ["arn:aws:iam::*:role/x"], "arn:aws:iam::111111111111:role/x", False),
    ("ArnNotLike", ["arn:aws:iam::*:role/x"], "arn:aws:iam::111111111111:role/y", True),
    ("Null", ["true"], "x", False),
    ("Null", ["false"], "x", True),
    ("Null", ["false"], "", True),
]


@pytest.mark.parametrize(("operator", "wanted", "found", "expected"), TABLE)
def test_operators(operator: str, wanted: list[str], found: str, expected: bool) -> None:
    """Each operator compares as AWS documents it; several wanted values are alternatives, to a negated one NOR."""
    assert holds(operator, wanted, found) is expected
    assert holds(operator.lower(), wanted, found) is expected
    if operator != "Null":
        assert holds(f"{operator}IfExists", wanted, found) is expected


def test_every_operator_is_in_the_table() -> None:
    """No operator goes untested."""
    assert {operator for operator, *_ in TABLE} == {operator.name for operator in OPERATORS.values()}


@pytest.mark.parametrize("operator", [operator.name for operator in OPERATORS.values() if operator.name != "Null"])
def test_a_missing_key_fails_positive_operators_and_satisfies_negated_ones(operator: str) -> None:
    """Without the key, what is positive does not hold, what is negated does, and IfExists always does."""
    negated = OPERATORS[operator.lower()].negated
    assert holds(operator, ["1"], None) is negated
    assert holds(operator, ["1"], []) is negated
    assert holds(f"{operator}IfExists", ["1"], None)
    assert holds(f"ForAllValues:{operator}", ["1"], None)
    assert not holds(f"ForAnyValue:{operator}", ["1"], None)
    assert holds(f"ForAnyValue:{operator}IfExists", ["1"], None)


def test_null() -> None:
    """Null with true wants the key away, with false there; a key without values is away."""
    assert holds("Null", ["true"], None)
    assert holds("Null", ["true"], [])
    assert not holds("Null", ["false"], None)


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "expected"),
    [
        ("StringEquals", ["a"], ["a", "b"], True),
        ("StringNotEquals", ["a"], ["a", "b"], False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a"], [], True),
        ("ForAllValues:StringEquals", ["a"], [""], True),
        ("ForAllValues:StringEquals", ["a"], ["", "a"], False),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["a", "d"], False),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], False),
        ("ForAnyValue:StringEquals", ["a"], [], False),
        ("ForAnyValue:StringEquals", [""], [""], False),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
        ("ForAnyValue:StringNotEquals", ["a"], ["a"], False),
        ("ForAnyValue:StringLike", ["a*"], ["x", "ab"], True),
        ("ForAllValues:IpAddress", ["10.0.0.0/8"], ["10.0.0.1", "10.0.0.2"], True),
        ("forallvalues:stringequals", ["a"], ["b"], False),
    ],
)
def test_keys_with_several_values(operator: str, wanted: list[str], found: list[str], expected: bool) -> None:
    """ForAllValues wants every value to do, ForAnyValue one; on an empty set the first holds, the second does not."""
    assert holds(operator, wanted, found) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "expected"),
    [
        ("StringEquals", "${aws:username}", "alice", True),
        ("StringEquals", "${aws:username}", "${aws:username}", False),
        ("StringEquals", "x-${aws:username}-y", "x-alice-y", True),
        ("StringEquals", "${s3:prefix}", "", False),
        ("StringNotEquals", "${s3:prefix}", "x", True),
        ("StringEquals", "${s3:prefix, 'none'}", "none", True),
        ("StringEquals", "${*}${?}${$}", "*?$", True),
        ("StringEqualsIgnoreCase", "${aws:username}", "ALICE", True),
        ("StringLike", "${aws:username}/*", "alice/x", True),
        ("StringLike", "${*}/*", "alice/x", False),
        ("StringLike", "${*}/*", "*/x", True),
        ("ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/alice", True),
        ("ArnLike", "${aws:PrincipalArn}", "arn:aws:iam::111111111111:user/alice", True),
        ("ArnEquals", "arn:aws:iam::${aws:PrincipalAccount}:user/*", "arn:aws:iam::111111111111:user/b", True),
        ("NumericEquals", "${aws:PrincipalAccount}", "111111111111", False),
        ("Bool", "${aws:PrincipalIsAWSService}", "false", False),
    ],
)
def test_variables_in_values(operator: str, wanted: str, found: str, expected: bool) -> None:
    """Variables are replaced in values of string and ARN operators only; one without a value matches nothing."""
    assert holds(operator, [wanted], found) is expected


def test_variables_of_the_old_version_are_text() -> None:
    """Where the version has no variables, a value is compared as it is written."""
    assert holds("StringEquals", ["${aws:username}"], "${aws:username}", variables=False)
    assert not holds("StringEquals", ["${aws:username}"], "alice", variables=False)


@pytest.mark.parametrize(
    "text",
    ["", "StringEqual", "NullIfExists", "ForAll:StringEquals", "ForAnyValue:", "IfExists", "StringEquals IfExists"],
)
def test_what_is_no_operator(text: str) -> None:
    """A name that AWS does not know is no operator."""
    assert read_operator(text) is None


@pytest.mark.parametrize("text", ["ForAnyValue:StringLikeIfExists", "Null", "ForAllValues:ArnLike", "DateEquals"])
def test_operators_are_written_as_aws_writes_them(text: str) -> None:
    """An operator's name comes back in AWS's capitals."""
    assert str(read_operator(text.upper())) == text
