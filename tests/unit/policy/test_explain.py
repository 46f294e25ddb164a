"""Decisions in words, and in the shape of DecodeAuthorizationMessage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stsctl.policy.document import Kind
from stsctl.policy.evaluate import Considered, Layer, Policies, Policy, evaluate
from stsctl.policy.explain import closest, explain
from stsctl.policy.message import authorization_message
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request
from tests.unit.policy.statements import allow, deny, document, trust

ALICE = "arn:aws:iam::111111111111:user/alice"
SESSION = "arn:aws:sts::111111111111:assumed-role/hub/s1"
ROLE = "arn:aws:iam::222222222222:role/target"
OBJECT = "arn:aws:s3:::bucket/key"


def about(action: str, resource: str, principal: str = ALICE, **given: Any) -> Request:
    """A request by alice, or somebody else."""
    return Request(principal=Principal.of(principal), action=action, resource=resource, **given)


def one(name: str, kind: Kind, statements: Any) -> tuple[Policy, ...]:
    """A policy of these statements."""
    return (Policy(name=name, document=document(kind, statements)),)


def said(request: Request, policies: Policies) -> list[str]:
    """What is said of a decision."""
    return explain(request, evaluate(request, policies, trace=True))


def test_a_refused_assume_role_says_what_the_trust_policy_wanted() -> None:
    """Both values stand in the line of a condition that failed, and the way to satisfy it behind it."""
    statement = trust(
        {"AWS": "arn:aws:iam::111111111111:role/hub"},
        Sid="Hub",
        Condition={"StringEquals": {"sts:ExternalId": "x1"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}},
    )
    policies = Policies(
        identity=one("hub/inline", Kind.IDENTITY, allow("sts:AssumeRole")),
        resource=one("trust of target", Kind.TRUST, statement)[0],
    )
    request = about("sts:AssumeRole", ROLE, SESSION, context={"aws:MultiFactorAuthPresent": "false"})
    assert said(request, policies) == [
        f'implicitly denied: nothing in the role\'s trust policy allows sts:AssumeRole on "{ROLE}" by "{SESSION}"',
        '  trust of target, statement 0 ("Hub") does not apply:',
        '    Condition StringEquals sts:ExternalId: wanted "x1", request has none',
        '    Condition Bool aws:MultiFactorAuthPresent: wanted "true", request has "false"',
        '    to change: the request carries sts:ExternalId with "x1"; the request is made with MFA',
    ]


def test_the_closest_miss_comes_first() -> None:
    """Of the statements that might allow, the one that lacks least is told first, and a few are told at all."""
    statements = [
        allow("ec2:*"),
        allow("s3:PutObject", "arn:aws:s3:::other/*"),
        allow("s3:GetObject", Sid="Near", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}),
        allow("s3:Get*", "arn:aws:s3:::other/*"),
        allow("sqs:*"),
    ]
    request = about("s3:GetObject", OBJECT)
    decision = evaluate(request, Policies(identity=one("own", Kind.IDENTITY, statements)), trace=True)
    assert [statement.index for _, statement, _ in closest(request, decision, Layer.IDENTITY)] == [2, 3, 1, 0, 4]
    lines = explain(request, decision)
    assert lines[1:4] == [
        '  own, statement 2 ("Near") does not apply:',
        '    Condition StringEquals aws:PrincipalTag/team: wanted "red", request has none',
        '    to change: the request carries aws:PrincipalTag/team with "red"',
    ]
    assert lines[-1] == "  2 more are further off"


@pytest.mark.parametrize(
    ("statement", "line", "change"),
    [
        (
            allow("s3:Put*"),
            'Action: wanted "s3:Put*", request has "s3:GetObject"',
            "the statement takes in s3:GetObject",
        ),
        (
            {"Effect": "Allow", "NotAction": ["s3:*", "iam:*"], "Resource": "*"},
            'NotAction: wanted anything but "s3:*" or "iam:*", request has "s3:GetObject"',
            "the statement takes in s3:GetObject",
        ),
        (
            allow(resource=[f"arn:aws:s3:::{number}" for number in range(6)]),
            (
                'Resource: wanted "arn:aws:s3:::0" or "arn:aws:s3:::1" or "arn:aws:s3:::2" or "arn:aws:s3:::3" '
                f'or 2 more, request has "{OBJECT}"'
            ),
            f'the statement takes in "{OBJECT}"',
        ),
        (
            allow(resource="arn:aws:s3:::${aws:username}/${a:b}"),
            (
                'Resource: wanted "arn:aws:s3:::${aws:username}/${a:b}" (a variable has no single value), '
                f'request has "{OBJECT}"'
            ),
            f'the statement takes in "{OBJECT}"',
        ),
        (
            allow(resource="arn:aws:s3:::${a:x}/*"),
            f'Resource: wanted "arn:aws:s3:::${{a:x}}/*" (here "arn:aws:s3:::bc/*"), request has "{OBJECT}"',
            f'the statement takes in "{OBJECT}"',
        ),
        (
            allow(Condition={"StringNotLike": {"a:x": "b*"}}),
            'Condition StringNotLike a:x: wanted anything but "b*", request has "bc"',
            'the request\'s a:x is anything but "b*"',
        ),
        (
            allow(Condition={"ForAllValues:StringEquals": {"a:list": ["1", "2"]}}),
            'Condition ForAllValues:StringEquals a:list: wanted "1" or "2", request has "1" and "3"',
            'the request carries a:list with "1" or "2"',
        ),
        (
            allow(Condition={"Null": {"a:x": "true"}}),
            'Condition Null a:x: wanted none, request has "bc"',
            "the request does not carry a:x",
        ),
        (
            allow(Condition={"Null": {"a:absent": "false"}}),
            "Condition Null a:absent: wanted any, request has none",
            "the request carries a:absent",
        ),
        (
            allow(Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": 60}}),
            'Condition NumericLessThan aws:MultiFactorAuthAge: wanted "60", request has none',
            "the request is made with MFA",
        ),
        (
            allow(Condition={"StringEquals": {"a:x": []}}),
            'Condition StringEquals a:x: wanted nothing, request has "bc"',
            "the request carries a:x with nothing",
        ),
    ],
)
def test_each_element_that_fails_is_told_with_both_values(statement: Any, line: str, change: str) -> None:
    """What was wanted, what the request has, and what would have to change."""
    request = about("s3:GetObject", OBJECT, context={"a:x": "bc", "a:list": ["1", "3"]})
    assert said(request, Policies(identity=one("own", Kind.IDENTITY, statement)))[2:] == [
        f"    {line}",
        f"    to change: {change}",
    ]


def test_a_principal_that_is_not_named_is_told() -> None:
    """The line says who is named and who asks."""
    statement = {"Effect": "Allow", "Principal": {"AWS": [SESSION], "Service": "a.amazonaws.com"}, "Action": "s3:*"}
    request = about("s3:GetObject", OBJECT, resource_account="222222222222")
    lines = said(
        request,
        Policies(resource=one("bucket", Kind.RESOURCE, statement)[0], identity=one("own", Kind.IDENTITY, allow())),
    )
    assert lines[2:] == [
        f'    Principal: wanted "AWS {SESSION}" or "Service a.amazonaws.com", request is by "{ALICE}"',
        f'    to change: the statement names "{ALICE}"',
    ]


def test_every_layer_that_is_missing_is_told() -> None:
    """Across accounts both sides may be missing; so may one that has no policy at all."""
    lines = said(about("s3:GetObject", OBJECT, resource_account="222222222222"), Policies())
    assert lines == [
        f'implicitly denied: nothing in the resource\'s policy allows s3:GetObject on "{OBJECT}" by "{ALICE}"',
        "  there are none",
        f'  to change: a statement that allows s3:GetObject on "{OBJECT}"',
        "nothing in identity policies allows it either",
        "  there are none",
        f'  to change: a statement that allows s3:GetObject on "{OBJECT}"',
    ]


def test_inside_an_account_the_resources_policy_could_allow_as_well() -> None:
    """A near miss in the bucket's policy is told among those in identity policies."""
    wanted = {"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "s3:*", "Condition": {"Bool": {"a:b": "true"}}}
    policies = Policies(
        identity=one("own", Kind.IDENTITY, allow("ec2:*")), resource=one("bucket", Kind.RESOURCE, wanted)[0]
    )
    lines = said(about("s3:GetObject", OBJECT), policies)
    assert [line for line in lines if line.endswith("does not apply:")] == [
        "  bucket, statement 0 does not apply:",
        "  own, statement 0 does not apply:",
    ]


def test_only_the_level_that_does_not_allow_is_told() -> None:
    """Of an organisation's levels, those that allow have no misses."""
    levels = (one("root", Kind.SCP, allow()), one("ou", Kind.SCP, [allow("ec2:*"), deny("iam:*")]))
    lines = said(about("s3:GetObject", OBJECT), Policies(identity=one("own", Kind.IDENTITY, allow()), scps=levels))
    assert lines[0].startswith("implicitly denied: nothing in service control policies allows")
    assert lines[1] == "  ou, statement 0 does not apply:"
    assert not any("root" in line for line in lines)


def test_a_layer_of_denies_only_is_told() -> None:
    """A boundary that allows nothing has no near miss."""
    lines = said(
        about("s3:GetObject", OBJECT),
        Policies(identity=one("own", Kind.IDENTITY, allow()), boundaries=one("limit", Kind.SESSION, deny("iam:*"))),
    )
    assert lines[0].startswith("implicitly denied: nothing in the permissions boundary allows")
    assert lines[1] == "  no statement there allows anything"


def test_delegation_to_the_account_is_told() -> None:
    """Where the trust policy names the account, that is why identity policies matter."""
    policies = Policies(resource=one("trust", Kind.TRUST, trust({"AWS": "111111111111"}))[0])
    lines = said(about("sts:AssumeRole", ROLE), policies)
    assert lines[0].startswith("implicitly denied: nothing in identity policies allows")
    assert lines[1] == "  trust, statement 0 leaves it to the account's identity policies"


def test_an_explicit_deny_is_told_with_what_made_it_apply() -> None:
    """The statement that denied stands there with the values that made its conditions hold."""
    statements = [
        allow(),
        deny("s3:*", Sid="Tls", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        deny("s3:GetObject"),
    ]
    request = about("s3:GetObject", OBJECT, context={"aws:SecureTransport": "false"})
    assert said(request, Policies(identity=one("own", Kind.IDENTITY, statements))) == [
        f'explicitly denied by identity policies: s3:GetObject on "{OBJECT}" by "{ALICE}"',
        '  own, statement 1 ("Tls") denies it',
        '    Condition Bool aws:SecureTransport: "false" holds, request has "false"',
        "    to change: a request for which one of these does not hold",
        "  own, statement 2 denies it",
        "    to change: the statement itself, which has no conditions",
    ]


@pytest.mark.parametrize(
    ("request_", "policies", "lines"),
    [
        (
            about("s3:GetObject", OBJECT),
            Policies(identity=one("own", Kind.IDENTITY, [deny("iam:*"), allow(Sid="All")])),
            [
                f'allowed by identity policies: s3:GetObject on "{OBJECT}" by "{ALICE}"',
                '  own, statement 1 ("All")',
            ],
        ),
        (about("sts:GetCallerIdentity", "*"), Policies(), ["allowed: sts:GetCallerIdentity needs no permission"]),
        (
            about("s3:GetObject", OBJECT, "111111111111"),
            Policies(),
            ["allowed: the account's root user needs no policy"],
        ),
    ],
)
def test_what_is_allowed_is_told_with_its_reason(request_: Request, policies: Policies, lines: list[str]) -> None:
    """An Allow names its statement, or says why none was needed."""
    assert said(request_, policies) == lines


def test_the_trace_has_every_policy_and_every_statement() -> None:
    """Each statement of each policy is there, those that applied with nothing that failed."""
    policies = Policies(
        identity=one("own", Kind.IDENTITY, [allow(), allow("ec2:*")]),
        session=one("session", Kind.SESSION, deny(Condition={"Bool": {"a:b": "true"}})),
        boundaries=one("limit", Kind.SESSION, allow("s3:*")) + one("other", Kind.SESSION, allow("iam:*")),
        scps=(one("root", Kind.SCP, allow()), one("ou", Kind.SCP, allow())),
    )
    decision = evaluate(about("s3:GetObject", OBJECT), policies, trace=True)

    def names(considered: Considered) -> tuple[Any, ...]:
        failed = [[type(element).__name__ for element in elements] for elements in considered.failed]
        return considered.layer.value, considered.level, considered.policy.name, failed

    assert [names(considered) for considered in decision.trace] == [
        ("scp", 0, "root", [[]]),
        ("scp", 1, "ou", [[]]),
        ("identity", 0, "own", [[], ["Actions"]]),
        ("boundary", 0, "limit", [[]]),
        ("boundary", 1, "other", [["Actions"]]),
        ("session", 0, "session", [["Condition"]]),
    ]
    assert evaluate(about("s3:GetObject", OBJECT), policies).trace == ()


def test_the_authorization_message() -> None:
    """The shape is that of AWS's documentation, keys spelled as AWS or the caller spells them."""
    statements = [
        deny("s3:*", Sid="Tls", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        allow(Condition={"StringEquals": {"a:x": "1"}}),
    ]
    bucket = {
        "Effect": "Deny",
        "Principal": {"AWS": "111111111111"},
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::other/*",
    }
    policies = Policies(
        identity=one("own", Kind.IDENTITY, statements), resource=one("bucket", Kind.RESOURCE, bucket)[0]
    )
    context = {"aws:SecureTransport": "false", "a:None": None}
    request = about("s3:GetObject", OBJECT, context=context)
    message = authorization_message(request, evaluate(request, policies, trace=True))
    assert json.loads(json.dumps(message)) == {
        "allowed": False,
        "explicitDeny": True,
        "matchedStatements": {
            "items": [
                {
                    "statementId": "Tls",
                    "effect": "DENY",
                    "principals": {"items": []},
                    "principalGroups": {"items": []},
                    "actions": {"items": [{"value": "s3:*"}]},
                    "resources": {"items": [{"value": "*"}]},
                    "conditions": {
                        "items": [{"key": "aws:SecureTransport", "values": {"items": [{"value": "false"}]}}]
                    },
                }
            ]
        },
        "failures": {
            "items": [
                {
                    "policyType": "resource",
                    "policy": "bucket",
                    "statementId": "",
                    "index": 0,
                    "reasons": {
                        "items": [{"value": f'Resource: wanted "arn:aws:s3:::other/*", request has "{OBJECT}"'}]
                    },
                },
                {
                    "policyType": "identity",
                    "policy": "own",
                    "statementId": "",
                    "index": 1,
                    "reasons": {"items": [{"value": 'Condition StringEquals a:x: wanted "1", request has none'}]},
                },
            ]
        },
        "context": {
            "principal": {"arn": ALICE},
            "action": "s3:GetObject",
            "resource": OBJECT,
            "conditions": {
                "items": [
                    {"key": "aws:PrincipalAccount", "values": {"items": [{"value": "111111111111"}]}},
                    {"key": "aws:PrincipalArn", "values": {"items": [{"value": ALICE}]}},
                    {"key": "aws:PrincipalIsAWSService", "values": {"items": [{"value": "false"}]}},
                    {"key": "aws:PrincipalType", "values": {"items": [{"value": "User"}]}},
                    {"key": "aws:ResourceAccount", "values": {"items": [{"value": "111111111111"}]}},
                    {"key": "aws:SecureTransport", "values": {"items": [{"value": "false"}]}},
                    {"key": "aws:username", "values": {"items": [{"value": "alice"}]}},
                ]
            },
        },
    }


def test_the_id_of_who_asked_is_in_the_message() -> None:
    """Where the id is known, it stands beside the ARN."""
    request = Request(principal=Principal.of(SESSION, unique_id="AROA1"), action="s3:GetObject", resource="*")
    message = authorization_message(request, evaluate(request, Policies()))
    assert message["context"]["principal"] == {"id": "AROA1:s1", "arn": SESSION}  # type: ignore[index]
