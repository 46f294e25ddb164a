"""Account authorization details and organizations, read as AWS writes them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from stsctl.access import authorization_details, organization
from stsctl.access.caller import named
from stsctl.access.snapshot import Snapshot, merged
from stsctl.errors import ConfigurationError, UsageError

ACCOUNT = "111111111111"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def document(action: str) -> dict[str, Any]:
    """A policy that allows an action."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
}
PROFILE, GROUP = (f"arn:aws:iam::{ACCOUNT}:{rest}" for rest in ("instance-profile/Web", "group/Developers"))
DETAILS: dict[str, Any] = {
    "UserDetailList": [
        {
            "Path": "/dev/",
            "UserName": "alice",
            "UserId": "AIDAEXAMPLE000000001",
            "Arn": f"arn:aws:iam::{ACCOUNT}:user/dev/alice",
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": quote(json.dumps(document("s3:GetObject")))}],
            "GroupList": ["Developers"],
            "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY}],
            "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": READ_ONLY},
            "Tags": [{"Key": "team", "Value": "blue"}],
        }
    ],
    "GroupDetailList": [
        {
            "GroupName": "Developers",
            "Arn": GROUP,
            "GroupPolicyList": [{"PolicyName": "logs", "PolicyDocument": document("logs:*")}],
            "AttachedManagedPolicies": [],
        }
    ],
    "RoleDetailList": [
        {
            "RoleName": "Admin",
            "RoleId": "AROAEXAMPLE000000001",
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/Admin",
            "AssumeRolePolicyDocument": TRUST,
            "RolePolicyList": [],
            "AttachedManagedPolicies": [],
            "MaxSessionDuration": 7200,
            "InstanceProfileList": [{"InstanceProfileName": "Web", "Arn": PROFILE}],
        }
    ],
    "Policies": [
        {
            "PolicyName": "ReadOnlyAccess",
            "Arn": READ_ONLY,
            "PolicyVersionList": [
                {"VersionId": "v1", "IsDefaultVersion": False, "Document": document("*")},
                {"VersionId": "v2", "IsDefaultVersion": True, "Document": document("s3:Get*")},
            ],
        }
    ],
}


def changed(**sections: Any) -> dict[str, Any]:
    """The details with other sections."""
    return {**DETAILS, **sections}


def test_everything_that_speaks_for_a_user_is_found() -> None:
    """Inline, attached and the groups' policies, by the default version of each, the boundary and the tags."""
    snapshot = authorization_details.read(DETAILS, "details.json")
    (alice,) = snapshot.users.values()
    assert [policy.name for policy in alice.policies] == [
        "inline policy own of user alice",
        f"managed policy {READ_ONLY} of user alice",
        "inline policy logs of group Developers",
    ]
    assert [json.loads(policy.text)["Statement"][0]["Action"] for policy in alice.policies] == [
        "s3:GetObject",
        "s3:Get*",
        "logs:*",
    ]
    assert alice.boundary is not None
    assert (alice.account, alice.id, alice.tags) == (ACCOUNT, "AIDAEXAMPLE000000001", (("team", "blue"),))
    (admin,) = snapshot.roles.values()
    assert (admin.longest, json.loads(admin.trust.text)) == (timedelta(hours=2), TRUST)
    assert (snapshot.gaps, list(snapshot.faults())) == ((), [])


def test_what_somebody_could_come_to_have_is_found() -> None:
    """Groups by their ARN, who is in which, versions that are not in force, and instance profiles."""
    snapshot = authorization_details.read(DETAILS, "details.json")
    (alice,), (admin,) = snapshot.users.values(), snapshot.roles.values()
    assert (alice.groups, admin.profiles) == ((GROUP,), (PROFILE,))
    assert [policy.name for policy in snapshot.groups[GROUP].policies] == ["inline policy logs of group Developers"]
    (old,) = snapshot.versions[READ_ONLY]
    assert (old.name, old.arn) == (f"version v1 of managed policy {READ_ONLY}", READ_ONLY)
    assert json.loads(old.text) == document("*")
    assert [policy.arn for policy in (*alice.policies, alice.boundary) if policy] == [None, READ_ONLY, None, READ_ONLY]


def test_what_is_not_there_is_said() -> None:
    """A group or a managed policy that the answer leaves out is a gap, and an unseen boundary allows nothing."""
    snapshot = authorization_details.read(changed(GroupDetailList=[], Policies=[]), "details.json")
    assert [gap.partition(": ")[2] for gap in snapshot.gaps] == [
        f"user alice has {READ_ONLY}, and that policy is not in it",
        f"the group Developers of arn:aws:iam::{ACCOUNT}:user/dev/alice is not in it",
        f"alice (as boundary) has {READ_ONLY}, and that policy is not in it",
    ]
    (alice,) = snapshot.users.values()
    assert alice.boundary is not None
    assert json.loads(alice.boundary.text)["Statement"] == []


def test_a_policy_that_nobody_can_read_is_said() -> None:
    """What AWS would refuse to save is named, not passed over."""
    broken = {**DETAILS["RoleDetailList"][0], "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Perhaps"}]}}
    snapshot = authorization_details.read(changed(RoleDetailList=[broken]), "details.json")
    (fault,) = snapshot.faults()
    assert fault.startswith("trust policy of role Admin: the policy is not valid")


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"UserDetailList": [{}]},
        {"UserDetailList": "alice"},
        changed(RoleDetailList=[{**DETAILS["RoleDetailList"][0], "Arn": "arn:aws:iam::1:user/x"}]),
        changed(RoleDetailList=[{**DETAILS["RoleDetailList"][0], "MaxSessionDuration": "long"}]),
        changed(Policies=[{"Arn": READ_ONLY, "PolicyVersionList": []}]),
    ],
)
def test_what_is_no_such_answer_is_refused_with_its_place(value: object) -> None:
    """Nothing of it is used, and nobody sees a traceback."""
    with pytest.raises(ConfigurationError, match=r"details\.json: this is no answer of get-account-authorization"):
        authorization_details.read(value, "details.json")


ORGANIZATION = {
    "Organization": {"Id": "o-acme", "MasterAccountId": "999999999999"},
    "Root": {
        "Id": "r-1",
        "ServiceControlPolicies": [{"Name": "FullAWSAccess", "Content": json.dumps(document("*"))}],
        "Accounts": [{"Id": "999999999999"}],
        "OrganizationalUnits": [
            {
                "Id": "ou-1",
                "Name": "Workloads",
                "ServiceControlPolicies": [{"Name": "NoIam", "Content": document("s3:*")}],
                "Accounts": [{"Id": ACCOUNT}],
            }
        ],
    },
}


def test_an_organization_gives_each_account_its_levels() -> None:
    """From the root down to the account; the management account has none, nor has anybody of a kind that is off."""
    places = organization.read(ORGANIZATION, "organization.json")
    place = places[ACCOUNT]
    assert (place.organization, place.path) == ("o-acme", "o-acme/r-1/ou-1/")
    assert [[policy.name for policy in level] for level in place.scps] == [
        ["service control policy FullAWSAccess of root"],
        ["service control policy NoIam of unit Workloads"],
        [],
    ]
    assert (place.rcps, places["999999999999"].scps) == ((), ())


@pytest.mark.parametrize("value", [{}, {"Organization": {}}, {**ORGANIZATION, "Root": {"Id": "r", "Accounts": [{}]}}])
def test_what_is_no_organization_is_refused_with_its_place(value: object) -> None:
    """A part that is missing is an error, not an organization without policies."""
    with pytest.raises(ConfigurationError, match=r"organization\.json: this is no organization"):
        organization.read(value, "organization.json")


class TestNames:
    """Who is meant by what a person types."""

    SNAPSHOT = merged([authorization_details.read(DETAILS, "details.json"), Snapshot()])

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            (f"arn:aws:iam::{ACCOUNT}:user/dev/alice", "alice"),
            (f"arn:aws:iam::{ACCOUNT}:user/alice", "alice"),
            (f"{ACCOUNT}:alice", "alice"),
            (f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/session", "Admin"),
            (f"{ACCOUNT}:Admin", "Admin"),
        ],
    )
    def test_an_arn_a_session_and_a_short_name(self, text: str, name: str) -> None:
        """Each finds the user or the role, with or without its path."""
        assert named(self.SNAPSHOT, text).name == name

    @pytest.mark.parametrize("text", [f"{ACCOUNT}:bob", "222222222222:alice", "alice", ""])
    def test_nobody(self, text: str) -> None:
        """Who is not there is said with the accounts that are."""
        with pytest.raises(UsageError, match=f"of {ACCOUNT}"):
            named(self.SNAPSHOT, text)
