"""Regions and partitions: where credentials are taken, where STS issues them, and what never crosses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.exceptions import ClientError

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.emulator.seeds import seed
from stsctl.emulator.world import regions
from stsctl.errors import ConfigurationError
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.test_sts import refused

HOME, OTHER, CHINA, GOV = "111111111111", "222222222222", "333333333333", "444444444444"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": [HOME, CHINA, GOV]}, "Action": "sts:AssumeRole"}],
    }
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
INVALID = ("InvalidClientTokenId", 403, "The security token included in the request is invalid.")


def toml() -> str:
    """Four accounts in three partitions, each with a user eve and a role Open."""
    lines = []
    more = {
        HOME: "opt_in_regions = ['af-south-1', 'me-south-1']",
        OTHER: "opt_in_regions = ['me-south-1']\ndeactivated_sts_regions = ['eu-west-3']",
        CHINA: "partition = 'aws-cn'",
        GOV: "partition = 'aws-us-gov'",
    }
    for account, text in more.items():
        lines.append(f"[account.{account}]\n{text}")
        lines.append(
            f"[account.{account}.user.eve]\nkey.a = {{}}\npolicies.all = '{ALLOW}'\nmanaged = ['Own']\nmfa = {{}}"
        )
        lines.append(f"[account.{account}.role.Open]\ntrust = '{TRUST}'\npolicies.all = '{ALLOW}'")
        lines.append(f"[account.{account}.policy]\nOwn = '{ALLOW}'")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The accounts, running."""
    folder: Path = tmp_path_factory.mktemp("regions")
    (folder / "org.toml").write_text(toml())
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def service(running: Running, who: str | Credentials, region: str, name: str = "sts") -> Any:
    """A client in a region, of eve of an account, or of somebody's credentials."""
    given = control.principal(running, f"{who}:eve").credentials if isinstance(who, str) else who
    return client(running, name, given, region=region)


def assume(caller: Any, account: str, partition: str = "aws") -> Any:
    """Becomes the role of an account."""
    return caller.assume_role(RoleArn=f"arn:{partition}:iam::{account}:role/Open", RoleSessionName="me")


def test_an_opt_in_region_knows_only_accounts_that_enabled_it(world: Running) -> None:
    """Keys, long-term or not, are unknown there, to every service."""
    assert service(world, HOME, "af-south-1").get_caller_identity()["Account"] == HOME
    assert refused(service(world, OTHER, "af-south-1").get_caller_identity) == INVALID
    session = credentials_of(service(world, OTHER, "eu-west-1").get_session_token())
    assert refused(service(world, session, "ap-east-1").get_caller_identity) == INVALID
    assert refused(service(world, OTHER, "af-south-1", "iam").list_users) == INVALID
    code, status, _ = refused(service(world, OTHER, "af-south-1", "s3").list_buckets)
    assert (code, status) == ("InvalidAccessKeyId", 403)


def test_sts_that_is_deactivated_issues_nothing_for_the_account(world: Running) -> None:
    """The account whose credentials would be issued decides; GetCallerIdentity goes on."""
    told = (
        "RegionDisabledException",
        403,
        (
            f"STS is not activated in this region for account:{OTHER}. Your account administrator can activate STS in "
            "this region using the IAM Console."
        ),
    )
    paris = service(world, OTHER, "eu-west-3")
    assert paris.get_caller_identity()["Account"] == OTHER
    assert refused(paris.get_session_token) == told
    assert refused(lambda: paris.get_federation_token(Name="bob")) == told
    assert refused(lambda: assume(service(world, HOME, "eu-west-3"), OTHER)) == told
    assert assume(service(world, HOME, "eu-west-2"), OTHER)
    assert refused(lambda: assume(service(world, HOME, "af-south-1"), OTHER)) == told
    assert assume(service(world, HOME, "me-south-1"), OTHER)


def test_a_token_of_the_global_endpoint_is_for_the_regions_of_everybody(world: Running) -> None:
    """A version 1 token is not valid in an opt-in region, even one that the account enabled; a regional one is."""
    home = service(world, HOME, "aws-global")
    assert home.get_caller_identity()["Account"] == HOME
    version_1, version_2 = (
        credentials_of(assume(service(world, HOME, region), HOME)) for region in ("aws-global", "us-east-1")
    )
    assert service(world, version_1, "eu-central-1").get_caller_identity()["Account"] == HOME
    assert refused(service(world, version_1, "af-south-1").get_caller_identity) == INVALID
    assert service(world, version_2, "af-south-1").get_caller_identity()["Account"] == HOME


def test_an_account_can_prefer_version_2(emulator_from: Callable[[str], Running]) -> None:
    """Then a token of the global endpoint is valid in its opt-in regions, too."""
    running = emulator_from(toml())
    iam = service(running, HOME, "us-east-1", "iam")
    for version, valid in (("v2Token", True), ("v1Token", False)):
        iam.set_security_token_service_preferences(GlobalEndpointTokenVersion=version)
        session = credentials_of(service(running, HOME, "aws-global").get_session_token())
        caller = service(running, session, "af-south-1")
        assert valid == (refused_or_none(caller.get_caller_identity) is None)
    told = refused(lambda: iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v3Token"))
    assert told[0] == "ValidationError"


def refused_or_none(call: Callable[[], object]) -> tuple[str, int, str] | None:
    """The refusal of a call, if it is refused."""
    try:
        call()
    except ClientError:
        return refused(call)
    return None


def test_the_host_tells_the_global_endpoint(world: Running) -> None:
    """A request to sts.amazonaws.com, signed for us-east-1 as clients do, gets a version 1 token."""
    eve = control.principal(world, f"{HOME}:eve").credentials
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "Action=GetSessionToken&Version=2011-06-15"
    request = AWSRequest(method="POST", url="https://sts.amazonaws.com/", data=body, headers=form)
    keys = BotocoreCredentials(eve.access_key_id, eve.secret_access_key.reveal())
    SigV4Auth(keys, "sts", "us-east-1").add_auth(request)
    connection = HTTPConnection("127.0.0.1", world.port)
    connection.request("POST", "/", body=body, headers={"Host": "sts.amazonaws.com", **request.headers})
    with connection.getresponse() as answer:
        text = answer.read().decode()
    connection.close()
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    key_id, secret, token = (text.split(f"<{name}>")[1].split("<")[0] for name in names)
    session = Credentials(access_key_id=key_id, secret_access_key=Secret(secret), session_token=Secret(token))
    assert service(world, session, "eu-west-1").get_caller_identity()["Account"] == HOME
    assert refused(service(world, session, "me-south-1").get_caller_identity) == INVALID


@pytest.mark.parametrize(
    ("account", "partition", "region"), [(CHINA, "aws-cn", "cn-northwest-1"), (GOV, "aws-us-gov", "us-gov-east-1")]
)
def test_each_partition_has_its_own_arns(world: Running, account: str, partition: str, region: str) -> None:
    """Users, sessions, federated users, roots, IAM and its policies carry the account's partition."""
    sts, iam = service(world, account, region), service(world, account, region, "iam")
    assert sts.get_caller_identity()["Arn"] == f"arn:{partition}:iam::{account}:user/eve"
    session = credentials_of(assume(sts, account, partition))
    identity = service(world, session, region).get_caller_identity()
    assert identity["Arn"] == f"arn:{partition}:sts::{account}:assumed-role/Open/me"
    federated = sts.get_federation_token(Name="bob")["FederatedUser"]
    assert federated["Arn"] == f"arn:{partition}:sts::{account}:federated-user/bob"
    assert control.principal(world, f"{account}:root").arn == f"arn:{partition}:iam::{account}:root"
    assert control.principal(world, f"{account}:eve").mfa_serial == f"arn:{partition}:iam::{account}:mfa/eve"
    (attached,) = iam.list_attached_user_policies(UserName="eve")["AttachedPolicies"]
    assert attached["PolicyArn"] == f"arn:{partition}:iam::{account}:policy/Own"
    assert iam.get_policy(PolicyArn=f"arn:{partition}:iam::aws:policy/ReadOnlyAccess")["Policy"]["Arn"]
    assert iam.get_user()["User"]["Arn"] == f"arn:{partition}:iam::{account}:user/eve"


def test_nothing_crosses_partitions(world: Running) -> None:
    """Keys are unknown in another partition's regions, and no role there can be assumed, whatever it trusts."""
    assert refused(service(world, CHINA, "us-east-1").get_caller_identity) == INVALID
    assert refused(service(world, HOME, "cn-north-1").get_caller_identity) == INVALID
    assert assume(service(world, HOME, "us-east-1"), OTHER)
    for arn in (f"arn:aws-us-gov:iam::{GOV}:role/Open", f"arn:aws:iam::{GOV}:role/Open"):
        told = refused(lambda arn=arn: service(world, HOME, "us-east-1").assume_role(RoleArn=arn, RoleSessionName="me"))
        assert told == (
            "AccessDenied",
            403,
            f"User: arn:aws:iam::{HOME}:user/eve is not authorized to perform: sts:AssumeRole on resource: {arn}",
        )


A = f"[account.{HOME}]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (A + "partition = 'aws-iso'", 'x.toml:2: partition "aws-iso" is none of aws, aws-cn, aws-us-gov'),
        (A + "opt_in_regions = ['us-east-1']", 'x.toml:2: "us-east-1" is no region that has to be enabled'),
        (A + "deactivated_sts_regions = ['us-east-1']", "x.toml:2: STS cannot be deactivated in us-east-1"),
        (
            A + f"[account.{CHINA}]\npartition = 'aws-cn'\n[organization]\nmanagement_account = '{HOME}'\n"
            f"accounts = ['{CHINA}']",
            f"x.toml:6: account {CHINA} is of another partition",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, said: str) -> None:
    """Whatever is wrong about an account's regions is said with the file, the line and the reason."""
    with pytest.raises(ConfigurationError) as error:
        seed.parse(text.encode(), "x.toml")
    assert error.value.message.startswith(said)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("sts.amazonaws.com", "aws-global"),
        ("STS.amazonaws.com:443", "aws-global"),
        ("sts.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sts.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("127.0.0.1:8080", None),
        ("iam.amazonaws.com", None),
    ],
)
def test_region_of_host(host: str, region: str | None) -> None:
    """A host of STS says its region; any other says nothing."""
    assert regions.region_of_host(host) == region
