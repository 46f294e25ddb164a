"""`stsctl sts decode`: a denial's encoded message in words, as the emulator seals and decodes it."""

from __future__ import annotations

import json

import pytest

from tests.program import LOCKED, WORK, Me

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {
                "Sid": "NotHere",
                "Effect": "Deny",
                "Action": "ec2:DescribeInstances",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
            },
        ],
    }
)


def denied(me: Me, policy: str = POLICY) -> str:
    """The error of the AWS CLI for a call that a session policy does not allow."""
    words = ("exec", "read-only", "--policy", policy, "--", "aws", "ec2", "describe-instances", "--region", "us-east-1")
    done = me.run(*words)
    assert "Encoded authorization failure message: " in done.err, done
    return done.err


def test_a_denial_in_words(me: Me) -> None:
    """The whole error is taken: who asked for what, the statement that denies it, and the condition keys."""
    out = me.ok("sts", "decode", "--stdin", "--as", "read-only", given=denied(me))
    decision, _, context = out.partition("\n\n")
    lines = decision.splitlines()
    assert lines[0] == "denied: ec2:DescribeInstances on *"
    assert lines[1].startswith(f"  asked by arn:aws:sts::{WORK}:assumed-role/ReadOnly/")
    assert lines[2:5] == [
        "  because a statement denies it explicitly: what allows it does not count",
        '  statement "NotHere", which denies:',
        "    Action ec2:DescribeInstances",
    ]
    assert "    Condition aws:RequestedRegion: us-east-1" in lines
    keys = dict(line.split(maxsplit=1) for line in context.splitlines())
    assert keys["aws:RequestedRegion"] == "us-east-1"


def test_what_nothing_allows(me: Me) -> None:
    """An implicit denial says so, and what kept each statement from applying."""
    text = denied(
        me,
        POLICY.replace('"Deny"', '"Allow"')
        .replace('"Action": "*"', '"Action": "s3:*"', 1)
        .replace("us-east-1", "eu-west-1"),
    )
    out = me.ok("sts", "decode", text.split()[-1], "--as", "work")
    assert "because nothing allows it" in out
    assert 'wanted "eu-west-1", request has "us-east-1"' in out


def test_json_is_what_aws_answered(me: Me) -> None:
    """With --json the decision is there as STS gave it."""
    answer = json.loads(me.ok("sts", "decode", "--stdin", "--json", "--as", "work", given=denied(me)))
    assert (answer["allowed"], answer["explicitDeny"]) == (False, True)
    assert answer["context"]["action"] == "ec2:DescribeInstances"


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["AAAA", "--as", "work"], 5, "InvalidAuthorizationMessageException"),
        (["what is this?!", "--as", "work"], 2, "no encoded authorization message"),
        (["x" * 10241, "--as", "work"], 2, "no encoded authorization message"),
        ([], 2, "give the MESSAGE, --stdin or --last"),
        (["AAAA", "--stdin"], 2, "give the MESSAGE, --stdin or --last"),
    ],
)
def test_what_is_no_message(me: Me, words: list[str], status: int, says: str) -> None:
    """What cannot be one is told here, and what is not this account's by AWS."""
    done = me.run("sts", "decode", *words)
    assert (done.status, says in done.err) == (status, True), done


def test_the_refusal_that_happened_last(me: Me) -> None:
    """The message that came with it is kept, so that nobody has to copy it; where there was none, that is said."""
    done = me.run("sts", "decode", "--last", "--as", "work")
    assert (done.status, "nothing was refused yet" in done.err) == (2, True), done
    assert me.run("assume", "locked").status == 5
    assert f"denied: sts:AssumeRole on {LOCKED}" in me.ok("sts", "decode", "--last", "--as", "work")
    done = me.run("sts", "decode", "--last", "--stdin")
    assert (done.status, "--stdin or --last" in done.err) == (2, True), done


def test_a_message_that_begins_as_an_option_does(me: Me) -> None:
    """It is taken for the message that it is: what AWS says of it is no complaint about an option."""
    done = me.run("sts", "decode", f"-t{'x' * 200}", "--as", "work")
    assert (done.status, "InvalidAuthorizationMessage" in done.err) == (5, True), done
