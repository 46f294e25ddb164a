"""IAM's policy simulator: its answers, by our own evaluator."""

from __future__ import annotations

from typing import Any

import pytest

from stsctl.emulator.running import Running
from tests.unit.emulator.services_seed import allow, client_of, policy, refused, user

HOME = "111111111111"
ALICE = f"arn:aws:iam::{HOME}:user/alice"
DENY_SQS = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}

SEED = "\n".join(
    [
        user("alice", allow("s3:Get*", "arn:aws:s3:::mine/*"), allow("sqs:*"), more="groups = ['careful']"),
        user("bounded", allow("*"), more="boundary = 'OnlyS3'"),
        f"[account.{HOME}]\npolicy.OnlyS3 = '{policy(allow('s3:*'))}'",
        f"[account.{HOME}.group.careful]\npolicies.no = '{policy(DENY_SQS)}'",
    ]
)


@pytest.fixture(scope="module")
def iam(running: Running) -> Any:
    """IAM, for the account's root."""
    return client_of(running, f"{HOME}:root", "iam")


def decisions(answer: Any) -> list[tuple[str, str, str]]:
    """Action, resource and decision of each result."""
    return [
        (item["EvalActionName"], item["EvalResourceName"], item["EvalDecision"]) for item in answer["EvaluationResults"]
    ]


def test_a_users_policies(iam: Any) -> None:
    """Everything that speaks for a user is asked, its groups' policies too; each decision names its statement."""
    answer = iam.simulate_principal_policy(
        PolicySourceArn=ALICE,
        ActionNames=["s3:GetObject", "sqs:SendMessage"],
        ResourceArns=["arn:aws:s3:::mine/a", "arn:aws:s3:::theirs/a"],
    )
    assert decisions(answer) == [
        ("s3:GetObject", "arn:aws:s3:::mine/a", "allowed"),
        ("s3:GetObject", "arn:aws:s3:::theirs/a", "implicitDeny"),
        ("sqs:SendMessage", "arn:aws:s3:::mine/a", "explicitDeny"),
        ("sqs:SendMessage", "arn:aws:s3:::theirs/a", "explicitDeny"),
    ]
    first, _, third, _ = answer["EvaluationResults"]
    assert first["ResourceSpecificResults"][0]["EvalResourceDecision"] == "allowed"
    assert third["MatchedStatements"][0]["SourcePolicyId"] == "group_careful_no"
    assert third["MatchedStatements"][0]["SourcePolicyType"] == "group"


def test_custom_policies(iam: Any) -> None:
    """Policies of a request are read with their lines and columns."""
    text = '{"Version": "2012-10-17",\n "Statement": [\n  {"Effect": "Allow", "Action": "a:B", "Resource": "*"}]}'
    answer = iam.simulate_custom_policy(PolicyInputList=[text], ActionNames=["a:B", "a:C"])
    assert decisions(answer) == [("a:B", "*", "allowed"), ("a:C", "*", "implicitDeny")]
    assert answer["EvaluationResults"][0]["MatchedStatements"] == [
        {
            "SourcePolicyId": "PolicyInputList.1",
            "SourcePolicyType": "none",
            "StartPosition": {"Line": 3, "Column": 3},
            "EndPosition": {"Line": 3, "Column": 56},
        }
    ]
    assert not answer["IsTruncated"]


def test_context(iam: Any) -> None:
    """Condition keys are those that are given; those that the policies ask for besides are listed as missing."""
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "StringLike": {"s3:prefix": "${aws:username}/*"}}
    text = policy({**allow("s3:ListBucket"), "Condition": condition})
    ask = {"PolicyInputList": [text], "ActionNames": ["s3:ListBucket"]}
    answer = iam.simulate_custom_policy(**ask)
    assert decisions(answer)[0][2] == "implicitDeny"
    keys = ["aws:MultiFactorAuthPresent", "aws:username", "s3:prefix"]
    assert answer["EvaluationResults"][0]["MissingContextValues"] == keys
    entries = [
        {"ContextKeyName": "aws:MultiFactorAuthPresent", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"},
        {"ContextKeyName": "aws:username", "ContextKeyValues": ["bob"], "ContextKeyType": "string"},
        {"ContextKeyName": "s3:prefix", "ContextKeyValues": ["bob/x"], "ContextKeyType": "string"},
    ]
    told = iam.simulate_custom_policy(**ask, ContextEntries=entries)
    assert decisions(told)[0][2] == "allowed"
    assert told["EvaluationResults"][0]["MissingContextValues"] == []
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"] == keys
    found = iam.get_context_keys_for_principal_policy(PolicySourceArn=ALICE, PolicyInputList=[text])
    assert found["ContextKeyNames"] == keys


def test_boundaries(iam: Any) -> None:
    """A user's own boundary limits the simulation; one that is given takes its place."""
    bounded = f"arn:aws:iam::{HOME}:user/bounded"
    ask = {"PolicySourceArn": bounded, "ActionNames": ["ec2:RunInstances", "s3:GetObject"]}
    answer = iam.simulate_principal_policy(**ask)
    assert [item[2] for item in decisions(answer)] == ["implicitDeny", "allowed"]
    detail = [
        item["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"]
        for item in answer["EvaluationResults"]
    ]
    assert detail == [False, True]
    other = iam.simulate_principal_policy(**ask, PermissionsBoundaryPolicyInputList=[policy(allow("ec2:*"))])
    assert [item[2] for item in decisions(other)] == ["allowed", "implicitDeny"]
    without = iam.simulate_principal_policy(**ask, PolicyExclusionList=[{"PolicyType": "permission-boundary"}])
    assert [item[2] for item in decisions(without)] == ["allowed", "allowed"]


def test_resource_policy_across_accounts(iam: Any) -> None:
    """Across accounts both sides have to allow, and each side's answer is told."""
    opened = {
        "Effect": "Allow",
        "Principal": {"AWS": ALICE},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::mine/*",
    }
    ask = {
        "PolicySourceArn": ALICE,
        "ActionNames": ["s3:GetObject", "s3:GetObjectAcl"],
        "ResourceArns": ["arn:aws:s3:::mine/a"],
        "ResourcePolicy": policy(opened),
        "ResourceOwner": "arn:aws:iam::222222222222:root",
        "CallerArn": ALICE,
    }
    answer = iam.simulate_principal_policy(**ask)
    assert [item[2] for item in decisions(answer)] == ["allowed", "implicitDeny"]
    assert [item["EvalDecisionDetails"] for item in answer["EvaluationResults"]] == [
        {"IAM Policy": "allowed", "Resource Policy": "allowed"},
        {"IAM Policy": "allowed", "Resource Policy": "implicitDeny"},
    ]


def test_organizations_policies(iam: Any) -> None:
    """The control policies of each level that a simulation is given have to allow."""
    levels = [
        {"ServiceControlPolicyInputList": [policy(allow("*"))]},
        {"ServiceControlPolicyInputList": [policy(allow("s3:*"))]},
    ]
    answer = iam.simulate_custom_policy(
        PolicyInputList=[policy(allow("*"))],
        ActionNames=["s3:GetObject", "ec2:RunInstances"],
        OrderedOrganizationPolicyInputList=levels,
    )
    assert [item[2] for item in decisions(answer)] == ["allowed", "implicitDeny"]
    details = [item["OrganizationsDecisionDetail"]["AllowedByOrganizations"] for item in answer["EvaluationResults"]]
    assert details == [True, False]


def test_pages(iam: Any) -> None:
    """Results come in pages, and the pages together are all of them."""
    actions = [f"s3:Action{n}" for n in range(7)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[policy(allow("*"))], ActionNames=actions, PaginationConfig={"PageSize": 3}
    )
    found = [[item["EvalActionName"] for item in page["EvaluationResults"]] for page in pages]
    assert found == [actions[:3], actions[3:6], actions[6:]]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"PolicySourceArn": f"arn:aws:iam::{HOME}:user/nobody-here"}, "NoSuchEntity"),
        ({"PolicySourceArn": f"arn:aws:s3:::{HOME}/user/alice"}, "InvalidInput"),
        ({"PolicySourceArn": ALICE, "PolicyInputList": ["{"]}, "InvalidInput"),
        ({"PolicySourceArn": ALICE, "CallerArn": f"arn:aws:iam::{HOME}:role/x"}, "InvalidInput"),
        ({"PolicySourceArn": ALICE, "ActionNames": ["no-colon"]}, "InvalidInput"),
        ({"PolicySourceArn": ALICE, "Marker": "x"}, "InvalidInput"),
    ],
)
def test_what_cannot_be_simulated(iam: Any, given: dict[str, Any], code: str) -> None:
    """Sources that are not there and texts that are no policies are refused."""
    assert refused(iam.simulate_principal_policy, **{"ActionNames": ["s3:GetObject"], **given})[0] == code


def test_simulating_is_an_action(running: Running) -> None:
    """Who may not simulate is refused as everywhere."""
    alice = client_of(running, "alice", "iam")
    code, _, message = refused(alice.simulate_principal_policy, PolicySourceArn=ALICE, ActionNames=["s3:GetObject"])
    assert (code, f"iam:SimulatePrincipalPolicy on resource: {ALICE}" in message) == ("AccessDenied", True)
