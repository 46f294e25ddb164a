"""The index leaves out nobody who may: on random organisations it and a search among all find the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from benchmarks.organisation import Account, organization
from stsctl.access import authorization_details
from stsctl.access import organization as organizations
from stsctl.access.caller import plain
from stsctl.access.can import Surroundings, can, who_can
from stsctl.access.index import Index
from stsctl.access.snapshot import PolicyText, Role, Snapshot, User, merged
from stsctl.policy.kind import Kind

AROUND = Surroundings(now=datetime(2026, 1, 1, tzinfo=UTC))
OWN, OTHER = "111111111111", "222222222222"
STATEMENTS = [
    '{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/R1"}',
    '{"Effect": "Allow", "Action": "STS:*", "Resource": "*"}',
    '{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}',
    '{"Effect": "Allow", "Action": ["s3:Get*"], "NotResource": "arn:aws:s3:::other/*"}',
    '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}/*"}',
    '{"Effect": "Allow", "Action": "iam:Cr?ate*", "Resource": ["arn:aws:iam::111111111111:user/*"]}',
    '{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}',
    '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}',
]
TRUSTED = [
    '"*"', '{"AWS": "*"}', f'{{"AWS": "{OWN}"}}', f'{{"AWS": ["arn:aws:iam::{OTHER}:root"]}}',
    f'{{"AWS": "arn:aws:iam::{OWN}:role/path/R0"}}', f'{{"AWS": "arn:aws:sts::{OTHER}:assumed-role/R1/session"}}',
    '{"AWS": "AIDA1111111111110"}', '{"Service": "lambda.amazonaws.com"}',
]  # fmt: skip
ASKED = [
    ("s3:GetObject", "arn:aws:s3:::red/key"),
    ("s3:GetObject", "*"),
    ("iam:CreateUser", f"arn:aws:iam::{OWN}:user/new"),
    ("sts:GetCallerIdentity", "*"),
    *(
        ("sts:AssumeRole", f"arn:aws:iam::{account}:role/{name}")
        for account in (OWN, OTHER)
        for name in ("path/R0", "R1")
    ),
]


def at_random(chance: random.Random) -> Snapshot:
    """Two accounts, each with users and roles whose policies are chosen from those above."""

    def policy(kind: Kind, statement: str) -> PolicyText:
        return PolicyText(name="own", text=f'{{"Version": "2012-10-17", "Statement": [{statement}]}}', kind=kind)

    def trust() -> PolicyText:
        statement = f'{{"Effect": "Allow", "Principal": {chance.choice(TRUSTED)}, "Action": "sts:AssumeRole"}}'
        return policy(Kind.TRUST, statement)

    def own() -> tuple[PolicyText, ...]:
        return tuple(policy(Kind.IDENTITY, each) for each in chance.sample(STATEMENTS, chance.randrange(3)))

    users, roles = {}, {}
    for account in (OWN, OTHER):
        for number, name in enumerate(("path/R0", "R1")):
            arn = f"arn:aws:iam::{account}:user/u{number}"
            tags = (("team", "red"),) if chance.random() < 0.5 else ()
            users[arn] = User(arn=arn, id=f"AIDA{account}{number}", account=account, policies=own(), tags=tags)
            arn = f"arn:aws:iam::{account}:role/{name}"
            roles[arn] = Role(arn=arn, id=f"AROA{account}{number}", account=account, trust=trust(), policies=own())
    return Snapshot(users=users, roles=roles)


def test_nobody_who_may_is_left_out() -> None:
    """Whoever is allowed something is among those whom the index gives, and it does leave out others."""
    left_out = 0
    for number in range(300):
        snapshot = at_random(random.Random(number))
        index = Index.of(snapshot)
        for action, resource in ASKED:
            asked = (can(snapshot, plain(each), action, resource, AROUND) for each in snapshot.holders())
            allowed = [each.caller.holder.arn for each in asked if each.decision.allowed]
            found = [each.caller.holder.arn for each in who_can(snapshot, action, resource, AROUND, index)]
            assert found == allowed, (number, action, resource)
            left_out += len(list(snapshot.holders())) - len(list(index.who_might(action, resource)))
    assert left_out > 1000, left_out


def test_whoever_a_role_lets_in_is_known_from_both_sides() -> None:
    """Whoever may assume a role finds it among those that may be entered, and is among those who may come."""
    let_in = 0
    for number in range(300):
        snapshot = at_random(random.Random(number))
        index = Index.of(snapshot)
        for role in snapshot.roles:
            for holder in snapshot.holders():
                if can(snapshot, plain(holder), "sts:AssumeRole", role, AROUND).decision.allowed:
                    let_in += 1
                    assert role in index.may_enter(holder), (number, holder.arn, role)
                    assert holder.arn in index.may_come(role), (number, holder.arn, role)
    assert let_in > 500, let_in


@pytest.fixture(scope="module")
def small() -> Snapshot:
    """Five accounts of the organisation that is measured."""
    accounts = [authorization_details.read(Account(number, 5).details, str(number)) for number in range(5)]
    return merged([*accounts, Snapshot(memberships=organizations.read(organization(5), "organization"))])


def test_the_organisation_that_is_measured_is_a_sound_one(small: Snapshot) -> None:
    """All of its policies are ones that AWS would save, nothing is missing, and it is the same every time."""
    assert (list(small.faults()), small.gaps, len(small.roles), len(small.memberships)) == ([], (), 200, 5)
    assert Account(3, 5).details == Account(3, 5).details
    people = Account(1, 5)
    may = who_can(small, "sts:AssumeRole", people.role("Admin", 3), AROUND)
    assert people.role("Hub-0") in [each.caller.holder.arn for each in may]
