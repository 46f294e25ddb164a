"""Properties of `access trust`: where it finds nothing, nobody strange gets in; the policy engine is the judge."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl.access import trust_check, trust_policy
from stsctl.arn import Arn
from stsctl.policy.document import Kind, parse
from stsctl.policy.evaluate import Policies, Policy, evaluate
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request
from stsctl.severity import Severity

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OWN = "111111111111"
ROLE = f"arn:aws:iam::{OWN}:role/Deploy"
GITHUB = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{OWN}:oidc-provider/{GITHUB}"

Json = dict[str, Any]

VALUES = {
    "aws:PrincipalOrgID": ["o-acme000000", "o-*", "*"],
    "aws:PrincipalOrgPaths": ["o-acme000000/*", "o-*/r-ab12/*", "*"],
    "aws:PrincipalAccount": [OWN, "1*", "${aws:ResourceAccount}", "${aws:PrincipalAccount}"],
    "aws:PrincipalArn": [
        ROLE,
        f"arn:aws:iam::{OWN}:*",
        "arn:aws:iam::*:role/Deploy",
        f"arn:*:iam::{OWN}:role/*",
        "arn:aws:iam::${aws:PrincipalAccount}:role/Deploy",
        "*",
    ],
    "aws:userid": ["AROAOWNOWNOWNOWN:*", "AROA*:me", "*:me"],
    "aws:PrincipalTag/team": ["blue", "*"],
    "aws:PrincipalIsAWSService": ["false"],
    "aws:MultiFactorAuthPresent": ["true", "false"],
}
TEXTS = (
    "StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIfExists", "StringNotEqualsIfExists",
    "StringEqualsIgnoreCase", "ForAllValues:StringLike", "ForAnyValue:StringLike", "ForAnyValue:StringNotLike",
    "ForAllValues:StringNotEquals",
)  # fmt: skip


@st.composite
def conditions(draw: st.DrawFn) -> Json:
    """One Condition, of keys that say something of who asks."""
    found: Json = {}
    for key in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=2, unique=True)):
        operators = [*TEXTS, "Null"]
        values = draw(st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=2, unique=True))
        if key == "aws:PrincipalArn":
            operators += ["ArnLike", "ArnNotLike", "ArnEqualsIfExists"]
        if VALUES[key][0] in ("true", "false"):
            operators = ["Bool", "BoolIfExists", "Null"]
        operator = draw(st.sampled_from(operators))
        values = [draw(st.sampled_from(["true", "false"]))] if operator == "Null" else values
        found.setdefault(operator, {})[key] = values
    return found


def _statement(effect: str, principal: object, action: str, condition: Json) -> Json:
    found: Json = {"Effect": effect, "Principal": principal, "Action": action}
    return {**found, "Condition": condition} if condition else found


def _rules(document: Json) -> set[tuple[str, Severity]]:
    found = trust_check.check(trust_policy.of_role(Arn.parse_role(ROLE), document), own=frozenset(), now=NOW)
    return {(finding.rule.name, finding.severity) for finding in found}


def _gets_in(document: Json, request: Request) -> bool:
    trust = Policy(name="trust", document=parse(json.dumps(document), Kind.TRUST))
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    own = Policy(name="own", document=parse(json.dumps(everything), Kind.IDENTITY))
    return evaluate(request, Policies(identity=(own,), resource=trust)).allowed


def strangers() -> Iterator[Request]:
    """Principals of accounts that nobody knows, in no organization or one of theirs, with whatever they can choose."""
    context: list[Json] = [
        {},
        {"aws:PrincipalOrgID": "o-evil000000", "aws:PrincipalOrgPaths": ["o-evil000000/r-ab12/ou-ab12-cd34/"]},
        {"aws:PrincipalTag/team": "blue", "aws:MultiFactorAuthPresent": "true"},
        {"aws:PrincipalTag/team": "blue", "aws:MultiFactorAuthPresent": "false", "aws:PrincipalOrgID": "o-evil000000"},
    ]
    for account, more in itertools.product(("999999999999", "199999999999"), context):
        for path in ("role/Deploy", f"role/x:iam::{OWN}:role/y/Deploy"):
            session = f"arn:aws:sts::{account}:assumed-role/Deploy/me"
            issuer = f"arn:aws:iam::{account}:{path}"
            who = Principal.of(session, issuer=issuer, unique_id="AROAEVILEVILEVIL")
            yield Request(principal=who, action="sts:AssumeRole", resource=ROLE, context=more)
        who = Principal.of(f"arn:aws:iam::{account}:user/me", unique_id="AIDAEVILEVILEVIL")
        yield Request(principal=who, action="sts:AssumeRole", resource=ROLE, context=more)


STRANGERS = list(strangers())


@given(allowed=conditions(), denied=st.lists(conditions().filter(bool), max_size=2))
@settings(max_examples=300, deadline=None)
def test_where_nothing_is_said_of_everyone_no_stranger_gets_in(allowed: Json, denied: list[Json]) -> None:
    """Whatever the conditions of an Allow for everybody, and of Denies beside it."""
    statements = [_statement("Allow", {"AWS": "*"}, "sts:AssumeRole", allowed)]
    statements += [_statement("Deny", "*", "sts:AssumeRole", each) for each in denied]
    document = {"Version": "2012-10-17", "Statement": statements}
    if not any(rule == "everyone" for rule, _ in _rules(document)):
        assert not any(_gets_in(document, stranger) for stranger in STRANGERS)


PIECES = ["repo:", "acme", "acme-inc", "/", "app", ":", "*", "?", "ref:refs/heads/main", "environment:production"]
SUBJECTS = [
    "repo:evil/app:ref:refs/heads/main",
    "repo:evil/acme:environment:production",
    "repo:acme-evil/app:ref:refs/heads/main",
    "repo:acme-inc-evil/app:environment:production",
    "repo:acm/e:ref:refs/heads/main",
    "environment:production",
    "ref:refs/heads/main",
    "acme",
]


@given(
    patterns=st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join), min_size=1, max_size=3),
    operator=st.sampled_from(
        ["StringLike", "StringEquals", "ForAnyValue:StringLike", "StringNotLike", "StringLikeIfExists"]
    ),
)
@settings(max_examples=300, deadline=None)
def test_subjects_of_which_nothing_grave_is_said_are_ones_own(patterns: list[str], operator: str) -> None:
    """No repository of another owner gets in by a pattern that is not called critical."""
    condition = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}
    condition.setdefault(operator, {})[f"{GITHUB}:sub"] = patterns  # type: ignore[assignment]
    action = "sts:AssumeRoleWithWebIdentity"
    document = {"Version": "2012-10-17", "Statement": _statement("Allow", {"Federated": PROVIDER}, action, condition)}
    if any(severity is Severity.CRITICAL for _, severity in _rules(document)):
        return
    for subject in SUBJECTS:
        context = {f"{GITHUB}:sub": subject, f"{GITHUB}:aud": "sts.amazonaws.com"}
        request = Request(principal=Principal.of(PROVIDER), action=action, resource=ROLE, context=context)
        assert not _gets_in(document, request), subject
