"""Actions, resources, principals and the variables in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from stsctl.errors import UsageError
from stsctl.policy.match import Actions, Principals, Resources
from stsctl.policy.principal import Grant, Principal, PrincipalKind
from stsctl.policy.request import Request

ALICE = "arn:aws:iam::111111111111:user/alice"
SESSION = "arn:aws:sts::111111111111:assumed-role/hub/s1"
HUB = "arn:aws:iam::111111111111:role/team/hub"


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        ("s3:GetObject", "s3:getobject", True),
        ("S3:GETOBJECT", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("s3:Get*", "s3:PutObject", False),
        ("s3:*Object", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("*", "iam:PassRole", True),
        ("*:*", "iam:PassRole", True),
        ("iam:*", "sts:AssumeRole", False),
    ],
)
def test_actions_match_in_any_case(pattern: str, action: str, matches: bool) -> None:
    """Action takes in what its pattern names whatever the case, and NotAction exactly the rest."""
    assert Actions.of([pattern], negated=False).match(action.lower()) is matches
    assert Actions.of([pattern], negated=True).match(action.lower()) is not matches


def about(resource: str, **context: str | Sequence[str]) -> Request:
    """A request by alice about a resource; `__` in a name stands for a colon."""
    keys = {name.replace("__", ":"): value for name, value in context.items()}
    return Request(principal=Principal.of(ALICE), action="s3:GetObject", resource=resource, context=keys)


@pytest.mark.parametrize(
    ("pattern", "resource", "context", "matches"),
    [
        ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/alice/x", {}, True),
        ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/bob/x", {}, False),
        ("arn:aws:s3:::home/${AWS:UserName}/*", "arn:aws:s3:::home/alice/x", {}, True),
        ("arn:aws:s3:::home/${s3:prefix}/*", "arn:aws:s3:::home/${s3:prefix}/x", {}, False),
        ("arn:aws:s3:::home/${s3:prefix, 'all'}", "arn:aws:s3:::home/all", {}, True),
        ("arn:aws:s3:::home/${ s3:prefix , 'all'}", "arn:aws:s3:::home/a", {"s3__prefix": "a"}, True),
        ("arn:aws:s3:::home/${s3:prefix, ''}", "arn:aws:s3:::home/", {}, True),
        ("arn:aws:s3:::home/${s3:prefix}", "arn:aws:s3:::home/b", {"s3__prefix": "*"}, False),
        ("arn:aws:s3:::home/${s3:prefix}", "arn:aws:s3:::home/*", {"s3__prefix": "*"}, True),
        ("arn:aws:s3:::home/${s3:prefix}", "arn:aws:s3:::home/a", {"s3__prefix": ["a", "b"]}, False),
        ("arn:aws:s3:::home/${s3:prefix, 'a'}", "arn:aws:s3:::home/a", {"s3__prefix": ["a", "b"]}, False),
        ("arn:aws:s3:::home/${*}${?}${$}", "arn:aws:s3:::home/*?$", {}, True),
        ("arn:aws:s3:::home/${*}", "arn:aws:s3:::home/a", {}, False),
        (
            "arn:aws:s3:::home/${aws:PrincipalTag/team}",
            "arn:aws:s3:::home/red",
            {"aws__PrincipalTag/team": "red"},
            True,
        ),
        ("arn:aws:iam::${aws:PrincipalAccount}:user/a", "arn:aws:iam::111111111111:user/a", {}, False),
    ],
)
def test_policy_variables_in_resources(pattern: str, resource: str, context: dict[str, Any], matches: bool) -> None:
    """Behind an ARN's fifth colon a variable is its key's one value, literally; without one nothing matches."""
    request = about(resource, **context)
    assert Resources.of([pattern], negated=False, variables=True).match(request) is matches
    assert Resources.of([pattern], negated=True, variables=True).match(request) is not matches


def test_variables_of_the_old_version_are_text() -> None:
    """Where the version has no variables, `${…}` is what it says."""
    resources = Resources.of(["arn:aws:s3:::b/${aws:username}"], negated=False, variables=False)
    assert resources.match(about("arn:aws:s3:::b/${aws:username}"))
    assert not resources.match(about("arn:aws:s3:::b/alice"))


@pytest.mark.parametrize(
    ("entries", "principal", "grant"),
    [
        ({"*": ["*"]}, ALICE, Grant.PRINCIPAL),
        ({"AWS": ["*"]}, SESSION, Grant.PRINCIPAL),
        ({"*": ["*"]}, "*", Grant.PRINCIPAL),
        ({"AWS": ["111111111111"]}, ALICE, Grant.ACCOUNT),
        ({"AWS": ["arn:aws:iam::111111111111:root"]}, SESSION, Grant.ACCOUNT),
        ({"AWS": ["arn:aws:iam::111111111111:root"]}, "111111111111", Grant.ACCOUNT),
        ({"AWS": ["arn:aws-cn:iam::111111111111:root"]}, ALICE, Grant.NONE),
        ({"AWS": ["222222222222"]}, ALICE, Grant.NONE),
        ({"AWS": [ALICE]}, ALICE, Grant.PRINCIPAL),
        ({"AWS": [ALICE]}, "arn:aws:iam::111111111111:user/Alice", Grant.NONE),
        ({"AWS": ["111111111111", ALICE]}, ALICE, Grant.PRINCIPAL),
        ({"AWS": [SESSION]}, SESSION, Grant.PRINCIPAL),
        ({"AWS": ["arn:aws:sts::111111111111:assumed-role/hub/s2"]}, SESSION, Grant.NONE),
        ({"AWS": [HUB]}, SESSION, Grant.ISSUER),
        ({"AWS": [HUB]}, HUB, Grant.ISSUER),
        ({"AWS": ["arn:aws:iam::111111111111:role/spoke"]}, SESSION, Grant.NONE),
        ({"AWS": ["AROAHUB000000000"]}, SESSION, Grant.NONE),
        (
            {"AWS": ["arn:aws:sts::111111111111:federated-user/f"]},
            "arn:aws:sts::111111111111:federated-user/f",
            Grant.PRINCIPAL,
        ),
        ({"Service": ["lambda.amazonaws.com"]}, "lambda.amazonaws.com", Grant.PRINCIPAL),
        ({"Service": ["ec2.amazonaws.com"]}, "lambda.amazonaws.com", Grant.NONE),
        ({"Service": ["lambda.amazonaws.com"]}, ALICE, Grant.NONE),
        ({"Federated": ["cognito-identity.amazonaws.com"]}, "cognito-identity.amazonaws.com", Grant.PRINCIPAL),
        (
            {"Federated": ["arn:aws:iam::111111111111:oidc-provider/issuer.example"]},
            "arn:aws:iam::111111111111:oidc-provider/issuer.example",
            Grant.PRINCIPAL,
        ),
        (
            {"Federated": ["arn:aws:iam::111111111111:saml-provider/corp"]},
            "arn:aws:iam::111111111111:saml-provider/corp",
            Grant.PRINCIPAL,
        ),
        ({"AWS": ["111111111111"]}, "arn:aws:iam::111111111111:saml-provider/corp", Grant.NONE),
        ({"CanonicalUser": ["ab" * 32]}, "ab" * 32, Grant.PRINCIPAL),
        ({"AWS": [ALICE]}, "*", Grant.NONE),
    ],
)
def test_principals_of_every_sort(entries: dict[str, list[str]], principal: str, grant: Grant) -> None:
    """Each sort of principal is named by its own names, its role's and its account's, and by no other's."""
    element = Principals.of(list(entries.items()), negated=False)
    assert element.grant(Principal.of(principal)) is grant


def test_a_role_is_known_by_its_path_where_that_is_known() -> None:
    """With the role's ARN given, only a policy that has the same path names it."""
    session = Principal.of(SESSION, issuer="arn:aws:iam::111111111111:role/other/hub")
    assert Principals.of([("AWS", [HUB])], negated=False).grant(session) is Grant.NONE
    assert Principals.of([("AWS", [HUB])], negated=False).grant(Principal.of(SESSION, issuer=HUB)) is Grant.ISSUER


def test_unique_ids_name_users_and_roles() -> None:
    """A policy that was saved with a principal's id, not its name, names whoever has that id now."""
    named = Principals.of([("AWS", ["AIDAALICE0000000", "AROAHUB000000000"])], negated=False)
    assert named.grant(Principal.of(ALICE, unique_id="AIDAALICE0000000")) is Grant.PRINCIPAL
    assert named.grant(Principal.of(ALICE, unique_id="AIDAANOTHER00000")) is Grant.NONE
    assert named.grant(Principal.of(SESSION, unique_id="AROAHUB000000000")) is Grant.ISSUER


@pytest.mark.parametrize(
    ("listed", "principal", "applies"),
    [
        ([ALICE, "111111111111"], ALICE, False),
        ([ALICE], ALICE, True),
        (["111111111111"], ALICE, True),
        ([HUB, "arn:aws:iam::111111111111:root"], SESSION, False),
        ([SESSION, HUB, "arn:aws:iam::111111111111:root"], SESSION, False),
        ([SESSION, "arn:aws:iam::111111111111:root"], SESSION, True),
        ([ALICE, "111111111111"], "*", True),
        (["111111111111"], "111111111111", False),
    ],
)
def test_not_principal_leaves_out_who_is_listed_at_each_step(listed: list[str], principal: str, applies: bool) -> None:
    """NotPrincipal spares a user or role only when its account is listed too."""
    element = Principals.of([("AWS", listed)], negated=True)
    assert bool(element.grant(Principal.of(principal))) is applies


@pytest.mark.parametrize(
    ("text", "kind", "account"),
    [
        (ALICE, PrincipalKind.USER, "111111111111"),
        (SESSION, PrincipalKind.ROLE, "111111111111"),
        (HUB, PrincipalKind.ROLE, "111111111111"),
        ("111111111111", PrincipalKind.ROOT, "111111111111"),
        ("arn:aws:iam::111111111111:root", PrincipalKind.ROOT, "111111111111"),
        ("arn:aws:sts::111111111111:federated-user/bob", PrincipalKind.FEDERATED_USER, "111111111111"),
        ("lambda.amazonaws.com", PrincipalKind.SERVICE, None),
        ("ec2.amazonaws.com.cn", PrincipalKind.SERVICE, None),
        ("accounts.google.com", PrincipalKind.WEB_IDENTITY, None),
        ("token.actions.githubusercontent.com", PrincipalKind.WEB_IDENTITY, None),
        ("*", PrincipalKind.ANONYMOUS, None),
    ],
)
def test_a_principal_is_known_by_its_spelling(text: str, kind: PrincipalKind, account: str | None) -> None:
    """An ARN, an account's id or a host's name says what sort of principal it is."""
    principal = Principal.of(text)
    assert (principal.kind, principal.account) == (kind, account)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "arn:aws:s3:::bucket",
        "arn:aws:iam::111111111111:group/g",
        "arn:aws:iam::111111111111:user/",
        "arn:aws:sts::111111111111:assumed-role/hub",
        "arn:aws:iam::aws:user/alice",
        "arn:aws:iam:eu-west-1:111111111111:user/alice",
    ],
)
def test_who_cannot_ask_is_refused(text: str) -> None:
    """What is no principal cannot make a request."""
    with pytest.raises(UsageError):
        Principal.of(text)


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (
            Principal.of(ALICE, unique_id="AIDAALICE"),
            {
                "aws:PrincipalArn": ALICE,
                "aws:PrincipalAccount": "111111111111",
                "aws:PrincipalType": "User",
                "aws:username": "alice",
                "aws:userid": "AIDAALICE",
                "aws:PrincipalIsAWSService": "false",
                "aws:ResourceAccount": "222222222222",
            },
        ),
        (
            Principal.of(SESSION, issuer=HUB, unique_id="AROAHUB"),
            {
                "aws:PrincipalArn": HUB,
                "aws:PrincipalType": "AssumedRole",
                "aws:userid": "AROAHUB:s1",
                "aws:username": None,
            },
        ),
        (Principal.of(SESSION), {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/hub", "aws:userid": None}),
        (
            Principal.of("111111111111"),
            {"aws:PrincipalType": "Account", "aws:userid": "111111111111", "aws:username": None},
        ),
        (
            Principal.of("arn:aws:sts::111111111111:federated-user/bob"),
            {"aws:PrincipalType": "FederatedUser", "aws:userid": "111111111111:bob"},
        ),
        (
            Principal.of("sns.amazonaws.com"),
            {
                "aws:PrincipalIsAWSService": "true",
                "aws:PrincipalServiceName": "sns.amazonaws.com",
                "aws:PrincipalArn": None,
            },
        ),
        (
            Principal.of("*"),
            {"aws:PrincipalType": "Anonymous", "aws:PrincipalAccount": "anonymous", "aws:userid": "anonymous"},
        ),
    ],
)
def test_condition_keys_that_follow_from_who_asks(principal: Principal, expected: dict[str, str | None]) -> None:
    """The keys that AWS always sends are there without being given."""
    request = Request(principal=principal, action="s3:GetObject", resource="*", resource_account="222222222222")
    keys = request.keys()
    assert {name: keys[name.lower()][0] if name.lower() in keys else None for name in expected} == expected


def test_a_key_that_is_given_wins() -> None:
    """A context that names a derived key, in any case, replaces it; None takes it away."""
    request = about("*", AWS__USERNAME="bob", aws__PrincipalType="Account")
    assert request.keys()["aws:username"] == ("bob",)
    assert request.keys()["aws:principaltype"] == ("Account",)
    gone = Request(principal=Principal.of(ALICE), action="a:b", resource="*", context={"aws:username": None})
    assert not gone.keys()["aws:username"]
