"""What a decoded denial says, also where AWS or somebody in its place answers something else."""

from __future__ import annotations

import json

import pytest

from stsctl.access import decoded
from stsctl.errors import UnavailableError, UsageError

# In the form of the example on AWS's page about DecodeAuthorizationMessage.
ANSWER = {
    "allowed": False,
    "explicitDeny": True,
    "matchedStatements": {
        "items": [
            {
                "statementId": "",
                "effect": "DENY",
                "principals": {"items": [{"value": "AIDAEXAMPLE"}]},
                "principalGroups": {"items": []},
                "actions": {"items": [{"value": "ec2:RunInstances"}]},
                "resources": {"items": [{"value": "*"}]},
                "conditions": {"items": []},
            }
        ]
    },
    "failures": {"items": []},
    "context": {
        "principal": {"id": "AIDAEXAMPLE", "arn": "arn:aws:iam::111111111111:user/bob"},
        "action": "ec2:RunInstances",
        "resource": "arn:aws:ec2:us-east-1:111111111111:instance/*",
        "conditions": {"items": [{"key": "ec2:Region", "values": {"items": [{"value": "us-east-1"}]}}]},
    },
}


def test_the_answer_that_aws_shows() -> None:
    """Its own example: a statement without a Sid, and no failures."""
    found = decoded.read(json.dumps(ANSWER))
    assert list(decoded.words(found)) == [
        "denied: ec2:RunInstances on arn:aws:ec2:us-east-1:111111111111:instance/*",
        "  asked by arn:aws:iam::111111111111:user/bob",
        "  because a statement denies it explicitly: what allows it does not count",
        "  statement without a Sid, which denies:",
        "    Principal AIDAEXAMPLE",
        "    Action ec2:RunInstances",
        "    Resource *",
    ]
    assert found.context == (("ec2:Region", ("us-east-1",)),)


def test_what_is_missing_is_none() -> None:
    """AWS leaves out what there is none of."""
    bare = {**ANSWER, "matchedStatements": {"items": []}, "explicitDeny": False}
    del bare["failures"]
    found = decoded.read(json.dumps(bare))
    assert list(decoded.words(found))[2] == "  because nothing allows it: no statement denies it"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        json.dumps({**ANSWER, "context": None}),
        json.dumps({**ANSWER, "matchedStatements": {"items": "x"}}),
        json.dumps(
            {**ANSWER, "matchedStatements": {"items": [{"effect": "DENY", "actions": {"items": [{"value": 1}]}}]}}
        ),
    ],
)
def test_another_answer_is_no_decision(text: str) -> None:
    """Whatever stands there in its place is an error of its own, not a bug."""
    with pytest.raises(UnavailableError):
        decoded.read(text)


def test_the_message_is_found_in_what_was_pasted() -> None:
    """The error that it came in, with line ends, or the message by itself; nothing else is one."""
    message = "aBc-_=" * 20
    pasted = f"An error occurred (UnauthorizedOperation): Encoded authorization failure message: {message}\n"
    assert decoded.message_in(pasted) == decoded.message_in(f" {message} ") == message
    for text in ("", "   ", "is it this?", "ü" * 50, "a" * 10_241):
        with pytest.raises(UsageError):
            decoded.message_in(text)
