"""Parameters against the service model: every limit, in AWS's words."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.sts import parameters, shapes

ROLE = "arn:aws:iam::111111111111:role/Hub"
GOOD = {"RoleArn": ROLE, "RoleSessionName": "me"}


def test_good_ones_are_read() -> None:
    """Texts, numbers, lists and structures arrive under the model's names; unknown fields are left."""
    read = parameters.read(
        "AssumeRole",
        {
            **GOOD,
            "DurationSeconds": "900",
            "Tags.member.1.Key": "Kürzel",
            "Tags.member.1.Value": "",
            "Tags.member.2.Key": "b",
            "Tags.member.2.Value": "2",
            "TransitiveTagKeys.member.1": "b",
            "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "Unheard.Of": "x",
        },
    )
    assert read == {
        **GOOD,
        "DurationSeconds": 900,
        "Tags": [{"Key": "Kürzel", "Value": ""}, {"Key": "b", "Value": "2"}],
        "TransitiveTagKeys": ["b"],
        "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
    }


def failed(value: object, at: str, constraint: str) -> str:
    """One violation, as AWS words it."""
    return f"Value '{value}' at '{at}' failed to satisfy constraint: Member must {constraint}"


LONG = "x" * 3000
TAG = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("RoleArn", "short", failed("short", "roleArn", "have length greater than or equal to 20")),
        ("RoleArn", LONG, failed(LONG, "roleArn", "have length less than or equal to 2048")),
        ("RoleSessionName", "a", failed("a", "roleSessionName", "have length greater than or equal to 2")),
        ("RoleSessionName", "x" * 65, failed("x" * 65, "roleSessionName", "have length less than or equal to 64")),
        (
            "RoleSessionName",
            "a b",
            failed("a b", "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*"),
        ),
        (
            "RoleSessionName",
            "müh",
            failed("müh", "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*"),
        ),
        ("DurationSeconds", "899", failed(899, "durationSeconds", "have value greater than or equal to 900")),
        ("DurationSeconds", "43201", failed(43201, "durationSeconds", "have value less than or equal to 43200")),
        ("ExternalId", "x", failed("x", "externalId", "have length greater than or equal to 2")),
        ("ExternalId", "x" * 1225, failed("x" * 1225, "externalId", "have length less than or equal to 1224")),
        ("SourceIdentity", "x", failed("x", "sourceIdentity", "have length greater than or equal to 2")),
        ("SerialNumber", "12345678", failed("12345678", "serialNumber", "have length greater than or equal to 9")),
        ("TokenCode", "12345", failed("12345", "tokenCode", "have length greater than or equal to 6")),
        ("TokenCode", "12345a", failed("12345a", "tokenCode", r"satisfy regular expression pattern: [\d]*")),
        ("Policy", LONG, failed(LONG, "policy", "have length less than or equal to 2048")),
        ("Tags.member.1.Key", "a", "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not"),
    ],
)
def test_each_limit(field: str, value: str, said: str) -> None:
    """A value beyond a limit is refused in AWS's own words."""
    with pytest.raises(Refusal) as refused:
        parameters.read("AssumeRole", {**GOOD, field: value})
    assert refused.value.code == "ValidationError"
    assert refused.value.status == 400
    assert refused.value.message.startswith("1 validation error detected: ")
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("", "v", "have length greater than or equal to 1"),
        ("k" * 129, "v", "have length less than or equal to 128"),
        ("k", "v" * 257, "have length less than or equal to 256"),
        ("k#", "v", f"satisfy regular expression pattern: {TAG}+"),
        ("k", "v#", f"satisfy regular expression pattern: {TAG}*"),
    ],
)
def test_tag_limits(key: str, value: str, problem: str) -> None:
    """Tags have limits of their own, with letters of every script."""
    with pytest.raises(Refusal) as refused:
        parameters.read("AssumeRole", {**GOOD, "Tags.member.1.Key": key, "Tags.member.1.Value": value})
    assert problem in refused.value.message


def test_list_limits() -> None:
    """Fifty tags, and ten policy ARNs by the documentation."""
    tags = {f"Tags.member.{n}.{part}": f"k{n}" for n in range(1, 52) for part in ("Key", "Value")}
    with pytest.raises(
        Refusal, match="at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"
    ):
        parameters.read("AssumeRole", {**GOOD, **tags})
    arns = {f"PolicyArns.member.{n}.arn": f"arn:aws:iam::aws:policy/P{n}" for n in range(1, 12)}
    with pytest.raises(Refusal, match=r"at 'policyArns' .* less than or equal to 10"):
        parameters.read("AssumeRole", {**GOOD, **arns})


def test_all_violations_are_told_at_once() -> None:
    """What is missing and what is wrong is counted and listed."""
    with pytest.raises(Refusal) as refused:
        parameters.read("AssumeRole", {"RoleSessionName": "a b", "DurationSeconds": "1"})
    assert refused.value.message.startswith(
        "3 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; "
    )


def test_no_number() -> None:
    """A number that is none is malformed."""
    with pytest.raises(Refusal, match="MalformedInput"):
        parameters.read("GetSessionToken", {"DurationSeconds": "an hour"})


def test_sessions_last_up_to_36_hours() -> None:
    """GetSessionToken has its own limits."""
    assert parameters.read("GetSessionToken", {"DurationSeconds": "129600"}) == {"DurationSeconds": 129600}
    with pytest.raises(Refusal, match="less than or equal to 129600"):
        parameters.read("GetSessionToken", {"DurationSeconds": "129601"})


@settings(max_examples=200, deadline=None)
@given(
    operation=st.sampled_from(sorted(shapes.operations())),
    fields=st.dictionaries(
        st.sampled_from(["RoleArn", "Policy", "Tags", "Tags.member.1", "Tags.member.1.Key", "PolicyArns.member.1.arn"])
        | st.sampled_from(["DurationSeconds", "Tags.member.2.Value", "TransitiveTagKeys.member.1", "Name", "Audience"])
        | st.text(max_size=20),
        st.text(max_size=60),
        max_size=12,
    ),
)
def test_garbage_is_refused_or_read(operation: str, fields: dict[str, str]) -> None:
    """Whatever the fields, they are read or refused, never anything else."""
    with contextlib.suppress(Refusal):
        assert isinstance(parameters.read(operation, fields), dict)
