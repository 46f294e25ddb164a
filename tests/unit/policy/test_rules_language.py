"""AWS-RULES §2.4: the points of the language that evaluators often get wrong, one test for each."""

from __future__ import annotations

from typing import Any

import pytest

from stsctl.policy.document import Kind
from stsctl.policy.evaluate import Effect
from tests.unit.policy.conftest import Ask
from tests.unit.policy.statements import allow, deny, document

ALICE = "arn:aws:iam::111111111111:user/alice"
OBJECT = "arn:aws:s3:::bucket/key"


def allowed(ask: Ask, condition: Any, context: Any = None) -> bool:
    """Whether an identity policy with this condition allows a request with this context."""
    return ask(ALICE, "s3:GetObject", OBJECT, identity=allow(Condition=condition), context=context).allowed


def test_a_missing_key_fails_a_positive_operator(ask: Ask) -> None:
    """§2.4: missing key: positive ops false."""
    assert not allowed(ask, {"StringEquals": {"aws:PrincipalTag/team": "red"}})


def test_a_missing_key_satisfies_a_negated_operator(ask: Ask) -> None:
    """§2.4: missing key: negated ops true."""
    assert allowed(ask, {"StringNotEquals": {"aws:PrincipalTag/team": "red"}})
    assert allowed(ask, {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})


def test_several_values_of_a_negated_operator_are_nor(ask: Ask) -> None:
    """§2.4: multi-value negated = NOR."""
    condition = {"StringNotEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}
    assert not allowed(ask, condition, {"aws:PrincipalTag/team": "blue"})
    assert allowed(ask, condition, {"aws:PrincipalTag/team": "green"})


def test_operators_and_keys_are_anded_and_values_ored(ask: Ask) -> None:
    """§2.4: every operator and key must hold, any of a key's values does."""
    condition = {"StringEquals": {"a:x": ["1", "2"], "a:y": "3"}, "Bool": {"a:z": "true"}}
    assert allowed(ask, condition, {"a:x": "2", "a:y": "3", "a:z": "true"})
    for change in ({"a:x": "3"}, {"a:y": "4"}, {"a:z": "false"}):
        assert not allowed(ask, condition, {"a:x": "2", "a:y": "3", "a:z": "true"} | change)


def test_the_quantifiers_on_an_empty_set(ask: Ask) -> None:
    """§2.4: ForAllValues true, ForAnyValue false on empty."""
    for context in ({}, {"aws:TagKeys": []}):
        assert allowed(ask, {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}, context)
        assert not allowed(ask, {"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}, context)


def test_if_exists(ask: Ask) -> None:
    """§2.4: IfExists holds without the key, and compares with it."""
    condition = {"StringEqualsIfExists": {"aws:PrincipalTag/team": "red"}}
    assert allowed(ask, condition)
    assert not allowed(ask, condition, {"aws:PrincipalTag/team": "blue"})


def test_null(ask: Ask) -> None:
    """§2.4: Null asks whether the key is there."""
    assert allowed(ask, {"Null": {"aws:TokenIssueTime": "true"}})
    assert not allowed(ask, {"Null": {"aws:TokenIssueTime": True}}, {"aws:TokenIssueTime": "2026-01-01T00:00:00Z"})


def test_key_names_are_case_insensitive(ask: Ask) -> None:
    """§2.4: key names case-insensitive."""
    assert allowed(ask, {"StringEquals": {"AWS:principaltag/TEAM": "red"}}, {"aws:PrincipalTag/team": "red"})


def test_arn_equals_is_arn_like(ask: Ask) -> None:
    """§2.4: ArnEquals ≡ ArnLike."""
    for operator in ("ArnEquals", "ArnLike"):
        assert allowed(ask, {operator: {"aws:PrincipalArn": "arn:aws:iam::*:user/al*"}})


def test_arn_wildcards_do_not_cross_colons_and_string_wildcards_do(ask: Ask) -> None:
    """§2.4: in ARNs wildcards do not cross the first five `:`; StringLike's do."""
    assert not allowed(ask, {"ArnLike": {"aws:PrincipalArn": "arn:*:user/alice"}})
    assert allowed(ask, {"StringLike": {"aws:PrincipalArn": "arn:*:user/alice"}})


@pytest.mark.parametrize("now", ["2026-06-01T00:00:00Z", "1780272000"])
def test_dates_are_iso_8601_or_epoch(ask: Ask, now: str) -> None:
    """§2.4: dates ISO-8601 (W3C) or epoch, on either side."""
    for start in ("2026-05-31", "2026-05-31T23:59:59+00:00", "1780271999", 1780271999):
        assert allowed(ask, {"DateGreaterThan": {"aws:CurrentTime": start}}, {"aws:CurrentTime": now})


def test_variables_only_with_string_and_arn_operators(ask: Ask) -> None:
    """§2.4: variables only with string and ARN operators."""
    assert allowed(ask, {"StringEquals": {"a:owner": "${aws:username}"}}, {"a:owner": "alice"})
    assert allowed(ask, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}})


def test_variables_only_behind_the_fifth_colon(ask: Ask) -> None:
    """§2.4: … and only after the 5th colon in Resource."""
    user = "arn:aws:iam::111111111111:user/alice"
    for pattern, expected in (
        ("arn:aws:iam::*:user/${aws:username}", Effect.ALLOWED),
        ("arn:aws:iam::${aws:PrincipalAccount}:user/alice", Effect.IMPLICITLY_DENIED),
    ):
        assert ask(ALICE, "iam:GetUser", user, identity=allow("iam:GetUser", pattern)).effect is expected


def test_values_of_variables_are_literal(ask: Ask) -> None:
    """§2.4: values substituted are literal: a `*` in a tag matches an asterisk only."""
    statement = allow("s3:GetObject", "arn:aws:s3:::bucket/${aws:PrincipalTag/team}")
    context = {"aws:PrincipalTag/team": "*"}
    assert not ask(ALICE, "s3:GetObject", OBJECT, identity=statement, context=context).allowed
    assert ask(ALICE, "s3:GetObject", "arn:aws:s3:::bucket/*", identity=statement, context=context).allowed


def test_the_three_characters_with_a_meaning_can_be_written(ask: Ask) -> None:
    """§2.4: `${*} ${?} ${$}` are those characters."""
    statement = allow("s3:GetObject", "arn:aws:s3:::bucket/${*}${?}${$}")
    assert ask(ALICE, "s3:GetObject", "arn:aws:s3:::bucket/*?$", identity=statement).allowed
    assert not ask(ALICE, "s3:GetObject", "arn:aws:s3:::bucket/abc", identity=statement).allowed


def test_a_variable_can_have_a_default(ask: Ask) -> None:
    """§2.4: `${k, 'default'}`."""
    statement = allow("s3:GetObject", "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'company-wide'}")
    assert ask(ALICE, "s3:GetObject", "arn:aws:s3:::bucket/company-wide", identity=statement).allowed


def test_an_unresolved_variable_matches_nothing(ask: Ask) -> None:
    """§2.4: unresolved ⇒ Resource matches nothing."""
    statement = allow("s3:GetObject", "arn:aws:s3:::bucket/${aws:PrincipalTag/team}*")
    for key in (OBJECT, "arn:aws:s3:::bucket/${aws:PrincipalTag/team}", "arn:aws:s3:::bucket/"):
        assert not ask(ALICE, "s3:GetObject", key, identity=statement).allowed


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_the_old_version_has_no_variables(version: str | None) -> None:
    """§2.4: 2008 version no variables; no Version is the old one."""
    text = document(Kind.IDENTITY, allow("s3:*", "arn:aws:s3:::${aws:username}"), version)
    resources = text.statements[0].resources
    assert resources is not None
    assert text.version == "2008-10-17"
    assert not resources.variables


def test_booleans_and_numbers_of_json_are_values(ask: Ask) -> None:
    """§2.4: JSON booleans and numbers are accepted as values."""
    condition = {"Bool": {"a:b": True}, "NumericEquals": {"a:n": [1, 2.5]}, "StringEquals": {"a:s": 7}}
    assert allowed(ask, condition, {"a:b": "true", "a:n": "2.5", "a:s": "7"})


def test_a_statement_needs_no_list(ask: Ask) -> None:
    """§2.4: a single object for Statement."""
    assert ask(ALICE, "s3:GetObject", OBJECT, identity=allow()).allowed
    assert ask(ALICE, "s3:GetObject", OBJECT, identity=[allow()]).allowed


def test_actions_are_case_insensitive(ask: Ask) -> None:
    """§2.4: actions case-insensitive, in the policy and in the request."""
    assert ask(ALICE, "S3:getOBJECT", OBJECT, identity=allow("s3:GETobject")).allowed


def test_ranges_of_ip_version_6(ask: Ask) -> None:
    """§2.4: IPv6 CIDR."""
    condition = {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}
    assert allowed(ask, condition, {"aws:SourceIp": "2001:db8:ffff::1"})
    assert not allowed(ask, condition, {"aws:SourceIp": "2001:db9::1"})


def test_not_action_and_not_resource_take_in_the_rest(ask: Ask) -> None:
    """NotAction and NotResource name what they leave out."""
    but_iam = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}
    assert ask(ALICE, "s3:GetObject", OBJECT, identity=but_iam).allowed
    assert not ask(ALICE, "iam:GetUser", ALICE, identity=but_iam).allowed
    assert not ask(ALICE, "s3:GetObject", "arn:aws:s3:::secret/x", identity=but_iam).allowed


def test_an_explicit_deny_is_no_implicit_one(ask: Ask) -> None:
    """§2.4 (order): a Deny that does not match denies nothing."""
    statements = [allow(), deny("s3:DeleteObject")]
    assert ask(ALICE, "s3:GetObject", OBJECT, identity=statements).allowed
    assert ask(ALICE, "s3:DeleteObject", OBJECT, identity=statements).effect is Effect.EXPLICITLY_DENIED
