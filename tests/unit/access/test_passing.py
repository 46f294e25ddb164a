"""Handing a role to a service: what is asked for is what it takes, by AWS's reference and on the emulator."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from stsctl.access import authorization_details
from stsctl.access.caller import user
from stsctl.access.can import Surroundings
from stsctl.access.passing import passing
from stsctl.access.services import SERVICES
from stsctl.access.snapshot import Snapshot
from stsctl.credentials import Credentials
from tests.conftest import missing

try:
    from stsctl.emulator.authorization.service_reference import find
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")

ACCOUNT, EC2 = "111111111111", "ec2.amazonaws.com"
PLACE = f"arn:aws:ec2:us-east-1:{ACCOUNT}"
PROFILES = ["iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"]
PLACES = [f"{PLACE}:{sort}/*" for sort in ("instance", "network-interface", "security-group", "subnet")]
IMAGES = "arn:aws:ec2:us-east-1::image/*"
RIGHTS: dict[str, tuple[list[str], list[str], bool]] = {
    "everything": (["iam:*", "ec2:*"], ["*"], True),
    "just enough": (["iam:PassRole", *PROFILES, "ec2:RunInstances"], ["arn:aws:iam::*", *PLACES, IMAGES], True),
    "no profile": (["iam:PassRole", "ec2:RunInstances"], ["*"], False),
    "no passing": ([*PROFILES, "ec2:RunInstances"], ["*"], False),
    "no image": (["iam:PassRole", *PROFILES, "ec2:RunInstances"], ["arn:aws:iam::*", *PLACES], False),
    "no subnet": (["iam:PassRole", *PROFILES, "ec2:RunInstances"], ["arn:aws:iam::*", *PLACES[:3], IMAGES], False),
}
"""What somebody may do, on what, and whether that is enough."""


def seed() -> str:
    """A user for each of the rights, and one role, which trusts EC2."""
    trust = {"Effect": "Allow", "Principal": {"Service": EC2}, "Action": "sts:AssumeRole"}
    parts = [f"[account.{ACCOUNT}.role.Web]\ntrust = '{_document(trust)}'"]
    for number, (actions, resources, _) in enumerate(RIGHTS.values()):
        allowed = {"Effect": "Allow", "Action": actions, "Resource": resources}
        parts.append(f"[account.{ACCOUNT}.user.u{number}]\nkey.main = {{}}\npolicies.own = '{_document(allowed)}'")
    return "\n".join(parts)


def _document(statement: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def front() -> Front:
    """One for all."""
    return Front(seed())


@pytest.fixture(scope="module")
def snapshot(front: Front) -> Snapshot:
    """Before anything was made."""
    found = front.call(front.principal(f"{ACCOUNT}:root"), "iam", "GetAccountAuthorizationDetails", MaxItems=1000)
    return authorization_details.read(found, "details")


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_asked_for_what_its_actions_are_about(service: str) -> None:
    """Each action is one of AWS's reference, with one resource of every sort that it always takes, and no other."""
    asked: dict[str, set[str]] = {}
    for action, written in SERVICES[service].actions:
        about = {_sort(written.format("region:account", region="region"))} if written != "*" else set()
        asked[action] = asked.get(action, set()) | about
    for action, sorts in asked.items():
        known = find(*action.split(":"))
        assert known is not None, action
        assert sorts == {_sort(kind.arn) for kind in known.types if kind.required}, action


def _sort(arn: str) -> str:
    """What an ARN is of, as `instance`."""
    return re.split("[:/]", arn.split(":", 5)[5])[0]


@pytest.mark.parametrize("rights", RIGHTS)
def test_what_is_said_of_ec2_is_what_it_takes(front: Front, snapshot: Snapshot, rights: str) -> None:
    """An instance profile, the role in it, and an instance with that: as far as each user is said to get."""
    number, enough = list(RIGHTS).index(rights), RIGHTS[rights][2]
    arn = f"arn:aws:iam::{ACCOUNT}:user/u{number}"
    around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
    role = snapshot.roles[f"arn:aws:iam::{ACCOUNT}:role/Web"]
    said = passing(snapshot, user(snapshot.users[arn]), role, EC2, around)
    assert said.allowed is enough, [verdict.request for verdict in said.verdicts if not verdict.decision.allowed]
    assert _launched(front, front.principal(arn), f"profile{number}") is enough


def _launched(front: Front, keys: Credentials, profile: str) -> bool:
    named = {"InstanceProfileName": profile}
    try:
        front.call(keys, "iam", "CreateInstanceProfile", **named)
        front.call(keys, "iam", "AddRoleToInstanceProfile", **named, RoleName="Web")
        said = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1}
        front.call(keys, "ec2", "RunInstances", **said, IamInstanceProfile={"Name": profile})
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "UnauthorizedOperation"):
            raise
        return False
    return True
