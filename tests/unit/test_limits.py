"""What STS takes, at its edges."""

from __future__ import annotations

import pytest

from stsctl import limits


@pytest.mark.parametrize(
    ("field", "shortest", "longest", "allowed", "refused"),
    [
        ("session_name", 2, 64, "aZ09_+=,.@-", " :/é\n"),
        ("source_identity", 2, 64, "aZ09_+=,.@-", " :/é\n"),
        ("external_id", 2, 1224, "aZ09_+=,.@-:/", " é\n"),
        ("mfa_serial", 9, 256, "arn:aws:iam::1:mfa/a+=,.@-_", " é\n"),
    ],
)
def test_lengths_and_characters(field: str, shortest: int, longest: int, allowed: str, refused: str) -> None:
    """The shortest, the longest and every kind of character pass; one less, one more and any other do not."""
    assert limits.problem_with(field, "a" * shortest) is None
    assert limits.problem_with(field, "a" * longest) is None
    assert limits.problem_with(field, allowed) is None
    for text in ("a" * (shortest - 1), "a" * (longest + 1), *("a" * shortest + character for character in refused)):
        assert limits.problem_with(field, text) is not None


@pytest.mark.parametrize("text", ["{user}", "{user}@{host}", "x{user}", "plain", "{host}" + "a" * 62])
def test_templates(text: str) -> None:
    """Fields stand for two characters at least, plain names are templates too."""
    assert limits.problem_with_template(text) is None


@pytest.mark.parametrize("text", ["{users}", "{}", "{user", "user}", "{user} {host}", "x", "{host}" + "a" * 63])
def test_what_is_no_template(text: str) -> None:
    """Unknown fields, braces alone, characters and lengths that AWS refuses whatever is filled in."""
    assert limits.problem_with_template(text) is not None


def test_tags_that_aws_takes() -> None:
    """Letters and digits of any script, spaces, marks; an empty value; fifty of them."""
    tags = [("k" * 128, "v" * 256), ("k", "v"), ("é 本_.:/=+-@", ""), *((f"n{n}", "٣") for n in range(47))]
    assert limits.problem_with_tags(tags, ["K" * 128]) is None


@pytest.mark.parametrize(
    ("tags", "transitive"),
    [
        ([("", "v")], []),
        ([("k" * 129, "v")], []),
        ([("k", "v" * 257)], []),
        ([("aws:k", "v")], []),
        ([("k", "a\tb")], []),
        ([("k*", "v")], []),
        ([("k", "1"), ("K", "2")], []),
        ([("k", "v")], ["l"]),
        ([(f"k{n}", "v") for n in range(51)], []),
    ],
)
def test_tags_that_aws_refuses(tags: list[tuple[str, str]], transitive: list[str]) -> None:
    """Lengths, characters, its own prefix, doubles, keys handed on that are not there, too many."""
    assert limits.problem_with_tags(tags, transitive) is not None


def test_policy_arns() -> None:
    """Ten managed policies, AWS's or one's own."""
    own, theirs = "arn:aws:iam::111111111111:policy/x/Y", "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert limits.problem_with_policy_arns([own] * 9 + [theirs]) is None
    for arns in ([own] * 11, ["arn:aws:iam::111111111111:role/x"], ["ReadOnlyAccess"], ["arn:aws:s3:::policy/x"]):
        assert limits.problem_with_policy_arns(arns) is not None


def test_the_length_of_a_policy() -> None:
    """2,048 characters."""
    assert limits.problem_with_policy("x" * 2048) is None
    assert limits.problem_with_policy("x" * 2049) is not None
