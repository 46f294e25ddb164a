"""What is wider than it looks: each finding, by a document that has it and the nearest one that has not."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stsctl.access import trust_check, trust_policy
from stsctl.access.finding import Change, Finding, Fix
from stsctl.arn import Arn
from stsctl.severity import Severity

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OWN, OTHER = "111111111111", "999999999999"
ROLE = Arn.parse_role(f"arn:aws:iam::{OWN}:role/team/Deploy")
GITHUB = "token.actions.githubusercontent.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF0123456789"
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-acme000000"}}
ID = {"StringEquals": {"sts:ExternalId": "an-id"}}
MFA = "aws:MultiFactorAuthPresent"

Json = dict[str, Any]


def allow(principal: object, condition: Json | None = None, action: object = "sts:AssumeRole", **more: object) -> Json:
    """A statement that allows."""
    found: Json = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return found if condition is None else {**found, "Condition": condition}


def deny(condition: Json, principal: object = "*") -> Json:
    """A statement that denies."""
    return {"Effect": "Deny", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}


def oidc(host: str, condition: Json | None = None) -> Json:
    """A statement that trusts an OIDC provider, for the audience that STS has."""
    sort = host if host in ("accounts.google.com", "cognito-identity.amazonaws.com") else ""
    name = sort or f"arn:aws:iam::{OWN}:oidc-provider/{host}"
    wanted: Json = {"StringEquals": {f"{host}:aud": "sts.amazonaws.com"}} if not sort else {}
    for operator, tests in (condition or {}).items():
        wanted.setdefault(operator, {}).update(tests)
    return allow({"Federated": name}, wanted, "sts:AssumeRoleWithWebIdentity")


def github(*subjects: str, operator: str = "StringLike") -> Json:
    """A statement that trusts GitHub Actions for some subjects."""
    return oidc(GITHUB, {operator: {f"{GITHUB}:sub": list(subjects)}})


def aws(name: str) -> Json:
    """One principal of AWS."""
    return {"AWS": name}


def document(*statements: Json) -> Json:
    """A policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def check(value: Json, *, role: Arn = ROLE, own: frozenset[str] = frozenset()) -> list[Finding]:
    """The findings about a document, that of the role."""
    return trust_check.check(trust_policy.of_role(role, value), own=own, now=NOW)


def names(value: Json) -> set[str]:
    """The rules that a document breaks."""
    return {finding.rule.name for finding in check(value)}


RESERVED = "aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*"
ROOT, THIRD = aws(f"arn:aws:iam::{OWN}:root"), aws(f"arn:aws:iam::{OTHER}:role/Scanner")
SAML = {"Federated": f"arn:aws:iam::{OWN}:saml-provider/corp"}
SERVICE = {"Service": "codebuild.amazonaws.com"}
COGNITO = "cognito-identity.amazonaws.com"
GOOGLE = "accounts.google.com"
POOL = {"StringEquals": {f"{COGNITO}:aud": "eu-west-1:11111111-2222-3333-4444-555555555555"}}
SIGNED_IN = {"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}}

CASES: list[tuple[str, Severity, list[Json], list[Json]]] = [
    ("everyone", Severity.CRITICAL, [allow("*")], [allow("*", ORG)]),
    (
        "everyone",
        Severity.CRITICAL,
        [allow(aws("*"))],
        [allow(aws("*"), {"StringEquals": {"aws:PrincipalAccount": OWN}})],
    ),
    (
        "everyone",
        Severity.HIGH,
        [allow("*", ID)],
        [allow("*", ID | {"StringLike": {"aws:PrincipalOrgPaths": "o-acme000000/*"}})],
    ),
    ("everyone", Severity.CRITICAL, [allow("*", {"StringLike": {"aws:PrincipalOrgID": "o-*"}})], [allow("*", ORG)]),
    (
        "everyone",
        Severity.CRITICAL,
        [allow("*", {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-acme000000"}})],
        [allow("*"), deny({"StringNotEquals": {"aws:PrincipalOrgID": "o-acme000000"}})],
    ),
    (
        "everyone",
        Severity.CRITICAL,
        [
            allow("*"),
            deny(
                {
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-acme000000"},
                    "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
                }
            ),
        ],
        [
            allow("*"),
            deny(
                {
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-acme000000"},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                }
            ),
        ],
    ),
    (
        "everyone",
        Severity.CRITICAL,
        [allow("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deploy"}})],
        [allow("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}})],
    ),
    (
        "everyone",
        Severity.CRITICAL,
        [allow("*", {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalTag/account}"}})],
        [allow("*", {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}})],
    ),
    (
        "everyone",
        Severity.CRITICAL,
        [allow("*", {"StringLike": {"aws:PrincipalArn": f"arn:*:iam::{OWN}:role/*"}})],
        [allow("*", {"ArnLike": {"aws:PrincipalArn": f"arn:*:iam::{OWN}:role/*"}})],
    ),
    (
        "everyone",
        Severity.CRITICAL,
        [allow("*"), deny({"StringNotEquals": ORG["StringEquals"], "Bool": {"aws:PrincipalIsAWSService": "true"}})],
        [allow("*"), deny({"StringNotEquals": ORG["StringEquals"], "Bool": {"aws:PrincipalIsAWSService": "false"}})],
    ),
    ("other-account", Severity.MEDIUM, [allow(aws(OTHER), ID)], [allow(ROOT)]),
    (
        "other-account",
        Severity.MEDIUM,
        [allow(aws(f"arn:aws:iam::{OTHER}:root"), ID)],
        [
            allow(
                aws(f"arn:aws:iam::{OTHER}:root"),
                ID | {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/Scanner"}},
            )
        ],
    ),
    ("no-external-id", Severity.HIGH, [allow(THIRD)], [allow(THIRD, ID)]),
    ("no-external-id", Severity.HIGH, [allow(THIRD, {"StringLike": {"sts:ExternalId": "*"}})], [allow(THIRD, ORG)]),
    (
        "no-external-id",
        Severity.HIGH,
        [allow(THIRD, {"Bool": {MFA: "false"}})],
        [allow(THIRD, {"Bool": {MFA: "true"}})],
    ),
    (
        "no-external-id",
        Severity.HIGH,
        [allow(THIRD, {"StringEqualsIfExists": {"sts:ExternalId": "an-id"}})],
        [allow(ROOT)],
    ),
    (
        "no-external-id",
        Severity.HIGH,
        [allow(THIRD), deny({"StringEquals": {"sts:ExternalId": "an-id"}})],
        [allow(THIRD), deny({"StringNotEquals": {"sts:ExternalId": "an-id"}})],
    ),
    ("deleted-principal", Severity.LOW, [allow(aws("AROAEXAMPLEEXAMPLE"))], [allow(aws(f"arn:aws:iam::{OWN}:role/R"))]),
    ("trusts-itself", Severity.MEDIUM, [allow(aws(str(ROLE)))], [allow(aws(f"{ROLE}2"))]),
    (
        "trusts-itself",
        Severity.MEDIUM,
        [allow(aws(f"arn:aws:sts::{OWN}:assumed-role/Deploy/me"))],
        [allow(aws(f"arn:aws:sts::{OWN}:assumed-role/Deploy2/me"))],
    ),
    (
        "not-principal",
        Severity.CRITICAL,
        [{"Effect": "Allow", "NotPrincipal": ROOT, "Action": "sts:AssumeRole"}],
        [allow(ROOT)],
    ),
    ("not-valid", Severity.HIGH, [allow(ROOT, Resource="*")], [allow(ROOT)]),
    (
        "not-action",
        Severity.HIGH,
        [{"Effect": "Allow", "Principal": ROOT, "NotAction": "sts:TagSession"}],
        [allow(ROOT)],
    ),
    (
        "every-action",
        Severity.MEDIUM,
        [allow(ROOT, action="sts:*")],
        [allow(ROOT, action=["sts:AssumeRole", "sts:TagSession"])],
    ),
    (
        "confused-deputy",
        Severity.MEDIUM,
        [allow(SERVICE)],
        [allow(SERVICE, {"StringEquals": {"aws:SourceAccount": OWN}})],
    ),
    ("confused-deputy", Severity.MEDIUM, [allow(SERVICE)], [allow({"Service": "ec2.amazonaws.com"})]),
    ("confused-deputy", Severity.MEDIUM, [allow(SERVICE)], [allow({"Service": "ec2.amazonaws.com.cn"})]),
    (
        "confused-deputy",
        Severity.MEDIUM,
        [allow(SERVICE, {"ArnLike": {"aws:SourceArn": "arn:aws:codebuild:*:*:project/x"}})],
        [allow(SERVICE, {"ArnLike": {"aws:SourceArn": f"arn:aws:codebuild:*:{OWN}:project/x"}})],
    ),
    (
        "confused-deputy",
        Severity.MEDIUM,
        [allow(SERVICE)],
        [allow(SERVICE, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}})],
    ),
    (
        "confused-deputy",
        Severity.MEDIUM,
        [allow({"Service": "rolesanywhere.amazonaws.com"})],
        [
            allow(
                {"Service": "rolesanywhere.amazonaws.com"},
                {"ArnEquals": {"aws:SourceArn": f"arn:aws:rolesanywhere:eu-west-1:{OWN}:trust-anchor/a"}},
            )
        ],
    ),
    (
        "every-service",
        Severity.HIGH,
        [allow({"Service": "*"})],
        [allow({"Service": "*"}, {"StringEquals": {"aws:SourceAccount": OWN}})],
    ),
    ("any-subject", Severity.CRITICAL, [oidc(GITHUB)], [github("repo:acme/app:ref:refs/heads/main")]),
    (
        "any-subject",
        Severity.CRITICAL,
        [oidc(GITHUB, {"StringEquals": {f"{GITHUB}:actor": "somebody"}})],
        [oidc(GITHUB, {"StringEquals": {f"{GITHUB}:repository_id": "1234"}})],
    ),
    (
        "any-subject",
        Severity.HIGH,
        [oidc("idp.example.com")],
        [oidc("idp.example.com", {"StringLike": {"idp.example.com:sub": "ci-*"}})],
    ),
    (
        "any-subject",
        Severity.HIGH,
        [oidc(EKS)],
        [oidc(EKS, {"StringEquals": {f"{EKS}:sub": "system:serviceaccount:shop:web"}})],
    ),
    ("any-subject", Severity.CRITICAL, [oidc(COGNITO, SIGNED_IN)], [oidc(COGNITO, SIGNED_IN | POOL)]),
    (
        "any-subject",
        Severity.CRITICAL,
        [oidc(GOOGLE, {"StringEquals": {f"{GOOGLE}:oaud": "chosen-by-whoever-asks"}})],
        [oidc(GOOGLE, {"StringEquals": {f"{GOOGLE}:sub": "1234567890"}})],
    ),
    ("wide-subject", Severity.CRITICAL, [github("repo:*")], [github("repo:acme/app:ref:refs/heads/main")]),
    ("wide-subject", Severity.CRITICAL, [github("repo:acme*")], [github("repo:acme/app:ref:refs/heads/main")]),
    (
        "wide-subject",
        Severity.CRITICAL,
        [github("*:environment:production")],
        [github("repo:acme/app:environment:production")],
    ),
    (
        "wide-subject",
        Severity.CRITICAL,
        [github("environment:production")],
        [github("repository_owner_id:1:environment:production")],
    ),
    ("wide-subject", Severity.MEDIUM, [github("repo:acme/*")], [github("repo:acme/app:ref:refs/heads/main")]),
    ("wide-subject", Severity.MEDIUM, [github("repo:acme/app*")], [github("repo:acme/app:ref:refs/heads/main")]),
    ("wide-subject", Severity.LOW, [github("repo:acme/app:*")], [github("repo:acme/app:ref:refs/heads/main")]),
    (
        "wide-subject",
        Severity.MEDIUM,
        [github("repo:acme/app:ref:refs/heads/main", "repo:acme/*")],
        [github("repo:acme/app:ref:refs/heads/main", "repo:acme/two:ref:refs/heads/main")],
    ),
    (
        "wide-subject",
        Severity.CRITICAL,
        [oidc("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:acme*:ref_type:branch:ref:main"}})],
        [oidc("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:acme/app:ref_type:branch:ref:main"}})],
    ),
    (
        "wide-subject",
        Severity.CRITICAL,
        [oidc("agent.buildkite.com", {"StringLike": {"agent.buildkite.com:sub": "organization:acme*"}})],
        [oidc("agent.buildkite.com", {"StringLike": {"agent.buildkite.com:sub": "organization:acme:pipeline:web:*"}})],
    ),
    (
        "wide-subject",
        Severity.MEDIUM,
        [oidc("app.terraform.io", {"StringLike": {"app.terraform.io:sub": "organization:acme:project:*"}})],
        [
            oidc(
                "app.terraform.io",
                {"StringLike": {"app.terraform.io:sub": "organization:acme:project:p:workspace:w:*"}},
            )
        ],
    ),
    (
        "wide-subject",
        Severity.MEDIUM,
        [oidc("oidc.circleci.com/org/o1", {"StringLike": {"oidc.circleci.com/org/o1:sub": "org/o1/*"}})],
        [oidc("oidc.circleci.com/org/o1", {"StringLike": {"oidc.circleci.com/org/o1:sub": "org/o1/project/p1/*"}})],
    ),
    (
        "wide-subject",
        Severity.HIGH,
        [oidc(EKS, {"StringLike": {f"{EKS}:sub": "system:serviceaccount:*:web"}})],
        [oidc(EKS, {"StringLike": {f"{EKS}:sub": "system:serviceaccount:shop:web"}})],
    ),
    (
        "wide-subject",
        Severity.MEDIUM,
        [oidc(EKS, {"StringLike": {f"{EKS}:sub": "system:serviceaccount:shop:*"}})],
        [oidc(EKS, {"StringLike": {f"{EKS}:sub": "system:serviceaccount:shop:web"}})],
    ),
    ("guests", Severity.MEDIUM, [oidc(COGNITO, POOL)], [oidc(COGNITO, POOL | SIGNED_IN)]),
    (
        "no-audience",
        Severity.LOW,
        [
            allow(
                {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/{GITHUB}"},
                {"StringEquals": {f"{GITHUB}:sub": "repo:acme/app:ref:refs/heads/main"}},
                "sts:AssumeRoleWithWebIdentity",
            )
        ],
        [github("repo:acme/app:ref:refs/heads/main")],
    ),
    (
        "saml-audience",
        Severity.MEDIUM,
        [allow(SAML, None, "sts:AssumeRoleWithSAML")],
        [allow(SAML, {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}, "sts:AssumeRoleWithSAML")],
    ),
    (
        "every-provider",
        Severity.HIGH,
        [allow({"Federated": "*"}, None, "sts:AssumeRoleWithWebIdentity")],
        [github("repo:a/b:pull_request")],
    ),
    (
        "lets-absent-through",
        Severity.HIGH,
        [allow(ROOT, {"StringEqualsIfExists": {"sts:ExternalId": "an-id"}})],
        [allow(ROOT, ID)],
    ),
    (
        "lets-absent-through",
        Severity.LOW,
        [allow(ROOT, {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}})],
        [allow(ROOT, {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}, "Null": {"aws:TagKeys": "false"}})],
    ),
    (
        "lets-absent-through",
        Severity.HIGH,
        [allow(ROOT, {"Null": {"aws:SourceVpc": "true"}})],
        [allow(ROOT, {"Null": {"aws:SourceVpc": "false"}})],
    ),
    (
        "lets-absent-through",
        Severity.LOW,
        [allow(ROOT, {"StringEqualsIfExists": {"aws:PrincipalTag/team": "a"}})],
        [allow(ROOT, {"StringEqualsIfExists": {"sts:RoleSessionName": "${aws:username}"}})],
    ),
    (
        "negated-condition",
        Severity.MEDIUM,
        [allow(ROOT, {"StringNotEquals": {"aws:PrincipalTag/team": "guests"}})],
        [allow(ROOT), deny({"StringEquals": {"aws:PrincipalTag/team": "guests"}})],
    ),
    (
        "literal-wildcard",
        Severity.LOW,
        [allow(ROOT, {"StringEquals": {"sts:RoleSessionName": "ci-*"}})],
        [allow(ROOT, {"StringLike": {"sts:RoleSessionName": "ci-*"}})],
    ),
    (
        "literal-wildcard",
        Severity.HIGH,
        [allow(ROOT), deny({"StringEquals": {"aws:PrincipalTag/team": "guest*"}})],
        [allow(ROOT), deny({"StringLike": {"aws:PrincipalTag/team": "guest*"}})],
    ),
    (
        "literal-wildcard",
        Severity.LOW,
        [allow(ROOT, {"StringEquals": {"aws:PrincipalTag/team": "a*"}})],
        [allow(ROOT, {"StringEquals": {"aws:PrincipalTag/team": "a${*}"}})],
    ),
    (
        "matches-anything",
        Severity.HIGH,
        [allow(ROOT, {"StringLike": {"sts:ExternalId": "*"}})],
        [allow(ROOT, {"StringLike": {"sts:ExternalId": "acme-*"}})],
    ),
    (
        "matches-anything",
        Severity.LOW,
        [allow(ROOT, {"StringLike": {"sts:SourceIdentity": "*"}})],
        [allow(ROOT, {"StringLike": {"sts:SourceIdentity": "a*"}})],
    ),
    (
        "matches-anything",
        Severity.HIGH,
        [allow(ROOT, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deploy"}})],
        [allow(ROOT, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/Deploy"}})],
    ),
    (
        "crossing-wildcard",
        Severity.MEDIUM,
        [allow(SERVICE, {"StringLike": {"aws:SourceArn": f"arn:aws:codebuild:*:{OWN}:project/x"}})],
        [allow(SERVICE, {"ArnLike": {"aws:SourceArn": f"arn:aws:codebuild:*:{OWN}:project/x"}})],
    ),
    (
        "name-prefix",
        Severity.LOW,
        [allow(ROOT, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/Deploy*"}})],
        [
            allow(
                ROOT,
                {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/{RESERVED}"}},
            )
        ],
    ),
    (
        "mfa-optional",
        Severity.HIGH,
        [allow(ROOT, {"BoolIfExists": {MFA: "true"}})],
        [allow(ROOT, {"Bool": {MFA: "true"}})],
    ),
    (
        "mfa-optional",
        Severity.HIGH,
        [allow(ROOT), deny({"Bool": {MFA: "false"}})],
        [allow(ROOT), deny({"BoolIfExists": {MFA: "false"}})],
    ),
    (
        "mfa-optional",
        Severity.HIGH,
        [allow(ROOT, {"Null": {MFA: "false"}})],
        [allow(ROOT, {"Null": {MFA: "false"}, "Bool": {MFA: "true"}})],
    ),
    (
        "mfa-optional",
        Severity.HIGH,
        [allow(ROOT), deny({"Null": {MFA: "true"}})],
        [allow(ROOT), deny({"Null": {MFA: "true"}}), deny({"Bool": {MFA: "false"}})],
    ),
    (
        "past-date",
        Severity.LOW,
        [allow(ROOT, {"DateLessThan": {"aws:CurrentTime": "2029-12-31T23:59:59Z"}})],
        [allow(ROOT, {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:01Z"}})],
    ),
    (
        "past-date",
        Severity.MEDIUM,
        [allow(ROOT), deny({"NumericLessThan": {"aws:EpochTime": "1700000000"}})],
        [allow(ROOT), deny({"DateLessThan": {"aws:TokenIssueTime": "2029-12-31T23:59:59Z"}})],
    ),
]


@pytest.mark.parametrize(("rule", "severity", "has", "has_not"), CASES)
def test_a_finding_and_the_nearest_document_without_it(
    rule: str, severity: Severity, has: list[Json], has_not: list[Json]
) -> None:
    """The one has it, with its severity; the other has not."""
    found = [finding for finding in check(document(*has)) if finding.rule.name == rule]
    assert [finding.severity for finding in found] == [severity]
    assert rule not in names(document(*has_not))


def _part(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def mend(value: Json, fix: Fix) -> Json:
    """The document with a fix made as it says, by nothing but its text."""
    value = deepcopy(value)
    before, last = _part(value, fix.path[:-1]), fix.path[-1]
    match fix.change:
        case Change.ADD:
            condition = before.setdefault(last, {})
            for operator, tests in json.loads(f"{{{fix.text}}}").items():
                condition.setdefault(operator, {}).update(tests)
        case Change.REPLACE if fix.member:
            del before[last]
            before.update(json.loads(f"{{{fix.text}}}"))
        case Change.REPLACE:
            before[last] = json.loads(fix.text)
        case Change.REMOVE:
            del before[last]
    return value


UNFIXED = ("not-principal", "not-valid")


@pytest.mark.parametrize(("rule", "has"), [(rule, has) for rule, _, has, _ in CASES if rule not in UNFIXED])
def test_the_fix_that_is_named_is_enough(rule: str, has: list[Json]) -> None:
    """The change, made as it is written, leaves a document that AWS takes and that has the finding no more."""
    before = document(*has)
    (found,) = [finding for finding in check(before) if finding.rule.name == rule]
    assert found.fix is not None
    after = mend(before, found.fix)
    if after["Statement"]:
        assert rule not in names(after)
        assert "not-valid" not in names(after)


def test_who_is_known_for_ones_own() -> None:
    """--own takes an account out of the third parties; where nothing is known, they weigh less."""
    value = document(allow(aws(f"arn:aws:iam::{OTHER}:root")))
    assert {finding.severity for finding in check(value)} == {Severity.HIGH, Severity.MEDIUM}
    assert check(value, own=frozenset({OTHER})) == []
    alone = trust_policy.read(json.dumps(value), "trust.json")[0]
    found = trust_check.check(alone, own=frozenset(), now=NOW)
    assert [finding.severity for finding in found] == [Severity.MEDIUM, Severity.LOW]


def test_the_page_about_it_has_every_rule() -> None:
    """Its table is that of the rules, each with its severity and AWS's own page."""
    page = (Path(__file__).parent.parent.parent.parent / "docs" / "trust.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| [`")]
    assert rows == [
        f"| [`{rule.name}`]({rule.page}) | {rule.severity.value} | {rule.summary} |" for rule in trust_check.RULES
    ]


def test_every_rule_has_a_case() -> None:
    """Nothing is looked for that no document above has."""
    assert {rule.name for rule in trust_check.RULES} == {rule for rule, _, _, _ in CASES}


def test_roles_that_aws_makes_are_left_alone() -> None:
    """Nobody may change the trust of a service-linked role, so nothing about it is a finding."""
    value = document(allow({"Service": "codebuild.amazonaws.com"}))
    path = "aws-service-role/codebuild.amazonaws.com"
    assert check(value, role=Arn.parse_role(f"arn:aws:iam::{OWN}:role/{path}/AWSServiceRoleForCodeBuild")) == []
    assert len(check(value, role=Arn.parse_role(f"arn:aws:iam::{OWN}:role/my-{path}/Mine"))) == 1


def test_statements_that_give_no_session_let_nobody_in() -> None:
    """What is allowed besides assuming the role is nothing to whoever cannot assume it."""
    assert names(document(allow("*", action="sts:TagSession"))) == set()
    assert names(document(allow(SAML, action="sts:TagSession"))) == set()


def test_places_are_those_of_the_file() -> None:
    """Line and column are where the part stands in the text that was read, also within an answer of IAM's."""
    text = json.dumps(
        {"RoleDetailList": [{"Arn": str(ROLE), "AssumeRolePolicyDocument": document(allow("*"))}]}, indent=1
    )
    (policy,) = trust_policy.read(text, "details.json")
    (found,) = trust_check.check(policy, own=frozenset(), now=NOW)
    assert text.splitlines()[found.line - 1][found.column - 1 :].startswith('"*"')
    assert policy.role == ROLE


@pytest.mark.parametrize("name", ["Role", "Roles", "RoleDetailList"])
def test_every_answer_of_iam_is_read(name: str) -> None:
    """get-role, list-roles and get-account-authorization-details, also with the document as IAM sends it."""
    value = document(allow("*"))
    for sent in (value, json.dumps(value), json.dumps(value).replace("{", "%7B").replace("}", "%7D")):
        role = {"Arn": str(ROLE), "AssumeRolePolicyDocument": sent}
        (policy,) = trust_policy.read(json.dumps({name: role if name == "Role" else [role]}), "answer.json")
        found = trust_check.check(policy, own=frozenset(), now=NOW)
        assert [finding.rule.name for finding in found] == ["everyone"]
        assert policy.role == ROLE


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"Roles": {}}', '{"Statement": []', '{"a": 1, "a": 2}', "[" * 5000, '{"Role": {"Arn": 1}}'],
)
def test_what_is_no_policy_is_refused_with_its_place(text: str) -> None:
    """A text without a trust policy is an error that names the file."""
    from stsctl.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match=r"^some\.json:"):
        trust_policy.read(text, "some.json")


@pytest.mark.parametrize("value", [None, 1, "x", [], {"Statement": 1}, {"Statement": [{"Effect": "Allow"}]}])
def test_documents_that_aws_would_refuse_are_findings(value: object) -> None:
    """Whatever stands where a trust policy should, nothing breaks; it is not valid, at its own place."""
    text = json.dumps({"Role": {"Arn": str(ROLE), "AssumeRolePolicyDocument": value}})
    (policy,) = trust_policy.read(text, "role.json")
    found = trust_check.check(policy, own=frozenset(), now=NOW)
    assert {finding.rule.name for finding in found} == {"not-valid"}
