"""Organizations: what service and resource control policies limit, and what a seed says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from stsctl.credentials import Credentials
from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.emulator.seeds import seed
from stsctl.errors import ConfigurationError
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.test_sts import refused

MANAGEMENT, DEV, PROD, OUTSIDE = "111111111111", "222222222222", "333333333333", "444444444444"
ORGANIZATION = "o-exampleorgid"


def policy(*statements: dict[str, object]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def statement(effect: str, action: str, resource: str | None = "*", **more: object) -> dict[str, object]:
    """One statement; a trust policy's has no resource."""
    return {"Effect": effect, "Action": action, **({"Resource": resource} if resource else {}), **more}


ALLOW = policy(statement("Allow", "*"))
NO_IAM = policy(statement("Deny", "iam:*"))
ONLY_S3 = policy(statement("Allow", "s3:*"))
NOBODY_TAGS = policy(statement("Deny", "sts:TagSession"))
NO_SOURCE = policy(statement("Deny", "sts:SetSourceIdentity"))
OWN_PEOPLE = policy(
    statement(
        "Deny",
        "sts:AssumeRole",
        Principal="*",
        Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}},
    )
)


def trust(**condition: object) -> str:
    """A trust policy for everybody, on a condition."""
    return policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            **({"Condition": condition} if condition else {}),
        }
    )


ROLES = {
    "Open": trust(),
    "Members": trust(StringEquals={"aws:PrincipalOrgID": ORGANIZATION}),
    "InWorkloads": trust(**{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/r-*/ou-*/*"}}),
    "OfMembers": trust(StringEquals={"aws:ResourceOrgID": ORGANIZATION}),
}


def toml() -> str:
    """Four accounts, three of them in an organization."""
    lines = [
        f"[organization]\nid = '{ORGANIZATION}'\nmanagement_account = '{MANAGEMENT}'",
        f"scp.NoTags = '{NOBODY_TAGS}'\nscp.OnlyS3 = '{ONLY_S3}'\nscp.NoIam = '{NO_IAM}'\nrcp.Own = '{OWN_PEOPLE}'",
        f"scp.NoSource = '{NO_SOURCE}'\nscps = ['NoSource']",
        f"[organization.account.{MANAGEMENT}]\nscps = ['OnlyS3']\nrcps = ['Own']\nfull_aws_access = false",
        f"[organization.unit.Workloads]\naccounts = ['{DEV}']\nscps = ['NoTags']",
        f"[organization.unit.Workloads.unit.Prod]\naccounts = ['{PROD}']\nrcps = ['Own']",
        "scps = ['OnlyS3']\nfull_aws_access = false",
        f"[organization.account.{DEV}]\nscps = ['NoIam']\ndelegated_services = ['iam.amazonaws.com']",
    ]
    for account in (MANAGEMENT, DEV, PROD, OUTSIDE):
        lines.append(f"[account.{account}]\nname = 'n{account[0]}'")
        lines.append(f"[account.{account}.user.eve]\nkey.a = {{}}\npolicies.all = '{ALLOW}'")
        lines += [
            f"[account.{account}.role.{name}]\ntrust = '{text}'\npolicies.all = '{ALLOW}'"
            for name, text in ROLES.items()
        ]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organization, running."""
    folder: Path = tmp_path_factory.mktemp("organization")
    (folder / "org.toml").write_text(toml())
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def service(running: Running, who: str | Credentials, name: str = "sts") -> Any:
    """A client for eve of an account, or for somebody's credentials."""
    given = control.principal(running, f"{who}:eve").credentials if isinstance(who, str) else who
    return client(running, name, given)


def may(running: Running, who: str, role: str, account: str, **more: Any) -> bool:
    """Whether eve of an account gets a role; any other refusal than AccessDenied is none."""
    code = "allowed"
    try:
        service(running, who).assume_role(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="me", **more)
    except ClientError as error:
        code = error.response["Error"]["Code"]
    return {"allowed": True, "AccessDenied": False}[code]


@pytest.mark.parametrize(
    ("who", "role", "account", "allowed"),
    [
        (MANAGEMENT, "Open", PROD, True),
        (MANAGEMENT, "InWorkloads", DEV, False),
        (DEV, "Open", OUTSIDE, True),
        (DEV, "Members", OUTSIDE, True),
        (DEV, "InWorkloads", MANAGEMENT, True),
        (DEV, "OfMembers", MANAGEMENT, True),
        (DEV, "OfMembers", OUTSIDE, False),
        (PROD, "Open", OUTSIDE, False),
        (OUTSIDE, "Open", DEV, True),
        (OUTSIDE, "Open", PROD, False),
        (OUTSIDE, "Open", MANAGEMENT, True),
        (OUTSIDE, "Members", DEV, False),
        (OUTSIDE, "OfMembers", DEV, True),
    ],
)
def test_limits_and_keys(org: Running, who: str, role: str, account: str, *, allowed: bool) -> None:
    """SCPs follow the caller's account, RCPs the role's, and the keys of organizations say who is a member."""
    assert may(org, who, role, account) is allowed


def test_a_unit_limits_the_accounts_in_the_units_below(org: Running) -> None:
    """A Deny of a unit reaches its accounts, and does not reach the management account."""
    tags = {"Tags": [{"Key": "a", "Value": "b"}]}
    assert may(org, MANAGEMENT, "Open", OUTSIDE, **tags)
    assert not may(org, DEV, "Open", OUTSIDE, **tags)


def test_the_root_limits_every_account_but_the_management_account(org: Running) -> None:
    """A Deny of the root reaches every member; the management account is left alone, whatever is attached to it."""
    assert may(org, MANAGEMENT, "Open", OUTSIDE, SourceIdentity="eve")
    assert not may(org, DEV, "Open", OUTSIDE, SourceIdentity="eve")


def test_a_denial_says_what_denied(org: Running) -> None:
    """The words are AWS's own, and the message that comes with them has the statement of the SCP."""
    eve = service(org, DEV)
    with pytest.raises(ClientError) as error:
        eve.assume_role(
            RoleArn=f"arn:aws:iam::{DEV}:role/Open", RoleSessionName="me", Tags=[{"Key": "a", "Value": "b"}]
        )
    told: Any = error.value.response["Error"]
    assert told["Message"] == (
        f"User: arn:aws:iam::{DEV}:user/eve is not authorized to perform: sts:TagSession "
        f"on resource: arn:aws:iam::{DEV}:role/Open"
    )
    encoded = told["EncodedAuthorizationMessage"]
    decoded = json.loads(eve.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    (matched,) = decoded["matchedStatements"]["items"]
    assert decoded["explicitDeny"] is True
    assert matched["actions"] == {"items": [{"value": "sts:TagSession"}]}
    keys = {item["key"] for item in decoded["context"]["conditions"]["items"]}
    assert {"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:ResourceOrgID"} <= keys


def test_root_and_federated_users_are_limited(org: Running) -> None:
    """SCPs limit an account's root user and its federated users too; what needs no permission goes on."""
    root = client(org, "sts", control.principal(org, f"{PROD}:root").credentials)
    for caller in (root, service(org, PROD)):
        with pytest.raises(ClientError, match="sts:GetFederationToken"):
            caller.get_federation_token(Name="bob", Policy=ALLOW)
        assert caller.get_session_token()["Credentials"]["AccessKeyId"]
    assert service(org, MANAGEMENT).get_federation_token(Name="bob", Policy=ALLOW)["FederatedUser"]


def test_moto_has_what_the_seed_says(org: Running) -> None:
    """The Organizations API lists the accounts, where they are, what is attached, and who is delegated what."""
    api = service(org, MANAGEMENT, "organizations")
    assert api.describe_organization()["Organization"]["Id"] == ORGANIZATION
    assert {account["Id"] for account in api.list_accounts()["Accounts"]} == {MANAGEMENT, DEV, PROD}
    (root,) = api.list_roots()["Roots"]
    assert {item["Type"] for item in root["PolicyTypes"]} == {"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"}
    (workloads,) = api.list_organizational_units_for_parent(ParentId=root["Id"])["OrganizationalUnits"]
    (prod,) = api.list_organizational_units_for_parent(ParentId=workloads["Id"])["OrganizationalUnits"]
    assert (workloads["Name"], prod["Name"]) == ("Workloads", "Prod")
    assert api.list_parents(ChildId=PROD)["Parents"] == [{"Id": prod["Id"], "Type": "ORGANIZATIONAL_UNIT"}]

    def attached(target: str, kind: str) -> list[str]:
        found = api.list_policies_for_target(TargetId=target, Filter=f"{kind}_CONTROL_POLICY")["Policies"]
        return [policy["Name"] for policy in found]

    assert attached(prod["Id"], "SERVICE") == ["OnlyS3"]
    assert attached(prod["Id"], "RESOURCE") == ["RCPFullAWSAccess", "Own"]
    assert attached(DEV, "SERVICE") == ["FullAWSAccess", "NoIam"]
    delegated = api.list_delegated_administrators(ServicePrincipal="iam.amazonaws.com")["DelegatedAdministrators"]
    assert [account["Id"] for account in delegated] == [DEV]


def test_changes_by_the_api_count_at_once(emulator_from: Callable[[str], Running]) -> None:
    """A policy that is attached, changed or detached, or whose kind is switched off, decides the very next call."""
    running = emulator_from(toml())
    api = service(running, MANAGEMENT, "organizations")
    assert may(running, DEV, "Open", DEV)
    made = api.create_policy(
        Name="New", Description="x", Type="SERVICE_CONTROL_POLICY", Content=policy(statement("Deny", "sts:*"))
    )
    target = {"PolicyId": made["Policy"]["PolicySummary"]["Id"], "TargetId": DEV}
    api.attach_policy(**target)
    assert not may(running, DEV, "Open", DEV)
    api.update_policy(PolicyId=target["PolicyId"], Content=NO_IAM)
    assert may(running, DEV, "Open", DEV)
    api.update_policy(PolicyId=target["PolicyId"], Content=policy(statement("Deny", "sts:*")))
    (root,) = api.list_roots()["Roots"]
    api.disable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    assert may(running, DEV, "Open", DEV)
    api.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    assert not may(running, DEV, "Open", DEV)
    api.detach_policy(**target)
    assert may(running, DEV, "Open", DEV)
    assert not may(running, PROD, "Open", DEV)
    (unit,) = api.list_parents(ChildId=PROD)["Parents"]
    api.move_account(AccountId=PROD, SourceParentId=unit["Id"], DestinationParentId=root["Id"])
    assert may(running, PROD, "Open", DEV)
    api.remove_account_from_organization(AccountId=PROD)
    assert not may(running, PROD, "Members", OUTSIDE)


def test_a_public_bucket_is_public_as_far_as_its_organization_allows(emulator_from: Callable[[str], Running]) -> None:
    """An RCP that keeps strangers out of S3 does so for requests that nobody signed, too."""
    public = policy(statement("Allow", "s3:GetObject", "arn:aws:s3:::open/*", Principal="*"))
    private = policy(statement("Deny", "s3:*", Principal="*", Condition={"Null": {"aws:PrincipalOrgID": "true"}}))
    running = emulator_from(toml())
    s3 = service(running, DEV, "s3")
    s3.create_bucket(Bucket="open")
    s3.put_object(Bucket="open", Key="a", Body=b"hello")
    s3.put_bucket_policy(Bucket="open", Policy=public)
    with urlopen(f"{running.url}/open/a") as answer:
        assert answer.read() == b"hello"
    api = service(running, MANAGEMENT, "organizations")
    made = api.create_policy(Name="P", Description="x", Type="RESOURCE_CONTROL_POLICY", Content=private)
    api.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=DEV)
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"{running.url}/open/a")


HEAD = f"[account.{MANAGEMENT}]\n[account.{DEV}]\n[organization]\n"
WHOLE = HEAD + f"management_account = '{MANAGEMENT}'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "x.toml:3: [organization] has no management_account"),
        (HEAD + "management_account = '999999999999'", 'x.toml:4: there is no account "999999999999"'),
        (WHOLE + "acounts = []", 'x.toml:5: unknown key "acounts" in [organization]'),
        (WHOLE + f"accounts = ['{PROD}']", f'x.toml:5: there is no account "{PROD}"'),
        (
            WHOLE + f"accounts = ['{DEV}']\nunit.A.accounts = ['{DEV}']",
            f"x.toml:6: account {DEV} is placed twice",
        ),
        (WHOLE + "scps = ['No']", 'x.toml:5: there is no scp "No"'),
        (WHOLE + f"scp.A = '{OWN_PEOPLE}'", 'x.toml:5: scp "A": 1:'),
        (WHOLE + f"rcp.A = '{NO_IAM}'", 'x.toml:5: rcp "A": 1:'),
        (WHOLE + f"scp.A = '{NO_IAM}'\nrcp.A = '{OWN_PEOPLE}'", 'x.toml:6: there is an scp "A" too'),
        (WHOLE + "unit.A.rcps = ['No']", 'x.toml:5: there is no rcp "No"'),
        (WHOLE + "unit.A.name = 'x'", 'x.toml:5: unknown key "name" in [organization.unit.A]'),
        (WHOLE + "unit.A.full_aws_access = false", "x.toml:5: without FullAWSAccess there must be other scps"),
        (WHOLE + "full_aws_access = 'no'", "x.toml:5: full_aws_access is a text in quotes, it takes true or false"),
        (WHOLE + f"account.{DEV}.scps = []", f"x.toml:5: account {DEV} is not in the organization"),
        (
            WHOLE + f"account.{MANAGEMENT}.delegated_services = ['iam.amazonaws.com']",
            "x.toml:5: the management account delegates",
        ),
        (WHOLE + "id = 'x'", 'x.toml:5: "x" is not the id of an organization'),
        (WHOLE + "features = ['RootSession']", 'x.toml:5: there is no feature "RootSession"'),
        (
            WHOLE + "\n".join(f"scp.A{n} = '{NO_IAM}'" for n in range(5)) + f"\nscps = {[f'A{n}' for n in range(5)]}",
            "x.toml:10: scps are 5 at most",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, said: str) -> None:
    """Whatever is wrong in [organization] is said with the file, the line and the reason."""
    with pytest.raises(ConfigurationError) as error:
        seed.parse(text.encode(), "x.toml")
    assert error.value.message.startswith(said)


def test_policies_are_checked_before_they_are_saved(emulator_from: Callable[[str], Running]) -> None:
    """What is no SCP, or no RCP, is not saved; nor is it made of one that was; AWS's own stay as they are."""
    api = service(emulator_from(toml()), MANAGEMENT, "organizations")
    given = {"Name": "x", "Description": "x"}
    for kind, content in (
        ("SERVICE_CONTROL_POLICY", "{"),
        ("SERVICE_CONTROL_POLICY", OWN_PEOPLE),
        ("RESOURCE_CONTROL_POLICY", NO_IAM),
        ("RESOURCE_CONTROL_POLICY", policy(statement("Allow", "sts:*", Principal="*"))),
        ("RESOURCE_CONTROL_POLICY", policy(statement("Deny", "sts:*", Principal={"AWS": MANAGEMENT}))),
        ("RESOURCE_CONTROL_POLICY", policy(statement("Deny", "iam:*", Principal="*"))),
    ):
        told = refused(lambda kind=kind, content=content: api.create_policy(Type=kind, Content=content, **given))
        assert told[:2] == ("MalformedPolicyDocumentException", 400), content
    own = {item["Name"]: item["Id"] for item in api.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]}
    told = refused(lambda: api.update_policy(PolicyId=own["NoIam"], Content="{}"))
    assert told[:2] == ("MalformedPolicyDocumentException", 400)
    told = refused(lambda: api.update_policy(PolicyId=own["FullAWSAccess"], Content=NO_IAM))
    assert told[:2] == ("AccessDeniedException", 400)


def test_scps_take_the_whole_language(emulator_from: Callable[[str], Running]) -> None:
    """Since September 2025: conditions and resources with Allow, NotAction with Allow, wildcards in an action."""
    running = emulator_from(toml())
    api = service(running, MANAGEMENT, "organizations")
    content = policy(
        {
            "Effect": "Allow",
            "NotAction": "iam:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:ViaAWSService": "false"}},
        },
        statement("Allow", "sts:A*Role", f"arn:aws:iam::{DEV}:role/Open"),
        {"Effect": "Deny", "NotAction": "sts:*", "NotResource": f"arn:aws:s3:::{DEV}-*"},
    )
    made = api.create_policy(Name="Whole", Description="x", Type="SERVICE_CONTROL_POLICY", Content=content)
    api.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=DEV)
    api.detach_policy(PolicyId="p-FullAWSAccess", TargetId=DEV)
    assert may(running, DEV, "Open", DEV)
    with pytest.raises(ClientError, match="AccessDenied"):
        service(running, DEV, "sqs").list_queues()


def test_the_last_policy_stays(emulator_from: Callable[[str], Running]) -> None:
    """Every root, unit and account has one SCP at least, and RCPFullAWSAccess; types have to be switched on."""
    api = service(emulator_from(toml()), MANAGEMENT, "organizations")
    for policy_id in ("p-FullAWSAccess", "p-RCPFullAWSAccess"):
        told = refused(lambda policy_id=policy_id: api.detach_policy(PolicyId=policy_id, TargetId=PROD))
        assert told[:2] == ("ConstraintViolationException", 400)
    (root,) = api.list_roots()["Roots"]
    api.disable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    told = refused(lambda: api.attach_policy(PolicyId="p-FullAWSAccess", TargetId=PROD))
    assert told[:2] == ("PolicyTypeNotEnabledException", 400)


def test_members_see_the_organization_and_no_more(emulator_from: Callable[[str], Running]) -> None:
    """A member may describe it; a delegated administrator may list what is in it; neither may change it."""
    plain = toml().replace("scps = ['OnlyS3']\nfull_aws_access = false", "")
    running = emulator_from(plain)
    member, delegated = (service(running, account, "organizations") for account in (PROD, DEV))
    denied = ("AccessDeniedException", 400, "You don't have permissions to access this resource.")
    assert member.describe_organization()["Organization"]["Id"] == ORGANIZATION
    assert refused(member.list_accounts) == denied
    assert len(delegated.list_accounts()["Accounts"]) == 3
    assert refused(lambda: delegated.create_account(Email="a@example.com", AccountName="a")) == denied


def test_an_account_that_is_created_can_be_used(emulator_from: Callable[[str], Running]) -> None:
    """The management account becomes its OrganizationAccountAccessRole, and the organization's policies limit it."""
    running = emulator_from(toml())
    api = service(running, MANAGEMENT, "organizations")
    made = api.create_account(Email="new@example.com", AccountName="new")["CreateAccountStatus"]["AccountId"]
    role = {"RoleArn": f"arn:aws:iam::{made}:role/OrganizationAccountAccessRole", "RoleSessionName": "me"}
    session = credentials_of(service(running, MANAGEMENT).assume_role(**role))
    assert client(running, "sts", session).get_caller_identity()["Account"] == made
    assert control.principal(running, f"{made}:root").arn == f"arn:aws:iam::{made}:root"
    with pytest.raises(ClientError, match="AccessDenied"):
        service(running, OUTSIDE).assume_role(**role)
