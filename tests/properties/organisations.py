"""Organisations at random, each run by an emulator of its own, and what their accounts' root users read of them."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from stsctl.access import authorization_details, organization
from stsctl.access.snapshot import Snapshot, merged
from stsctl.credentials import Credentials
from stsctl.sources.authorization_details import Reader
from tests.conftest import missing

try:
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")

ORGANISATIONS = int(os.environ.get("STSCTL_ORGANISATIONS", "100"))
"""So many are built; the nightly run asks for 2,000."""
FIRST = int(os.environ.get("STSCTL_FIRST_ORGANISATION", "0"))
"""Where it begins, for a run in pieces."""
BATCHES = [range(at, min(at + 10, FIRST + ORGANISATIONS)) for at in range(FIRST, FIRST + ORGANISATIONS, 10)]
"""Those that a test takes at once: enough of them for both answers."""
ACCOUNTS = ("111111111111", "222222222222", "333333333333")
ASSUMING = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
READING = ["iam:GetRole", "iam:ListRoles", "iam:GetUser"]
EDITING = [
    "iam:UpdateAssumeRolePolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:UpdateLoginProfile",
    "iam:PutUserPolicy",
    "iam:PutRolePolicy",
    "iam:PutGroupPolicy",
    "iam:AttachUserPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachGroupPolicy",
    "iam:AddUserToGroup",
    "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion",
]
PASSING = ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]
CONDITIONS: list[dict[str, Any]] = [
    {"StringEquals": {"sts:ExternalId": "ticket"}},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringEquals": {"aws:RequestTag/team": "blue"}},
    {"StringEquals": {"aws:ResourceTag/team": "red"}},
    {"StringLike": {"sts:RoleSessionName": "s*"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"StringEquals": {"sts:SourceIdentity": "ann"}},
    {"StringEquals": {"aws:SourceIdentity": "ann"}},
    {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNTS[1]}},
    {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team"]}},
    {"Null": {"aws:PrincipalOrgID": "false"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
    {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}},
]


@dataclass
class World:
    """One organisation at random, as a seed."""

    chance: random.Random

    def seed(self) -> str:
        """Three accounts, two of them in an organization more often than not."""
        parts = [part for account in ACCOUNTS for part in self._account(account)]
        if self.chance.random() < 0.7:
            parts += self._organization()
        return "\n".join(parts)

    def with_versions(self) -> Callable[[], Front]:
        """Emulators of it in which a policy has a version that is not in force, which no seed can say."""
        seed, account, text = self.seed(), self.chance.choice(ACCOUNTS), self._identity()

        def front() -> Front:
            found = Front(seed)
            said = {"PolicyArn": f"arn:aws:iam::{account}:policy/Work", "PolicyDocument": text}
            found.call(found.principal(f"{account}:root"), "iam", "CreatePolicyVersion", **said)
            return found

        return front

    def _account(self, account: str) -> Iterator[str]:
        yield f"[account.{account}]\npolicy.Limit = '{self._identity()}'\npolicy.Work = '{self._identity()}'"
        yield f"[account.{account}.group.team]\npolicies.own = '{self._identity()}'"
        for name in ("ann", "bea"):
            yield f"[account.{account}.user.{name}]\nkey.main = {{}}\nmfa = {{}}"
            if self.chance.random() < 0.3:
                yield 'groups = ["team"]'
            yield self._holder()
        for name in ("Hub", "Deep"):
            yield f"[account.{account}.role.{name}]\ntrust = '{self._trust(account)}'"
            yield self._holder()

    def _holder(self) -> str:
        lines = [f"policies.own = '{self._identity()}'"]
        if self.chance.random() < 0.5:
            lines.append(f'tags = {{ team = "{self.chance.choice(["red", "blue"])}" }}')
        if self.chance.random() < 0.25:
            lines.append('boundary = "Limit"')
        if self.chance.random() < 0.25:
            lines.append('managed = ["Work"]')
        return "\n".join(lines)

    def _organization(self) -> Iterator[str]:
        yield f'[organization]\nmanagement_account = "{ACCOUNTS[0]}"\nrcps = ["Fence"]\nscps = ["Rail"]'
        yield self._control("scp.Rail", {}, ["sts:AssumeRole", "iam:GetUser"])
        yield self._control("rcp.Fence", {"Principal": "*"}, ["sts:TagSession", "sts:AssumeRole"])
        yield f'[organization.unit.Workloads]\naccounts = ["{ACCOUNTS[1]}"]'

    def _control(self, name: str, more: dict[str, Any], actions: list[str]) -> str:
        condition = self.chance.choice(CONDITIONS)
        denied = {"Effect": "Deny", "Action": self.chance.choice(actions), "Resource": "*", "Condition": condition}
        document = json.dumps({"Version": "2012-10-17", "Statement": [denied | more]})
        return f"{name} = '{document}'"

    def _identity(self) -> str:
        some = [*READING, *self.chance.sample([*EDITING, *PASSING], 3)]
        actions = self.chance.choice(["*", "sts:*", ASSUMING, READING, some, [*ASSUMING, *PASSING]])
        allowed: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        if self.chance.random() < 0.3:
            allowed["Condition"] = self.chance.choice(CONDITIONS)
        statements = [allowed]
        if self.chance.random() < 0.3:
            denied = {"Effect": "Deny", "Action": self.chance.choice(ASSUMING + READING)}
            statements.append(denied | {"Resource": f"arn:aws:iam::{self.chance.choice(ACCOUNTS)}:*"})
        return json.dumps({"Version": "2012-10-17", "Statement": statements})

    def _trust(self, own: str) -> str:
        other = self.chance.choice(ACCOUNTS)
        named = ["*", own, other, f"arn:aws:iam::{other}:user/ann", f"arn:aws:iam::{own}:role/Hub"]
        principals = [*({"AWS": name} for name in named), {"AWS": own, "Service": "lambda.amazonaws.com"}]
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": self.chance.choice(principals),
            "Action": self.chance.choice([ASSUMING, ASSUMING, ASSUMING[:1], "sts:*"]),
        }
        if self.chance.random() < 0.5:
            statement["Condition"] = self.chance.choice(CONDITIONS)
        statements = [statement]
        if self.chance.random() < 0.2:
            denied = {"Effect": "Deny", "Principal": {"AWS": self.chance.choice(["*", other])}}
            more = {"Action": self.chance.choice(ASSUMING), "Condition": self.chance.choice(CONDITIONS)}
            statements.append(denied | more)
        return json.dumps({"Version": "2012-10-17", "Statement": statements})


class _Clients:
    """Calls of the reader, answered in this process."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def call(self, service: str, operation: str, _where: object, credentials: Credentials, **parameters: Any) -> Any:
        """One call, in AWS's spelling."""
        found = self._front.call(credentials, service, operation, **parameters)
        return type("Answer", (), {"body": found})


def read(front: Front) -> Snapshot:
    """What the accounts' root users are answered."""
    found = []
    for account in ACCOUNTS:
        root = front.principal(f"{account}:root")
        reader = Reader(clients=_Clients(front), endpoint=None, credentials=root)  # type: ignore[arg-type]
        found.append(authorization_details.read(reader.account(), account))
        if account == ACCOUNTS[0]:
            try:
                tree = reader.organization()
            except ClientError:
                continue
            assert tree is not None
            found.append(Snapshot(memberships=organization.read(tree, account)))
    return merged(found)


def variations(chance: random.Random) -> dict[str, Any]:
    """What an AssumeRole says beside its role."""
    said: dict[str, Any] = {"session_name": chance.choice(["session", "other"])}
    if chance.random() < 0.5:
        said["external_id"] = "ticket"
    if chance.random() < 0.4:
        said["tags"] = (("team", chance.choice(["red", "blue"])),)
        said["transitive"] = ("team",) if chance.random() < 0.5 else ()
    if chance.random() < 0.3:
        said["source_identity"] = "ann"
    return said
