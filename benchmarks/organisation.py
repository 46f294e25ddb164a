"""A big organisation, made up and always the same: what is measured stands on it.

`python -m benchmarks.organisation FOLDER [ACCOUNTS]` writes it as answers of get-account-authorization-details, a file
for each account, with the organization beside them. At full size it has 500 accounts, 20,000 roles, 5,000 users and
100,000 statements. Its shape is that of organisations which people run: people are users of one account and go on from
its hub roles; pipelines have roles in another; each workload account has an administrator, readers, a deployer, roles
of services, of applications that trust each other, of a vendor, and of identity providers.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROLES, USERS, STATEMENTS = 40, 10, 200
"""So many an account has."""
PEOPLE, PIPELINES = 1, 2
"""The accounts, by number, that the others trust; 0 is the management account."""
TEAMS = tuple(f"team-{number:02}" for number in range(40))
SERVICES = ("lambda", "ec2", "ecs-tasks", "glue", "sagemaker", "cloudformation", "codebuild", "states")
RESOURCES = ("s3:::{}/*", "sqs:*:{}:work-*", "dynamodb:*:{}:table/app-*", "kms:*:{}:key/*", "sns:*:{}:news-*")
ACTIONS = (
    ("s3:GetObject", "s3:ListBucket"),
    ("sqs:*",),
    ("dynamodb:GetItem", "dynamodb:Query"),
    ("kms:Decrypt",),
    ("sns:Publish",),
    ("logs:CreateLogStream", "logs:PutLogEvents"),
    ("ec2:Describe*",),
    ("cloudwatch:PutMetricData",),
)
Json = dict[str, Any]


def account_id(number: int) -> str:
    """The account with that number."""
    return f"{100_000_000_000 + number * 7_919}"


def allow(actions: object, resources: object = "*", **more: object) -> Json:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def trust(principal: Json, actions: object = "sts:AssumeRole", **condition: Json) -> Json:
    """A statement of a trust policy."""
    found: Json = {"Effect": "Allow", "Principal": principal, "Action": actions}
    return found | ({"Condition": condition} if condition else {})


def document(*statements: Json) -> Json:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


@dataclass
class Account:
    """One account of `accounts`, out of a chance of its own."""

    number: int
    accounts: int

    @cached_property
    def id(self) -> str:
        """Its twelve digits."""
        return account_id(self.number)

    @cached_property
    def chance(self) -> random.Random:
        """Which depends on nothing but the number."""
        return random.Random(f"account {self.number}")  # noqa: S311 - its purpose

    @cached_property
    def details(self) -> Json:
        """What get-account-authorization-details answers."""
        roles = [self._role(number) for number in range(ROLES)]
        users = [self._user(number) for number in range(USERS)]
        return {
            "UserDetailList": users,
            "GroupDetailList": [self._group()],
            "RoleDetailList": roles,
            "Policies": [
                self._managed("Boundary", allow("*"), _denied("iam:*User*")),
                self._managed("Admin", allow("*")),
            ],
        }

    def role(self, name: str, account: int | None = None) -> str:
        """The ARN of a role, here or in another account."""
        return f"arn:aws:iam::{self.id if account is None else account_id(account)}:role/{name}"

    # ── roles ──

    def _role(self, number: int) -> Json:
        name, trusted, allowed, managed = self._kind(number)
        boundary = self.chance.random() < 0.1
        found: Json = {
            "Path": "/",
            "RoleName": name,
            "RoleId": f"AROA{self.number:05}{number:08}",
            "Arn": self.role(name),
            "AssumeRolePolicyDocument": document(*trusted),
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document(*allowed)}],
            "AttachedManagedPolicies": [{"PolicyName": each, "PolicyArn": self._policy(each)} for each in managed],
            "Tags": [{"Key": "team", "Value": self.chance.choice(TEAMS)}],
            "MaxSessionDuration": 3600,
        }
        return found | (
            {"PermissionsBoundary": {"PermissionsBoundaryArn": self._policy("Boundary")}} if boundary else {}
        )

    def _kind(self, number: int) -> tuple[str, list[Json], list[Json], list[str]]:
        """The name of a role, whom it trusts, what it may do, and its managed policies."""
        work = list(self._work(4))
        if self.number == PEOPLE and number < 20:
            other = f"arn:aws:iam::*:role/{'Admin' if number == 0 else 'ReadOnly'}"
            mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
            return f"Hub-{number}", [trust(self._root(), **mfa)], [allow(["sts:AssumeRole"], other), *work[:3]], []
        if self.number == PIPELINES and number < 20:
            reach = [allow(["sts:AssumeRole", "sts:TagSession"], "arn:aws:iam::*:role/Deployer"), *work[:3]]
            return f"Pipeline-{number}", [self._of_provider()], reach, []
        makers = {0: self._admin, 1: self._read_only, 2: self._deployer, 3: self._vendor, 4: self._signed_in}
        if number in makers:
            return makers[number](work)
        if number < 20:
            service = SERVICES[number % len(SERVICES)]
            return f"{service}-{number}", [trust({"Service": f"{service}.amazonaws.com"})], work, []
        return self._application(number, work)

    def _admin(self, _work: list[Json]) -> tuple[str, list[Json], list[Json], list[str]]:
        return "Admin", [trust({"AWS": self.role("Hub-0", PEOPLE)})], [allow("sts:AssumeRole")], ["Admin"]

    def _read_only(self, work: list[Json]) -> tuple[str, list[Json], list[Json], list[str]]:
        same_team = {"StringEquals": {"aws:PrincipalTag/team": "${aws:ResourceTag/team}"}}
        own = {"StringEquals": {"aws:PrincipalOrgID": "o-benchmark1"}}
        return "ReadOnly", [trust(self._root(PEOPLE), **own), trust(self._root(), **same_team)], work, []

    def _deployer(self, work: list[Json]) -> tuple[str, list[Json], list[Json], list[str]]:
        pipeline = {"AWS": self.role(f"Pipeline-{self.number % 20}", PIPELINES)}
        asked = {"StringEquals": {"sts:ExternalId": f"deploy-{self.number}"}, "Null": {"aws:RequestTag/build": "false"}}
        passing = allow(["iam:PassRole", "lambda:*", "cloudformation:*"])
        return "Deployer", [trust(pipeline, ["sts:AssumeRole", "sts:TagSession"], **asked)], [passing, *work[:3]], []

    def _vendor(self, work: list[Json]) -> tuple[str, list[Json], list[Json], list[str]]:
        vendor = {"AWS": f"arn:aws:iam::{999_000_000_000 + self.number % 7}:root"}
        return "Vendor", [trust(vendor, StringEquals={"sts:ExternalId": f"customer-{self.number}"})], work, []

    def _signed_in(self, work: list[Json]) -> tuple[str, list[Json], list[Json], list[str]]:
        provider = {"Federated": f"arn:aws:iam::{self.id}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"}
        audience = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
        name = f"AWSReservedSSO_Developer_{self.number:016x}"
        return name, [trust(provider, ["sts:AssumeRoleWithSAML", "sts:TagSession"], **audience)], work, []

    def _application(self, number: int, work: list[Json]) -> tuple[str, list[Json], list[Json], list[str]]:
        """A role that trusts its account, or an application's role here or elsewhere."""
        chance = self.chance.random()
        if chance < 0.4:
            trusted = trust(self._root())
        else:
            where = self.number if chance < 0.8 else 3 + self.chance.randrange(max(1, self.accounts - 3))
            trusted = trust({"AWS": self.role(f"app-{20 + self.chance.randrange(20)}", where)})
        if self.chance.random() < 0.3:
            work[0] = allow(
                "sts:AssumeRole", f"arn:aws:iam::{account_id(self.chance.randrange(self.accounts))}:role/app-*"
            )
        return f"app-{number}", [trusted], work, []

    def _of_provider(self) -> Json:
        provider = {"Federated": f"arn:aws:iam::{self.id}:oidc-provider/token.actions.githubusercontent.com"}
        claims = {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:example/app:ref:refs/heads/main",
        }
        return trust(provider, "sts:AssumeRoleWithWebIdentity", StringEquals=claims)

    # ── users ──

    def _user(self, number: int) -> Json:
        name = f"user-{number}"
        going_on = allow("sts:AssumeRole", f"arn:aws:iam::{self.id}:role/Hub-*") if self.number == PEOPLE else None
        return {
            "Path": "/",
            "UserName": name,
            "UserId": f"AIDA{self.number:05}{number:08}",
            "Arn": f"arn:aws:iam::{self.id}:user/{name}",
            "UserPolicyList": [
                {"PolicyName": "own", "PolicyDocument": document(*([going_on] if going_on else []), *self._work(3))}
            ],
            "GroupList": ["People"],
            "AttachedManagedPolicies": [],
            "Tags": [{"Key": "team", "Value": self.chance.choice(TEAMS)}],
        }

    def _group(self) -> Json:
        own = {"PolicyName": "own", "PolicyDocument": document(allow("iam:ChangePassword"))}
        arn = f"arn:aws:iam::{self.id}:group/People"
        return {"GroupName": "People", "Arn": arn, "GroupPolicyList": [own], "AttachedManagedPolicies": []}

    # ── policies ──

    def _work(self, count: int) -> Iterator[Json]:
        """What anybody's work takes."""
        for _ in range(count):
            resource = self.chance.choice(RESOURCES)
            where = f"data-{self.chance.randrange(1000)}" if resource.startswith("s3") else self.id
            yield allow(list(self.chance.choice(ACTIONS)), f"arn:aws:{resource.format(where)}")

    def _policy(self, name: str) -> str:
        return f"arn:aws:iam::{self.id}:policy/{name}"

    def _managed(self, name: str, *statements: Json) -> Json:
        version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(*statements)}
        return {"PolicyName": name, "Arn": self._policy(name), "PolicyVersionList": [version]}

    def _root(self, account: int | None = None) -> Json:
        return {"AWS": f"arn:aws:iam::{self.id if account is None else account_id(account)}:root"}


def _denied(actions: object) -> Json:
    return {"Effect": "Deny", "Action": actions, "Resource": "*"}


def organization(accounts: int) -> Json:
    """The tree: ten units below the root, with what each forbids."""
    full = {"Name": "FullAWSAccess", "Content": json.dumps(document(allow("*")))}
    rail = document(_denied(["organizations:LeaveOrganization", "account:CloseAccount"]))
    units = [
        {
            "Id": f"ou-bench-{unit:08}",
            "Name": f"Unit{unit}",
            "ServiceControlPolicies": [full, {"Name": "Rail", "Content": json.dumps(rail)}],
            "Accounts": [
                {"Id": account_id(number), "ServiceControlPolicies": [full]} for number in range(1 + unit, accounts, 10)
            ],
        }
        for unit in range(10)
    ]
    root = {"Id": "r-bench", "ServiceControlPolicies": [full], "OrganizationalUnits": units}
    return {
        "Organization": {"Id": "o-benchmark1", "MasterAccountId": account_id(0)},
        "Root": root | {"Accounts": [{"Id": account_id(0)}]},
    }


def write(folder: Path, accounts: int) -> None:
    """All of it, into files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(accounts):
        account = Account(number, accounts)
        (folder / f"{account.id}.json").write_text(json.dumps(account.details), encoding="utf-8")
    (folder / "organization.json").write_text(json.dumps(organization(accounts)), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 500)
