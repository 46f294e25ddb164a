"""Wildcards."""

from __future__ import annotations

import pytest

from stsctl.policy.wildcard import Wild, any_of, glob, matcher, resource_tokens, tokens


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("**", "abc", True),
        ("?", "", False),
        ("?", "a", True),
        ("?", "ab", False),
        ("abc", "abc", True),
        ("abc", "ABC", False),
        ("a*", "a", True),
        ("*c", "abc", True),
        ("*c", "cb", False),
        ("a*c", "ac", True),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("*a*", "bab", True),
        ("a?c*", "abcd", True),
        ("*?b", "b", False),
        ("*?b", "ab", True),
        ("a*b?d", "abbcd", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("a*\n*b", "a\n\nb", True),
    ],
)
def test_star_is_any_text_and_question_mark_one_character(pattern: str, text: str, matches: bool) -> None:
    """`*` stands for any characters, none included, `?` for exactly one, and nothing else is special."""
    assert glob(pattern)(text) is matches


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("arn:aws:ec2:us-*-1:111111111111:instance/*", "arn:aws:ec2:us-east-1:111111111111:instance/i-1", True),
        ("arn:aws:ec2:us-*-1:111111111111:i", "arn:aws:ec2:us-east-1:x-1:111111111111:i", False),
        ("arn:aws:ec2:us?east-1:1:i", "arn:aws:ec2:us:east-1:1:i", False),
        ("arn:aws:ec2:us?east-1:1:i", "arn:aws:ec2:us-east-1:1:i", True),
        ("arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:111111111111:q", True),
        ("arn:aws:sqs:eu-*", "arn:aws:sqs:eu-west-1:111111111111:q", True),
        ("arn:aws:s3:::a*z", "arn:aws:s3:::a:b:z", True),
        ("arn:aws:s3:::a?z", "arn:aws:s3:::a:z", True),
        ("*", "arn:aws:s3:::a", True),
    ],
)
def test_wildcards_keep_to_their_segment_of_an_arn(pattern: str, text: str, matches: bool) -> None:
    """Before the fifth colon no wildcard crosses a colon but a `*` that ends its segment; behind it all do."""
    assert matcher(resource_tokens(pattern))(text) is matches
    assert any_of([resource_tokens(pattern)])(text) is matches


def test_wildcards_within_a_segment_know_the_colon_by_themselves() -> None:
    """A wildcard that keeps to its segment stops at a colon also where the pattern has none."""
    match = matcher([Wild.ANY_WITHIN, "x", Wild.ONE_WITHIN])
    assert match("abxy")
    assert match("xy")
    assert not match("a:xy")
    assert not match("ax:")


def test_text_in_the_place_of_a_variable_is_literal() -> None:
    """A `*` that came out of a variable stands for itself."""
    match = matcher(["home/", "a*", "/", Wild.ANY])
    assert match("home/a*/x")
    assert not match("home/ab/x")


def test_any_of_several_patterns() -> None:
    """Literal, prefix and general patterns together match what one of them matches."""
    match = any_of([tokens(pattern) for pattern in ("one", "two*", "*three", "f?ur*x")])
    assert [text for text in ("one", "one1", "two", "twofold", "3three", "fourx", "furx", "") if match(text)] == [
        "one",
        "two",
        "twofold",
        "3three",
        "fourx",
    ]
    assert not any_of([])("")
    assert any_of([tokens("*"), tokens("x")])("anything")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a*" * 5000 + "b", "a" * 10_000, False),
        ("*" + "a?" * 5000, "a" * 10_000, True),
        ("*a?b" * 2500, "a" * 10_000, False),
        ("*" + "ab" * 49 + "c*d", "ab" * 5000, False),
        ("*" + "a" * 5000 + "b", "a" * 10_000, False),
        ("*?" * 5000, "a" * 10_000, True),
        ("?" * 10_000, "a" * 10_000, True),
        ("*" + "a" * 4999 + "?" + "b*", "a" * 10_000, False),
        ("arn:aws:" + "*a" * 5000 + ":::b", "arn:aws:" + "a" * 10_000 + ":::c", False),
    ],
)
@pytest.mark.timeout(10)
def test_no_pattern_explodes(pattern: str, text: str, matches: bool) -> None:
    """Patterns of 10 KB that make a backtracking matcher run for years are decided."""
    assert glob(pattern)(text) is matches
    assert matcher(resource_tokens(pattern))(text) is matches
