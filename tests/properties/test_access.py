"""What `access` says of random organisations is what the emulator then does, call by call.

The two share the evaluation of policies and nothing else: which policies are asked, and with which condition keys, each
finds out by itself.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from stsctl.access import authorization_details, organization
from stsctl.access.assumption import Assumption
from stsctl.access.attempt import Attempt
from stsctl.access.caller import Caller, user
from stsctl.access.can import Surroundings, can
from stsctl.access.remedy import made, remedy
from stsctl.access.snapshot import Holder, Levels, Snapshot, merged
from stsctl.credentials import Credentials, Secret
from stsctl.sources.authorization_details import Reader
from tests.conftest import missing

try:
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")

ORGANISATIONS = int(os.environ.get("STSCTL_ORGANISATIONS", "100"))
"""So many are built; the nightly run asks for 2,000."""
ACCOUNTS = ("111111111111", "222222222222", "333333333333")
ASSUMING = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
READING = ["iam:GetRole", "iam:ListRoles", "iam:GetUser"]
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

    def _account(self, account: str) -> Iterator[str]:
        yield f"[account.{account}]\npolicy.Limit = '{self._identity()}'"
        for name in ("ann", "bea"):
            yield f"[account.{account}.user.{name}]\nkey.main = {{}}\nmfa = {{}}"
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
        actions = self.chance.choice(["*", "sts:*", ASSUMING, READING])
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
        principals = ["*", own, other, f"arn:aws:iam::{other}:user/ann", f"arn:aws:iam::{own}:role/Hub"]
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"AWS": self.chance.choice(principals)},
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
        from botocore import xform_name

        found = getattr(self._front.client(service, credentials), xform_name(operation))(**parameters)
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


def perform(front: Front, keys: Credentials, assumption: Assumption, who: str | None = None) -> Credentials | None:
    """The session; None where AWS says that it may not be had. `who` has the device whose code goes along."""
    said: dict[str, Any] = {
        "RoleArn": assumption.role.arn,
        "RoleSessionName": assumption.session_name,
        "ExternalId": assumption.external_id,
        "Tags": [{"Key": key, "Value": value} for key, value in assumption.tags],
        "TransitiveTagKeys": list(assumption.transitive),
        "SourceIdentity": assumption.source_identity,
    }
    if assumption.mfa:
        assert who is not None
        code = front.controlled(f"code?name={quote(who)}")["code"]
        said |= {"SerialNumber": who.replace(":user/", ":mfa/"), "TokenCode": code}
    try:
        answer = front.client("sts", keys).assume_role(**{name: value for name, value in said.items() if value})
    except ClientError as error:
        return denied(error)
    found = answer["Credentials"]
    return Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=Secret(found["SecretAccessKey"]),
        session_token=Secret(found["SessionToken"]),
    )


def denied(error: ClientError) -> None:
    """Nothing, where policies are why; whatever else went wrong is raised."""
    if error.response["Error"]["Code"] != "AccessDenied":
        raise error


Outcome = tuple[str, bool, bool]
"""What was asked, what `access` says, and what was done."""


def attempts(front: Front, snapshot: Snapshot, chance: random.Random) -> Iterator[Outcome]:
    """Everybody reads, and assumes roles; sessions that were had do the same, and theirs again."""
    around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
    callers = [(user(each), front.principal(each.arn)) for each in snapshot.users.values()]
    for _ in range(3):
        after: list[tuple[Caller, Credentials]] = []
        for caller, keys in callers:
            yield from reads(front, snapshot, caller, keys, around)
            for role in chance.sample(list(snapshot.roles.values()), 3):
                assumption = Assumption(role=role, **variations(chance))
                if contradicts(caller, assumption):
                    continue
                said = all(verdict.decision.allowed for verdict in assumption.verdicts(snapshot, caller, around))
                session = perform(front, keys, assumption)
                yield f"{caller.principal.arn} → {assumption}", said, session is not None
                if session is not None:
                    after.append((assumption.becomes(caller), session))
        callers = chance.sample(after, min(len(after), 4))


def contradicts(caller: Caller, assumption: Assumption) -> bool:
    """Whether a call is refused for what it says, before any policy is asked."""
    inherited = {key.lower() for key, _ in caller.handed_on}
    other = caller.source_identity and assumption.source_identity not in (None, caller.source_identity)
    return bool(other) or bool(inherited & {key.lower() for key, _ in assumption.tags})


def reads(
    front: Front, snapshot: Snapshot, caller: Caller, keys: Credentials, around: Surroundings
) -> Iterator[Outcome]:
    """Calls of IAM, which the services behind the emulator are asked for."""
    iam = front.client("iam", keys)
    asked = (
        ("iam:GetRole", "role/Hub", lambda: iam.get_role(RoleName="Hub")),
        ("iam:GetUser", "user/bea", lambda: iam.get_user(UserName="bea")),
    )
    for action, resource, call in asked:
        arn = f"arn:aws:iam::{caller.account}:{resource}"
        said = can(snapshot, caller, action, arn, around).decision.allowed
        try:
            done = call()
        except ClientError as error:
            done = denied(error)
        yield f"{caller.principal.arn}: {action}", said, done is not None


class Hands:
    """Makes the changes of a remedy, by the calls that an administrator would make."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def make(self, before: Attempt, after: Attempt) -> None:
        """Whatever differs."""
        role, trust = after.assumption.role, after.assumption.role.trust
        if trust != before.assumption.role.trust:
            iam = self._client("iam", role.account)
            iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust.text)
        self._holder(before.caller.holder, after.caller.holder)
        for account, place in after.snapshot.memberships.items():
            old = before.snapshot.memberships[account]
            self._levels(account, (old.scps, place.scps), "SERVICE_CONTROL_POLICY")
            self._levels(account, (old.rcps, place.rcps), "RESOURCE_CONTROL_POLICY")

    def _holder(self, before: Holder, after: Holder) -> None:
        iam = self._client("iam", after.account)
        for number, policy in enumerate(set(after.policies) - set(before.policies)):
            name = "own" if policy.name.startswith("inline policy own ") else f"more{number}"
            iam.put_user_policy(UserName=after.name, PolicyName=name, PolicyDocument=policy.text)
        if after.boundary is not None and after.boundary != before.boundary:
            arn = after.boundary.name.rpartition(" ")[2]
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=after.boundary.text, SetAsDefault=True)

    def _levels(self, account: str, levels: tuple[Levels, Levels], kind: str) -> None:
        """Control policies that are another text now are saved so, and new ones attached where they stand."""
        organizations = self._client("organizations", ACCOUNTS[0])
        way = [account]
        while not way[0].startswith("r-"):
            way.insert(0, organizations.list_parents(ChildId=way[0])["Parents"][0]["Id"])
        for target, before, after in zip(way, *levels, strict=True) if any(levels) else ():
            known = {each["Name"]: each["Id"] for each in organizations.list_policies(Filter=kind)["Policies"]}
            for policy in set(after) - set(before):
                name = re.sub(r"^\w+ control policy (\w+) of .*", r"\1", policy.name)
                if name in known:
                    organizations.update_policy(PolicyId=known[name], Content=policy.text)
                    continue
                made = organizations.create_policy(
                    Name=f"more-{target}-{len(known)}", Description="", Content=policy.text, Type=kind
                )
                organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)

    def _client(self, service: str, account: str) -> Any:
        return self._front.client(service, self._front.principal(f"{account}:root"))


def refusals(front: Front, snapshot: Snapshot, chance: random.Random) -> Iterator[tuple[Attempt, Credentials]]:
    """Assumptions by users, whose keys are beside them, that policies refuse."""
    around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
    for each in snapshot.users.values():
        for role in snapshot.roles.values():
            assumption = Assumption(role=role, **variations(chance))
            attempt = Attempt(snapshot=snapshot, caller=user(each), assumption=assumption, around=around)
            if attempt.refused is not None:
                yield attempt, front.principal(each.arn)


@pytest.mark.parametrize("first", range(0, ORGANISATIONS, 10))
def test_every_remedy_helps_as_a_whole_and_no_part_of_it_does(first: int) -> None:
    """All named changes let a refused call through, on the emulator too; without any of them it stays refused."""
    found = 0
    for number in range(first, min(first + 10, ORGANISATIONS)):
        chance = random.Random(f"organisation {number}")
        front, last = Front(World(chance).seed()), None
        for attempt, keys in refusals(front, read(front), chance):
            changes = remedy(attempt)
            if last is None or chance.random() < 0.2:
                last = attempt, keys
            assert changes, f"organisation {number}: {attempt.caller.principal.arn} → {attempt.assumption}"
            assert made(attempt, changes).refused is None
            for change in changes:
                fewer = [each for each in changes if each is not change]
                assert made(attempt, fewer).refused is not None, [each.words for each in changes]
            found += 1
        if last is not None:
            attempt, keys = last
            changes = remedy(attempt) or ()
            after, who = made(attempt, changes), attempt.caller.principal.arn
            assert perform(front, keys, attempt.assumption) is None
            Hands(front).make(attempt, after)
            words = [change.words for change in changes]
            assert perform(front, keys, after.assumption, who) is not None, f"organisation {number}: {who}: {words}"
    assert found > 50


@pytest.mark.parametrize("first", range(0, ORGANISATIONS, 10))
def test_every_verdict_is_what_the_emulator_does(first: int) -> None:
    """Of ten organisations each: no answer differs, and there is enough of both answers to mean something."""
    answers = {True: 0, False: 0}
    for number in range(first, min(first + 10, ORGANISATIONS)):
        chance = random.Random(f"organisation {number}")
        front = Front(World(chance).seed())
        snapshot = read(front)
        assert not snapshot.gaps
        for what, said, done in attempts(front, snapshot, chance):
            assert said is done, f"organisation {number}: {what}: access says {said}, and it is {done}"
            answers[done] += 1
    assert min(answers.values()) > 20, answers
